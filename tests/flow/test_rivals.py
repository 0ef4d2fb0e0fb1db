"""Two writers who undo each other: after the second time one of them stops, and it is said."""

from __future__ import annotations

from datetime import timedelta

import pytest
from build import POLICY, a_leaver, a_record, moved
from fakes import World
from turning import audit_of, dossier_of, first_load, settle, with_policy

from shared.errors import Misconfigured
from shared.flow.collect import signalled
from shared.flow.rivals import resume
from shared.model.desired import TargetName
from shared.model.person import Record, Unit

ENTRA, TOPDESK = TargetName.ENTRA, TargetName.TOPDESK
NEVER = "targets: {entra: {undone_days: 0}, topdesk: {undone_days: 0}}\n"


def titled(title: str) -> Record:
    record = a_record("1042")
    job = Unit(code="0142", name=title)
    return record.model_copy(
        update={"contracts": (record.contracts[0].model_copy(update={"job": job}),)}
    )


def title_of(world: World) -> object:
    account = world.entra.by_number("1042")
    assert account is not None
    return account.attributes["jobTitle"]


def other_hand(world: World, *, title: str | None = None, less: str | None = None) -> None:
    """Somebody else writes the account."""
    account = world.entra.by_number("1042")
    assert account is not None
    attributes = account.attributes if title is None else {**account.attributes, "jobTitle": title}
    groups = account.groups - {less}
    changes = {"attributes": attributes, "groups": groups}
    world.entra.accounts[account.id] = account.model_copy(update=changes)


async def looked_at(world: World, *, hours: int = 24) -> None:
    """Some time later something wakes this person: HR says another phone number."""
    world.clock.advance(hours=hours)
    was = world.hr.people["1042"]
    assert isinstance(was, Record)
    phone = "1" if was.phone != "1" else "2"
    world.hr.put(was.model_copy(update={"phone": phone}))
    await signalled(world.service, "afas", "1042")
    await settle(world)


PHONE = POLICY.replace(
    '    jobTitle: "{job.name}"', '    jobTitle: "{job.name}"\n    businessPhones: "{phone}"'
)


async def begun(world: World, extra: str = "") -> World:
    """They have their title by our hand, not by the creation of the account."""
    world = with_policy(world, PHONE + extra)
    world.hr.put(titled("Stagiair"))
    await first_load(world)
    world.hr.put(titled("Beheerder"))
    await signalled(world.service, "afas", "1042")
    await settle(world)
    assert title_of(world) == "Beheerder"
    return world


async def problem_of(world: World) -> str | None:
    return (await dossier_of(world, "1042")).target(ENTRA).problem


async def test_second_undoing_ends_the_healing_and_is_told(world: World) -> None:
    world = await begun(world)
    other_hand(world, title="Directeur")
    await looked_at(world)
    assert title_of(world) == "Beheerder", "once may be an accident"
    other_hand(world, title="Directeur")

    await looked_at(world)

    assert title_of(world) == "Directeur"
    problem = await problem_of(world)
    assert problem is not None
    assert "jobTitle was changed back 2 times after Instroom wrote it, seen on" in problem
    assert "2026-11-03 10:00 and 2026-11-04 10:00" in problem
    account = world.entra.by_number("1042")
    phone = world.hr.people["1042"]
    assert account is not None
    assert isinstance(phone, Record)
    assert account.attributes["businessPhones"] == phone.phone, "the rest goes on"
    await looked_at(world)
    assert title_of(world) == "Directeur", "and it stays so"


async def test_human_word_begins_anew(world: World) -> None:
    world = await begun(world)
    for _ in range(2):
        other_hand(world, title="Directeur")
        await looked_at(world)

    resumed = await resume(world.service, "afas", "1042", who="beheerder")
    await settle(world)

    assert resumed == ("entra: jobTitle",)
    assert title_of(world) == "Beheerder"
    assert await problem_of(world) is None
    assert "entra: jobTitle is written again" in await audit_of(world, "1042")
    with pytest.raises(Misconfigured, match="nothing that was left"):
        await resume(world.service, "afas", "1042", who="beheerder")
    with pytest.raises(Misconfigured, match="not known here"):
        await resume(world.service, "afas", "9", who="beheerder")


async def test_another_value_of_hr_is_written(world: World) -> None:
    world = await begun(world)
    for _ in range(2):
        other_hand(world, title="Directeur")
        await looked_at(world)

    world.hr.put(titled("Hoofd beheer"))
    await signalled(world.service, "afas", "1042")
    await settle(world)

    assert title_of(world) == "Hoofd beheer"
    assert await problem_of(world) is None


async def test_membership_that_somebody_else_takes_is_left_too(world: World) -> None:
    world = await begun(world)
    for _ in range(3):
        other_hand(world, less="ICT")
        await looked_at(world)

    account = world.entra.by_number("1042")
    assert account is not None
    assert account.groups == {"Iedereen"}
    assert "ICT was taken away 2 times after Instroom gave it" in str(await problem_of(world))


async def test_far_apart_or_at_once_is_no_fight(world: World) -> None:
    world = await begun(world)
    for hours in (24, 15 * 24, 15 * 24):
        other_hand(world, title="Directeur")
        await looked_at(world, hours=hours)
        assert title_of(world) == "Beheerder"
    for _ in range(3):
        other_hand(world, title="Directeur")
        await looked_at(world, hours=0)
        assert title_of(world) == "Beheerder", "a late replica shows what was before"


async def test_policy_can_say_that_instroom_never_stops(world: World) -> None:
    world = await begun(world, NEVER)
    for _ in range(4):
        other_hand(world, title="Directeur")
        await looked_at(world)

        assert title_of(world) == "Beheerder"


async def test_what_instroom_took_itself_was_undone_by_nobody(world: World) -> None:
    world = await begun(world)
    for _ in range(3):
        world.hr.put(moved(titled("Beheerder"), "ZORG", "Zorg"))
        await looked_at(world)
        world.hr.put(titled("Beheerder"))
        await looked_at(world)
        world.hr.put(a_leaver(world.clock.now().date() - timedelta(days=1), "1042"))
        await signalled(world.service, "afas", "1042")
        await settle(world)
        world.hr.put(titled("Beheerder"))
        await looked_at(world)

    account = world.entra.by_number("1042")
    assert account is not None
    assert account.groups == {"Iedereen", "ICT"}
    assert await problem_of(world) is None
