"""Who has a right that no rule explains keeps it, is told of it, or loses it: `managed`."""

from __future__ import annotations

import pytest
from build import POLICY, TODAY, a_leaver, a_name, a_record, moved
from fakes import World
from owning import HELD, ICT, NURSE, REPORTED, STRICT, by_hand, managed
from turning import (
    account_of,
    audit_of,
    card_of,
    deliver,
    dossier_of,
    first_load,
    held_of,
    open_batches,
    settle,
    with_policy,
)

from shared.errors import Misconfigured
from shared.flow.approve import approve
from shared.flow.collect import signalled
from shared.flow.explain import explained
from shared.flow.preview import preview
from shared.flow.sweep import sweep
from shared.model.account import OperatorCard
from shared.model.change import Harm
from shared.model.desired import TargetName
from shared.model.person import Record
from shared.model.right import Managed
from shared.policy.load import load


async def a_nurse_in_ict(world: World, policy: str, *more: Record) -> World:
    """Somebody put a nurse into the group of ICT; then the policy says how it is managed."""
    world.hr.put(NURSE, *more)
    await first_load(world)
    for record in (NURSE, *more):
        by_hand(world, record.number)
    world = with_policy(world, policy)
    await settle(world)
    return world


async def looked_at_again(world: World, number: str = "1042") -> None:
    """HR says something new, which has nothing to do with rights."""
    record = world.hr.people[number]
    assert isinstance(record, Record)
    job = record.contracts[0].job
    assert job is not None
    other = job.model_copy(update={"name": f"{job.name} I"})
    contract = record.contracts[0].model_copy(update={"job": other})
    world.hr.put(record.model_copy(update={"contracts": (contract,)}))
    await signalled(world.service, "afas", number)
    await settle(world)


async def strays(world: World, target: TargetName = TargetName.ENTRA) -> set[str]:
    return set((await dossier_of(world, "1042")).target(target).applied.strays)


async def test_what_others_gave_stays_by_default(world: World) -> None:
    await a_nurse_in_ict(world, POLICY + "\n# edited\n")

    assert account_of(world, "1042").groups == {"Iedereen", "Zorg", "ICT"}
    assert await strays(world) == set()


async def test_report_tells_and_takes_nothing(world: World) -> None:
    world = await a_nurse_in_ict(world, REPORTED)

    shown = await preview(world.service, "afas", "1042")
    told = await explained(world.service, "afas", "1042")

    assert "ICT" in account_of(world, "1042").groups
    assert await strays(world) == {"ICT"}
    assert (shown.told, shown.harms) == (("entra: ICT",), frozenset())
    assert [(s.right, s.is_taken) for s in told.strays] == [("ICT", False)]
    found = "entra: found in ICT, which no rule explains (managed: report)"
    assert (await audit_of(world, "1042")).count(found) == 1


async def test_strict_takes_it_and_says_why(world: World) -> None:
    world = await a_nurse_in_ict(world, STRICT)

    assert account_of(world, "1042").groups == {"Iedereen", "Zorg"}
    assert await strays(world) == set()
    lines = await audit_of(world, "1042")
    assert "entra: found in ICT, which no rule explains (managed: strict)" in lines
    assert "entra: remove from group ICT" in lines


async def test_preview_shows_beforehand_what_strict_would_take(world: World) -> None:
    world = await a_nurse_in_ict(world, REPORTED)

    shown = await preview(world.service, "afas", "1042", policy=load(STRICT))

    (change,) = shown.plans[0].changes
    assert change.key == "remove from group:ICT"
    assert change.reasons[0].rule == "entra.groups, managed: strict"
    assert shown.harms == {Harm.RIGHT}
    assert "ICT" in account_of(world, "1042").groups


async def test_guard_counts_it_before_it_is_taken(world: World) -> None:
    world = await a_nurse_in_ict(world, HELD)

    assert "ICT" in account_of(world, "1042").groups
    (shown,) = await open_batches(world)
    (member,) = shown.members
    assert member.losses[0].what == ("ICT",)
    assert member.cause == "entra: ICT is managed strictly, and no rule explains who is in it"

    await approve(world.service, shown, "beheerder")
    await settle(world)
    assert account_of(world, "1042").groups == {"Iedereen", "Zorg"}


async def test_a_whole_group_of_others_is_one_cause_that_waits(world: World) -> None:
    others = [
        moved(a_record(str(n), name=a_name(birth=f"Nr{n}")), "ZORG", "Zorg") for n in range(6)
    ]
    three = STRICT.replace("right: {count: 20,", "right: {count: 3,")
    world = await a_nurse_in_ict(world, three, *others)

    (shown,) = await open_batches(world)
    assert len(shown.members) == 4
    assert len({member.cause for member in shown.members}) == 1


async def test_what_is_given_again_by_hand_is_counted_again(world: World) -> None:
    world = await a_nurse_in_ict(world, STRICT)
    world = with_policy(world, HELD)
    await settle(world)
    world.clock.advance(minutes=5)

    by_hand(world, "1042")
    await looked_at_again(world)

    assert await held_of(world, "1042") == {Harm.RIGHT}
    assert "ICT" in account_of(world, "1042").groups


async def test_whoever_a_rule_puts_there_later_keeps_it(world: World) -> None:
    world = await a_nurse_in_ict(world, HELD)
    world.hr.put(a_record("1042"))
    await signalled(world.service, "afas", "1042")
    await settle(world)

    applied = (await dossier_of(world, "1042")).target(TargetName.ENTRA).applied
    assert "ICT" in account_of(world, "1042").groups
    assert (applied.strays, "ICT" in applied.rights) == ({}, True)


async def test_a_leaver_leaves_a_strict_group_too(world: World) -> None:
    world = await a_nurse_in_ict(world, HELD)
    gone = a_leaver(TODAY).model_copy(update={"name": NURSE.name})
    world.hr.put(gone)
    await signalled(world.service, "afas", "1042")
    world.clock.advance(days=1)
    await settle(world)

    assert account_of(world, "1042").groups == frozenset()


async def test_protected_people_are_never_touched(world: World) -> None:
    world = await a_nurse_in_ict(world, STRICT + 'protected: ["afas:1042"]\n')

    assert "ICT" in account_of(world, "1042").groups


async def test_a_role_of_another_hand_goes_and_their_card_stays(world: World) -> None:
    world.hr.put(NURSE)
    await first_load(world)
    no_desk = POLICY.replace("when: {department.code: ZORG}, perm", "when: {number: none}, perm")
    world = with_policy(world, no_desk)
    await settle(world)
    card = card_of(world, "1042")
    theirs = OperatorCard(
        id="o9", archived=False, permission_groups=frozenset({"Beheerders", "Kas"})
    )
    world.topdesk.cards[card.id] = card.model_copy(update={"operator": theirs})

    world = with_policy(world, managed("strict", no_desk))
    await settle(world)

    operator = card_of(world, "1042").operator
    assert operator is not None
    assert not operator.archived
    assert operator.permission_groups == {"Kas"}
    assert await strays(world, TargetName.TOPDESK) == set()


async def test_nothing_is_taken_between_the_look_and_the_decision(world: World) -> None:
    """Whoever sees it writes it down; it goes only by a decision that the guard was asked for."""
    world.hr.put(NURSE)
    await first_load(world)
    by_hand(world, "1042")
    world = with_policy(world, STRICT)
    await sweep(world.service)
    world.clock.advance(seconds=1)

    await sweep(world.service)
    await deliver(world)
    assert "ICT" in account_of(world, "1042").groups
    assert await strays(world) == {"ICT"}

    await settle(world)
    assert "ICT" not in account_of(world, "1042").groups


@pytest.mark.parametrize(
    ("default", "said", "found"),
    [("strict", "", "strict"), ("strict", ", managed: ours", None), ("ours", "", None)],
)
def test_a_rule_speaks_before_its_target(default: str, said: str, found: str | None) -> None:
    text = POLICY.replace("entra:\n", f"entra:\n  managed: {default}\n")
    policy = load(text.replace(ICT, ICT.replace("}}", f"}}{said}}}")))

    assert policy.entra.looked_at().get("ICT") == (Managed(found) if found else None)


def test_two_rules_that_disagree_on_a_group_are_refused() -> None:
    text = POLICY.replace(ICT, f"{ICT}    - {{group: ict, managed: strict}}\n")

    with pytest.raises(Misconfigured, match="managed as ours by one rule and as strict by"):
        load(text)
