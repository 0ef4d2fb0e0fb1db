"""Every shape of employment: what HR says, what the calendar does, and the reason people read."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, timedelta

import pytest
from build import POLICY, TODAY, a_contract, a_record
from fakes import FakeClock, World, a_world
from turning import (
    account_of,
    audit_of,
    card_of,
    days_pass,
    dossier_of,
    first_load,
    held_of,
    open_batches,
    settle,
)

from shared.flow.approve import approve
from shared.flow.collect import full_sync, signalled
from shared.flow.explain import explained
from shared.flow.preview import preview
from shared.ledger.sqlite import open_sqlite
from shared.model.change import Harm
from shared.model.desired import State
from shared.model.person import Contract, Leave, Unit

RULES = POLICY.replace(
    "missing_grace_days: 14}",
    "missing_grace_days: 14, bridge_gap_days: 3, leave: {Onbetaald*: block, Sabbatical: shrink}}",
).replace(
    '    department: "{department.name}"\n    tasLoginName',
    """\
    branch:
      - {when: {employer.code: "02"}, value: Vestiging Zuid}
      - value: "{employer.name}"
    department: "{department.name}"
    tasLoginName""",
)
RULES = RULES.replace("- group: Iedereen", "- {group: Iedereen, during_leave: true}")
ZORG = Unit(code="ZORG", name="Zorg")


def day(offset: int) -> date:
    return TODAY + timedelta(days=offset)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """A service whose policy bridges three days and knows kinds of leave."""
    clock = FakeClock()
    store = await open_sqlite(None, wall=clock.wall)
    yield a_world(store, clock=clock, policy=RULES)
    await store.close()


async def hr_says(world: World, *contracts: Contract, died_on: date | None = None) -> None:
    """HR changes what it says of 1042, and signals it."""
    world.hr.put(a_record("1042", contracts=contracts, died_on=died_on))
    await signalled(world.service, "afas", "1042")
    await settle(world)


async def why(world: World) -> tuple[State, str]:
    """The state of 1042 and the reason that `instroom explain` shows."""
    told = (await explained(world.service, "afas", "1042")).standing
    return told.state, told.why.because


async def joined(world: World, *contracts: Contract) -> None:
    world.hr.put(a_record("1042", contracts=contracts))
    await first_load(world)


async def test_a_renewal_is_no_departure(world: World) -> None:
    first = a_contract(key="1", end=day(2))
    await joined(world, first, a_contract(key="2", start=day(3), sequence=2))
    before = await audit_of(world, "1042")

    await days_pass(world, 40)

    assert account_of(world, "1042").enabled
    told = sorted(set(await audit_of(world, "1042")) - set(before))
    assert told == ["mover: active"], "the reason names another contract; nothing was done to her"
    ict = (await dossier_of(world, "1042")).target(world.entra.name).applied.rights["ICT"]
    assert ict[0].because == "department.code = ICT-BEH, contract 2"
    assert await why(world) == (State.ACTIVE, "contract since 2024-01-01")


async def test_a_gap_of_three_days_is_bridged_and_one_of_four_is_not(world: World) -> None:
    await joined(world, a_contract(key="1", end=day(0)), a_contract(key="2", start=day(4)))
    await days_pass(world, 2)
    assert await why(world) == (State.ACTIVE, "contract since 2024-01-01")

    await hr_says(world, a_contract(key="1", end=day(0)), a_contract(key="2", start=day(5)))

    assert not account_of(world, "1042").enabled
    assert await why(world) == (State.PREPARED, f"first day {day(5)}")


async def test_a_function_that_starts_today_brings_its_rights_without_a_row(world: World) -> None:
    zorg = a_contract(key="2", start=day(5), department=ZORG)
    await joined(world, a_contract(key="1", end=day(4)), zorg)

    world.hr.people.clear()

    await days_pass(world, 4)
    assert account_of(world, "1042").groups == {"Iedereen", "ICT"}
    await days_pass(world, 1)

    assert account_of(world, "1042").groups == {"Iedereen", "Zorg"}
    assert account_of(world, "1042").attributes["department"] == "Zorg"


async def test_a_second_job_gives_the_rights_of_both(world: World) -> None:
    await joined(world, a_contract(key="1", hours=20.0))

    await hr_says(
        world,
        a_contract(key="1", hours=20.0),
        a_contract(key="2", hours=24.0, department=ZORG),
    )

    assert account_of(world, "1042").groups == {"Iedereen", "ICT", "Zorg"}
    assert account_of(world, "1042").attributes["department"] == "Zorg", "most hours come first"


async def test_a_back_dated_start_and_end_count_from_when_they_are_known(world: World) -> None:
    await joined(world, a_contract(start=day(-10)))
    assert account_of(world, "1042").enabled

    await hr_says(world, a_contract(start=day(-10), end=day(-3)))

    assert not account_of(world, "1042").enabled
    assert await why(world) == (State.BLOCKED, f"last day {day(-3)}")
    await days_pass(world, 27)
    assert world.entra.by_number("1042") is not None
    await days_pass(world, 1)
    assert world.entra.by_number("1042") is None, "thirty days after the last day, not after today"


async def test_a_start_that_hr_withdraws_never_begins(world: World) -> None:
    await joined(world, a_contract(start=day(3)))
    assert not account_of(world, "1042").enabled

    await hr_says(world, a_contract(start=day(3), end=day(2)))
    await days_pass(world, 10)

    account = account_of(world, "1042")
    assert (account.enabled, account.groups) == (False, frozenset())
    assert card_of(world, "1042").archived
    assert await why(world) == (State.ABSENT, f"the start on {day(3)} was withdrawn")


async def test_nobody_begins_whom_hr_has_taken_out_before_the_first_day(world: World) -> None:
    world.hr.put(*(a_record(str(n)) for n in range(1, 12)))
    await joined(world, a_contract(start=day(3)))
    del world.hr.people["1042"]
    await full_sync(world.service, "afas")
    await settle(world)

    await days_pass(world, 4)

    assert not account_of(world, "1042").enabled
    assert await why(world) == (
        State.PREPARED,
        f"first day {day(3)}, but HR is silent since {day(0)}",
    )
    await days_pass(world, 11)
    assert await held_of(world, "1042") == {Harm.BLOCK}, "proposed, after the grace"


async def test_who_was_taken_out_and_comes_back_begins_at_once(world: World) -> None:
    world.hr.put(*(a_record(str(n)) for n in range(1, 12)))
    await joined(world, a_contract(start=day(3)))
    record = world.hr.people.pop("1042")
    await full_sync(world.service, "afas")
    await days_pass(world, 4)

    world.hr.put(record)
    await full_sync(world.service, "afas")
    await settle(world)

    assert account_of(world, "1042").enabled


async def test_another_employer_is_a_move_and_no_departure(world: World) -> None:
    south = Unit(code="02", name="Zuid BV")
    await joined(
        world,
        a_contract(key="1", end=day(2)),
        a_contract(key="2", start=day(3), employer=south),
    )
    assert card_of(world, "1042").fields["branch"] == "Proef"

    await days_pass(world, 4)

    card = card_of(world, "1042")
    assert (card.archived, card.fields["branch"]) == (False, "Vestiging Zuid")
    assert account_of(world, "1042").enabled
    reason = (await dossier_of(world, "1042")).target(world.topdesk.name).applied.values["branch"]
    assert (reason.rule, reason.because) == ("topdesk.card.branch[0]", "employer.code = 02")


async def test_a_rehire_with_the_same_number_is_the_same_person(world: World) -> None:
    await joined(world, a_contract(key="1"))
    before = account_of(world, "1042").id
    await hr_says(world, a_contract(key="1", end=day(0)))
    await days_pass(world, 10)
    assert await why(world) == (State.BLOCKED, f"last day {day(0)}")

    again = a_contract(key="2", start=day(10), department=ZORG)
    await hr_says(world, a_contract(key="1", end=day(0)), again)

    account = account_of(world, "1042")
    assert (account.id, account.enabled, account.groups) == (
        before,
        True,
        frozenset({"Iedereen", "Zorg"}),
    )
    assert await why(world) == (State.ACTIVE, f"contract since {day(10)}")


# --- leave -----------------------------------------------------------------------------------


def away(kind: str, first: int, last: int | None) -> Contract:
    end = None if last is None else day(last)
    return a_contract(leaves=(Leave(kind=kind, start=day(first), end=end),))


async def test_a_leave_that_blocks_begins_and_ends_by_itself(world: World) -> None:
    await joined(world, away("Onbetaald verlof", 3, 40))

    await days_pass(world, 3)
    account, card = account_of(world, "1042"), card_of(world, "1042")
    assert (account.enabled, account.groups) == (False, frozenset({"Iedereen", "ICT"}))
    assert not card.archived
    assert card.operator is not None
    assert card.operator.archived
    assert await why(world) == (
        State.AWAY,
        f"on leave (Onbetaald verlof) since {day(3)} until {day(40)}",
    )

    await days_pass(world, 37)
    assert not account_of(world, "1042").enabled, "nothing is deleted while away"
    await days_pass(world, 1)
    assert account_of(world, "1042").enabled
    operator = card_of(world, "1042").operator
    assert operator is not None
    assert (operator.archived, operator.permission_groups) == (
        False,
        frozenset({"Beheerders"}),
    )
    assert world.entra.created == {"1042": 1}


async def test_a_leave_that_shrinks_takes_rights_and_gives_them_back(world: World) -> None:
    await joined(world, away("Sabbatical", 1, 5))

    await days_pass(world, 1)
    assert account_of(world, "1042").enabled
    assert account_of(world, "1042").groups == {"Iedereen"}
    answers = (await explained(world.service, "afas", "1042")).answers
    ict = next(answer for answer in answers if answer.right == "ICT")
    assert ict.because.startswith("on leave (Sabbatical) since ")

    await days_pass(world, 5)
    assert account_of(world, "1042").groups == {"Iedereen", "ICT"}


async def test_a_leave_that_the_policy_does_not_name_changes_nothing(world: World) -> None:
    await joined(world, away("Ouderschapsverlof", 1, None))
    before = await audit_of(world, "1042")

    await days_pass(world, 3)

    assert await audit_of(world, "1042") == before


async def test_leaving_during_a_leave_is_leaving(world: World) -> None:
    leave = Leave(kind="Onbetaald", start=day(0))
    await joined(world, a_contract(end=day(2), leaves=(leave,)))

    await days_pass(world, 3)

    assert await why(world) == (State.BLOCKED, f"last day {day(2)}")
    assert account_of(world, "1042").groups == frozenset()
    await days_pass(world, 30)
    assert world.entra.by_number("1042") is None


async def test_leaves_over_the_daily_limit_are_held_whole(world: World) -> None:
    """Neither sign-in nor the operator card goes before a human says so."""
    for n in range(1, 6):
        leave = (Leave(kind="Onbetaald", start=day(1)),)
        world.hr.put(a_record(str(n), contracts=(a_contract(key=str(n), leaves=leave),)))
    await first_load(world)

    await days_pass(world, 1)

    assert sum(not account.enabled for account in world.entra.accounts.values()) == 3
    cards = [card_of(world, str(n)) for n in range(1, 6)]
    assert sum(bool(card.operator and card.operator.archived) for card in cards) == 3
    (shown,) = await open_batches(world)
    assert {(m.before, m.after) for m in shown.members} == {(State.ACTIVE, State.AWAY)}
    await approve(world.service, shown, "beheerder")
    await settle(world)
    assert not any(account.enabled for account in world.entra.accounts.values())


# --- death -----------------------------------------------------------------------------------


async def test_death_blocks_at_once_and_deletes_after_the_grace(world: World) -> None:
    contracts = (a_contract(key="1"), a_contract(key="2", start=day(20)))
    await joined(world, *contracts)

    await hr_says(world, *contracts, died_on=day(-2))

    assert not account_of(world, "1042").enabled
    assert await why(world) == (State.BLOCKED, f"died on {day(-2)}")
    await days_pass(world, 28)
    assert world.entra.by_number("1042") is not None
    await days_pass(world, 1)
    assert world.entra.by_number("1042") is None
    assert await why(world) == (State.DELETED, f"died on {day(-2)}, 30 days over")


async def test_preview_shows_a_leave_and_a_death_before_they_are_known(world: World) -> None:
    await joined(world, a_contract())
    world.hr.put(a_record("1042", contracts=(away("Onbetaald", 0, None),)))
    on_leave = await preview(world.service, "afas", "1042")
    world.hr.put(a_record("1042", died_on=day(-1)))
    died = await preview(world.service, "afas", "1042")

    assert (on_leave.desired.entra.state, *on_leave.harms) == (State.AWAY, Harm.BLOCK)
    assert "Onbetaald" in on_leave.desired.entra.why.because
    assert (died.desired.entra.state, *died.harms) == (State.BLOCKED, Harm.BLOCK)
    assert died.desired.entra.why.because == f"died on {day(-1)}"
