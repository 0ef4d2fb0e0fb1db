"""HR as Nmbrs: its rig in this process, with a consent that has just been given."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from contract.source.stage import Stage

from sandbox.clock import ManualClock
from sandbox.faults import Faults, FaultyApp
from sandbox.nmbrs import Firm, make_app
from sandbox.nmbrs.environment import CLIENT_ID, CLIENT_SECRET, REDIRECTS, SUBSCRIPTION_KEY
from sandbox.world import Answers, Kind, World
from shared.grant import Provider, TokenEndpoint
from shared.intake.nmbrs import NmbrsSource
from shared.ledger.rows import Store
from shared.ledger.sqlite import open_sqlite
from shared.ledger.tokens import Turns
from shared.oauth import Bearer, Connection
from shared.vendors.nmbrs import SCOPES, Nmbrs

TODAY = date(2026, 11, 2)
FIRMS = (
    Firm(1, "Voorbeeld B.V.", ("DIR", "BV", "ICT", "PZ", "RU")),
    Firm(2, "Voorbeeld Zorg B.V.", ("SO",)),
)
PROVIDER = Provider(
    name="nmbrs",
    authorize_url="http://nmbrs.test/connect/authorize",
    token_url="http://nmbrs.test/connect/token",
    client_id=CLIENT_ID,
    client_secret=CLIENT_SECRET,
    scope=SCOPES,
    pkce=True,
)
VERIFIER = "v" * 43


@dataclass
class Shelf:
    """A vault in memory."""

    kept: dict[str, str] = field(default_factory=dict)

    async def read(self, name: str) -> str | None:
        return self.kept.get(name)

    async def write(self, name: str, text: str) -> None:
        self.kept[name] = text


@dataclass
class Rig:
    """Nmbrs, the world behind it, and what is needed to speak to it."""

    clock: ManualClock
    world: World
    answers: Answers
    faults: Faults
    transport: httpx.AsyncBaseTransport
    vault: Shelf = field(default_factory=Shelf)
    store: Store | None = None

    @classmethod
    def of(
        cls, size: int = 40, firms: tuple[Firm, ...] = FIRMS, clock: ManualClock | None = None
    ) -> Rig:
        """A rig with a company of that size, without a consent yet."""
        clock = clock or ManualClock()
        world = World.generate(1, size, TODAY, clock=clock)
        clock.advance(7200)
        answers, faults = Answers(), Faults()
        app = FaultyApp(make_app(world, clock=clock, answers=answers, firms=firms), faults)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        return cls(clock, world, answers, faults, transport)

    async def open(self) -> None:
        """A ledger for the turns."""
        self.store = self.store or await open_sqlite(None, wall=lambda: datetime.now(UTC))

    async def close(self) -> None:
        """Close the ledger."""
        if self.store:
            await self.store.close()

    def turns(self) -> Turns:
        """Who may refresh."""
        assert self.store, "open it first"
        return Turns(self.store)

    def worker(self) -> Connection:
        """One more process with this consent."""

        async def pause(seconds: float) -> None:
            self.clock.advance(seconds)

        return Connection(
            PROVIDER,
            endpoint=TokenEndpoint(PROVIDER, self.transport),
            vault=self.vault,
            turns=self.turns(),
            wall=self.clock.now,
            pause=pause,
        )

    def source(self, *companies: str) -> NmbrsSource:
        """Nmbrs as a source, in a process of its own."""
        nmbrs = Nmbrs("http://nmbrs.test", SUBSCRIPTION_KEY, _AtFirstUse(self), self.transport)
        return NmbrsSource(nmbrs, companies)

    async def consent(self, scope: str = SCOPES) -> None:
        """Somebody opens the address and lets us in."""
        address = PROVIDER.consent_address(REDIRECTS[0], state="s", verifier=VERIFIER)
        address = address.replace(PROVIDER.scope.replace(" ", "%20"), scope.replace(" ", "%20"))
        async with httpx.AsyncClient(transport=self.transport) as browser:
            answer = await browser.get(address)
        code = parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]
        await self.worker().connect(code, redirect=REDIRECTS[0], verifier=VERIFIER)

    async def settings(self, **changes: Any) -> dict[str, Any]:
        """Change the rig, and see how it stands."""
        async with httpx.AsyncClient(
            transport=self.transport, base_url="http://nmbrs.test"
        ) as control:
            answer = await control.patch("/_sandbox/nmbrs", json=changes)
        answer.raise_for_status()
        told: dict[str, Any] = answer.json()
        return told

    async def expire(self, tokens: str) -> None:
        """End the tokens that were given out."""
        async with httpx.AsyncClient(
            transport=self.transport, base_url="http://nmbrs.test"
        ) as control:
            answer = await control.post("/_sandbox/nmbrs/expire", json={"tokens": tokens})
        answer.raise_for_status()

    def numbers(self, firms: tuple[Firm, ...] = FIRMS) -> frozenset[str]:
        """Whom Nmbrs shows as employees."""
        return frozenset(
            f"{firm.number}-{person.number}"
            for person in self.world.people.values()
            if person.kind is not Kind.NOT_WORKING
            for firm in firms
            if any(row.department.startswith(firm.divisions) for row in person.contracts)
        )


class _AtFirstUse(httpx.Auth):
    """Opens the ledger, and lets somebody consent when nobody has, with the first call."""

    def __init__(self, opened: Rig) -> None:
        self._rig = opened
        self._bearer: Bearer | None = None

    async def async_auth_flow(
        self, request: httpx.Request
    ) -> AsyncGenerator[httpx.Request, httpx.Response]:
        await self._rig.open()
        if self._bearer is None:
            if not self._rig.vault.kept:
                await self._rig.consent()
            self._bearer = Bearer(self._rig.worker())
        flow = self._bearer.async_auth_flow(request)
        asked = await anext(flow)
        with contextlib.suppress(StopAsyncIteration):
            while True:
                answer = yield asked
                asked = await flow.asend(answer)


def nmbrs_stage() -> Stage:
    """Some forty employees of two companies."""
    made = Rig.of()
    control = httpx.AsyncClient(transport=made.transport, base_url="http://nmbrs.test")

    async def spoil(number: str) -> None:
        plain = number.partition("-")[2]
        items = {plain: {"employments": {"startDate": "ooit"}}}
        (await control.patch("/_sandbox/nmbrs", json={"items": items})).raise_for_status()
        made.world.rename(plain, nickname="Anders")

    return Stage(
        source=made.source(),
        numbers=made.numbers(),
        hire=lambda: f"1-{made.world.hire(department='ICT-SD', job='0141', start=TODAY).number}",
        change=lambda number: made.world.rename(number.partition("-")[2], nickname="Nieuw"),
        spoil=spoil,
        withdraw=lambda number: made.world.withdraw(number.partition("-")[2]),
        break_off=lambda: made.answers.play("cut-body"),
        now=made.clock.now,
        close=made.close,
        employ=lambda day: (
            f"1-{made.world.hire(department='ICT-SD', job='0141', start=day, end=day).number}"
        ),
        faults=made.faults,
    )
