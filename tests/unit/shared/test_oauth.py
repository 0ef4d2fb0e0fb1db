from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

import httpx
import pytest

from shared.errors import Permanent, Transient
from shared.grant import Provider, TokenEndpoint
from shared.ledger.sqlite import open_sqlite
from shared.ledger.tokens import Turns
from shared.oauth import TURN, Bearer, Connection, Tokens

PROVIDER = Provider(
    name="nmbrs",
    authorize_url="https://id.example/a",
    token_url="https://id.example/t",
    client_id="c",
    client_secret="s",
)
START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


@dataclass
class Server:
    """An authorization server whose refresh tokens are good for one use."""

    good: str = "r1"
    issued: int = 1
    asked: int = 0
    loses_replies: bool = False
    on_call: Callable[[], object] = lambda: None
    keeps_refresh: bool = False
    """Give access tokens alone, as a server does that does not rotate or was not asked to."""

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        self.on_call()
        form = parse_qs(request.content.decode())
        await asyncio.sleep(0)
        if form["grant_type"] == ["refresh_token"] and form["refresh_token"] != [self.good]:
            return httpx.Response(400, json={"error": "invalid_grant"})
        self.issued += 1
        self.good = f"r{self.issued}"
        if self.loses_replies:
            raise httpx.ReadError("cut")
        answer = {"access_token": f"a{self.issued}", "expires_in": 3600}
        rotated = {} if self.keeps_refresh else {"refresh_token": self.good}
        return httpx.Response(200, json={**answer, **rotated})


@dataclass
class Shelf:
    """A vault in memory; the next `failing` writes fail."""

    kept: dict[str, str] = field(default_factory=dict)
    failing: int = 0
    writes: int = 0

    async def read(self, name: str) -> str | None:
        return self.kept.get(name)

    async def write(self, name: str, text: str) -> None:
        if self.failing:
            self.failing -= 1
            raise Transient("disk full")
        self.writes += 1
        self.kept[name] = text

    def fill_up(self) -> None:
        """From now on it takes nothing, for as long as one refresh tries."""
        self.failing = 3

    def tokens(self) -> Tokens:
        return Tokens.model_validate_json(self.kept["nmbrs"])


@dataclass
class World:
    turns: Turns
    server: Server = field(default_factory=Server)
    vault: Shelf = field(default_factory=Shelf)
    now: datetime = START

    def worker(self) -> Connection:
        return Connection(
            PROVIDER,
            endpoint=TokenEndpoint(PROVIDER, httpx.MockTransport(self.server)),
            vault=self.vault,
            turns=self.turns,
            wall=lambda: self.now,
            pause=self.pause,
        )

    async def pause(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        await asyncio.sleep(0)

    def stored(self, generation: int = 1, good_for: float = 0) -> None:
        tokens = Tokens(
            generation=generation,
            access=f"a{generation}",
            refresh=f"r{generation}",
            issued_at=START - timedelta(hours=1),
            good_until=self.now + timedelta(seconds=good_for),
        )
        self.vault.kept["nmbrs"] = tokens.model_dump_json()


@pytest.fixture
async def world() -> AsyncIterator[World]:
    store = await open_sqlite(None, wall=lambda: datetime.now(UTC))
    yield World(Turns(store))
    await store.close()


async def test_a_token_that_is_still_good_is_not_refreshed(world: World) -> None:
    world.stored(good_for=100)

    assert await world.worker().token() == "a1"
    assert world.server.asked == 0


async def test_a_token_that_ended_is_refreshed_once(world: World) -> None:
    world.stored()
    worker = world.worker()

    assert [await worker.token() for _ in range(3)] == ["a2"] * 3
    assert world.server.asked == 1
    assert world.vault.tokens().refresh == "r2"


async def test_the_margin_ends_a_token_before_the_server_does(world: World) -> None:
    world.stored()
    worker = world.worker()
    await worker.token()
    world.now = START + timedelta(seconds=3579)
    assert await worker.token() == "a2"
    world.now = START + timedelta(seconds=3580)

    assert await worker.token() == "a3"


async def test_many_tasks_of_one_worker_refresh_once(world: World) -> None:
    world.stored()
    worker = world.worker()

    assert set(await asyncio.gather(*(worker.token() for _ in range(20)))) == {"a2"}
    assert world.server.asked == 1


async def test_two_workers_never_spend_the_same_token(world: World) -> None:
    world.stored()
    workers = [world.worker() for _ in range(5)]

    assert set(await asyncio.gather(*(worker.token() for worker in workers))) == {"a2"}
    assert world.server.asked == 1


async def test_a_worker_takes_over_what_another_refreshed(world: World) -> None:
    world.stored()
    first, second = world.worker(), world.worker()
    await first.token()

    assert await second.token() == "a2"
    assert world.server.asked == 1


async def test_a_token_is_stored_before_it_is_used(world: World) -> None:
    """Nobody sees an access token whose refresh token is not safe."""
    world.stored()
    world.server.on_call = world.vault.fill_up
    worker = world.worker()

    with pytest.raises(Transient, match="disk full"):
        await worker.token()
    assert world.vault.tokens().refresh == "r1"
    assert await worker.token() == "a2"
    assert world.vault.tokens().refresh == "r2"
    assert world.server.asked == 1


async def test_a_vault_that_takes_nothing_costs_no_token(world: World) -> None:
    """As when a role lets us read secrets and not write them: found out before, not after."""
    world.stored()
    world.vault.failing = 1
    worker = world.worker()

    with pytest.raises(Transient, match="disk full"):
        await worker.token()
    assert (world.server.asked, world.vault.tokens().refresh) == (0, "r1")
    assert await worker.token() == "a2"
    assert world.vault.writes == 2


async def test_a_turn_is_kept_while_the_new_token_is_not_stored(world: World) -> None:
    """Another worker would spend the old token again."""
    world.stored()
    world.server.on_call = world.vault.fill_up
    with pytest.raises(Transient, match="disk full"):
        await world.worker().token()

    with pytest.raises(Transient, match="another worker"):
        await world.worker().token()
    assert world.server.asked == 1


async def test_a_caller_who_gives_up_does_not_stop_the_refresh(world: World) -> None:
    world.stored()
    worker = world.worker()
    waiting = asyncio.create_task(worker.token())
    world.server.on_call = waiting.cancel
    with pytest.raises(asyncio.CancelledError):
        await waiting
    world.server.on_call = lambda: None

    assert await worker.token() == "a2"
    assert world.vault.tokens().refresh == "r2"
    assert world.server.asked == 1
    await worker.close()


async def test_a_dead_workers_turn_runs_out(world: World) -> None:
    world.stored()
    await world.turns.take("nmbrs", "dead", now=START, until=START + timedelta(seconds=5))

    assert await world.worker().token() == "a2"
    assert world.now >= START + timedelta(seconds=5)


async def test_what_a_worker_stored_before_it_died_is_used_at_once(world: World) -> None:
    """Between the vault and the ledger: its turn is still taken."""
    await world.turns.take("nmbrs", "dead", now=START, until=START + TURN)
    world.stored(generation=2, good_for=600)

    assert await world.worker().token() == "a2"
    assert world.now == START


async def test_a_turn_of_another_is_waited_for_and_then_told(world: World) -> None:
    world.stored()
    await world.turns.take("nmbrs", "other", now=START, until=START + TURN)

    with pytest.raises(Transient, match="another worker is refreshing"):
        await world.worker().token()
    assert world.server.asked == 0


async def test_no_consent_yet_names_the_command(world: World) -> None:
    with pytest.raises(Permanent, match="instroom hr connect nmbrs") as refused:
        await world.worker().token()
    assert refused.value.mender == "operator"
    assert world.server.asked == 0


async def test_a_refused_token_is_sent_only_once(world: World) -> None:
    """Repeating it would only burn the error budget of the source."""
    world.stored()
    world.server.good = "another"
    for worker in (world.worker(), world.worker()):
        for _ in range(2):
            with pytest.raises(Permanent, match="instroom hr connect nmbrs") as refused:
                await worker.token()
            assert refused.value.mender == "operator"

    assert world.server.asked == 1


async def test_a_new_consent_ends_a_refusal(world: World) -> None:
    world.stored()
    world.server.good = "another"
    worker = world.worker()
    with pytest.raises(Permanent):
        await worker.token()
    await world.worker().connect("code", redirect="http://127.0.0.1/", verifier="v")

    assert await worker.token() == "a2"
    assert world.vault.tokens().generation == 2


async def test_a_lost_reply_is_tried_again_later(world: World) -> None:
    world.stored()
    world.server.loses_replies = True
    worker = world.worker()
    with pytest.raises(Transient, match="no reply"):
        await worker.token()
    world.server.loses_replies = False

    with pytest.raises(Permanent, match="instroom hr connect"):
        await worker.token()


async def test_a_zombie_that_was_overtaken_uses_the_newer_token(world: World) -> None:
    """Its turn ran out in the middle of the call, and another worker stored meanwhile."""
    world.stored()
    world.server.good = "another"
    newer = Tokens(
        generation=2,
        access="theirs",
        refresh="another",
        issued_at=START,
        good_until=START + timedelta(hours=1),
    )
    world.server.on_call = lambda: world.vault.kept.update(nmbrs=newer.model_dump_json())

    assert await world.worker().token() == "theirs"
    assert (await world.turns.read("nmbrs")).refused is None


async def test_older_tokens_than_were_stored_are_not_spent(world: World) -> None:
    world.stored(generation=1)
    await world.turns.stored("nmbrs", "other", 2)

    with pytest.raises(Transient, match="older tokens"):
        await world.worker().token()
    assert world.server.asked == 0


async def test_an_unreadable_vault_is_told_without_its_text(world: World) -> None:
    world.vault.kept["nmbrs"] = '{"refresh": "geheim"}'

    with pytest.raises(Permanent, match="unreadable") as refused:
        await world.worker().token()
    assert "geheim" not in str(refused.value) + repr(refused.value.__cause__)
    await world.worker().connect("code", redirect="http://127.0.0.1/", verifier="v")
    assert world.vault.tokens().access == "a2"


async def test_connecting_stores_and_never_shows(world: World) -> None:
    await world.worker().connect("code", redirect="http://127.0.0.1/", verifier="v")

    tokens = world.vault.tokens()
    assert (tokens.access, tokens.refresh, tokens.generation) == ("a2", "r2", 1)
    assert "a2" not in repr(tokens)
    assert "r2" not in repr(tokens)


async def test_consent_without_a_refresh_token_is_refused(world: World) -> None:
    """The registered application was not allowed offline access."""
    world.server.keeps_refresh = True
    with pytest.raises(Permanent, match="offline access") as refused:
        await world.worker().connect("code", redirect="http://127.0.0.1/", verifier="v")

    assert refused.value.mender == "settings"
    assert world.vault.kept == {}
    assert (await world.turns.read("nmbrs")).holder is None


async def test_refresh_token_that_does_not_rotate_is_kept(world: World) -> None:
    """RFC 6749, 6: the server may leave it out."""
    world.stored()
    world.server.keeps_refresh = True

    assert await world.worker().token() == "a2"
    assert world.vault.tokens().refresh == "r1"


async def test_consent_waits_for_a_refresh_under_way(world: World) -> None:
    """Else the refresh would store its older tokens over it."""
    await world.turns.take("nmbrs", "other", now=START, until=START + timedelta(seconds=5))
    await world.worker().connect("code", redirect="http://127.0.0.1/", verifier="v")
    assert world.now >= START + timedelta(seconds=5)

    await world.turns.take("nmbrs", "other", now=world.now, until=world.now + TURN)
    with pytest.raises(Transient, match="another worker"):
        await world.worker().connect("code", redirect="http://127.0.0.1/", verifier="v")


def _api(accepts: Callable[[str], bool], seen: list[str]) -> httpx.MockTransport:
    def answer(request: httpx.Request) -> httpx.Response:
        token = request.headers["authorization"].removeprefix("Bearer ")
        seen.append(token)
        return httpx.Response(200 if accepts(token) else 401)

    return httpx.MockTransport(answer)


async def test_a_refused_token_is_renewed_and_the_call_repeated(world: World) -> None:
    world.stored(good_for=1000)
    seen: list[str] = []
    transport = _api(lambda token: token == "a2", seen)
    async with httpx.AsyncClient(transport=transport, auth=Bearer(world.worker())) as client:
        answer = await client.get("https://api.example/x")

    assert answer.status_code == 200
    assert seen == ["a1", "a2"]


async def test_a_fresh_token_that_is_refused_is_not_renewed(world: World) -> None:
    """Another cause, such as a missing right: refreshing each time would use up the day."""
    world.stored()
    seen: list[str] = []
    transport = _api(lambda _: False, seen)
    async with httpx.AsyncClient(transport=transport, auth=Bearer(world.worker())) as client:
        answers = [await client.get("https://api.example/x") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [401] * 3
    assert seen == ["a2"] * 3
    assert world.server.asked == 1
