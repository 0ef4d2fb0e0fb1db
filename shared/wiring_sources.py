"""Where are the HR systems' clients built? Here, for wiring, from settings and the active policy.

One client a system reads it and, where the policy says so, writes back to it. It is opened when
the service is built and closed with it. What a policy says of HR's systems is read at each use,
for it may change while the process lives.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

from azure.core.credentials_async import AsyncTokenCredential
from pydantic import SecretStr

from shared import csv_address
from shared.apply.hr import HrWriter
from shared.apply.hr_afas import AfasWriter
from shared.apply.hr_csv import CsvWriter
from shared.apply.hr_nmbrs import NmbrsWriter
from shared.apply.hr_push import PushWriter
from shared.consents import CONSENTS
from shared.errors import Misconfigured
from shared.flow.push import held_everyone, held_one
from shared.flow.service import Clock, Ledger
from shared.grant import Provider
from shared.intake import push
from shared.intake.afas import AfasSource, Views
from shared.intake.afas_fields import Ids
from shared.intake.csv_files import CsvSource, Folder
from shared.intake.csv_inbox import Inbox
from shared.intake.exact import ExactSource
from shared.intake.exact_rows import Administration
from shared.intake.nmbrs import NmbrsSource
from shared.intake.push import PushSource
from shared.intake.source import Source
from shared.oauth import Bearer, Connection
from shared.policy.load import load
from shared.policy.sources import CsvLayout, Sources
from shared.secret import Secret
from shared.settings import WEBHOOK_SECRET, Settings
from shared.vendors import nmbrs
from shared.vendors.afas import Afas
from shared.vendors.exact.client import Exact
from shared.vendors.export_file import DiskFile, ExportFile
from shared.vendors.webhooks import Outgoing


@dataclass(frozen=True)
class Means:
    """What building a source takes."""

    settings: Settings
    ledger: Ledger
    clock: Clock
    reveal: Callable[[str, SecretStr | None], str | Secret]
    connection: Callable[[Provider], Connection]
    identity: Callable[[], AsyncTokenCredential]
    policy_text: Callable[[], str]
    """The policy as deployed, which speaks until there is an active one."""
    closing: AsyncExitStack


class SourceWiring:
    """Builds each HR system's source once, by name."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._told: tuple[str, Sources] | None = None
        """What a policy, by its text, says of the HR systems."""

    def source(self, name: str) -> Source:
        """The source of this name; `problems` has refused every other."""
        match name:
            case "afas":
                return self._afas()
            case "csv":
                return self._csv()
            case "exact":
                return self._exact()
            case "nmbrs":
                return self._nmbrs()
            case push.NAME:
                ledger = self._means.ledger
                return PushSource(partial(held_everyone, ledger), partial(held_one, ledger))
            case _:
                raise AssertionError(name)

    def writers(self) -> Mapping[str, HrWriter]:
        """How each HR system is told of accounts, of those that are read and can be told."""
        made: dict[str, HrWriter] = {}
        for name in self._means.settings.sources:
            match name:
                case "afas":
                    view = self._means.settings.afas_persons
                    made[name] = AfasWriter(self._afas_client, view, self._own_fields_of_afas)
                case "nmbrs":
                    client, connection = self._nmbrs_client
                    made[name] = NmbrsWriter(client, connection.scopes)
                case "csv":
                    made[name] = CsvWriter(self._csv_export())
                case push.NAME:
                    made[name] = PushWriter(self._account_webhook())
        return made

    def _csv(self) -> CsvSource:
        async def layout() -> CsvLayout:
            told = (await self._told_of_sources()).csv
            if told is None:
                raise Misconfigured(
                    self._means.settings.policy_file,
                    "does not say how to read HR's exports",
                    "Give it sources.csv.columns",
                )
            return told

        return CsvSource(self._csv_inbox(), layout, now=self._means.clock.now)

    def _csv_inbox(self) -> Inbox:
        settings = self._means.settings
        if not csv_address.is_container(settings.csv_folder):
            return Folder(Path(settings.csv_folder), wall=time.time)
        from shared.intake.csv_container import Container  # noqa: PLC0415 - where there is one
        from shared.vendors.blobs import Blobs  # noqa: PLC0415 - as above

        address = csv_address.container(settings.csv_folder)
        blobs = Blobs(
            address.url,
            credential=None if settings.csv_connection else self._means.identity(),
            connection=self._means.reveal(csv_address.CONNECTION, settings.csv_connection),
        )
        self._means.closing.push_async_callback(blobs.close)
        return Container(blobs, address.prefix, wall=time.time)

    def _csv_export(self) -> ExportFile | None:
        settings = self._means.settings
        if not csv_address.is_container(settings.csv_export):
            return DiskFile(Path(settings.csv_export)) if settings.csv_export else None
        from shared.vendors.blob_file import BlobFile  # noqa: PLC0415 - where there is one
        from shared.vendors.blobs import TO_WRITE, Blobs  # noqa: PLC0415 - as above

        url, name = csv_address.file(settings.csv_export)
        blobs = Blobs(
            url,
            credential=None if settings.csv_connection else self._means.identity(),
            connection=self._means.reveal(csv_address.CONNECTION, settings.csv_connection),
            use=TO_WRITE,
        )
        self._means.closing.push_async_callback(blobs.close)
        return BlobFile(blobs, name)

    def _account_webhook(self) -> Outgoing | None:
        settings = self._means.settings
        given = settings.webhook_secrets.get("accounts")
        if not settings.push_accounts_url or not given:
            return None
        secret = self._means.reveal(f"{WEBHOOK_SECRET}ACCOUNTS", given)
        outgoing = Outgoing(settings.push_accounts_url, secret, wall=self._means.clock.wall)
        self._means.closing.push_async_callback(outgoing.close)
        return outgoing

    async def _told_of_sources(self) -> Sources:
        """As the active policy says it; before there is one, as the file does."""
        policies = self._means.ledger.policies
        active, _ = await policies.active()
        text = await policies.text(active.policy) if active else None
        name = self._means.settings.policy_file
        text, name = (text, "the active policy") if text else (self._means.policy_text(), name)
        if self._told is None or self._told[0] != text:
            self._told = (text, load(text, name=name).sources)
        return self._told[1]

    @cached_property
    def _nmbrs_client(self) -> tuple[nmbrs.Nmbrs, Connection]:
        """One for reading and writing, with the consent it speaks under."""
        settings = self._means.settings
        consent = CONSENTS["nmbrs"](settings, self._means.reveal)
        connection = self._means.connection(consent.provider)
        client = nmbrs.Nmbrs(
            settings.nmbrs_base_url,
            self._means.reveal("NMBRS_SUBSCRIPTION_KEY", settings.nmbrs_subscription_key),
            Bearer(connection),
        )
        self._means.closing.push_async_callback(client.close)
        return client, connection

    def _nmbrs(self) -> NmbrsSource:
        client, _ = self._nmbrs_client
        companies = (number.strip() for number in self._means.settings.nmbrs_companies.split(","))
        return NmbrsSource(client, tuple(filter(None, companies)))

    def _exact(self) -> ExactSource:
        settings = self._means.settings
        consent = CONSENTS["exact"](settings, self._means.reveal)
        tokens = self._means.connection(consent.provider)
        exact = Exact(settings.exact_base_url, Bearer(tokens))
        self._means.closing.push_async_callback(exact.close)
        return ExactSource(exact, [Administration(*one) for one in settings.divisions_of_exact])

    @cached_property
    def _afas_client(self) -> Afas:
        """One for reading and writing: AFAS counts the calls of both."""
        settings = self._means.settings
        token = self._means.reveal("AFAS_TOKEN", settings.afas_token)
        afas = Afas(settings.afas_base_url or "", token, None)
        self._means.closing.push_async_callback(afas.close)
        return afas

    async def _own_fields_of_afas(self) -> Mapping[str, Ids]:
        return (await self._told_of_sources()).afas.fields

    async def _tree_view_of_afas(self) -> str | None:
        return (await self._told_of_sources()).afas.departments

    def _afas(self) -> AfasSource:
        settings = self._means.settings
        modified = settings.afas_modified or None
        views = Views(settings.afas_persons, settings.afas_contracts, modified)
        own, tree = self._own_fields_of_afas, self._tree_view_of_afas
        return AfasSource(self._afas_client, views, own, tree)
