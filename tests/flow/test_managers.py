"""A manager leaves: by policy the team keeps her, gets the next one up, or has none."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from build import POLICY, TODAY, a_contract, a_record
from fakes import World
from turning import account_of, days_pass, dossier_of, first_load, settle, with_policy

from shared.flow.collect import signalled
from shared.model.person import Record


def works_for(number: str, manager: str | None, end: date | None = None) -> Record:
    contract = a_contract(key=f"{number}-1", manager=manager, end=end)
    return a_record(number, contracts=(contract,))


async def team(world: World, reports: str) -> World:
    """1042 works for 2, who works for 3; all of them stand."""
    world = with_policy(world, POLICY + f"leaver: {{reports: {reports}}}\n")
    world.hr.put(works_for("3", None), works_for("2", "3"), works_for("1042", "2"))
    await first_load(world)
    assert manager_number(world) == "2"
    return world


async def hr_says(world: World, record: Record) -> None:
    world.hr.put(record)
    await signalled(world.service, "afas", record.number)
    await settle(world)


def manager_number(world: World, number: str = "1042") -> str | None:
    manager = account_of(world, number).manager_id
    return world.entra.accounts[manager].employee_id if manager else None


@pytest.mark.parametrize(("reports", "expected"), [("keep", "2"), ("next", "3"), ("none", None)])
async def test_the_team_of_a_manager_who_left_is_as_the_policy_says(
    world: World, reports: str, expected: str | None
) -> None:
    world = await team(world, reports)

    await hr_says(world, works_for("2", "3", end=TODAY))
    assert manager_number(world) == "2", "the last day is a working day"
    await days_pass(world, 1)

    assert manager_number(world) == expected


async def test_the_next_one_up_is_a_manager_only_as_long_as_needed(world: World) -> None:
    world = await team(world, "next")
    await hr_says(world, works_for("3", None, end=TODAY))
    await hr_says(world, works_for("2", None, end=TODAY))
    await days_pass(world, 1)
    assert manager_number(world) is None, "nobody is above"

    await hr_says(world, works_for("2", None))
    assert manager_number(world) == "2"
    decision = (await dossier_of(world, "1042")).decision
    assert decision is not None
    assert (decision.ties.stands_in, decision.ties.no_manager) == (None, False)


async def test_who_stood_in_has_no_report_when_the_manager_is_back(world: World) -> None:
    world = await team(world, "next")
    await hr_says(world, works_for("2", "3", end=TODAY - timedelta(days=1)))
    assert manager_number(world) == "3"
    reports = world.service.ledger.relations.reports_of
    assert len([one async for one in reports("afas:3")]) == 1

    await hr_says(world, works_for("2", None))

    assert manager_number(world) == "2"
    assert [one async for one in reports("afas:3")] == []


async def test_a_deleted_manager_is_not_asked_of_entra_for_ever(world: World) -> None:
    world = await team(world, "keep")
    await hr_says(world, works_for("2", "3", end=TODAY - timedelta(days=1)))
    await days_pass(world, 31)

    await hr_says(world, works_for("1042", "2").model_copy(update={"phone": "070"}))

    decision = (await dossier_of(world, "1042")).decision
    assert decision is not None
    assert decision.ties.manager_account_id is None
