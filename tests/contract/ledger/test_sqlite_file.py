"""What only a file can do: outlive its store, and be open in several processes at once."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from shared.errors import LostRace, Misconfigured, Transient
from shared.ledger import sqlite
from shared.ledger.rows import Insert, Put, Replace, Store
from shared.ledger.sqlite import open_sqlite

ROOT = Path(__file__).parents[3]
MOMENT = datetime(2026, 1, 31, 12, 0, 0, 123456, tzinfo=UTC)

# Each transaction reads before it writes (Unchanged first): without the write lock from its start
# SQLite would answer SQLITE_BUSY_SNAPSHOT at once, whatever the busy timeout.
COUNT = """
import asyncio, sys
from datetime import UTC, datetime
from pathlib import Path
from shared.errors import LostRace
from shared.ledger.rows import Insert, Replace, Unchanged
from shared.ledger.sqlite import open_sqlite

async def main(path, times):
    store = await open_sqlite(Path(path), wall=lambda: datetime.now(UTC))
    try:
        await store.write("count", "p", [Insert("gate"), Insert("k", {"n": 0})])
    except LostRace:
        pass
    gate = await store.get("count", "p", "gate")
    while times:
        row = await store.get("count", "p", "k")
        more = Replace("k", {"n": row.properties["n"] + 1}, row.etag)
        try:
            await store.write("count", "p", [Unchanged("gate", gate.etag), more])
            times -= 1
        except LostRace:
            pass
    await store.close()

asyncio.run(main(sys.argv[1], int(sys.argv[2])))
"""


def wall() -> datetime:
    return MOMENT


async def opened(path: Path | None) -> Store:
    return await open_sqlite(path, wall=wall)


async def test_processes_that_count_at_once_lose_nothing(tmp_path: Path) -> None:
    """They also create the file at once: switching to WAL is where SQLite answers busy."""
    path = tmp_path / "ledger.sqlite"
    runs = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-W", "error", "-c", COUNT, str(path), "150",
            cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )
        for _ in range(3)
    ]  # fmt: skip
    ends = await asyncio.gather(*(run.communicate() for run in runs))

    store = await opened(path)
    row = await store.get("count", "p", "k")
    await store.close()
    assert [err for _, err in ends] == [b"", b"", b""]
    assert row is not None
    assert row.properties == {"n": 450}


async def test_a_file_is_found_again(tmp_path: Path) -> None:
    path = tmp_path / "made" / "on the way" / "ledger.sqlite"
    before = await opened(path)
    (etag,) = await before.write("people", "p", [Insert("k", {"n": 1})])
    await before.close()

    after = await opened(path)
    row = await after.get("people", "p", "k")
    await after.close()
    assert row is not None
    assert (row.properties, row.etag, row.written_at) == ({"n": 1}, etag, MOMENT)


async def test_stores_on_one_file_see_each_other(tmp_path: Path) -> None:
    one, other = await opened(tmp_path / "l.sqlite"), await opened(tmp_path / "l.sqlite")
    (etag,) = await one.write("people", "p", [Insert("k", {"n": 1})])
    await other.write("people", "p", [Replace("k", {"n": 2}, etag)])

    with pytest.raises(LostRace):
        await one.write("people", "p", [Replace("k", {"n": 3}, etag)])
    row = await one.get("people", "p", "k")
    await one.close()
    await other.close()
    assert row is not None
    assert row.properties == {"n": 2}


async def test_stores_in_memory_are_apart() -> None:
    one, other = await opened(None), await opened(None)
    await one.write("people", "p", [Insert("k")])

    assert await other.get("people", "p", "k") is None
    await one.close()
    await other.close()


async def test_reading_goes_on_while_another_process_writes(tmp_path: Path) -> None:
    path = tmp_path / "l.sqlite"
    store = await opened(path)
    await store.write("people", "p", [Insert("k", {"n": 1})])
    with _write_lock(path):
        row = await store.get("people", "p", "k")

    await store.close()
    assert row is not None
    assert row.properties == {"n": 1}


async def test_a_lock_held_too_long_is_transient(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.05)
    path = tmp_path / "l.sqlite"
    store = await opened(path)
    with _write_lock(path), pytest.raises(Transient, match="SQLITE_BUSY"):
        await store.write("people", "p", [Insert("k")])

    await store.write("people", "p", [Insert("k")])
    await store.close()


async def test_opening_waits_for_a_writer_without_wal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The switch to WAL answers busy at once, so the store itself asks again."""
    path = tmp_path / "l.sqlite"
    lock = _write_lock(path)
    naps: list[float] = []

    def nap(seconds: float) -> None:
        naps.append(seconds)
        lock.__exit__()

    monkeypatch.setattr(sqlite, "time", SimpleNamespace(monotonic=time.monotonic, sleep=nap))
    lock.__enter__()
    store = await opened(path)
    await store.close()

    assert len(naps) == 1


async def test_a_failure_in_the_middle_leaves_no_half(tmp_path: Path) -> None:
    moments = iter([MOMENT])  # the second transaction fails when it asks the time
    store = await open_sqlite(tmp_path / "l.sqlite", wall=lambda: next(moments))
    await store.write("people", "p", [Insert("k")])
    with pytest.raises(RuntimeError):
        await store.write("people", "p", [Put("k", {"n": 1})])

    row = await store.get("people", "p", "k")
    await store.close()
    assert row is not None
    assert row.properties == {}


async def test_a_file_that_is_no_ledger_is_refused(tmp_path: Path) -> None:
    letter = tmp_path / "letter.txt"
    letter.write_text("Dear administrator, " * 100, encoding="utf-8")
    with pytest.raises(Misconfigured, match="SQLITE_NOTADB"):
        await opened(letter)
    with pytest.raises(Misconfigured, match="SQLITE_CANTOPEN"):
        await opened(tmp_path)
    with pytest.raises(Misconfigured):
        await opened(letter / "ledger.sqlite")


async def test_another_layout_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "l.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 7")
    connection.close()
    with pytest.raises(Misconfigured, match="layout 7"):
        await opened(path)


async def test_closing_ends_the_thread(tmp_path: Path) -> None:
    store = await opened(tmp_path / "l.sqlite")
    during = [thread.name for thread in threading.enumerate() if thread.name.startswith("ledger")]
    await store.close()
    after = [thread.name for thread in threading.enumerate() if thread.name.startswith("ledger")]

    assert (len(during), after) == (1, [])


class _write_lock:  # noqa: N801 - reads as the context that it is
    """Somebody else's transaction."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)

    def __enter__(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")

    def __exit__(self, *_: object) -> None:
        self._connection.execute("ROLLBACK")
        self._connection.close()
