"""In a first load memberships wait and are bound twenty a request; no right is lost by it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import pytest
from build import POLICY, TODAY, a_leaver, a_name, a_record, moved
from fakes import FakeClock, World, a_world
from turning import (
    account_of,
    audit_of,
    card_of,
    deliver,
    dossier_of,
    first_load,
    minutes_pass,
    person_id_of,
    settle,
)

from shared.apply.bulk import Bound
from shared.errors import Permanent, Transient, UnknownReply
from shared.flow import in_bulk
from shared.flow.binding import bind
from shared.flow.collect import full_sync, signalled
from shared.flow.sweep import sweep
from shared.ledger.pending import Pending
from shared.ledger.people import Dossier, People, TargetRow
from shared.ledger.sqlite import open_sqlite
from shared.model.change import Kind
from shared.model.desired import TargetName
from shared.model.person import PersonId

BULK = POLICY.replace("  groups:\n    - group", "  bulk_from: 3\n  groups:\n    - group")
MANY = tuple(a_record(str(n), name=a_name(birth=f"Nr{n}")) for n in range(22))
CROWD = MANY[:4]
BOTH = frozenset({"Iedereen", "ICT"})
ENTRA = TargetName.ENTRA


@pytest.fixture
async def world() -> AsyncIterator[World]:
    clock = FakeClock()
    store = await open_sqlite(None, wall=clock.wall)
    world = a_world(store, clock=clock, policy=BULK)
    world.hr.put(*CROWD)
    yield world
    await store.close()


async def row_of(world: World, number: str) -> TargetRow:
    return (await dossier_of(world, number)).target(ENTRA)


async def waiting(world: World) -> set[tuple[str, str]]:
    """Group and number of each membership that waits."""
    everyone = world.service.ledger.identities.everyone("afas")
    people = {known.person_id: known.number async for known in everyone}
    pending = world.service.ledger.pending
    return {
        (each.membership.group, people[each.membership.person_id])
        async for each in pending.everything()
    }


async def test_a_first_load_binds_twenty_a_request(world: World) -> None:
    world.hr.put(*MANY)
    await first_load(world)
    assert len(await waiting(world)) == 44
    assert in_bulk.told(await row_of(world, "2")) == "2 memberships wait to be bound"
    assert card_of(world, "2").fields["tasLoginName"], "everything else goes on"

    await minutes_pass(world, 2)

    assert (world.entra.calls["bind"], world.entra.calls[Kind.ADD_TO_GROUP]) == (4, 0)
    assert {account_of(world, r.number).groups for r in MANY} == {BOTH}
    assert await waiting(world) == set()
    row = await row_of(world, "2")
    assert (row.pending, row.due_at, row.problem) == (frozenset(), None, None)
    assert set(row.applied.rights) == {"Iedereen", "ICT"}
    assert {"entra: add to group ICT"} < set(await audit_of(world, "2"))


async def test_an_everyday_change_is_not_put_off(world: World) -> None:
    await first_load(world)
    await minutes_pass(world, 2)

    world.hr.put(moved(CROWD[3], "ZORG", "Zorg"))
    await signalled(world.service, "afas", "3")
    await deliver(world)

    assert account_of(world, "3").groups == {"Iedereen", "Zorg"}
    assert world.entra.calls[Kind.ADD_TO_GROUP] == 1


async def test_one_who_is_refused_stops_nobody_and_tells_why(world: World) -> None:
    await first_load(world)
    world.entra.unbindable.add(account_of(world, "2").id)

    await minutes_pass(world, 2)

    assert {account_of(world, r.number).groups for r in CROWD} == {BOTH}
    assert world.entra.calls[Kind.ADD_TO_GROUP] == 2, "alone, on the ordinary road"
    row = await row_of(world, "2")
    assert (row.pending, row.singly, row.due_at) == (frozenset(), frozenset(), None)


async def test_a_lost_reply_is_asked_again_when_the_claim_is_over(world: World) -> None:
    await first_load(world)
    world.entra.bind_fails = [UnknownReply("no answer came")]
    await minutes_pass(world, 2)
    assert len(await waiting(world)) == 4, "of one of the two groups"

    await minutes_pass(world, 6)

    assert await waiting(world) == set()
    assert {account_of(world, r.number).groups for r in CROWD} == {BOTH}


async def test_a_pause_that_entra_asks_for_stops_the_sweep_and_keeps_the_rest(
    world: World,
) -> None:
    await first_load(world)
    world.entra.bind_fails = [Transient("throttled", retry_after_seconds=60)] * 2

    await minutes_pass(world, 2)
    assert world.entra.calls["bind"] == 2, "one for each group, and no more"
    await minutes_pass(world, 2)

    assert await waiting(world) == set()


async def test_whoever_moves_before_it_is_bound_never_gets_it(world: World) -> None:
    await first_load(world)
    world.hr.put(moved(CROWD[3], "ZORG", "Zorg"))
    await signalled(world.service, "afas", "3")
    await deliver(world)

    await minutes_pass(world, 2)

    assert account_of(world, "3").groups == {"Iedereen", "Zorg"}
    assert set((await row_of(world, "3")).applied.rights) == {"Iedereen", "Zorg"}


async def test_whoever_leaves_before_it_is_bound_is_blocked_and_gets_nothing(
    world: World,
) -> None:
    await first_load(world)
    gone = a_leaver(TODAY - timedelta(days=3), "3").model_copy(update={"name": CROWD[3].name})
    world.hr.put(gone)
    await signalled(world.service, "afas", "3")
    await deliver(world)
    assert not account_of(world, "3").enabled

    await minutes_pass(world, 2)

    assert account_of(world, "3").groups == frozenset()


async def test_what_is_being_bound_when_somebody_moves_is_taken_away_again(world: World) -> None:
    """The group is asked while HR speaks: it stays ours until it was looked at again."""
    await first_load(world)
    world.clock.advance(minutes=2)
    pending = world.service.ledger.pending
    rows = [each async for each in pending.everything() if each.membership.group == "ICT"]
    await pending.claim(rows, world.clock.wall() + timedelta(minutes=5))
    world.hr.put(moved(CROWD[3], "ZORG", "Zorg"))
    await signalled(world.service, "afas", "3")
    await deliver(world)
    assert "ICT" in (await row_of(world, "3")).applied.rights

    await world.entra.bind("ICT", [account_of(world, "3").id])
    await minutes_pass(world, 31)

    assert account_of(world, "3").groups == {"Iedereen", "Zorg"}
    row = await row_of(world, "3")
    assert (set(row.applied.rights), row.pending) == ({"Iedereen", "Zorg"}, frozenset())


@dataclass
class Interrupted:
    """Something happens while a group is being asked."""

    world: World
    meanwhile: Callable[[], Awaitable[object]]

    async def bind(self, group: str, accounts: Sequence[str]) -> Bound:
        """Bind, but let the world go on first."""
        if group == "ICT":
            await self.meanwhile()
        return await self.world.entra.bind(group, accounts)


@pytest.mark.parametrize("what", ["moves", "leaves"])
async def test_what_arrives_after_somebody_lost_it_is_taken_away_again(
    world: World, what: str
) -> None:
    """The answer comes after their row says that they want it no longer."""
    gone = a_leaver(TODAY - timedelta(days=3), "3").model_copy(update={"name": CROWD[3].name})
    after = moved(CROWD[3], "ZORG", "Zorg") if what == "moves" else gone
    await first_load(world)

    async def hr_speaks() -> None:
        world.hr.put(after)
        await signalled(world.service, "afas", "3")
        await deliver(world)

    object.__setattr__(world.service, "bulk", Interrupted(world, hr_speaks))
    await minutes_pass(world, 2)
    object.__setattr__(world.service, "bulk", world.entra)
    await minutes_pass(world, 2)

    kept = {"Iedereen", "Zorg"} if what == "moves" else set()
    assert account_of(world, "3").groups == kept
    row = await row_of(world, "3")
    assert (set(row.applied.rights), row.pending) == (kept, frozenset())


async def test_whoever_is_protected_meanwhile_is_not_touched(world: World) -> None:
    await first_load(world)
    login = account_of(world, "3").user_principal_name
    protecting = f"{BULK}protected: [{login}]\n"
    object.__setattr__(world.service, "policy_text", lambda: protecting)

    await settle(world)
    await minutes_pass(world, 2)

    assert account_of(world, "3").groups == frozenset()
    assert account_of(world, "2").groups == BOTH


async def test_what_was_lost_is_found_at_the_next_look(world: World) -> None:
    """The waiting row is gone, and nobody heard."""
    await first_load(world)
    pending = world.service.ledger.pending
    mine = [each async for each in pending.everything() if each.membership.group == "ICT"]
    await pending.drop([each for each in mine if each.membership.account_id == "e4"])

    await minutes_pass(world, 2)
    await minutes_pass(world, 31)
    await minutes_pass(world, 2)

    assert {account_of(world, r.number).groups for r in CROWD} == {BOTH}


async def test_nothing_young_is_bound(world: World) -> None:
    await sweep(world.service)
    await full_sync(world.service, "afas")
    await deliver(world)
    world.clock.advance(seconds=59)

    assert await bind(world.service) == 0

    world.clock.advance(seconds=1)
    assert await bind(world.service) == 8


async def test_a_leaver_is_not_blocked_behind_everybody_who_is_loaded(world: World) -> None:
    await first_load(world)
    world.hr.put(
        a_leaver(TODAY - timedelta(days=3), "3").model_copy(update={"name": CROWD[3].name})
    )

    await signalled(world.service, "afas", "3")

    assert not account_of(world, "3").enabled, "and no message was delivered"
    await minutes_pass(world, 2)
    world.hr.put(
        a_leaver(TODAY - timedelta(days=3), "2").model_copy(update={"name": CROWD[2].name})
    )
    await signalled(world.service, "afas", "2")
    assert account_of(world, "2").enabled, "nothing waits any more: the queue is short"


async def test_only_for_a_leaver_it_is_asked_what_waits(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer is a whole page of what waits, and a sweep decides on thousands."""
    await first_load(world)
    asked: list[str] = []
    there = Pending.any

    async def listened(pending: Pending) -> bool:
        asked.append("any")
        return await there(pending)

    monkeypatch.setattr(Pending, "any", listened)
    world.hr.put(moved(CROWD[1], "ZORG", "Zorg"))
    await signalled(world.service, "afas", "1")
    assert asked == []
    world.hr.put(
        a_leaver(TODAY - timedelta(days=3), "3").model_copy(update={"name": CROWD[3].name})
    )
    await signalled(world.service, "afas", "3")

    assert asked == ["any"]


async def test_a_group_that_cannot_be_asked_keeps_the_others_from_nothing(world: World) -> None:
    """Everybody goes the ordinary road, where the reason is heard."""
    await first_load(world)
    world.entra.bind_fails = [Permanent("graph: GET /groups: refused")]

    await minutes_pass(world, 2)

    assert {account_of(world, r.number).groups for r in CROWD} == {BOTH}
    assert await waiting(world) == set()


async def test_a_person_nobody_can_decide_on_keeps_the_others_from_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await first_load(world)
    world.hr.put(a_record("9", name=a_name(birth="Nr9")))
    await signalled(world.service, "afas", "9")
    await deliver(world)
    broken, read = await person_id_of(world, "9"), People.read

    async def breaks(people: People, person_id: PersonId) -> Dossier:
        if person_id == broken:
            raise ValueError("a row that nobody can read")
        return await read(people, person_id)

    monkeypatch.setattr(People, "read", breaks)
    world.clock.advance(minutes=2)
    await world.service.ledger.due.add(world.clock.now(), broken, suffix="x")

    with pytest.raises(ValueError, match="a row that nobody can read"):
        await sweep(world.service)

    assert account_of(world, "1").groups == BOTH
