"""Somebody must be out now, whatever HR says, and stays out until HR caught up or it is lifted."""

from __future__ import annotations

from datetime import timedelta

import pytest
from build import NOW, POLICY, TODAY, a_contract, a_leaver, a_name, a_record
from fakes import World
from turning import (
    account_of,
    audit_of,
    card_of,
    days_pass,
    deliver,
    dossier_of,
    first_load,
    held_of,
    leases_run_out,
    open_batches,
    settle,
    with_policy,
)

from shared.errors import Misconfigured, Transient
from shared.flow.collect import full_sync, signalled
from shared.flow.preview import preview
from shared.flow.stop import lift, stop
from shared.model.change import Harm
from shared.model.desired import State
from shared.model.event import Event
from shared.model.person import BadRecord, Stop

SANNE = a_record("1042")
TEAM = tuple(a_record(str(n), name=a_name(birth=f"Nr{n}")) for n in range(8))


async def is_stopped(world: World, number: str = "1042", reason: str = "ticket 77") -> Stop:
    return await stop(world.service, "afas", number, who="an operator", reason=reason)


async def is_lifted(world: World, number: str = "1042") -> None:
    await lift(world.service, "afas", number, who="an operator", reason="ticket 78")


async def syncs(world: World) -> None:
    await full_sync(world.service, "afas")
    await settle(world)


def is_out(world: World, number: str = "1042") -> bool:
    account, card = account_of(world, number), card_of(world, number)
    return not account.enabled and account.groups == frozenset() and card.archived


async def test_is_blocked_in_both_targets_without_waiting_for_the_sweep(world: World) -> None:
    world.hr.put(SANNE)
    await first_load(world)

    told = await is_stopped(world)
    await deliver(world)

    assert is_out(world)
    assert told == Stop(who="an operator", reason="ticket 77", at=NOW)


async def test_audit_says_who_and_why(world: World) -> None:
    world.hr.put(SANNE)
    await first_load(world)

    await is_stopped(world)

    person_id = (await dossier_of(world, "1042")).person_id
    lines = [line async for line in world.service.ledger.history.of(person_id)]
    assert ("an operator", "stopped at once: ticket 77") in [(x.who, x.what) for x in lines]
    decided = lines[-1]
    assert decided.what == "leaver: blocked"
    assert "an operator: ticket 77" in decided.reasons[0].because


async def test_works_while_hr_is_down(world: World) -> None:
    world.hr.put(SANNE)
    await first_load(world)
    world.hr.fails = Transient("HR is down")

    await is_stopped(world)
    await deliver(world)

    assert is_out(world)


async def test_guard_over_its_limit_does_not_stop_it(world: World) -> None:
    world.hr.put(SANNE, *TEAM)
    await first_load(world)
    for number in range(4):
        world.hr.put(a_leaver(TODAY - timedelta(days=1), str(number)))
        await signalled(world.service, "afas", str(number))
    await settle(world)
    assert await held_of(world, "3") == {Harm.BLOCK}

    await is_stopped(world)
    await deliver(world)

    assert is_out(world)
    assert account_of(world, "3").enabled, "whoever is held stays held"


async def test_counts_against_no_limit(world: World) -> None:
    world.hr.put(*TEAM)
    await first_load(world)
    for number in range(5):
        await is_stopped(world, str(number))

    for number in range(5, 8):
        world.hr.put(a_leaver(TODAY - timedelta(days=1), str(number)))
        await signalled(world.service, "afas", str(number))
    await settle(world)

    assert all(is_out(world, str(number)) for number in range(8)), "three a day are let through"


async def test_takes_somebody_out_of_the_batch_in_which_he_waits(world: World) -> None:
    world.hr.put(*TEAM)
    await first_load(world)
    for number in range(4):
        world.hr.put(a_leaver(TODAY - timedelta(days=1), str(number)))
        await signalled(world.service, "afas", str(number))
    await settle(world)

    await is_stopped(world, "3")
    await settle(world)

    assert is_out(world, "3")
    assert await open_batches(world) == []


@pytest.mark.parametrize("parked", ["by HR's row", "by the policy"])
async def test_works_for_somebody_who_is_parked(world: World, parked: str) -> None:
    world.hr.put(SANNE)
    await first_load(world)
    if parked == "by HR's row":
        world.hr.put(BadRecord(source="afas", number="1042", field="start", problem="is no date"))
        await signalled(world.service, "afas", "1042")
    else:
        world = with_policy(world, POLICY + 'employee_id: {afas: "123456789012-{number}"}\n')
    await settle(world)
    assert account_of(world, "1042").enabled

    await is_stopped(world)
    world.bus.wakes.clear()
    await leases_run_out(world)

    assert is_out(world)
    assert (await dossier_of(world, "1042")).records["afas:1042"].problem, "and stays parked"
    await is_lifted(world)
    await settle(world)
    assert account_of(world, "1042").enabled


async def test_hr_that_has_not_heard_of_it_does_not_revive(world: World) -> None:
    world.hr.put(SANNE)
    await first_load(world)
    await is_stopped(world)
    world.hr.put(SANNE.model_copy(update={"phone": "010"}))

    await syncs(world)
    await days_pass(world, 40)

    assert is_out(world)


async def test_end_that_hr_states_later_leads_to_deletion_on_time(world: World) -> None:
    world.hr.put(SANNE)
    await first_load(world)
    await is_stopped(world)
    await days_pass(world, 3)

    world.hr.put(a_leaver(TODAY + timedelta(days=2)))
    await syncs(world)
    await days_pass(world, 29)
    assert is_out(world)

    await days_pass(world, 2)
    assert world.entra.accounts == {}
    assert len(world.entra.bin) == 1


async def test_next_contract_does_not_revive_before_it_is_lifted(world: World) -> None:
    """Fired in November; the contract after New Year stood in HR long before."""
    first = a_contract(key="1", end=TODAY + timedelta(days=5))
    second = a_contract(key="2", start=TODAY + timedelta(days=15))
    world.hr.put(a_record("1042", contracts=(first, second)))
    await first_load(world)
    await is_stopped(world)

    await days_pass(world, 20)
    assert is_out(world)

    await is_lifted(world)
    await deliver(world)
    assert account_of(world, "1042").enabled


async def test_lifting_revives_with_all_rights(world: World) -> None:
    world.hr.put(SANNE)
    await first_load(world)
    before = account_of(world, "1042")
    await is_stopped(world)
    await settle(world)

    await is_lifted(world)
    await deliver(world)

    assert account_of(world, "1042") == before
    assert not card_of(world, "1042").archived
    decision = (await dossier_of(world, "1042")).decision
    assert decision is not None
    assert decision.event == Event.RETURNER
    assert "stop lifted: ticket 78" in await audit_of(world, "1042")


async def test_lifting_does_not_revive_whom_hr_has_ended(world: World) -> None:
    world.hr.put(SANNE)
    await first_load(world)
    await is_stopped(world)
    world.hr.put(a_leaver(TODAY - timedelta(days=1)))
    await syncs(world)

    await is_lifted(world)
    await settle(world)

    assert is_out(world)


async def test_somebody_stopped_before_the_first_day_gets_no_account(world: World) -> None:
    start = TODAY + timedelta(days=20)
    world.hr.put(a_record("1042", contracts=(a_contract(start=start),)))
    await first_load(world)

    await is_stopped(world)
    await days_pass(world, 25)

    assert world.entra.accounts == {}
    assert world.topdesk.cards == {}


async def test_stopped_in_the_middle_of_joining_never_signs_in(world: World) -> None:
    world.hr.put(*TEAM)
    await first_load(world)
    world.hr.put(SANNE)
    await signalled(world.service, "afas", "1042")

    await is_stopped(world)
    await settle(world)

    assert world.entra.by_number("1042") is None


async def test_second_stop_keeps_the_first(world: World) -> None:
    world.hr.put(SANNE)
    await first_load(world)
    first = await is_stopped(world)
    world.clock.advance(hours=1)

    assert await is_stopped(world, reason="again") == first


async def test_preview_shows_it(world: World) -> None:
    world.hr.put(SANNE)
    await first_load(world)
    await is_stopped(world)

    shown = await preview(world.service, "afas", "1042")

    assert shown.desired.entra.state == State.BLOCKED


@pytest.mark.parametrize("protected", ["afas:1042", "AFAS:1042", "sanne.van.dijk@proef.example"])
async def test_protected_account_is_refused_with_a_sentence(world: World, protected: str) -> None:
    world = with_policy(world, POLICY + f"protected: ['{protected}']\n")
    world.hr.put(SANNE)
    await first_load(with_policy(world, POLICY))
    await settle(world)

    with pytest.raises(Misconfigured, match="is protected by the policy, so nothing was blocked"):
        await is_stopped(world)

    assert (await dossier_of(world, "1042")).stop is None


async def test_unknown_number_is_refused_with_a_sentence(world: World) -> None:
    with pytest.raises(Misconfigured, match="afas:404: is not known here, so nothing was blocked"):
        await is_stopped(world, "404")


async def test_lifting_what_was_not_stopped_is_refused(world: World) -> None:
    world.hr.put(SANNE)
    await first_load(world)

    with pytest.raises(Misconfigured, match="is not stopped"):
        await is_lifted(world)


@pytest.mark.parametrize("reason", ["", "  ", "two\nlines", "x" * 301])
async def test_reason_is_one_line(world: World, reason: str) -> None:
    world.hr.put(SANNE)
    await first_load(world)

    with pytest.raises(Misconfigured, match="one line"):
        await is_stopped(world, reason=reason)
