"""An export in a folder becomes accounts; one that is empty or shrunken touches nobody."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from build import POLICY
from fakes import FakeClock, World, a_world
from turning import first_load, settle

from shared.errors import Permanent, Unsafe
from shared.flow.collect import full_sync, poll
from shared.intake.csv_files import CsvSource, Folder
from shared.ledger.sqlite import open_sqlite
from shared.policy.sources import CsvLayout

HEADINGS = "nr;roepnaam;naam;begin;eind;afd"
SOURCES = """
sources:
  csv:
    columns:
      number: nr
      name.nickname: roepnaam
      name.birth: naam
      contract.start: begin
      contract.end: eind
      department.code: afd
"""
PEOPLE = [f"{n};Sanne;Jansen{n};01-01-2024;;ICT" for n in range(101, 121)]


@dataclass
class Office:
    """HR that writes exports, and the world that reads them."""

    world: World
    folder: Path
    written: int = 0

    def export(self, *rows: str) -> None:
        self.written += 1
        file = self.folder / f"hr-{self.written:03}.csv"
        file.write_text("\n".join([HEADINGS, *rows]), encoding="utf-8")
        moment = self.world.clock.wall().timestamp() - 1000 + self.written
        os.utime(file, (moment, moment))

    async def known(self) -> set[str]:
        found = self.world.service.ledger.identities.everyone("csv")
        return {one.number async for one in found}


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    clock = FakeClock()
    store = await open_sqlite(None, wall=clock.wall)
    world = a_world(store, clock=clock, policy=POLICY + SOURCES)

    async def layout() -> CsvLayout:
        _, policy = await world.service.active_policy()
        assert policy.sources.csv is not None
        return policy.sources.csv

    folder = Folder(tmp_path, wall=lambda: clock.wall().timestamp())
    source = CsvSource(folder, layout, now=clock.now)
    # Under the name that first_load reads.
    sources = {"afas": source, "csv": source}
    yield Office(replace(world, service=replace(world.service, sources=sources)), tmp_path)
    await store.close()


async def test_export_becomes_accounts_and_a_new_one_changes_them(office: Office) -> None:
    office.export(*PEOPLE)
    await first_load(office.world)
    assert len(office.world.entra.accounts) == 20

    office.export(PEOPLE[0].replace("ICT", "ZORG"), *PEOPLE[1:], "121;Omar;Haddad;02-11-2026;;ICT")
    await poll(office.world.service, "csv")
    await settle(office.world)

    moved = office.world.entra.by_number("101")
    assert moved is not None
    assert moved.groups == {"Iedereen", "Zorg"}
    assert office.world.entra.by_number("121") is not None


@pytest.mark.parametrize("rows", [[], PEOPLE[:10]], ids=["empty", "half"])
async def test_empty_or_shrunken_export_is_refused_whole(office: Office, rows: list[str]) -> None:
    office.export(*PEOPLE)
    await first_load(office.world)
    await full_sync(office.world.service, "csv")
    office.export(*rows)

    with pytest.raises(Unsafe):
        await full_sync(office.world.service, "csv")
    await settle(office.world)

    assert all(account.enabled for account in office.world.entra.accounts.values())


async def test_bad_row_parks_one_and_loses_nobody(office: Office) -> None:
    office.export(*PEOPLE)
    await first_load(office.world)
    office.export(
        "101;Sanne;Jansen101;gisteren;;ZORG", PEOPLE[1].replace("ICT", "ZORG"), *PEOPLE[2:]
    )

    await poll(office.world.service, "csv")
    await settle(office.world)

    kept, moved = office.world.entra.by_number("101"), office.world.entra.by_number("102")
    assert kept is not None
    assert moved is not None
    assert kept.enabled
    assert kept.groups == {"Iedereen", "ICT"}
    assert moved.groups == {"Iedereen", "Zorg"}


async def test_file_of_another_shape_is_told_and_touches_nobody(office: Office) -> None:
    office.export(*PEOPLE)
    await first_load(office.world)
    office.export("this is no export")
    (office.folder / "hr-002.csv").write_bytes(b"<html>busy</html>")
    moment = office.world.clock.wall().timestamp() - 10
    os.utime(office.folder / "hr-002.csv", (moment, moment))

    with pytest.raises(Permanent, match="no column 'nr'"):
        await poll(office.world.service, "csv")

    cursor, _ = await office.world.service.ledger.cursors.read("csv")
    assert cursor.problem is not None
    assert "hr-002.csv" in cursor.problem
