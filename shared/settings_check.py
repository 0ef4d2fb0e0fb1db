"""What is missing or wrong in the settings, and how is each mended?

Read by wiring, health and doctor. Knows the settings as they were read, and no system behind them.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from shared import csv_address, vaulted_settings
from shared.errors import Misconfigured
from shared.settings import LOOPBACK, WEBHOOK_SECRET, WITH_CONSENT, Settings

KNOWN_SOURCES = ("afas", "csv", "exact", "nmbrs", "push")
SHORTEST_SECRET = 24
"""Bytes in the key of a webhook."""
OWN_SCHEME = frozenset({"exact"})
"""Sources whose webhook secret is theirs to choose."""


def problems(settings: Settings) -> Iterator[Misconfigured]:
    """Everything that keeps the app from working, each with how to mend it."""
    if not settings.service_bus and not settings.service_bus_namespace:
        yield _missing("ServiceBusConnection", "a connection string, or set its namespace")
    if not settings.ledger_url.get_secret_value():
        yield _missing("LEDGER_URL", "sqlite:///path or the address of the storage account")
    if not Path(settings.policy_file).is_file():
        yield Misconfigured(
            "POLICY_FILE", "there is no such file", "Deploy policy.yaml with the app"
        )
    yield from vaulted_settings.problems(settings.secrets, url=settings.key_vault_url)
    yield from _source_problems(settings)
    yield from _consent_problems(settings)
    yield from _target_problems(settings)
    yield from _webhook_problems(settings)
    if settings.clock_file and not is_loopback(settings):
        yield Misconfigured(
            "CLOCK_FILE",
            "the calendar can only be moved on a laptop",
            "Remove it, or let ServiceBusConnection point at the sandbox",
        )


def is_loopback(settings: Settings) -> bool:
    """Is Service Bus this machine's sandbox?"""
    connection = settings.service_bus.get_secret_value() if settings.service_bus else ""
    endpoint = next(
        (part[9:] for part in connection.split(";") if part.casefold().startswith("endpoint=")), ""
    )
    return urlsplit(endpoint).hostname in LOOPBACK


def idle(settings: Settings) -> Iterator[Misconfigured]:
    """The timers that the service cannot do without and that have no schedule.

    Such a function is in error in the host, and nobody would notice; all others work on.
    """
    if not settings.hr_poll_schedule:
        yield _missing("HR_POLL_SCHEDULE", "0 */15 * * * *")
    if not settings.hr_full_sync_schedule:
        yield _missing("HR_FULL_SYNC_SCHEDULE", "0 30 2 * * *")
    if not settings.due_schedule:
        yield _missing("DUE_SCHEDULE", "0 * * * * *")


def resting(settings: Settings) -> Iterator[Misconfigured]:
    """The timers that only look after things and have no schedule."""
    if not settings.drift_schedule:
        yield _missing("DRIFT_SCHEDULE", "0 5-59/15 * * * *")
    if not settings.upkeep_schedule:
        yield _missing("UPKEEP_SCHEDULE", "0 40 4 * * *")


def _source_problems(settings: Settings) -> Iterator[Misconfigured]:
    if not settings.sources:
        yield _missing("HR_SOURCES", f"one of {', '.join(KNOWN_SOURCES)}")
    for source in settings.sources:
        if source not in KNOWN_SOURCES:
            known = ", ".join(KNOWN_SOURCES)
            yield Misconfigured("HR_SOURCES", f"there is no source '{source}'", f"Known: {known}")
    if "afas" in settings.sources:
        if not settings.afas_base_url:
            yield _missing("AFAS_BASE_URL", "https://<number>.rest.afas.online/ProfitRestServices")
        if not settings.afas_token:
            yield _missing("AFAS_TOKEN", "the token of the app connector")
    if "csv" in settings.sources:
        yield from _csv_problems(settings)
    if "exact" in settings.sources:
        yield from _exact_problems(settings)
    if "push" in settings.sources and not settings.webhook_secret("push"):
        yield _missing(f"{WEBHOOK_SECRET}PUSH", "whsec_ and the base64 of 24 to 64 random bytes")


def _csv_problems(settings: Settings) -> Iterator[Misconfigured]:
    if settings.csv_folder:
        yield from csv_address.problems(settings.csv_folder, settings.csv_connection)
        yield from csv_address.export_problems(settings.csv_export, settings.csv_folder)
    else:
        yield _missing("CSV_FOLDER", f"the exports' folder, or {csv_address.EXAMPLE}")


def _exact_problems(settings: Settings) -> Iterator[Misconfigured]:
    if not settings.exact_client_id:
        yield _missing("EXACT_CLIENT_ID", "the client id of the app in Exact's App Center")
    if not settings.exact_client_secret:
        yield _missing("EXACT_CLIENT_SECRET", "the client secret of that app")
    if not settings.exact_divisions.strip():
        yield _missing("EXACT_DIVISIONS", "the number of the division to read")
        return
    divisions = settings.divisions_of_exact
    codes, prefixes = {code for code, _ in divisions}, {prefix for _, prefix in divisions}
    if not divisions:
        yield Misconfigured(
            "EXACT_DIVISIONS", "cannot be read", "Write 123456, or 123456=A,234567=B"
        )
    elif len(divisions) > 1 and not (len(codes) == len(prefixes) == len(divisions)):
        yield Misconfigured(
            "EXACT_DIVISIONS",
            "several divisions need a prefix each, for they number people alike",
            "Write 123456=A,234567=B",
        )


def _consent_problems(settings: Settings) -> Iterator[Misconfigured]:
    """What is missing of sources that a person lets us into."""
    if "nmbrs" in settings.sources:
        if not settings.nmbrs_subscription_key:
            yield _missing("NMBRS_SUBSCRIPTION_KEY", "the key from developer.nmbrs.com")
        if not settings.nmbrs_client_id:
            yield _missing("NMBRS_CLIENT_ID", "PartnerApp_<name>_<suffix>")
        if not settings.nmbrs_client_secret:
            yield _missing("NMBRS_CLIENT_SECRET", "the secret of that application")
    on_a_laptop = settings.ledger_url.get_secret_value().startswith("sqlite:")
    lasts = settings.tokens_in_vault or Path(settings.token_folder).is_absolute()
    stays = on_a_laptop or lasts
    if not stays and any(source in WITH_CONSENT for source in settings.sources):
        yield Misconfigured(
            "TOKEN_FOLDER",
            "lies on a disk that a deployed app loses, and its consent with it",
            "Set KEY_VAULT_URL and leave this empty, or name a mounted share of the app's own",
        )


def _target_problems(settings: Settings) -> Iterator[Misconfigured]:
    if (
        settings.graph_auth == "none"
        and urlsplit(settings.graph_base_url).hostname not in LOOPBACK
    ):
        yield Misconfigured(
            "GRAPH_AUTH", "'none' is for the sandbox alone", "Set it to identity, or remove it"
        )
    if settings.topdesk_interface == "scim":
        if not settings.scim_url:
            yield _missing("SCIM_URL", "https://<host>/scim/v2")
        if not settings.scim_token:
            yield _missing("SCIM_TOKEN", "the bearer token of that service")
        return
    if not settings.topdesk_url:
        yield _missing("TOPDESK_URL", "https://<name>.topdesk.net")
    if not settings.topdesk_username:
        yield _missing("TOPDESK_USERNAME", "the login name of Instroom's operator")
    if not settings.topdesk_app_password:
        yield _missing("TOPDESK_APP_PASSWORD", "the application password of that operator")


def _webhook_problems(settings: Settings) -> Iterator[Misconfigured]:
    """The key has 24 to 64 bytes (Standard Webhooks 1.0.0), in base64."""
    for source, secret in settings.webhook_secrets.items():
        if vaulted_settings.is_elsewhere(secret):
            continue
        if problem := webhook_problem(source, secret.get_secret_value()):
            yield problem


def webhook_problem(source: str, secret: str) -> Misconfigured | None:
    """What is wrong with the value of a webhook's secret."""
    text = secret.removeprefix("whsec_")
    try:
        key = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError:
        key = b""
    if source in OWN_SCHEME or len(key) >= SHORTEST_SECRET:
        return None
    return Misconfigured(
        f"{WEBHOOK_SECRET}{source.upper()}",
        "is no webhook secret",
        "Give it whsec_ and the base64 of 24 to 64 random bytes",
    )


def _missing(name: str, example: str) -> Misconfigured:
    return Misconfigured(name, "is not set", f"Give it {example}")
