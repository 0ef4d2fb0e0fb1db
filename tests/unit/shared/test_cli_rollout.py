"""What `instroom rollout` says: how many stand right, what differs, and why; by number only."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from build import POLICY, a_record, moved
from fakes import FakeClock, World, a_world
from rich.console import Console
from turning import days_pass, first_load, settle, with_policy

from shared.cli_rollout import report
from shared.flow.collect import signalled
from shared.ledger.sqlite import open_sqlite
from shared.model.account import EntraAccount, TopdeskCard
from shared.model.desired import TargetName

TARGETS = """
targets:
  entra: {stage: report, scope: {department.code: ICT*}}
  topdesk: {stage: report}
"""
RIGHT = {
    "displayName": "Sanne van Dijk",
    "department": "ICT Beheer",
    "jobTitle": "Systeembeheerder",
}


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """Two of ICT with an account, one of them right; one of ICT without; one of Zorg."""
    clock = FakeClock()
    store = await open_sqlite(None, wall=clock.wall)
    made = a_world(store, clock=clock, policy=POLICY + TARGETS)
    made.hr.put(*(a_record(str(number)) for number in (1, 2, 3)))
    made.hr.put(moved(a_record("4"), "ZORG", "Zorg"))
    for number, title in (("1", "Systeembeheerder"), ("2", "Tester")):
        made.entra.accounts[number] = EntraAccount(
            id=number,
            user_principal_name=f"p{number}@proef.example",
            enabled=True,
            employee_id=number,
            attributes=RIGHT | {"jobTitle": title},
            groups=frozenset({"Iedereen", "ICT"}),
        )
    made.topdesk.cards["t"] = TopdeskCard(id="t", archived=False, employee_number="9")
    await first_load(made)
    yield made
    await store.close()


async def said(world: World, table: Path | None = None) -> str:
    out = io.StringIO()
    await report(Console(file=out, width=200), world.service, table)
    return out.getvalue()


async def test_each_target_is_counted_and_explained(world: World) -> None:
    told = await said(world)

    assert "entra: stage report, nothing is written, for whom the scope names" in told
    assert "3 people in scope: 1 as they should be (33.3 %), 2 differ" in told
    assert "1 person outside it, of whom 0 stand right" in told
    assert "set attributes jobTitle" in told
    assert "entra.attributes.jobTitle: HR's job.name" in told
    assert "topdesk: stage report, nothing is written, for everybody" in told
    assert "afas:2" in told
    assert not any(value in told for value in ("Dijk", "Tester", "proef.example"))


async def test_table_has_a_line_for_each_difference(world: World, tmp_path: Path) -> None:
    await said(world, tmp_path / "rollout.csv")

    with (tmp_path / "rollout.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    of_two = [r for r in rows if (r["target"], r["person"]) == ("entra", "afas:2")]
    assert [(r["difference"], r["because"]) for r in of_two] == [
        ("set attributes jobTitle", "HR's job.name")
    ]
    assert {r["person"]: r["in scope"] for r in rows if r["target"] == "entra"} == {
        "afas:1": "yes",
        "afas:2": "yes",
        "afas:3": "yes",
        "afas:4": "no",
    }


async def test_each_day_is_kept_as_a_trend(world: World) -> None:
    world.entra.accounts["2"] = world.entra.accounts["2"].model_copy(update={"attributes": RIGHT})
    await days_pass(world, 2)

    told = await said(world)
    kept = await world.service.ledger.measures.since(
        TargetName.ENTRA, world.clock.now().date().replace(day=1)
    )
    assert [(m.day.day, m.people, m.same) for m in kept][-1] == (4, 3, 2)
    assert "04-11 66.7 %" in told


async def test_nothing_is_kept_where_everything_is_applied() -> None:
    clock = FakeClock()
    store = await open_sqlite(None, wall=clock.wall)
    world = a_world(store, clock=clock)
    world.hr.put(a_record("1"))
    await first_load(world)

    assert "1 person in scope: 1 as they should be (100.0 %)" in await said(world)
    assert [row async for row in store.scan("measures", TargetName.ENTRA)] == []
    await store.close()


async def test_who_moved_out_of_the_scope_with_our_account_is_told(world: World) -> None:
    applying = TARGETS.replace("stage: report, scope", "stage: apply, scope")
    world = with_policy(world, POLICY + applying)
    await settle(world)
    world.hr.put(moved(a_record("1"), "ZORG", "Zorg"))
    await signalled(world.service, "afas", "1")
    await settle(world)

    told = await said(world)

    assert "entra: stage apply, written to, for whom the scope names" in told
    assert (
        "1 person outside it with an account that Instroom made or took over: it is not written "
        "any more, and not blocked when they leave"
    ) in told
