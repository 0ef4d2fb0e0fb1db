"""A copy of a ledger is whole or refused, and makes the same ledger anew, on every store."""

from __future__ import annotations

import gzip
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from repo.checkout import ROOT

from shared.errors import Misconfigured
from shared.ledger import copies
from shared.ledger.rows import Put, Row, Store, Whole
from shared.ledger.sqlite import open_sqlite

NOW = datetime(2026, 11, 2, tzinfo=UTC)


def whole(store: Store) -> Whole:
    assert isinstance(store, Whole)
    return store


async def all_of(store: Store) -> set[tuple[str, str, str, str]]:
    def told(row: Row) -> tuple[str, str, str, str]:
        return row.table, row.partition, row.key, str(sorted(row.properties.items()))

    return {told(row) for table in copies.TABLES async for row in whole(store).everything(table)}


async def filled(store: Store, part: str, rows: int = 3) -> None:
    for table in ("people", "history", "due"):
        puts = [Put(f"k{n:03d}", {"n": n, "text": "Zoë", "yes": True}) for n in range(rows)]
        await store.write(table, part, puts)
        await store.write(table, f"{part}-b", [Put("k", {"half": 0.5})])


async def test_a_copy_makes_the_same_ledger_anew(store: Store, part: str, tmp_path: Path) -> None:
    await filled(store, part, rows=60)
    file = tmp_path / "copy.gz"

    rows = await copies.backup(whole(store), file, NOW)
    fresh = await open_sqlite(None, wall=lambda: NOW)
    restored = [await copies.restore(fresh, whole(fresh), file) for _ in range(2)]
    there, here = await all_of(fresh), await all_of(store)
    await fresh.close()

    assert restored == [rows, rows]
    assert there == here
    assert len(there) == rows >= 183
    assert file.stat().st_mode & 0o077 == 0


async def test_an_older_copy_is_not_written_over(tmp_path: Path) -> None:
    store = await open_sqlite(None, wall=lambda: NOW)
    await copies.backup(whole(store), tmp_path / "copy.gz", NOW)

    with pytest.raises(FileExistsError):
        await copies.backup(whole(store), tmp_path / "copy.gz", NOW)
    await store.close()


async def test_a_ledger_with_something_of_its_own_is_refused(tmp_path: Path) -> None:
    store = await open_sqlite(None, wall=lambda: NOW)
    await filled(store, "p")
    await copies.backup(whole(store), tmp_path / "copy.gz", NOW)
    await store.write("people", "other", [Put("k")])

    with pytest.raises(Misconfigured, match="people holds a row of its own"):
        await copies.restore(store, whole(store), tmp_path / "copy.gz")
    await store.close()


@pytest.mark.parametrize(
    "lines",
    [
        [],
        ["nonsense"],
        ['{"kind": "something else"}', '{"rows": 0}'],
        ['{"kind": "instroom ledger 1"}', '["people", "p", "k", {}]'],
        ['{"kind": "instroom ledger 1"}', '["people", "p", "k", {}]', '{"rows": 2}'],
        ["7"],
    ],
)
async def test_half_a_copy_is_refused(lines: list[str], tmp_path: Path) -> None:
    store = await open_sqlite(None, wall=lambda: NOW)
    file = tmp_path / "copy.gz"
    with gzip.open(file, "wt") as out:
        out.write("\n".join(lines))

    with pytest.raises(Misconfigured, match="Take another copy"):
        await copies.restore(store, whole(store), file)
    assert await all_of(store) == set()
    await store.close()


def test_every_table_is_copied() -> None:
    bicep = (ROOT / "infra" / "storage.bicep").read_text(encoding="utf-8")
    made = re.search(r"var tables = \[(.*?)\]", bicep, re.DOTALL)
    files = sorted((ROOT / "shared" / "ledger").glob("*.py"))
    text = "\n".join(path.read_text(encoding="utf-8") for path in files)
    named = set(
        re.findall(r'^(?:TABLE|REPORTS|SEALS|SPONSORS|WAITS) = "([a-z]+)"', text, re.MULTILINE)
    )

    assert made
    assert set(re.findall(r"'(\w+)'", made[1])) == named == set(copies.TABLES)
