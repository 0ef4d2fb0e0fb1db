"""The ledger in domain words, on SQLite in memory: who loses a race is told, and reads again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from build import NOW

from shared.errors import LostRace
from shared.flow.service import Ledger
from shared.ledger.batches import Shown
from shared.ledger.cursors import Cursor
from shared.ledger.first_sign_ins import Collection
from shared.ledger.history import Told
from shared.ledger.policies import Active
from shared.ledger.sqlite import open_sqlite
from shared.model.change import Harm
from shared.model.desired import State, TargetName
from shared.model.harm import Batch, HarmEntry, Member, Said
from shared.model.person import PersonId

ANN, BOB, CAS, DEE = map(PersonId, ("ann", "bob", "cas", "dee"))
ENTRA, TOPDESK = TargetName.ENTRA, TargetName.TOPDESK


@pytest.fixture
async def ledger() -> AsyncIterator[Ledger]:
    store = await open_sqlite(None, wall=lambda: NOW)
    yield Ledger(store)
    await store.close()


def released(person_id: PersonId) -> HarmEntry:
    return HarmEntry(person_id=person_id, state="released", content="x", targets=(ENTRA, TOPDESK))


def held(person_id: PersonId) -> HarmEntry:
    return HarmEntry(person_id=person_id, state="held", content="x", batch="block-1")


def member(person_id: PersonId, content: str = "x") -> Member:
    return Member(
        person_id=person_id,
        number=f"afas:{person_id}",
        content=content,
        before=State.ACTIVE,
        after=State.BLOCKED,
        why="last day",
    )


# --- identities ------------------------------------------------------------------------------


async def test_a_number_is_minted_once_whoever_asks_first(ledger: Ledger) -> None:
    found = await asyncio.gather(
        *(ledger.identities.of("afas", "1", fresh=PersonId(f"p{n}")) for n in range(5))
    )

    assert len({identity.person_id for identity in found}) == 1
    assert [i.number async for i in ledger.identities.everyone("afas")] == ["1"]


async def test_the_last_seen_record_is_remembered(ledger: Ledger) -> None:
    known = await ledger.identities.of("afas", "1", fresh=ANN)
    await ledger.identities.note_hash("afas", known, "h1")

    again = await ledger.identities.find("afas", "1")
    assert again is not None
    assert again.record_hash == "h1"


async def test_when_two_remember_at_once_nothing_is_remembered(ledger: Ledger) -> None:
    """Nobody knows whose was the newer: the next sync must look again."""
    one = await ledger.identities.of("afas", "1", fresh=ANN)
    await ledger.identities.note_hash("afas", one, "newer")
    await ledger.identities.note_hash("afas", one, "older")

    again = await ledger.identities.find("afas", "1")
    assert again is not None
    assert (again.person_id, again.record_hash) == (ANN, "")


# --- names -----------------------------------------------------------------------------------


async def test_a_name_is_its_owners_whatever_its_case(ledger: Ledger) -> None:
    assert await ledger.names.reserve("upn", "Jan.Bos@p.example", ANN)
    assert await ledger.names.reserve("upn", "jan.bos@P.example", ANN)
    assert not await ledger.names.reserve("upn", "JAN.BOS@p.example", BOB)
    assert await ledger.names.reserve("employeeid", "jan.bos@p.example", BOB)


# --- the guard's memory ----------------------------------------------------------------------


async def put(ledger: Ledger, *entries: HarmEntry) -> None:
    for entry in entries:
        book = await ledger.harms.read(Harm.BLOCK, entry.person_id)
        await ledger.harms.enter(book, entry, NOW)


async def test_two_lanes_that_ask_at_once_are_not_both_let_through(ledger: Ledger) -> None:
    ann, bob = [await ledger.harms.read(Harm.BLOCK, person) for person in (ANN, BOB)]
    await ledger.harms.enter(ann, released(ANN), NOW)

    with pytest.raises(LostRace):
        await ledger.harms.enter(bob, released(BOB), NOW)


async def test_who_waits_or_was_approved_is_not_read_for_everybody_else(ledger: Ledger) -> None:
    approved = released(ANN).model_copy(update={"approved": True})
    earlier = held(CAS).model_copy(update={"earlier_until": NOW + timedelta(hours=5)})
    await put(ledger, approved, held(BOB), earlier, released(DEE))

    book = await ledger.harms.read(Harm.BLOCK, BOB)

    assert book.mine == held(BOB)
    assert {entry.person_id for entry in book.weighing} == {CAS, DEE}


async def test_what_is_approved_after_it_was_let_through_weighs_no_more(ledger: Ledger) -> None:
    await put(ledger, released(ANN))
    await put(ledger, released(ANN).model_copy(update={"approved": True}))

    assert (await ledger.harms.read(Harm.BLOCK, BOB)).weighing == ()


async def test_harm_is_done_when_every_target_has_done_it(ledger: Ledger) -> None:
    await put(ledger, released(ANN))

    await ledger.harms.done(ANN, ENTRA, NOW)
    half = (await ledger.harms.read(Harm.BLOCK, ANN)).mine
    assert half is not None
    assert (half.is_open, half.targets) == (True, (TOPDESK,))

    await ledger.harms.done(ANN, TOPDESK, NOW, but={Harm.BLOCK})
    assert (await ledger.harms.read(Harm.BLOCK, ANN)).mine == half

    await ledger.harms.done(ANN, TOPDESK, NOW)
    book = await ledger.harms.read(Harm.BLOCK, ANN)
    assert book.mine is not None
    assert (book.mine.done_at, book.weighing) == (NOW, (book.mine,))


@pytest.mark.parametrize(("hours", "kept"), [(23, True), (25, False)])
async def test_done_harm_is_forgotten_after_a_day_and_not_before(
    ledger: Ledger,
    hours: int,
    kept: bool,  # noqa: FBT001 - a table
) -> None:
    await put(ledger, released(ANN))
    for target in TargetName:
        await ledger.harms.done(ANN, target, NOW)

    book = await ledger.harms.read(Harm.BLOCK, BOB)
    await ledger.harms.enter(book, released(BOB), NOW + timedelta(hours=hours))

    after = await ledger.harms.read(Harm.BLOCK, ANN)
    assert (after.mine is not None) is kept
    assert (ANN in {entry.person_id for entry in after.weighing}) is kept


async def test_only_what_is_held_can_be_withdrawn(ledger: Ledger) -> None:
    await put(ledger, held(ANN), released(BOB))

    assert await ledger.harms.withdraw(Harm.BLOCK, ANN, NOW) == "block-1"
    assert await ledger.harms.withdraw(Harm.BLOCK, BOB, NOW) is None
    assert (await ledger.harms.read(Harm.BLOCK, ANN)).mine is None
    assert (await ledger.harms.read(Harm.BLOCK, BOB)).mine == released(BOB)


@pytest.mark.parametrize(("hours", "counts"), [(4, True), (6, False)])
async def test_who_is_held_no_more_counts_for_what_was_done_today(
    ledger: Ledger,
    hours: int,
    counts: bool,  # noqa: FBT001 - a table
) -> None:
    waits = held(ANN).model_copy(update={"earlier_until": NOW + timedelta(hours=5)})
    await put(ledger, waits)
    await ledger.harms.withdraw(Harm.BLOCK, ANN, NOW)

    book = await ledger.harms.read(Harm.BLOCK, ANN)
    assert book.mine is not None
    assert book.weighing == (book.mine,)
    assert not book.mine.is_open
    assert book.mine.counts(NOW + timedelta(hours=hours)) is counts


async def test_who_waited_for_so_long_that_nothing_counts_leaves_no_row(ledger: Ledger) -> None:
    waits = held(ANN).model_copy(update={"earlier_until": NOW + timedelta(hours=5)})
    await put(ledger, waits)

    await ledger.harms.withdraw(Harm.BLOCK, ANN, NOW + timedelta(hours=6))

    book = await ledger.harms.read(Harm.BLOCK, ANN)
    assert (book.mine, book.weighing) == (None, ())


# --- batches ---------------------------------------------------------------------------------


async def opened(ledger: Ledger) -> Shown:
    batch = Batch(batch_id="block-1", kind=Harm.BLOCK, opened_at=NOW, cause="too many")
    await ledger.batches.open(batch, member(ANN))
    shown = await ledger.batches.read("block-1")
    assert shown is not None
    return shown


async def joined(ledger: Ledger, one: Member) -> Shown:
    place = await ledger.batches.place("block-1", one.person_id)
    assert place is not None
    await ledger.batches.join(place, one)
    return await shown_now(ledger)


async def shown_now(ledger: Ledger) -> Shown:
    shown = await ledger.batches.read("block-1")
    assert shown is not None
    return shown


def said(answer: str, *, told: bool = False) -> Said:
    by = ({"who": "anna", "at": NOW},)
    return Said.model_validate({"answer": answer, "seen": "m", "by": by, "told": told})


async def test_an_approval_is_of_exactly_the_members_shown(ledger: Ledger) -> None:
    shown = await opened(ledger)
    now = await joined(ledger, member(BOB))

    with pytest.raises(LostRace):
        await ledger.batches.say(shown, {"": said("approved")})
    assert now.batch.members == 2
    await ledger.batches.say(now, {"": said("approved")})


async def test_who_reads_a_place_while_another_joins_must_look_again(ledger: Ledger) -> None:
    await opened(ledger)
    place = await ledger.batches.place("block-1", BOB)
    assert place is not None
    await ledger.batches.join(place, member(BOB))

    with pytest.raises(LostRace):
        await ledger.batches.join(place, member(BOB, "other facts"))
    assert (await ledger.batches.place("block-9", BOB)) is None


async def test_other_facts_of_a_member_are_another_batch_to_approve(ledger: Ledger) -> None:
    shown = await opened(ledger)
    now = await joined(ledger, member(ANN, "other facts"))

    assert now.batch.members == 1
    assert now.fingerprint != shown.fingerprint
    with pytest.raises(LostRace):
        await ledger.batches.say(shown, {"": said("approved")})


async def test_one_cause_is_answered_and_the_others_wait(ledger: Ledger) -> None:
    await opened(ledger)
    shown = await joined(ledger, member(BOB).model_copy(update={"cause": "moved"}))
    await ledger.batches.say(shown, {"moved": said("approved")})

    now = await shown_now(ledger)
    assert [cause.text for cause in now.open_causes] == [""]
    assert [one.person_id for one in now.waiting] == [ANN]
    assert now.batch.state == "open"
    assert not now.batch.takes("moved")
    assert now.batch.takes("")


@pytest.mark.parametrize(
    ("answer", "told", "state"),
    [
        ("signed", True, "open"),
        ("approved", False, "decided"),
        ("approved", True, "closed"),
        ("rejected", True, "decided"),
    ],
)
async def test_a_batch_is_over_when_all_is_told_and_nobody_is_refused(
    ledger: Ledger,
    answer: str,
    told: bool,  # noqa: FBT001 - drawn
    state: str,
) -> None:
    await ledger.batches.say(await opened(ledger), {"": said(answer, told=told)})

    unfinished = [s async for s in ledger.batches.unfinished()]
    assert (await shown_now(ledger)).batch.state == state
    assert len(unfinished) == (state != "closed")


async def test_the_last_one_who_leaves_closes_the_batch(ledger: Ledger) -> None:
    shown = await opened(ledger)
    await ledger.batches.leave(shown, ANN)

    assert [s async for s in ledger.batches.unfinished()] == []


async def test_a_reminder_changes_nothing_that_a_human_has_seen(ledger: Ledger) -> None:
    shown = await opened(ledger)
    await ledger.batches.remind(shown, 1)

    now = await shown_now(ledger)
    assert (now.batch.reminded, now.fingerprint) == (1, shown.fingerprint)
    with pytest.raises(LostRace):
        await ledger.batches.remind(shown, 1)


async def test_two_who_open_the_same_batch_are_told(ledger: Ledger) -> None:
    await opened(ledger)

    with pytest.raises(LostRace):
        await opened(ledger)


# --- the rest --------------------------------------------------------------------------------


async def test_what_is_due_comes_oldest_first_and_not_early(ledger: Ledger) -> None:
    await ledger.due.add(NOW, BOB, suffix="1")
    await ledger.due.add(NOW - timedelta(days=400), ANN, suffix="2")
    await ledger.due.add(NOW + timedelta(microseconds=1), ANN, suffix="3")

    due = [entry async for entry in ledger.due.until(NOW)]
    assert [entry.person_id for entry in due] == [ANN, BOB]
    assert due[1].moment == NOW
    await ledger.due.drop(due[0])
    await ledger.due.drop(due[0])
    assert [e.person_id async for e in ledger.due.upcoming()] == [BOB, ANN]


async def test_a_cursor_that_another_run_moved_stays(ledger: Ledger) -> None:
    _, version = await ledger.cursors.read("afas")
    moved = await ledger.cursors.move("afas", Cursor(population=1), version)
    await ledger.cursors.move("afas", Cursor(population=2), moved)

    for old in (version, moved):
        with pytest.raises(LostRace):
            await ledger.cursors.move("afas", Cursor(population=3), old)
    assert (await ledger.cursors.read("afas"))[0].population == 2


async def test_telling_twice_leaves_one_line(ledger: Ledger) -> None:
    lines = [(f"{n:08d}", Told(at=NOW, what=f"line {n}")) for n in range(150)]
    await ledger.history.tell(ANN, lines)
    await ledger.history.tell(ANN, lines)

    assert [line.what async for line in ledger.history.of(ANN)] == [t.what for _, t in lines]


async def test_a_report_is_new_once_and_waits_are_kept_apart(ledger: Ledger) -> None:
    assert await ledger.relations.report("afas:1", ANN)
    assert not await ledger.relations.report("afas:1", ANN)
    await ledger.relations.wait_for("afas:1", BOB)

    assert [p async for p in ledger.relations.waiting_for("afas:1")] == [BOB]
    assert await ledger.relations.has_reports("afas:1")
    await ledger.relations.no_longer_reports("afas:1", ANN)
    assert not await ledger.relations.has_reports("afas:1")


async def test_the_pointer_to_the_policy_moves_by_compare_and_set(ledger: Ledger) -> None:
    await ledger.policies.keep("h1", "a: 1\n" * 20_000)
    await ledger.policies.keep("h1", "another")
    version = await ledger.policies.point(Active(policy="h1", since=NOW), None)

    assert await ledger.policies.text("h1") == "a: 1\n" * 20_000
    assert await ledger.policies.text("h2") is None
    with pytest.raises(LostRace):
        await ledger.policies.point(Active(policy="h2", since=NOW), "old")
    assert (await ledger.policies.active())[1] == version


# --- calls -----------------------------------------------------------------------------------


async def test_a_retry_is_told_what_the_first_attempt_was(ledger: Ledger) -> None:
    later = NOW + timedelta(hours=3)
    heard = await ledger.calls.first("push", "msg_1", NOW, wall=NOW)
    await ledger.calls.note(heard, "too many")

    again = await ledger.calls.first("push", "msg_1", later, wall=later)

    assert heard.cause is None
    assert (again.moment, again.cause) == (NOW, "too many")
    assert (await ledger.calls.first("push", "msg_2", later, wall=later)).moment == later
    assert (await ledger.calls.first("crm", "msg_1", later, wall=later)).moment == later


async def test_a_call_is_first_heard_once_whoever_comes_first(ledger: Ledger) -> None:
    moments = [NOW + timedelta(seconds=n) for n in range(5)]

    heard = await asyncio.gather(
        *(ledger.calls.first("push", "msg_1", moment, wall=NOW) for moment in moments)
    )

    assert len({one.moment for one in heard}) == 1


@pytest.mark.parametrize(("days", "known"), [(6, True), (7, True), (15, False)])
async def test_calls_of_weeks_ago_are_forgotten(ledger: Ledger, *, days: int, known: bool) -> None:
    await ledger.calls.first("push", "msg_1", NOW, wall=NOW)
    later = NOW + timedelta(days=days)
    await ledger.calls.first("push", "msg_other", later, wall=later)

    again = await ledger.calls.first("push", "msg_1", later, wall=later)

    assert (again.moment == NOW) == known


# --- first sign-ins --------------------------------------------------------------------------


async def test_a_first_sign_in_moves_for_one_of_two(ledger: Ledger) -> None:
    await ledger.first_sign_ins.open(ANN, Collection(secret="s", opened_at=NOW))
    read = await ledger.first_sign_ins.read(ANN)
    assert read is not None
    collection, version = read
    asked = collection.model_copy(update={"stage": "asked", "who": "desk"})

    await ledger.first_sign_ins.move(ANN, asked, version)

    with pytest.raises(LostRace):
        await ledger.first_sign_ins.move(ANN, asked, version)
    await ledger.first_sign_ins.drop(ANN, version)
    rows = [row async for row in ledger.first_sign_ins.everyone()]
    assert [(person, one.stage) for person, one, _ in rows] == [(ANN, "asked")]
    await ledger.first_sign_ins.drop(ANN, rows[0][2])
    assert await ledger.first_sign_ins.read(ANN) is None
