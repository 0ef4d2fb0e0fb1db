"""Both sides before going live: whose is each account, who has none, and what is doubtful?"""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest
from build import POLICY, TODAY, a_leaver, a_name, a_record
from fakes import World
from rich.console import Console
from turning import first_load, with_policy

from shared.apply.listing import Seen
from shared.cli_takeover import report
from shared.flow.takeover import Finding, Side, compared
from shared.model.desired import TargetName

ENTRA, TOPDESK = TargetName.ENTRA, TargetName.TOPDESK
TARGETS = """
targets:
  topdesk: {stage: report}
  entra:
    stage: report
    match:
      - {by: mail, value: "{name.given}.{name.surname}@proef.example"}
      - {by: userPrincipalName, value: "{number}@proef.example"}
    linked: [{kind: admin, by: userPrincipalName, value: "adm-{number}@proef.example"}]
"""


@dataclass
class ListedAccounts:
    seen: list[Seen] = field(default_factory=list)

    async def everyone(self) -> AsyncIterator[Seen]:
        for one in self.seen:
            yield one


def an_account(name: str, number: str = "", mail: str = "", **changes: bool) -> Seen:
    upn = f"{name}@proef.example"
    properties = {"userPrincipalName": upn, **({"mail": mail} if mail else {})}
    has = {"active": True, **changes}
    return Seen(id=name, number=number, name=upn, properties=properties, **has)


@pytest.fixture
async def listed(world: World) -> World:
    """People 1 to 9 in report, the last of whom has left; nobody has an account by our hand."""
    world = with_policy(world, POLICY + TARGETS)
    for number in range(1, 9):
        given = f"Voor{number}"
        name = a_name(given=given, nickname=given, birth=f"Naam{number}", birth_prefix="")
        world.hr.put(a_record(str(number), name=name))
    world.hr.put(a_leaver(TODAY - timedelta(days=3), "9"))
    await first_load(world)
    return world


async def found(world: World, *seen: Seen, target: TargetName = ENTRA) -> set[Finding]:
    world.service = replace(world.service, listings={target: ListedAccounts(list(seen))})
    every = [one async for one in compared(world.service, target)]
    assert len(every) == len(set(every))
    return {one for one in every if one.side is not Side.NO_ACCOUNT}


CASES: list[tuple[list[Seen], set[tuple[Side, str, str, str]]]] = [
    ([an_account("a", "1")], {(Side.MATCHED, "afas:1", "a", "employeeId")}),
    (
        [an_account("a", mail="Voor2.Naam2@proef.example")],
        {(Side.MATCHED, "afas:2", "a", "mail")},
    ),
    ([an_account("3")], {(Side.MATCHED, "afas:3", "3", "userPrincipalName")}),
    (
        [an_account("a", "1"), an_account("b", "1")],
        {
            (Side.DOUBTFUL, "afas:1", "a", "one of 2 that fit by employeeId"),
            (Side.DOUBTFUL, "afas:1", "b", "one of 2 that fit by employeeId"),
        },
    ),
    (
        [an_account("adm-1", "1"), an_account("a", "1")],
        {
            (Side.LINKED, "afas:1", "adm-1", "admin"),
            (Side.MATCHED, "afas:1", "a", "employeeId"),
        },
    ),
    (
        [an_account("a", "99", mail="voor2.naam2@proef.example")],
        {(Side.DOUBTFUL, "afas:2", "a", "fits by mail, and carries another employeeId")},
    ),
    (
        [an_account("a", mail="voor2.naam2@proef.example", active=False)],
        {(Side.DOUBTFUL, "afas:2", "a", "fits by mail, and is blocked")},
    ),
    (
        [an_account("4", mail="voor5.naam5@proef.example")],
        {
            (Side.DOUBTFUL, "afas:4", "4", "fits 2 people by userPrincipalName"),
            (Side.DOUBTFUL, "afas:5", "4", "fits 2 people by mail"),
        },
    ),
    (
        [an_account("a", "6"), an_account("6")],
        {
            (Side.MATCHED, "afas:6", "a", "employeeId"),
            (Side.NO_PERSON, "", "6", "fits afas:6, who has another one"),
        },
    ),
    ([an_account("a", "9")], {(Side.LEFT, "afas:9", "a", "employeeId")}),
    ([an_account("a", "9", active=False)], set()),
    ([an_account("vreemd")], {(Side.NO_PERSON, "", "vreemd", "")}),
    ([an_account("gast", is_person=False), an_account("oud", active=False)], set()),
    (
        [an_account("gast", mail="voor2.naam2@proef.example", is_person=False)],
        set(),
    ),
]


async def test_each_account_is_told_by_the_rules_of_provisioning(listed: World) -> None:
    for seen, told in CASES:
        findings = await found(listed, *seen)

        assert {(one.side, one.person, one.account, one.how) for one in findings} == told, seen


async def test_whoever_has_no_account_is_told(listed: World) -> None:
    service = replace(listed.service, listings={ENTRA: ListedAccounts([an_account("a", "1")])})

    every = [one async for one in compared(service, ENTRA)]

    none = {one.person for one in every if one.side is Side.NO_ACCOUNT}
    assert none == {f"afas:{number}" for number in range(2, 9)}, "who has left needs none"


async def test_cards_are_told_by_their_number(listed: World) -> None:
    cards = [Seen(id=n, number=n, name=n, active=True) for n in ("1", "77")]

    findings = await found(listed, *cards, target=TOPDESK)

    assert {(one.side, one.person, one.account) for one in findings} == {
        (Side.MATCHED, "afas:1", "1"),
        (Side.NO_PERSON, "", "77"),
    }


async def test_report_counts_and_the_table_names(listed: World, tmp_path: Path) -> None:
    odd = an_account("=vreemd")
    seen = [an_account("a", "1"), an_account("3"), odd]
    service = replace(listed.service, listings={ENTRA: ListedAccounts(seen)})
    out = io.StringIO()

    await report(Console(file=out, width=200), service, tmp_path / "all.csv")

    told = " ".join(out.getvalue().split())
    assert "2 matched: would be taken over, such as afas:1, afas:3" in told
    assert "1 employeeId" in told
    assert "6 without an account: would get one" in told
    assert "1 of nobody whom HR knows: Instroom leaves them alone, such as =vreemd" in told
    assert "TOPdesk: cannot be listed over SCIM" in told
    assert "vreemd@proef.example" not in told
    with (tmp_path / "all.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    assert len(rows) == 9
    assert "'=vreemd@proef.example" in {row["name"] for row in rows}, "no spreadsheet runs it"
