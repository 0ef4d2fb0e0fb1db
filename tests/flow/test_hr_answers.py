"""What HR says late, half, twice, wrongly or not at all touches nobody who should not be."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
from build import NOW, POLICY, TODAY, a_contract, a_leaver, a_name, a_record, moved
from fakes import FakeSource, World
from turning import (
    account_of,
    days_pass,
    deliver,
    dossier_of,
    first_load,
    held_of,
    open_batches,
    person_id_of,
    settle,
    with_policy,
)

from shared.errors import Transient, Unsafe
from shared.flow.approve import approve
from shared.flow.collect import full_sync, poll, signalled
from shared.flow.decide import Found, decide
from shared.flow.seeing import Observation
from shared.intake.source import Reading
from shared.ledger.cursors import Cursor
from shared.model.change import Harm
from shared.model.person import BadRecord, Record

SANNE = a_record("1042")
BAD = BadRecord(source="afas", number="1042", field="Begindatum", problem="no date")
TEAM = tuple(a_record(str(n), name=a_name(birth=f"Nr{n}")) for n in range(10))


def gone(record: Record) -> Record:
    return record.model_copy(update={"contracts": a_leaver(TODAY - timedelta(days=3)).contracts})


async def cursor_of(world: World) -> Cursor:
    return (await world.service.ledger.cursors.read("afas"))[0]


async def syncs(world: World) -> None:
    await full_sync(world.service, "afas")
    await settle(world)


# --- answers that are not whole --------------------------------------------------------------


@pytest.mark.parametrize("shown", [0, 8])
async def test_an_empty_or_shrunken_answer_touches_nobody(world: World, shown: int) -> None:
    world.hr.put(*TEAM)
    await first_load(world)
    world.hr.people = {r.number: gone(r) for r in TEAM[:shown]}

    with pytest.raises(Unsafe):
        await full_sync(world.service, "afas")
    await settle(world)

    assert all(account.enabled for account in world.entra.accounts.values())
    assert [r async for r in _missing(world)] == []
    assert "nothing was changed" in ((await cursor_of(world)).problem or "")


async def _missing(world: World) -> AsyncIterator[str]:
    async for known in world.service.ledger.identities.everyone("afas"):
        dossier = await world.service.ledger.people.read(known.person_id)
        if any(stored.missing_since for stored in dossier.records.values()):
            yield known.number


async def test_an_answer_that_breaks_off_touches_nobody(world: World) -> None:
    world.hr.put(*TEAM)
    await first_load(world)
    world.hr.put(*map(gone, TEAM[:2]))
    world.hr.fails = Transient("connection reset")

    for read in (full_sync, poll):
        with pytest.raises(Transient):
            await read(world.service, "afas")
    await settle(world)

    assert all(account.enabled for account in world.entra.accounts.values())
    assert (await cursor_of(world)).problem == "connection reset"
    world.hr.fails = None
    await syncs(world)
    assert (await cursor_of(world)).problem is None
    assert sum(not account.enabled for account in world.entra.accounts.values()) == 2


async def test_a_bad_record_parks_only_that_person(world: World) -> None:
    world.hr.put(SANNE, TEAM[0])
    await first_load(world)
    world.hr.put(BAD, moved(TEAM[0], "ZORG", "Zorg"))

    await syncs(world)

    assert account_of(world, "1042").groups == {"Iedereen", "ICT"}, "the last good record lives on"
    assert account_of(world, "0").groups == {"Iedereen", "Zorg"}
    problem = (await dossier_of(world, "1042")).records["afas:1042"].problem
    assert problem == BAD.reason


async def test_a_record_that_hr_mends_goes_on(world: World) -> None:
    world.hr.put(BAD)
    await first_load(world)
    assert world.entra.accounts == {}

    world.hr.put(SANNE)
    await signalled(world.service, "afas", "1042")
    await settle(world)

    assert account_of(world, "1042").enabled
    assert (await dossier_of(world, "1042")).records["afas:1042"].problem is None


async def test_a_number_that_the_policy_cannot_use_is_parked_until_the_policy_is_mended(
    world: World,
) -> None:
    long = 'employee_id: {afas: "PERSONEELSN-{number}"}\n' + POLICY
    world = with_policy(world, long)
    record = a_record("1042").model_copy(update={"number": "104200"})
    world.hr.put(record, TEAM[0])
    await first_load(world)
    assert list(world.entra.created) == ["PERSONEELSN-0"]
    assert "shorten employee_id" in str((await dossier_of(world, "104200")).records)

    world = with_policy(world, POLICY.replace("{prepare", "{prepare"))
    await settle(world)

    assert account_of(world, "104200").enabled
    assert "shorten employee_id" not in str((await dossier_of(world, "104200")).records)


async def test_whoever_the_policy_parked_is_blocked_on_their_last_day_all_the_same(
    world: World,
) -> None:
    world.hr.put(a_leaver(TODAY + timedelta(days=2), "104200"), TEAM[0])
    await first_load(world)
    long = 'employee_id: {afas: "PERSONEELSN-{number}"}\n' + POLICY
    world = with_policy(world, long)
    await settle(world)
    assert account_of(world, "104200").enabled
    assert "shorten employee_id" in str((await dossier_of(world, "104200")).records)

    await days_pass(world, 3)

    assert not account_of(world, "104200").enabled
    assert "shorten employee_id" in str((await dossier_of(world, "104200")).records)


# --- absence is not departure ----------------------------------------------------------------


async def test_a_missing_person_is_proposed_after_the_grace_and_never_ended(world: World) -> None:
    world.hr.put(*TEAM)
    await first_load(world)
    del world.hr.people["0"]
    await syncs(world)

    await days_pass(world, 13)
    assert await held_of(world, "0") == set()
    await days_pass(world, 1)
    assert await held_of(world, "0") == {Harm.BLOCK}
    await days_pass(world, 60)
    assert account_of(world, "0").enabled

    (shown,) = await open_batches(world)
    assert "did not say that they left" in shown.batch.cause
    await approve(world.service, shown, "beheerder")
    await settle(world)
    assert not account_of(world, "0").enabled


@pytest.mark.parametrize("days", [3, 20])
async def test_a_missing_person_who_is_shown_again_goes_on(world: World, days: int) -> None:
    world.hr.put(*TEAM)
    await first_load(world)
    del world.hr.people["0"]
    await syncs(world)
    await days_pass(world, days)

    world.hr.put(TEAM[0])
    await syncs(world)

    assert account_of(world, "0").enabled
    assert await held_of(world, "0") == set()
    assert await open_batches(world) == []
    assert [r async for r in _missing(world)] == []


async def test_a_new_grace_counts_from_the_day_of_silence(world: World) -> None:
    world.hr.put(*TEAM)
    await first_load(world)
    del world.hr.people["0"]
    await syncs(world)
    longer = POLICY.replace("missing_grace_days: 14", "missing_grace_days: 20")
    world = with_policy(world, longer)

    await days_pass(world, 19)
    assert await held_of(world, "0") == set()
    await days_pass(world, 2)

    assert await held_of(world, "0") == {Harm.BLOCK}


async def test_contracts_that_disappear_are_absence(world: World) -> None:
    world.hr.put(*TEAM)
    await first_load(world)
    world.hr.put(TEAM[0].model_copy(update={"contracts": ()}))
    await syncs(world)

    assert account_of(world, "0").enabled
    assert [r async for r in _missing(world)] == ["0"]
    await days_pass(world, 15)

    assert account_of(world, "0").enabled
    assert await held_of(world, "0") == {Harm.BLOCK}


# --- late, twice, out of order ---------------------------------------------------------------


async def test_an_older_observation_never_overwrites_a_newer_one(world: World) -> None:
    world.hr.put(SANNE)
    await first_load(world)
    person_id = await person_id_of(world, "1042")
    newer = moved(SANNE, "ZORG", "Zorg")
    late = Observation("afas:1042", NOW + timedelta(minutes=1), SANNE)

    await decide(
        world.service, person_id, Observation("afas:1042", NOW + timedelta(hours=1), newer)
    )
    assert await decide(world.service, person_id, late) == Found.STALE
    await settle(world)

    assert account_of(world, "1042").groups == {"Iedereen", "Zorg"}


async def test_an_observation_that_said_nothing_new_is_newer_all_the_same(world: World) -> None:
    """HR flickers: what a slow sync read in between comes after what was read later."""
    world.hr.put(SANNE)
    await first_load(world)
    person_id = await person_id_of(world, "1042")
    between = Observation("afas:1042", NOW + timedelta(minutes=1), moved(SANNE, "ZORG", "Zorg"))

    await decide(
        world.service, person_id, Observation("afas:1042", NOW + timedelta(hours=1), SANNE)
    )
    await decide(world.service, person_id, between)
    await settle(world)

    assert account_of(world, "1042").groups == {"Iedereen", "ICT"}


class SlowSource(FakeSource):
    """HR whose full answer is from before what happens while it is read."""

    def during(self, world: World, *late: Record) -> None:
        self.world, self.late = world, late

    async def everyone(self) -> AsyncIterator[Reading]:
        for reading in list(self.people.values()):
            yield reading
        for record in self.late:
            self.world.clock.advance(minutes=1)
            self.put(record)
            await signalled(self.world.service, "afas", record.number)
            await deliver(self.world)


def slow(world: World, *late: Record) -> World:
    source = SlowSource(people=world.hr.people)
    source.during(world, *late)
    world.service.sources["afas"] = source  # type: ignore[index]
    return world


async def test_what_a_slow_sync_read_before_a_signal_is_forgotten(world: World) -> None:
    """And the hint of what was last read fits what was decided: HR's way back is seen."""
    world.hr.put(*TEAM)
    await first_load(world)
    away = moved(TEAM[0], "ZORG", "Zorg")
    world.hr.put(moved(TEAM[0], "ICT-SD", "Servicedesk"))

    slow(world, away)
    await syncs(world)
    assert account_of(world, "0").groups == {"Iedereen", "Zorg"}

    world.service.sources["afas"] = world.hr  # type: ignore[index]
    world.hr.put(moved(TEAM[0], "ICT-SD", "Servicedesk"))
    world.clock.advance(minutes=1)
    await syncs(world)
    assert account_of(world, "0").groups == {"Iedereen", "ICT"}


async def test_who_joins_while_a_sync_reads_is_not_missing(world: World) -> None:
    world.hr.put(*TEAM)
    await first_load(world)
    slow(world, SANNE)

    await syncs(world)
    assert [r async for r in _missing(world)] == []

    world.service.sources["afas"] = world.hr  # type: ignore[index]
    world.hr.people.pop("1042", None)
    world.clock.advance(minutes=1)
    await syncs(world)
    assert [r async for r in _missing(world)] == ["1042"]


async def test_replayed_doubled_and_reordered_wakes_end_the_same(world: World) -> None:
    world.hr.put(*TEAM[:3])
    await full_sync(world.service, "afas")
    world.bus.wakes[:] = [wake for wake in reversed(world.bus.wakes) for _ in range(3)]
    replayed = list(world.bus.wakes)
    await deliver(world)
    world.bus.wakes.extend(replayed)
    await settle(world)

    assert set(world.entra.created.values()) == {1}
    assert set(world.topdesk.created.values()) == {1}
    assert all(a.groups == {"Iedereen", "ICT"} for a in world.entra.accounts.values())


async def test_a_signal_of_a_number_nobody_knows_mints_nobody(world: World) -> None:
    await first_load_of_nobody(world)

    assert await signalled(world.service, "afas", "4711") == Found.IDLE

    assert [k async for k in world.service.ledger.identities.everyone("afas")] == []


async def first_load_of_nobody(world: World) -> None:
    with pytest.raises(Unsafe):
        await first_load(world)


async def test_mass_leave_of_one_answer_waits_as_a_whole(world: World) -> None:
    world.hr.put(*TEAM)
    await first_load(world)
    world.hr.put(*map(gone, TEAM[:4]))

    await poll(world.service, "afas")
    await settle(world)

    assert all(account.enabled for account in world.entra.accounts.values())
    (shown,) = await open_batches(world)
    assert len(shown.members) == 4
    await days_pass(world, 3)
    assert all(account.enabled for account in world.entra.accounts.values()), "nobody trickles"


async def test_first_days_and_last_days_are_midnight_of_the_policys_zone(world: World) -> None:
    start = TODAY + timedelta(days=1)
    world.hr.put(a_record("1042", contracts=(a_contract(start=start, end=start),)))
    await first_load(world)
    enabled_at: list[datetime] = []
    for _ in range(60):
        world.clock.advance(hours=1)
        await settle(world)
        if account_of(world, "1042").enabled:
            enabled_at.append(world.clock.now())

    assert enabled_at[0].isoformat() == "2026-11-02T23:00:00+00:00"
    assert len(enabled_at) == 24
