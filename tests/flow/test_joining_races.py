"""Two records of one human at once: each lane stopped, or killed, at each of its steps."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import date

import pytest
from build import a_contract, a_name, a_record
from fakes import FakeClock, FakeSource, World, a_world
from interleaving import GatedStore, Gates, Job, end_all, without_thread
from turning import leases_run_out, settle

from shared import flow
from shared.flow.collect import full_sync, signalled
from shared.flow.service import Ledger
from shared.flow.sweep import sweep
from shared.ledger.sqlite import open_sqlite
from shared.model.person import PersonId, Record

BORN = date(1991, 5, 17)
TWIN = a_name(initials="J.", given="Johanna", nickname="Joke")
ONE = a_record("1", birth_date=BORN, human_key="P1", contracts=(a_contract(key="a"),))
AGAIN = a_record("2", birth_date=BORN, human_key="P1", contracts=(a_contract(key="b"),))
KEY_ONLY = AGAIN.model_copy(update={"birth_date": None})
ELSEWHERE = a_record("8", source="csv", birth_date=BORN, contracts=(a_contract(key="c"),))
OTHER = ELSEWHERE.model_copy(update={"name": TWIN})


@dataclass
class Race:
    """A world in which two lanes read two records of one human."""

    world: World
    store: GatedStore
    gates: Gates
    csv: FakeSource

    def lane(self, record: Record) -> Job:
        work = signalled(self.world.service, record.source, record.number)
        return self.gates.start(f"collect {record.key}", work)

    async def run(self, job: Job, steps: int = 10_000) -> bool:
        """So many steps; answers whether it had another one."""
        await self.gates.quiet()
        for _ in range(steps):
            here = next((w for w in self.gates.waiting if w.job is job), None)
            if here is None:
                return False
            await self.gates.choose(here)
        return any(w.job is job for w in self.gates.waiting)

    async def everything_is_read_again(self) -> None:
        for source, people in (("afas", self.world.hr), ("csv", self.csv)):
            if people.people:
                await full_sync(self.world.service, source)
        await leases_run_out(self.world)
        await settle(self.world)

    async def people(self, *records: Record) -> set[PersonId]:
        found = set()
        for record in records:
            known = await self.world.service.ledger.identities.find(record.source, record.number)
            assert known is not None
            found.add(known.person_id)
        return found


async def a_race(*records: Record) -> Race:
    clock, gates = FakeClock(), Gates()
    store = GatedStore(without_thread(await open_sqlite(None, wall=clock.wall)), gates)
    world, csv = a_world(store, clock=clock), FakeSource(name="csv")
    sources = {"afas": world.hr, "csv": csv}
    world.service = replace(world.service, ledger=Ledger(store), sources=sources)
    for record in records:
        (world.hr if record.source == "afas" else csv).put(record)
    await sweep(world.service)
    return Race(world, store, gates, csv)


async def each_step(play: Callable[[int], Awaitable[bool]]) -> int:
    step = 0
    while await play(step):
        step += 1
    return step


PAIRS = {
    "two sources": (ONE, ELSEWHERE),
    "two sources, the other first": (ELSEWHERE, ONE),
    "two numbers of one source": (ONE, AGAIN),
    "two numbers, one without a birth date": (ONE, KEY_ONLY),
    "two numbers, the other without a birth date": (KEY_ONLY, ONE),
}


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("killed", [False, True], ids=["overtaken", "killed"])
async def test_one_human_seen_twice_at_once_is_one_person(name: str, *, killed: bool) -> None:
    one, other = PAIRS[name]

    async def play(step: int) -> bool:
        race = await a_race(one, other)
        first = race.lane(one)
        goes_on = await race.run(first, step)
        if killed and goes_on:
            await race.gates.kill(first)
        await race.run(race.lane(other))
        await race.run(first)
        if killed:
            await race.everything_is_read_again()
        await settle(race.world)

        assert len(await race.people(one, other)) == 1, race.gates.trace
        assert len(race.world.entra.accounts) == len(race.world.topdesk.cards) == 1
        asked = [p async for p in race.world.service.ledger.matches.proposals()]
        assert asked == []
        await end_all(race.gates)
        await race.store.close()
        return goes_on

    assert await each_step(play) > 10


async def test_twins_seen_at_once_are_asked_about_whoever_is_overtaken() -> None:
    async def play(step: int) -> bool:
        race = await a_race(ONE, OTHER)
        first = race.lane(ONE)
        goes_on = await race.run(first, step)
        await race.run(race.lane(OTHER))
        await race.run(first)
        await settle(race.world)

        assert len(race.world.entra.accounts) == 1, race.gates.trace
        asked = [p async for p in race.world.service.ledger.matches.proposals()]
        assert [{p.newcomer, p.known} for p in asked] == [{"afas:1", "csv:8"}]
        await end_all(race.gates)
        await race.store.close()
        return goes_on

    assert await each_step(play) > 10


@pytest.mark.parametrize("again", ["read", "said"])
async def test_a_word_that_is_stopped_anywhere_ends_the_same(again: str) -> None:
    """`people same` is killed at each step; the next read, or the same command, goes on."""

    async def play(step: int) -> bool:
        race = await a_race(ONE, OTHER)
        for record in (ONE, OTHER):
            await signalled(race.world.service, record.source, record.number)
        await settle(race.world)
        word = flow.same(race.world.service, "csv:8", "afas:1", who="beheerder")
        human = race.gates.start("human", word)
        goes_on = await race.run(human, step)
        if goes_on:
            await race.gates.kill(human)
        if again == "said":
            await flow.same(race.world.service, "csv:8", "afas:1", who="beheerder")
        await race.everything_is_read_again()

        assert len(race.world.entra.accounts) == 1
        if again == "said" or await race.world.service.ledger.matches.verdict("afas:1", "csv:8"):
            assert len(await race.people(ONE, OTHER)) == 1, race.gates.trace
            (person_id,) = await race.people(ONE, OTHER)
            dossier = await race.world.service.ledger.people.read(person_id)
            assert set(dossier.records) == {"afas:1", "csv:8"}
            assert [p async for p in race.world.service.ledger.matches.proposals()] == []
        await end_all(race.gates)
        await race.store.close()
        return goes_on

    assert await each_step(play) > 10


async def test_a_lane_that_knows_the_old_person_loses_nothing() -> None:
    """HR says something of the newcomer while a human says that they are one."""
    later = OTHER.model_copy(update={"phone": "1"})

    async def play(step: int) -> bool:
        race = await a_race(ONE, OTHER)
        for record in (ONE, OTHER):
            await signalled(race.world.service, record.source, record.number)
        await settle(race.world)
        race.csv.put(later)
        race.world.clock.advance(minutes=1)
        lane = race.lane(later)
        goes_on = await race.run(lane, step)
        await flow.same(race.world.service, "csv:8", "afas:1", who="beheerder")
        await race.run(lane)
        await race.everything_is_read_again()

        assert len(race.world.entra.accounts) == 1
        (person_id,) = await race.people(ONE, OTHER)
        dossier = await race.world.service.ledger.people.read(person_id)
        assert dossier.records["csv:8"].record == later, race.gates.trace
        assert dossier.decision is not None
        assert {r.key for r in dossier.decision.person.records} == {"afas:1", "csv:8"}
        await end_all(race.gates)
        await race.store.close()
        return goes_on

    assert await each_step(play) > 10
