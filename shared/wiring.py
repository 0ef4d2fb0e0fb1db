"""Where are real clients built? Here, lazily, once a process, and closed together.

Triggers and the command line ask for `service()`. Azure's credential, the ledger and Service Bus
are opened when the first function needs them: building at import would hide every function when a
setting is wrong.
"""

from __future__ import annotations

import asyncio
import ssl
import time
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
from azure.core.credentials import AccessToken
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import AzureError
from azure.servicebus.aio import ServiceBusClient
from pydantic import SecretStr

from shared import settings as setting
from shared import settings_check, vaulted_settings
from shared.apply.entra import EntraTarget
from shared.apply.entra_bulk import EntraBulk
from shared.apply.entra_changes import EntraChanges
from shared.apply.entra_groups import EntraGroups, GroupBook
from shared.apply.entra_licences import EntraLicences
from shared.apply.entra_listing import EntraListing
from shared.apply.entra_passes import EntraPasses
from shared.apply.listing import Listing
from shared.apply.target import Target
from shared.apply.topdesk import TopdeskTarget
from shared.apply.topdesk_listing import TopdeskListing
from shared.bus.publish import ServiceBus
from shared.consents import CONSENTS, Consent, with_writing
from shared.errors import Misconfigured, TargetDown
from shared.flow.service import Clock, Ledger, Service
from shared.grant import Provider, TokenEndpoint
from shared.ledger.rows import Store
from shared.ledger.sqlite import open_sqlite
from shared.ledger.tables import open_tables
from shared.ledger.tokens import Turns
from shared.model.account import TopdeskCard
from shared.model.desired import DesiredTopdesk, TargetName
from shared.notices.mail import GraphMailer, Post
from shared.notices.render import Templates
from shared.oauth import Connection
from shared.plan.scim import scim
from shared.plan.topdesk import topdesk
from shared.policy.load import load
from shared.rest import Rest
from shared.secret import Presented, Secret, Vaulted, value_of
from shared.settings import Settings
from shared.vault import FileVault, TokenStore
from shared.vendors.graph import client as graph
from shared.vendors.topdesk.roles import licensed
from shared.vendors.topdesk.tenant import Tenant, base_url, credentials
from shared.wiring_sources import Means, SourceWiring

if TYPE_CHECKING:
    from shared.keyvault import KeyVault

TOKENS = "tokens-"
"""Before the name of a source whose tokens lie in Key Vault, among the other secrets."""
GRAPH_SCOPE = "https://graph.microsoft.com/.default"
TOPDESK_AT_ONCE = 4  # an on-premises TOPdesk is one server that people are working on


class Wiring:
    """Everything that has to be closed again, built once from the settings."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._open = AsyncExitStack()
        self._credential: AsyncTokenCredential | None = None
        self._key_vaults: dict[str, KeyVault] = {}
        self._secrets: dict[str, Secret] = {}

    async def service(self) -> Service:
        """Build the flow's rooms. Raises Misconfigured for the first setting that is wrong."""
        for problem in settings_check.problems(self.settings):
            raise problem
        clock = _clock(self.settings)
        ledger = Ledger(await self._store(clock))
        bus = ServiceBus(self._service_bus)
        self._open.push_async_callback(bus.close)
        entra = self.entra_graph()
        book = GroupBook(entra)
        sources = self._sources(ledger, clock)
        by_scim = self.settings.topdesk_interface == "scim"
        rest = None if by_scim else self.topdesk()
        return Service(
            ledger=ledger,
            bus=bus,
            clock=clock,
            mint=lambda: uuid.uuid4().hex,
            sources={name: sources.source(name) for name in self.settings.sources},
            entra=EntraTarget(entra, book=book),
            bulk=EntraBulk(entra, book=book),
            changes=EntraChanges(entra),
            groups=EntraGroups(entra, book),
            licences=EntraLicences(entra, book),
            passes=EntraPasses(entra),
            licensed=partial(licensed, rest) if rest else None,
            topdesk=TopdeskTarget(rest) if rest else self._scim(),
            listings=_listings(entra, rest),
            writers=sources.writers(),
            plan_topdesk=scim if by_scim else topdesk,
            policy_text=lambda: text_of(self.settings.policy_file),
            policy_name=self.settings.policy_file,
            post=self._post(entra),
        )

    def _post(self, entra: graph.Graph) -> Post | None:
        """What mail is sent with; None without a mailbox to send from."""
        if not self.settings.mail_sender:
            return None
        return Post(GraphMailer(entra), self.settings.mail_sender, templates(self.settings))

    async def close(self) -> None:
        """Close what was opened, last first."""
        await self._open.aclose()

    async def _store(self, clock: Clock) -> Store:
        url = await value_of(self.reveal("LEDGER_URL", self.settings.ledger_url))
        if url.startswith("sqlite:///"):
            path = Path(url.removeprefix("sqlite:///"))
            path.parent.mkdir(parents=True, exist_ok=True)
            store = await open_sqlite(path, wall=clock.wall)
        else:
            by_identity = url.startswith("https://")
            credential = self._identity() if by_identity else None
            store = await open_tables(url, credential=credential)
        self._open.push_async_callback(store.close)
        return store

    def _service_bus(self) -> ServiceBusClient:
        tls = ssl.create_default_context()  # one: else each sender reads all certificates anew
        if self.settings.service_bus:
            connection = self.settings.service_bus.get_secret_value()
            return ServiceBusClient.from_connection_string(connection, ssl_context=tls)
        namespace = self.settings.service_bus_namespace or ""
        return ServiceBusClient(namespace, self._identity(), ssl_context=tls)

    def _sources(self, ledger: Ledger, clock: Clock) -> SourceWiring:
        return SourceWiring(
            Means(
                settings=self.settings,
                ledger=ledger,
                clock=clock,
                reveal=self.reveal,
                connection=lambda provider: self.connection(provider, ledger.store, clock),
                identity=self._identity,
                policy_text=lambda: text_of(self.settings.policy_file),
                closing=self._open,
            )
        )

    def connection(self, provider: Provider, store: Store, clock: Clock) -> Connection:
        """The tokens of one source that a person let us into."""
        connection = Connection(
            provider,
            endpoint=TokenEndpoint(provider),
            vault=self.tokens(),
            turns=Turns(store),
            wall=clock.wall,
        )
        self._open.push_async_callback(connection.close)
        return connection

    async def consenting(self, provider: Provider) -> Connection:
        """As `connection`, for whoever gives the first consent: only the ledger is needed."""
        clock = _clock(self.settings)
        return self.connection(provider, await self._store(clock), clock)

    def entra_graph(self) -> graph.Graph:
        """Graph under the app's identity."""
        sandbox = self.settings.graph_auth == "none"
        credential: Any = NoCredential() if sandbox else self._identity()
        opened = graph.connect(self.settings.graph_base_url, credential)
        self._open.push_async_callback(opened.close)
        return opened

    async def graph_token(self) -> str | None:
        """The app's own token for Graph; None on the sandbox, which asks for none."""
        if self.settings.graph_auth == "none":
            return None
        try:
            return (await self._identity().get_token(GRAPH_SCOPE)).token
        except AzureError as error:
            raise TargetDown("graph: no token for it; see the app's identity") from error

    def topdesk(self) -> Tenant:
        """TOPdesk under Instroom's operator."""
        settings = self.settings
        password = self.reveal("TOPDESK_APP_PASSWORD", settings.topdesk_app_password)
        client = httpx.AsyncClient(
            base_url=base_url(settings.topdesk_url or ""),
            auth=Presented(password, credentials(settings.topdesk_username or "")),
            timeout=httpx.Timeout(30, connect=5),
        )
        self._open.push_async_callback(client.aclose)
        return Tenant(Rest(client, name="TOPdesk", concurrency=TOPDESK_AT_ONCE))

    def _scim(self) -> Target[DesiredTopdesk, TopdeskCard]:
        """The SCIM service in the place of TOPdesk."""
        from shared.apply.scim import ScimTarget  # noqa: PLC0415 - where there is one
        from shared.vendors.scim.directory import Directory  # noqa: PLC0415 - as above

        settings = self.settings
        client = httpx.AsyncClient(
            base_url=settings.scim_url or "",
            auth=Presented(self.reveal("SCIM_TOKEN", settings.scim_token), _bearer),
            timeout=httpx.Timeout(30, connect=5),
        )
        self._open.push_async_callback(client.aclose)
        return ScimTarget(Directory(client, concurrency=TOPDESK_AT_ONCE))

    def reveal(self, name: str, value: SecretStr | None) -> str | Secret:
        """What the secret setting of this name holds: its value, or where Key Vault has it."""
        in_vault = vaulted_settings.in_vault(value)
        if in_vault is None:
            return value.get_secret_value() if value else ""

        async def read() -> str:
            if found := await self._key_vault().read(in_vault):
                return found
            problem = f"the key vault holds no secret '{in_vault}'"
            raise Misconfigured(name, problem, "Set it there, or mend the name behind `vault:`")

        kept = self._secrets.get(name) or Vaulted(name, read, monotonic=time.monotonic)
        return self._secrets.setdefault(name, kept)

    async def ends(self) -> dict[str, datetime | None]:
        """Until when each secret in Key Vault is good, by its setting, as whoever set it said."""
        vaulted = {name: vaulted_settings.in_vault(v) for name, v in self.settings.secrets.items()}
        return {
            name: await self._key_vault().ends(in_vault)
            for name, in_vault in vaulted.items()
            if in_vault
        }

    def tokens(self) -> TokenStore:
        """Where the tokens of consents lie."""
        if self.settings.tokens_in_vault:
            return self._key_vault(TOKENS)
        return FileVault(Path(self.settings.token_folder or setting.TOKENS_AT_HOME))

    def _key_vault(self, prefix: str = "") -> KeyVault:
        if prefix not in self._key_vaults:
            from shared.keyvault import KeyVault  # noqa: PLC0415 - where there is one

            opened = KeyVault(self.settings.key_vault_url or "", self._identity(), prefix=prefix)
            self._open.push_async_callback(opened.close)
            self._key_vaults[prefix] = opened
        return self._key_vaults[prefix]

    def _identity(self) -> AsyncTokenCredential:
        if self._credential is None:
            from azure.identity.aio import DefaultAzureCredential  # noqa: PLC0415 - not on a laptop

            credential = DefaultAzureCredential()
            self._open.push_async_callback(credential.close)
            self._credential = credential
        return self._credential


def _listings(entra: graph.Graph, topdesk: Tenant | None) -> Mapping[TargetName, Listing]:
    """What a take-over reads; a SCIM service in TOPdesk's place is not listed."""
    listed: dict[TargetName, Listing] = {TargetName.ENTRA: EntraListing(entra)}
    if topdesk:
        listed[TargetName.TOPDESK] = TopdeskListing(topdesk)
    return listed


def _bearer(request: httpx.Request, token: str) -> None:
    """Put a token on a request (RFC 6750, 2.1)."""
    request.headers["Authorization"] = f"Bearer {token}"


class NoCredential:
    """The sandbox asks for no token; refused for any address but this machine's."""

    async def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        """Give a token that opens nothing."""
        del scopes, options
        return AccessToken("sandbox", int(time.time()) + 3600)


@asynccontextmanager
async def consenting(source: str) -> AsyncIterator[tuple[Consent, Connection]]:
    """What `instroom hr connect` needs, until the block ends. Raises Misconfigured."""
    if source not in CONSENTS:
        known = ", ".join(CONSENTS)
        raise Misconfigured(source, "is no source that asks for consent", f"Known: {known}")
    told = settings()
    needed = ("LEDGER_URL", "TOKEN_FOLDER", "KEY_VAULT_URL")
    for problem in settings_check.problems(told):
        # Whoever connects the first source has not set up the rest yet.
        if problem.what.startswith((source.upper(), *needed)):
            raise problem
    opened = Wiring(told)
    consent = CONSENTS[source](told, opened.reveal)
    if source == "nmbrs" and _writes_back(source, told):
        consent = with_writing(consent)
    try:
        yield consent, await opened.consenting(consent.provider)
    finally:
        await opened.close()


def _writes_back(source: str, told: Settings) -> bool:
    """Does the policy as deployed write to this source? One that is wrong is told elsewhere."""
    try:
        rules = load(text_of(told.policy_file), name=told.policy_file)
    except Misconfigured:
        return False
    return source in rules.write_back.fields


_configured: Settings | None = None
_wiring: Wiring | None = None
_service: Service | None = None
_lock = asyncio.Lock()


def configure(given: Settings) -> None:
    """Use these settings instead of the environment's; for the command line."""
    global _configured  # noqa: PLW0603 - before anything is built
    _configured = given


def settings() -> Settings:
    """The settings of this process. Raises Misconfigured."""
    return _configured or setting.read()


async def service() -> Service:
    """The service of this process, built by whoever asks first. Raises Misconfigured."""
    global _wiring, _service  # noqa: PLW0603 - one client a process, as Azure advises
    async with _lock:
        if _service is None:
            _wiring = Wiring(settings())
            try:
                _service = await _wiring.service()
            except BaseException:
                await _wiring.close()
                raise
        return _service


async def secrets() -> dict[str, str | Secret]:
    """Each secret that is set, by its setting. Raises Misconfigured."""
    await service()
    wired = _wiring or Wiring(settings())
    return {name: wired.reveal(name, value) for name, value in settings().secrets.items()}


async def graph_token() -> str | None:
    """The app's own token for Graph, if it has one. Raises Misconfigured, TargetDown."""
    await service()
    return await _wiring.graph_token() if _wiring else None


async def webhook_secret(source: str) -> str | Secret | None:
    """What that source's webhooks are signed with, if it has any. Raises Misconfigured."""
    given = settings().webhook_secrets.get(source.casefold())
    if given is None or vaulted_settings.in_vault(given) is None:
        return given.get_secret_value() if given else None
    return (await secrets())[f"{setting.WEBHOOK_SECRET}{source.upper()}"]


def templates(given: Settings) -> Templates:
    """Instroom's templates of notices, and before them the customer's."""
    return Templates(Path(given.notice_templates) if given.notice_templates else None)


async def close() -> None:
    """Close this process's clients."""
    global _wiring, _service  # noqa: PLW0603 - as above
    async with _lock:
        if _wiring:
            await _wiring.close()
        _wiring = _service = None


def text_of(name: str) -> str:
    """The text of a deployed file. Raises Misconfigured when it cannot be read."""
    try:
        return Path(name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        problem = f"cannot be read: {type(error).__name__}"
        raise Misconfigured(name, problem, "Deploy it as UTF-8 text with the app") from error


def _clock(settings: Settings) -> Clock:
    """Wall time, and the calendar that CLOCK_FILE moves on a laptop."""

    def wall() -> datetime:
        return datetime.now(UTC)

    if not settings.clock_file:
        return Clock(now=wall, wall=wall)
    path = Path(settings.clock_file)

    def calendar() -> datetime:
        text = path.read_text(encoding="utf-8").strip() if path.exists() else ""
        return wall() + timedelta(seconds=float(text or 0))

    return Clock(now=calendar, wall=wall)
