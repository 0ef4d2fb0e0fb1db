"""A joiner gets in on day one: a colleague collects a pass, once, and the audit says who."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from build import POLICY, TODAY, a_contract, a_leaver, a_name, a_record
from fakes import World
from fakes_passes import CODE, FakePasses
from turning import (
    account_of,
    audit_of,
    days_pass,
    dossier_of,
    first_load,
    person_id_of,
    settle,
    with_policy,
)

from shared.apply.first_sign_in import Issued, Terms
from shared.errors import Permanent, Transient, UnknownReply
from shared.flow.collect import full_sync
from shared.flow.collectable import Waiting
from shared.flow.first_sign_in import Collected, NotCollected, collect_pass, first_sign_ins
from shared.flow.stop import stop
from shared.model.collector import Collector

GROUP = "11111111-2222-3333-4444-555555555555"
SECTION = f"""
first_sign_in:
  by: collect
  lifetime_minutes: 90
  collectors: {{groups: [{GROUP}], roles: [Balie]}}
"""
DESK = Collector(
    name="balie, signed in", account_id="b", groups=frozenset({GROUP}), second_factor=True
)
BOSS = a_record("7", name=a_name(birth="Baas"))
STARTS_TODAY = a_contract(key="s", start=TODAY, manager="7")
SANNE = a_record("1042", contracts=(STARTS_TODAY,))


@pytest.fixture
async def joined(world: World) -> World:
    """A boss and a joiner, both with an account that was made here."""
    world = with_policy(world, POLICY + SECTION)
    world.hr.put(BOSS, SANNE)
    await first_load(world)
    return world


def passes_of(world: World) -> FakePasses:
    passes = world.service.passes
    assert isinstance(passes, FakePasses)
    return passes


async def seen_by(world: World, who: Collector, number: str = "1042") -> Waiting:
    listed = await first_sign_ins(world.service, who)
    return next(waiting for waiting in listed if waiting.key == f"afas:{number}")


async def collects(
    world: World, who: Collector = DESK, number: str = "1042", **said: Any
) -> Collected:
    waiting = await seen_by(world, who, number)
    mark = waiting.mark(who)
    return await collect_pass(world.service, waiting.person_id, who, seen=mark, **said)


def a_manager(world: World) -> Collector:
    return Collector(
        name="baas, signed in", account_id=account_of(world, "7").id, second_factor=True
    )


async def test_pass_is_issued_on_the_policys_terms(joined: World) -> None:
    told = await collects(joined)

    sanne = account_of(joined, "1042")
    assert passes_of(joined).usable == {sanne.id: told.issued.code.get_secret_value()}
    assert passes_of(joined).terms == [Terms(minutes=90, once=True, after_use=True)]


async def test_list_says_who_begins_when_and_where(joined: World) -> None:
    waiting = await seen_by(joined, DESK)

    assert waiting.name == "Sanne van Dijk"
    assert (waiting.first_day, waiting.department) == (TODAY, "ICT Beheer")
    assert (waiting.ready, waiting.is_new) == (True, True)


async def test_audit_says_who_and_when(joined: World) -> None:
    await collects(joined)

    person_id = await person_id_of(joined, "1042")
    lines = [line async for line in joined.service.ledger.history.of(person_id)]
    told = [(line.who, line.what.partition(":")[0]) for line in lines[-2:]]
    assert told == [("balie, signed in", "pass asked for"), ("balie, signed in", "pass issued")]


async def test_second_collector_hears_who_and_needs_a_reason(joined: World) -> None:
    await collects(joined)
    joined.clock.advance(minutes=10)

    with pytest.raises(NotCollected, match="balie, signed in asked for it before") as refused:
        await collects(joined, a_manager(joined))
    assert refused.value.why == "again"
    assert refused.value.waiting is not None
    assert len(passes_of(joined).terms) == 1

    await collects(joined, a_manager(joined), reason="it ran out")
    assert len(passes_of(joined).terms) == 2
    assert "pass asked for again: it ran out" in await audit_of(joined, "1042")


async def test_one_form_sent_twice_issues_once(joined: World) -> None:
    waiting = await seen_by(joined, DESK)
    again = {"seen": waiting.mark(DESK), "reason": "pressed twice"}
    await collect_pass(joined.service, waiting.person_id, DESK, seen=waiting.mark(DESK))

    with pytest.raises(NotCollected) as refused:
        await collect_pass(joined.service, waiting.person_id, DESK, **again)

    assert refused.value.why == "meanwhile"
    assert len(passes_of(joined).terms) == 1


async def test_mark_of_somebody_else_does_not_count(joined: World) -> None:
    waiting = await seen_by(joined, DESK)
    other = a_manager(joined)

    for seen in (waiting.mark(other), "", None):
        with pytest.raises(NotCollected):
            await collect_pass(joined.service, waiting.person_id, DESK, seen=seen)

    assert passes_of(joined).terms == []


@pytest.mark.parametrize(
    ("groups", "roles", "may"),
    [
        ({GROUP}, set(), True),
        ({GROUP.upper()}, set(), True),
        (set(), {"Balie"}, True),
        (set(), {"balie"}, False),
        ({"22222222-2222-3333-4444-555555555555"}, set(), False),
        (set(), set(), False),
    ],
)
async def test_only_collectors_of_the_policy_see_and_collect(
    joined: World, groups: set[str], roles: set[str], *, may: bool
) -> None:
    changes = {"groups": frozenset(groups), "roles": frozenset(roles)}
    who = DESK.model_copy(update=changes)
    waiting = await seen_by(joined, DESK)

    listed = await first_sign_ins(joined.service, who)

    assert bool(listed) == may
    if not may:
        with pytest.raises(NotCollected, match="nobody can be collected for") as refused:
            await collect_pass(joined.service, waiting.person_id, who, seen=waiting.mark(who))
        assert refused.value.waiting is None


async def test_manager_collects_for_own_people_alone(joined: World) -> None:
    boss = a_manager(joined)

    assert [w.key for w in await first_sign_ins(joined.service, boss)] == ["afas:1042"]
    await collects(joined, boss)

    rules = POLICY + SECTION.replace("groups: [", "manager: false, groups: [")
    other = with_policy(joined, rules)
    await settle(other)
    assert await first_sign_ins(other.service, boss) == []


async def test_pass_that_was_used_ends_it_for_a_manager(joined: World) -> None:
    """Or a manager could sign in as his people while the days last."""
    boss = a_manager(joined)
    await collects(joined, boss)
    passes_of(joined).used.add(account_of(joined, "1042").id)
    joined.clock.advance(minutes=1)

    with pytest.raises(Permanent, match="was used"):
        await collects(joined, boss, reason="I want another")
    assert "pass not issued: the earlier pass was used" in await audit_of(joined, "1042")

    await collects(joined, DESK, reason="did not finish registering")
    assert len(passes_of(joined).terms) == 2


async def test_account_that_is_made_anew_opens_anew(joined: World) -> None:
    await collects(joined)
    joined.hr.put(a_leaver(TODAY, "1042"))
    await full_sync(joined.service, "afas")
    await days_pass(joined, 40)
    joined.entra.bin.clear()

    back = a_contract(key="t", start=TODAY + timedelta(days=40), manager="7")
    joined.hr.put(a_record("1042", contracts=(back,)))
    await full_sync(joined.service, "afas")
    await settle(joined)

    assert (await seen_by(joined, DESK)).is_new


async def test_nobody_collects_for_himself(joined: World) -> None:
    own = DESK.model_copy(update={"account_id": account_of(joined, "1042").id})

    listed = await first_sign_ins(joined.service, own)

    assert "afas:1042" not in [waiting.key for waiting in listed]


@pytest.mark.parametrize(
    ("rule", "told", "may"),
    [
        ("required", True, True),
        ("required", None, False),
        ("required", False, False),
        ("when_told", True, True),
        ("when_told", None, True),
        ("when_told", False, False),
    ],
)
async def test_second_factor_is_asked_for_as_the_policy_says(
    joined: World, rule: str, *, told: bool | None, may: bool
) -> None:
    other = with_policy(joined, POLICY + SECTION + f"  mfa: {rule}\n")
    await settle(other)
    who = DESK.model_copy(update={"second_factor": told})

    if may:
        assert await first_sign_ins(other.service, who)
        return
    with pytest.raises(NotCollected, match="second factor"):
        await first_sign_ins(other.service, who)
    with pytest.raises(NotCollected, match="second factor"):
        await collect_pass(other.service, await person_id_of(other, "1042"), who)


async def test_nothing_opens_or_is_given_when_the_policy_says_none(world: World) -> None:
    world.hr.put(SANNE)
    await first_load(world)

    with pytest.raises(NotCollected, match="in the policy says none"):
        await first_sign_ins(world.service, DESK)
    assert [row async for row in world.service.ledger.first_sign_ins.everyone()] == []


async def test_account_that_was_taken_over_has_no_first_sign_in(world: World) -> None:
    world.hr.put(SANNE)
    await first_load(world)
    later = with_policy(world, POLICY + SECTION)
    await settle(later)

    assert await first_sign_ins(later.service, DESK) == []
    with pytest.raises(NotCollected, match="the account was there before"):
        await collect_pass(later.service, await person_id_of(later, "1042"), DESK)


async def test_prepared_person_is_listed_and_collected_from_the_first_day(world: World) -> None:
    world = with_policy(world, POLICY + SECTION)
    soon = a_contract(key="s", start=TODAY + timedelta(days=3))
    world.hr.put(a_record("1042", contracts=(soon,)))
    await first_load(world)

    waiting = await seen_by(world, DESK)
    assert (waiting.ready, waiting.first_day) == (False, soon.start)
    with pytest.raises(NotCollected, match="can sign in from 2026-11-05 on"):
        await collects(world)

    await days_pass(world, 3)
    await collects(world)
    assert len(passes_of(world).terms) == 1


@pytest.mark.parametrize("way", ["stopped", "left", "protected"])
async def test_nobody_collects_for_who_may_not_sign_in(joined: World, way: str) -> None:
    waiting = await seen_by(joined, DESK)
    world = joined
    match way:
        case "stopped":
            await stop(world.service, "afas", "1042", who="x", reason="ticket 1")
        case "left":
            world.hr.put(a_leaver(TODAY - timedelta(days=1)))
            await full_sync(world.service, "afas")
            await settle(world)
        case _:
            world = with_policy(world, POLICY + SECTION + "protected: ['afas:1042']\n")
            await settle(world)

    assert "afas:1042" not in [w.key for w in await first_sign_ins(world.service, DESK)]
    with pytest.raises(NotCollected, match="nobody can be collected for"):
        await collect_pass(
            world.service, waiting.person_id, DESK, seen=waiting.mark(DESK), reason="please"
        )
    assert passes_of(world).terms == []


async def test_collection_closes_after_the_policys_days(joined: World) -> None:
    await days_pass(joined, 14)
    assert await first_sign_ins(joined.service, DESK)

    await days_pass(joined, 1)

    assert await first_sign_ins(joined.service, DESK) == []
    assert [row async for row in joined.service.ledger.first_sign_ins.everyone()] == []


@pytest.mark.parametrize("error", [Transient("Entra is busy"), Permanent("passes are off")])
async def test_refusal_leaves_it_open_and_is_in_the_audit(
    joined: World, error: Transient | Permanent
) -> None:
    passes_of(joined).fails = [error]

    with pytest.raises(type(error)):
        await collects(joined)

    assert (await seen_by(joined, DESK)).is_new
    assert f"pass not issued: {error.reason}" in await audit_of(joined, "1042")
    await collects(joined)


async def test_lost_answer_is_told_and_another_takes_the_first_away(joined: World) -> None:
    passes_of(joined).fails, passes_of(joined).loses = [UnknownReply("lost")], True
    with pytest.raises(UnknownReply):
        await collects(joined)

    with pytest.raises(NotCollected) as refused:
        await collects(joined, reason="no answer came")
    assert refused.value.why == "busy"

    joined.clock.advance(minutes=3)
    told = await collects(joined, reason="no answer came")
    usable = passes_of(joined).usable[account_of(joined, "1042").id]
    assert usable == told.issued.code.get_secret_value() == f"{CODE}-2"
    audit = await audit_of(joined, "1042")
    assert "pass without an answer: there may be one that nobody has seen" in audit


async def test_two_at_once_issue_one(joined: World) -> None:
    """The second has read before the first wrote."""
    waiting, passes = await seen_by(joined, DESK), passes_of(joined)
    boss = a_manager(joined)
    theirs = (await seen_by(joined, boss)).mark(boss)

    class Meanwhile(FakePasses):
        async def issue(self, account_id: str, terms: Terms) -> Issued:
            with pytest.raises(NotCollected):
                await collect_pass(
                    joined.service, waiting.person_id, boss, seen=theirs, reason="me too"
                )
            return await super().issue(account_id, terms)

    busy = replace(joined.service, passes=Meanwhile(passes.now))
    await collect_pass(busy, waiting.person_id, DESK, seen=waiting.mark(DESK))

    assert passes.terms == []


async def test_who_sits_at_the_desk_needs_no_mark_but_a_reason(joined: World) -> None:
    desk = Collector(name="beheer at the command line", at_the_desk=True)
    person_id = await person_id_of(joined, "1042")

    await collect_pass(joined.service, person_id, desk)
    with pytest.raises(NotCollected, match="say why another one is needed"):
        await collect_pass(joined.service, person_id, desk, reason="two\nlines")


async def test_code_is_in_no_row_no_line_and_no_repr(
    joined: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    told = await collects(joined)
    passes_of(joined).fails, passes_of(joined).loses = [UnknownReply("lost")], True
    joined.clock.advance(minutes=1)
    with pytest.raises(UnknownReply) as lost:
        await collects(joined, reason="it ran out")

    store: Any = joined.service.ledger.store
    kept = store._connection.serialize()
    everything = f"{kept!r}{caplog.text}{told!r}{lost.value!r}{await dossier_of(joined, '1042')}"
    assert "pass issued" in caplog.text
    assert CODE not in everything
    assert told.issued.code.get_secret_value().startswith(CODE)
