"""What fails at a target costs time, never a person: nothing is lost, and nothing made twice."""

from __future__ import annotations

from datetime import timedelta

import pytest
from build import POLICY, TODAY, a_leaver, a_name, a_record, moved
from fakes import World
from turning import (
    account_of,
    audit_of,
    card_of,
    days_pass,
    deliver,
    dossier_of,
    first_load,
    harm_of,
    held_of,
    minutes_pass,
    open_batches,
    person_id_of,
    settle,
    with_policy,
)

from shared.errors import NameTaken, Permanent, TargetDown, Transient, UnknownReply
from shared.flow.approve import approve
from shared.flow.collect import signalled
from shared.flow.provision import LOOKS
from shared.flow.sweep import sweep
from shared.model.account import EntraAccount
from shared.model.change import Harm, Kind
from shared.model.desired import State, TargetName
from shared.model.event import Event

ENTRA, TOPDESK = TargetName.ENTRA, TargetName.TOPDESK
SANNE = a_record("1042")
NOBODY_MAY_GO = POLICY.replace("count: 3", "count: 0")


async def problem_of(world: World, number: str, target: TargetName = ENTRA) -> str | None:
    return (await dossier_of(world, number)).target(target).problem


async def leaves(world: World, number: str, days_ago: int = 1) -> None:
    """HR says that this person's last day is over."""
    last_day = TODAY - timedelta(days=days_ago)
    record = world.hr.people[number]
    gone = a_leaver(last_day, number).model_copy(update={"name": getattr(record, "name", None)})
    world.hr.put(gone)
    await signalled(world.service, "afas", number)


# --- replies that get lost -------------------------------------------------------------------


class LostReply:
    """The next change of this kind is carried out, its answer lost, and the target goes down.

    `reads_that_fail`: so often it cannot be read after that.
    """

    def __init__(self, world: World, kind: Kind, *, reads_that_fail: int = 0) -> None:
        self.left = {f"after {kind}"}
        self.reads_that_fail = reads_that_fail
        world.entra.moment = world.topdesk.moment = self

    def __call__(self, moment: str) -> None:
        if moment in self.left:
            self.left.clear()
            raise UnknownReply("no answer came")
        if not self.left and self.reads_that_fail and moment.startswith("before"):
            self.reads_that_fail -= 1
            raise TargetDown("maintenance")


@pytest.mark.parametrize(
    "kind",
    [
        Kind.CREATE_ACCOUNT,
        Kind.ADD_TO_GROUP,
        Kind.CREATE_CARD,
        Kind.CREATE_OPERATOR,
        Kind.ADD_PERMISSION_GROUP,
    ],
)
async def test_a_change_whose_answer_was_lost_is_not_made_twice(world: World, kind: Kind) -> None:
    world.hr.put(SANNE)
    lost = LostReply(world, kind)

    await first_load(world)

    assert not lost.left, "the answer was lost"
    assert account_of(world, "1042").groups == {"Iedereen", "ICT"}
    operator = card_of(world, "1042").operator
    assert operator is not None
    assert operator.permission_groups == {"Beheerders"}
    assert (world.entra.created, world.topdesk.created) == ({"1042": 1}, {"1042": 1})
    told = await audit_of(world, "1042")
    assert sum(f": {kind}" in line for line in told) >= 1
    assert [line for line in told if line.startswith("begun")] == []


async def test_a_change_that_was_lost_on_its_way_is_sent_again(world: World) -> None:
    world.hr.put(SANNE)
    world.entra.fails = [UnknownReply("no answer came")] * 2

    await first_load(world)

    assert account_of(world, "1042").enabled
    assert world.entra.calls[Kind.CREATE_ACCOUNT] == 3
    assert world.entra.created == {"1042": 1}


async def test_answers_that_keep_getting_lost_end_in_waiting(world: World) -> None:
    world.hr.put(SANNE)
    world.entra.fails = [UnknownReply("no answer came")] * LOOKS
    await first_load(world)
    assert world.entra.accounts == {}
    assert await problem_of(world, "1042") is not None

    await minutes_pass(world, 5)

    assert account_of(world, "1042").enabled


@pytest.mark.parametrize("days_ago", [1, 60])
async def test_what_a_lost_create_made_is_shut_when_the_person_leaves(
    world: World, days_ago: int
) -> None:
    """The answer is lost, the target goes down, and meanwhile HR ends the person."""
    world.hr.put(SANNE)
    LostReply(world, Kind.CREATE_ACCOUNT, reads_that_fail=1)
    await first_load(world)
    assert account_of(world, "1042").enabled
    assert (await dossier_of(world, "1042")).target(ENTRA).applied.account_id is None

    await leaves(world, "1042", days_ago)
    await settle(world)
    await minutes_pass(world, 60)

    assert [a for a in world.entra.accounts.values() if a.enabled] == []


async def test_what_a_lost_create_made_is_shut_when_the_first_day_moves_away(
    world: World,
) -> None:
    world.hr.put(SANNE)
    LostReply(world, Kind.CREATE_ACCOUNT, reads_that_fail=1)
    await first_load(world)

    contract = SANNE.contracts[0].model_copy(update={"start": TODAY + timedelta(days=90)})
    world.hr.put(SANNE.model_copy(update={"contracts": (contract,)}))
    await signalled(world.service, "afas", "1042")
    await settle(world)
    await minutes_pass(world, 60)

    assert not account_of(world, "1042").enabled


async def test_a_card_that_a_lost_create_made_is_archived_when_the_person_leaves(
    world: World,
) -> None:
    world.hr.put(SANNE)
    LostReply(world, Kind.CREATE_CARD, reads_that_fail=1)
    await first_load(world)
    assert (await dossier_of(world, "1042")).target(TOPDESK).applied.account_id is None

    await leaves(world, "1042")
    await settle(world)
    await minutes_pass(world, 60)

    assert card_of(world, "1042").archived


# --- targets that fail -----------------------------------------------------------------------


async def test_what_the_target_asks_to_wait_is_waited(world: World) -> None:
    world.hr.put(SANNE)
    world.entra.fails = [Transient("busy", retry_after_seconds=3600)]
    await first_load(world)

    await minutes_pass(world, 59)
    assert world.entra.accounts == {}

    await minutes_pass(world, 2)
    assert account_of(world, "1042").enabled
    assert await problem_of(world, "1042") is None


async def test_each_failure_waits_longer_than_the_last(world: World) -> None:
    world.hr.put(SANNE)
    world.entra.fails = [Transient("busy")] * 5
    await first_load(world)
    waits = []
    while due_at := (await dossier_of(world, "1042")).target(ENTRA).due_at:
        waits.append(due_at - world.clock.now())
        await minutes_pass(world, waits[-1].total_seconds() / 60)

    assert len(waits) == 5
    assert waits[0] < waits[2] < waits[4]
    assert account_of(world, "1042").enabled


async def test_a_target_that_is_down_burns_no_attempt(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.hr.put(SANNE)
    world.entra.fails = [TargetDown("maintenance")] * 10
    await first_load(world)

    for _ in range(9):
        await minutes_pass(world, 4)
        assert (await dossier_of(world, "1042")).target(ENTRA).attempt == 0
    assert world.entra.fails == []
    assert "target down target=entra reason=maintenance" in caplog.text

    await minutes_pass(world, 4)
    assert account_of(world, "1042").enabled


async def test_a_taken_name_gives_the_next_candidate(world: World) -> None:
    world.hr.put(SANNE)
    world.entra.fails = [NameTaken("taken", field="userPrincipalName")] * 2

    await first_load(world)

    assert account_of(world, "1042").user_principal_name == "sanne.van.dijk2@proef.example"


async def test_a_permanent_refusal_parks_and_is_tried_daily(world: World) -> None:
    world.hr.put(SANNE)
    world.entra.fails = [Permanent("no licence left", mender="target")]
    await first_load(world)
    assert await problem_of(world, "1042") == "no licence left"

    await minutes_pass(world, 23 * 60)
    assert world.entra.accounts == {}

    await minutes_pass(world, 61)
    assert account_of(world, "1042").enabled
    assert await problem_of(world, "1042") is None


async def test_an_obstacle_of_the_policy_is_mended_by_the_next_policy(world: World) -> None:
    world = with_policy(world, POLICY.replace("group: ICT,", "group: Bestaat niet,"))
    world.hr.put(SANNE)
    await first_load(world)
    assert account_of(world, "1042").groups == {"Iedereen"}
    assert await problem_of(world, "1042") == "group Bestaat niet does not exist"

    world = with_policy(world, POLICY)
    await settle(world)

    assert account_of(world, "1042").groups == {"Iedereen", "ICT"}
    assert await problem_of(world, "1042") is None


async def test_what_cannot_be_taken_away_now_is_taken_away_when_it_can(world: World) -> None:
    """The group got a double: whoever moves meanwhile is still in it."""
    world.hr.put(SANNE)
    await first_load(world)
    world.entra.doubled = {"ICT"}
    world.hr.put(moved(SANNE, "ZORG", "Zorg"))
    await signalled(world.service, "afas", "1042")
    await settle(world)
    assert await problem_of(world, "1042") == "2 groups are named ICT"
    assert "ICT" in (await dossier_of(world, "1042")).target(ENTRA).applied.rights

    world.entra.doubled = set()
    await days_pass(world, 2)

    assert account_of(world, "1042").groups == {"Iedereen", "Zorg"}
    assert await problem_of(world, "1042") is None


async def test_a_new_policy_keeps_the_reminder_of_what_a_target_has_not_finished(
    world: World,
) -> None:
    """The message is lost, the policy changes nothing for this person: the lease must live on."""
    world.hr.put(SANNE)
    await first_load(world)
    world.hr.put(moved(SANNE, "ZORG", "Zorg"))
    await signalled(world.service, "afas", "1042")
    world.bus.wakes.clear()

    world = with_policy(world, POLICY + "\n# a remark\n")
    world.clock.advance(minutes=16)
    await sweep(world.service)
    world.bus.wakes.clear()
    await minutes_pass(world, 16)

    assert account_of(world, "1042").groups == {"Iedereen", "Zorg"}


async def test_nobody_is_looked_at_for_ever(world: World) -> None:
    """A retry that another message has done already leaves no entry that renews itself."""
    world.hr.put(SANNE)
    world.entra.fails = [TargetDown("maintenance")]
    await first_load(world)
    world.hr.put(moved(SANNE, "ZORG", "Zorg"))
    await signalled(world.service, "afas", "1042")
    await deliver(world)

    for _ in range(20):
        await minutes_pass(world, 5)

    assert [e async for e in world.service.ledger.due.upcoming()] == []


# --- the guard, and who is never touched -----------------------------------------------------


async def test_a_leaver_whose_account_is_being_made_stays_held(world: World) -> None:
    """Nothing is applied yet; the hold must outlive the second look all the same."""
    world = with_policy(world, NOBODY_MAY_GO)
    world.hr.put(SANNE)
    LostReply(world, Kind.CREATE_ACCOUNT, reads_that_fail=3)
    await first_load(world)
    await leaves(world, "1042")
    await sweep(world.service)
    assert await held_of(world, "1042") == {Harm.BLOCK}

    await minutes_pass(world, 60)

    assert await held_of(world, "1042") == {Harm.BLOCK}
    assert account_of(world, "1042").enabled
    assert len(await open_batches(world)) == 1


async def test_who_may_be_blocked_but_not_deleted_is_blocked(world: World) -> None:
    world = with_policy(world, POLICY.replace("delete: {count: 3", "delete: {count: 0"))
    world.hr.put(SANNE)
    await first_load(world)

    await leaves(world, "1042", days_ago=60)
    await settle(world)

    assert not account_of(world, "1042").enabled
    assert card_of(world, "1042").archived
    assert await held_of(world, "1042") == {Harm.DELETE}
    blocked = await harm_of(world.service.ledger, Harm.BLOCK)
    assert [entry.is_open for entry in blocked.values()] == [False]
    (shown,) = await open_batches(world)
    await approve(world.service, shown, "beheerder")
    await settle(world)
    assert world.entra.accounts == {}


async def test_an_approval_of_a_batch_that_changed_is_not_told_as_one(world: World) -> None:
    world = with_policy(world, NOBODY_MAY_GO)
    world.hr.put(SANNE, a_record("2", name=a_name(nickname="Bo")))
    await first_load(world)
    await leaves(world, "1042")
    (shown,) = await open_batches(world)
    await leaves(world, "2")

    with pytest.raises(Exception, match="changed since it was shown"):
        await approve(world.service, shown, "beheerder")

    assert "block approved" not in await audit_of(world, "1042")


async def test_a_protected_account_is_never_touched_and_fills_no_limit(world: World) -> None:
    protected = POLICY.replace("count: 3", "count: 1") + "\nprotected: [afas:1]\n"
    world = with_policy(world, protected)
    world.entra.accounts["own"] = EntraAccount(
        id="own", user_principal_name="chef@proef.example", enabled=True, employee_id="1"
    )
    world.hr.put(a_record("1"), SANNE)
    await first_load(world)

    await leaves(world, "1")
    await settle(world)
    await days_pass(world, 2)
    await leaves(world, "1042")
    await settle(world)

    assert account_of(world, "1").enabled
    assert account_of(world, "1").groups == frozenset()
    assert not account_of(world, "1042").enabled, "the protected one took nobody's place"


async def test_an_account_of_someone_long_gone_is_not_ours_to_touch(world: World) -> None:
    world.entra.accounts["own"] = EntraAccount(
        id="own", user_principal_name="oud@proef.example", enabled=True, employee_id="1042"
    )
    world.hr.put(a_leaver(TODAY - timedelta(days=300)))

    await first_load(world)

    assert account_of(world, "1042").enabled
    assert sum(world.entra.calls.values()) == 0


async def test_who_waits_for_an_account_that_stood_already_is_woken(world: World) -> None:
    """The manager's account is exactly right before we know it: adopted without one change."""
    anna = a_record("1", name=a_name(nickname="Anna"))
    world.hr.put(anna)
    await first_load(world)
    stood = account_of(world, "1")
    report = a_record("2", name=a_name(nickname="Bo"))
    contract = report.contracts[0].model_copy(update={"manager": "9"})
    world.hr.put(report.model_copy(update={"contracts": (contract,)}))
    await signalled(world.service, "afas", "2")
    await settle(world)
    world.entra.accounts["own"] = stood.model_copy(
        update={"id": "own", "employee_id": "9", "user_principal_name": "a@proef.example"}
    )
    world.hr.put(anna.model_copy(update={"number": "9"}))
    await signalled(world.service, "afas", "9")
    await settle(world)
    await deliver(world)

    assert account_of(world, "2").manager_id == "own"


async def test_the_names_of_events_never_decide(world: World) -> None:
    """Every wake says the opposite of what happened, and the end is the same."""
    world.hr.put(SANNE)
    await sweep(world.service)
    await signalled(world.service, "afas", "1042")
    for _ in range(4):
        world.bus.wakes[:] = [(target, who, Event.LEAVER) for target, who, _ in world.bus.wakes]
        await deliver(world)
        await minutes_pass(world, 16)
    assert account_of(world, "1042").enabled

    await leaves(world, "1042")
    world.bus.wakes[:] = [(target, who, Event.RETURNER) for target, who, _ in world.bus.wakes]
    await settle(world)
    assert not account_of(world, "1042").enabled
    assert (await dossier_of(world, "1042")).target(ENTRA).applied.state == State.BLOCKED
    assert await person_id_of(world, "1042")


# --- sweeps, and a policy that is none -------------------------------------------------------


async def test_one_who_fails_stops_nobody_else_in_a_sweep(world: World) -> None:
    world.hr.put(*(a_record(str(n), name=a_name(birth=f"Nr{n}")) for n in range(3)))
    await first_load(world)
    for n in range(3):
        await leaves(world, str(n))
    world.bus.wakes.clear()
    world.clock.advance(minutes=16)
    refused = ["before send"]

    def once(moment: str) -> None:
        if moment in refused:
            refused.clear()
            raise Transient("the bus is away")

    world.bus.moment = once
    with pytest.raises(Transient, match="the bus is away"):
        await sweep(world.service)
    assert len({who for _, who, _ in world.bus.wakes}) == 2

    await settle(world)
    assert not any(account.enabled for account in world.entra.accounts.values())


@pytest.mark.parametrize(
    "text", ["", "version: 1\n", "? [a]\n: b\n", "a: &a [*a]\n", "v: !!int x"]
)
async def test_a_file_that_is_no_policy_leaves_the_last_good_one(world: World, text: str) -> None:
    world.hr.put(SANNE)
    await first_load(world)
    good, _ = await world.service.active_policy()
    world = with_policy(world, text)

    world.hr.put(moved(SANNE, "ZORG", "Zorg"))
    await signalled(world.service, "afas", "1042")
    await settle(world)

    assert (await world.service.active_policy())[0] == good
    assert account_of(world, "1042").groups == {"Iedereen", "Zorg"}


async def test_an_entry_whose_writer_may_still_live_outlives_the_sweep(world: World) -> None:
    """It was written before the row it announces: dropped now, nobody would look again."""
    world.hr.put(SANNE)
    await first_load(world)
    await minutes_pass(world, 16)
    await world.service.ledger.due.add(
        world.clock.now(), await person_id_of(world, "1042"), suffix="young"
    )

    await sweep(world.service)
    assert len([e async for e in world.service.ledger.due.upcoming()]) == 1

    await minutes_pass(world, 31)
    assert [e async for e in world.service.ledger.due.upcoming()] == []
