"""How does a source with rotating tokens stay connected? One valid token, for whoever asks.

Vendors put `Bearer` on their httpx client; it asks `Connection`. A token is refreshed lazily, when
a call needs it, by whoever has the turn in the ledger, so that two workers never spend the same
refresh token; the new one is stored before it is used, for whoever lost it would lock all out
until a human consents again. Facts: RFC 6749; the single use is what Nmbrs and Exact Online say.
Tokens are never logged or shown.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from datetime import datetime, timedelta
from typing import Protocol
from uuid import uuid4

import httpx
from pydantic import Field, ValidationError

from shared.errors import InstroomError, Permanent, Transient
from shared.grant import PATIENCE, Grant, GrantGone, Provider, TokenEndpoint
from shared.model.frozen import Frozen
from shared.model.turn import Turn
from shared.vault import TokenStore

TURN = timedelta(seconds=120)
"""How long one worker may refresh: several times the longest token call."""
_LONGEST_CALL = timedelta(seconds=PATIENCE.total_seconds)
_LOOKS = 30
_LOOK_SECONDS = 0.5
_STORES = 3


class Turns(Protocol):
    """Who may refresh now: the ledger's, handed over by wiring."""

    async def read(self, source: str) -> Turn:
        """The turn as it stands."""
        ...

    async def take(
        self, source: str, holder: str, *, now: datetime, until: datetime
    ) -> Turn | None:
        """The turn, or None while another has it."""
        ...

    async def stored(self, source: str, holder: str, generation: int) -> None:
        """That generation is safe in the vault; gives the turn back."""
        ...

    async def refused(self, source: str, holder: str, generation: int) -> None:
        """That generation is good for nothing; gives the turn back."""
        ...

    async def give_back(self, source: str, holder: str) -> None:
        """Nothing came of the turn."""
        ...


class Tokens(Frozen):
    """What the vault keeps of one connection. Each refresh is a generation."""

    generation: int
    access: str = Field(repr=False)
    refresh: str = Field(repr=False)
    issued_at: datetime
    good_until: datetime
    """The end of the access token, less the provider's margin."""
    scope: str = ""
    """What the consent gave, when the server said so; a refresh that is silent changes nothing."""


class Connection:
    """One source's consent, in one process. Safe to use from many tasks of one event loop."""

    def __init__(
        self,
        provider: Provider,
        *,
        endpoint: TokenEndpoint,
        vault: TokenStore,
        turns: Turns,
        wall: Callable[[], datetime],
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._provider = provider
        self._endpoint = endpoint
        self._vault = vault
        self._turns = turns
        self._wall = wall
        self._pause = pause
        self._holder = uuid4().hex
        self._known: Tokens | None = None
        self._unsaved: Tokens | None = None
        self._has_stored = False
        self._renewing: asyncio.Task[Tokens] | None = None

    async def token(self, *, rejected: str | None = None) -> str:
        """An access token that is good now, and another one than `rejected` where that helps.

        Raises Permanent(mender="operator") when a person must consent (again), Transient when the
        authorization server or the turn cannot be had now.
        """
        if self._known and self._will_do(self._known, rejected):
            return self._known.access
        if self._renewing is None or self._renewing.done():
            self._renewing = asyncio.create_task(self._renew(rejected))
            self._renewing.add_done_callback(_seen)
        # Shielded: a caller who gives up must not stop a refresh between spending and storing.
        return (await asyncio.shield(self._renewing)).access

    async def scopes(self) -> frozenset[str]:
        """What the consent gave; empty when the server never said. Raises as `token` does."""
        await self.token()
        return frozenset(self._known.scope.split()) if self._known else frozenset()

    async def connect(self, code: str, *, redirect: str, verifier: str) -> None:
        """Trade the code of a fresh consent for tokens and store them. Raises as `token` does."""
        turn = await self._wait_for_turn()
        try:
            last = await self._last_generation(turn)
            grant = await self._endpoint.exchange(code, redirect=redirect, verifier=verifier)
            refresh = self._refresh_of(grant)
        except BaseException:
            await self._turns.give_back(self._provider.name, self._holder)
            raise
        await self._keep(self._tokens(grant, refresh, last + 1))

    async def close(self) -> None:
        """Let a refresh that is under way come to its end, and give back the connections."""
        if self._renewing:
            await asyncio.wait([self._renewing])
        await self._endpoint.close()

    def _will_do(self, tokens: Tokens, rejected: str | None) -> bool:
        now = self._wall()
        if now >= tokens.good_until:
            return False
        young = now - tokens.issued_at < timedelta(seconds=self._provider.youngest_seconds)
        return tokens.access != rejected or young

    async def _renew(self, rejected: str | None) -> Tokens:
        """Tokens that will do: another worker's, or fresh ones when it is our turn."""
        for _ in range(_LOOKS):
            found = await self._stored()
            if found and self._will_do(found, rejected):
                self._known = found
                return found
            if turn := await self._take():
                return await self._in_turn(turn, rejected)
            await self._pause(_LOOK_SECONDS)
        raise self._busy()

    async def _in_turn(self, turn: Turn, rejected: str | None) -> Tokens:
        try:
            # Again: whoever had the turn before may have stored meanwhile.
            found = await self._stored()
            if found and self._will_do(found, rejected):
                await self._turns.give_back(self._provider.name, self._holder)
                self._known = found
                return found
            await self._rehearse(self._spendable(found, turn))
            spendable = self._spendable(found, turn)  # again: a rehearsal takes its time
            grant = await self._endpoint.refresh(spendable.refresh)
        except GrantGone as error:
            return await self._after_refusal(spendable, error)
        except BaseException:
            await self._turns.give_back(self._provider.name, self._holder)
            raise
        refresh = grant.refresh or spendable.refresh
        generation = spendable.generation + 1
        return await self._keep(self._tokens(grant, refresh, generation, spendable.scope))

    def _spendable(self, found: Tokens | None, turn: Turn) -> Tokens:
        """The tokens, if their refresh token may be sent now."""
        if found is None or turn.refused == found.generation:
            raise self._consent_needed("has no valid consent")
        if found.generation < turn.generation:
            raise Transient(
                f"{self._provider.name}: the vault shows older tokens than were stored last; if "
                f"that stays, run `instroom hr connect {self._provider.name}`"
            )
        if turn.until is None or self._wall() > turn.until - _LONGEST_CALL:
            raise self._busy()
        return found

    async def _rehearse(self, tokens: Tokens) -> None:
        """Once a process, before it spends a token: store again what is stored already.

        A vault that lets us read and not write would otherwise be found out too late.
        """
        if not self._has_stored:
            await self._vault.write(self._provider.name, tokens.model_dump_json())
            self._has_stored = True

    async def _after_refusal(self, spent: Tokens, error: GrantGone) -> Tokens:
        """Somebody's newer tokens, or the end: only a new consent helps."""
        found = await self._stored()
        if found and found.generation > spent.generation:
            await self._turns.give_back(self._provider.name, self._holder)
            self._known = found
            return found
        await self._turns.refused(self._provider.name, self._holder, spent.generation)
        raise self._consent_needed("does not accept the stored consent any more") from error

    async def _stored(self) -> Tokens | None:
        """What lies in the vault; first puts there what could not be stored before."""
        if self._unsaved:
            await self._keep(self._unsaved)
        text = await self._vault.read(self._provider.name)
        if text is None:
            return None
        try:
            return Tokens.model_validate_json(text)
        except ValidationError:
            # The error would show the text.
            raise self._consent_needed("left something unreadable in the vault") from None

    async def _keep(self, tokens: Tokens) -> Tokens:
        """Store, and only then use. When it fails the turn is kept: the old token is spent."""
        self._unsaved = tokens
        for left in reversed(range(_STORES)):
            try:
                await self._vault.write(self._provider.name, tokens.model_dump_json())
                break
            except Transient:
                if not left:
                    raise
                await self._pause(_LOOK_SECONDS)
        self._known, self._unsaved, self._has_stored = tokens, None, True
        # The tokens are safe; a turn that cannot be given back runs out by itself.
        with contextlib.suppress(InstroomError):
            await self._turns.stored(self._provider.name, self._holder, tokens.generation)
        return tokens

    def _tokens(self, grant: Grant, refresh: str, generation: int, scope: str = "") -> Tokens:
        now = self._wall()
        margin = min(self._provider.margin_seconds, grant.lifetime_seconds / 2)
        return Tokens(
            generation=generation,
            access=grant.access,
            refresh=refresh,
            issued_at=now,
            good_until=now + timedelta(seconds=grant.lifetime_seconds - margin),
            scope=grant.scope or scope,
        )

    async def _last_generation(self, turn: Turn) -> int:
        """The highest there was; what cannot be read any more counts for nothing."""
        try:
            found = await self._stored()
        except Permanent:
            found = None
        return max(turn.generation, found.generation if found else 0)

    def _refresh_of(self, grant: Grant) -> str:
        if grant.refresh is None:
            raise Permanent(
                f"{self._provider.name} gave no refresh token: let the registered application ask "
                "for offline access",
                mender="settings",
            )
        return grant.refresh

    async def _wait_for_turn(self) -> Turn:
        for _ in range(_LOOKS):
            if turn := await self._take():
                return turn
            await self._pause(_LOOK_SECONDS)
        raise self._busy()

    async def _take(self) -> Turn | None:
        now = self._wall()
        return await self._turns.take(self._provider.name, self._holder, now=now, until=now + TURN)

    def _busy(self) -> Transient:
        told = f"{self._provider.name}: another worker is refreshing the token"
        return Transient(told, retry_after_seconds=TURN.total_seconds())

    def _consent_needed(self, why: str) -> Permanent:
        name = self._provider.name
        return Permanent(f"{name} {why}: run `instroom hr connect {name}`", mender="operator")


class Bearer(httpx.Auth):
    """Puts the token on each request; one that is refused is renewed and tried once more."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def async_auth_flow(
        self, request: httpx.Request
    ) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """See httpx, "Custom authentication schemes"."""
        token = await self._connection.token()
        request.headers["Authorization"] = f"Bearer {token}"
        response = yield request
        if response.status_code != httpx.codes.UNAUTHORIZED:
            return
        renewed = await self._connection.token(rejected=token)
        if renewed != token:
            request.headers["Authorization"] = f"Bearer {renewed}"
            yield request

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response]:
        """Our clients are asynchronous."""
        del request
        raise RuntimeError("Bearer is for httpx.AsyncClient")


def _seen(task: asyncio.Task[Tokens]) -> None:
    """An error that nobody waited for any more is no warning: the next caller meets it again."""
    if not task.cancelled():
        task.exception()
