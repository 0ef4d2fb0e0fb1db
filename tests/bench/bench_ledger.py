"""What does the ledger in a SQLite file cost, beside bare SQL? Prints figures; asserts nothing.

    python tests/bench/bench_ledger.py [--rounds 2000]

Rows are of the size that a person's are. Bare SQL does the same on the calling thread, with the
same pragmas and one transaction a write: the ratio is what limits, etags and the hop to the
ledger's thread add.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sqlite3
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

from shared.ledger.due import Due, Entry
from shared.ledger.people import Decision, Dossier, People, StoredRecord, TargetRow
from shared.ledger.rows import Put, Store
from shared.ledger.sqlite import open_sqlite
from shared.model.desired import TargetName
from shared.model.name import PersonName
from shared.model.person import Contract, Person, PersonId, Record, Unit

MOMENT = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
TEXT = json.dumps({"json0": "x" * 1000})

type Job = Callable[[int], Awaitable[object]]


def a_record(number: int) -> Record:
    """One of a company's people, synthetic."""
    return Record(
        source="afas",
        number=str(number),
        name=PersonName(initials="S.A.", nickname="Sanne", birth="Boer", birth_prefix="de"),
        contracts=(
            Contract(
                key="1",
                start=MOMENT.date(),
                job=Unit(code="0202", name="Medewerker klantcontact"),
                department=Unit(code="PZ-KCC", name="Klantcontactcentrum"),
                employer=Unit(code="1", name="Voorbeeld B.V."),
                manager="100001",
            ),
        ),
    )


async def measure(folder: Path, rounds: int) -> None:
    """Time each operation on both."""
    bare = _bare(folder / "bare.sqlite")
    store = await open_sqlite(folder / "ledger.sqlite", wall=lambda: datetime.now(UTC))
    say(f"{'operation':<44}{'CPU us':>9}{'a second':>11}")
    put, get = [
        await _timed(f"bare SQL: {name}", job, rounds) for name, job in _bare_jobs(bare).items()
    ]
    took = {name: await _timed(name, job, rounds) for name, job in _jobs(store).items()}
    say(
        f"\nput is {took['put one row'] / put:.1f}x bare SQL, get {took['get one row'] / get:.1f}x"
    )
    await store.close()
    bare.close()
    size = _size(folder / "ledger.sqlite") + _size(folder / "ledger.sqlite-wal")
    say(f"the file holds {size / rounds / 1024:.1f} KiB a person after this")


def _jobs(store: Store) -> dict[str, Job]:
    people, due = People(store), Due(store)
    dossiers: dict[int, Dossier] = {}
    entries: list[Entry] = []

    async def decide(at: int) -> None:
        record = a_record(at)
        decision = Decision(person=Person(records=(record,)), policy="p", as_of=MOMENT)
        seen = StoredRecord(key=record.key, record=record, observed_at=MOMENT)
        dossier = await people.read(PersonId(f"{at:032x}"))
        dossiers[at] = await people.decide(dossier, decision, {seen.key: seen})

    async def claim(at: int) -> None:
        dossiers[at] = await people.claim(dossiers[at], TargetName.ENTRA, TargetRow(served=1))

    async def sweep(_at: int) -> None:
        if not entries:
            entries.extend([entry async for entry in due.until(MOMENT)])
        await due.drop(entries.pop())

    return {
        "put one row": lambda at: store.write(
            "names", f"{at}", [Put("name", {"json0": "x" * 1000})]
        ),
        "get one row": lambda at: store.get("names", f"{at}", "name"),
        "read, then write decision and record": decide,
        "claim: target row, decision unchanged": claim,
        "read a person": lambda at: people.read(PersonId(f"{at:032x}")),
        "add a reminder": lambda at: due.add(MOMENT, PersonId(f"{at:032x}"), suffix=str(at)),
        "take a reminder": sweep,
    }


def _bare(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("CREATE TABLE rows (key TEXT PRIMARY KEY, text TEXT) WITHOUT ROWID")
    return connection


def _bare_jobs(connection: sqlite3.Connection) -> dict[str, Job]:
    async def put(at: int) -> None:
        connection.execute("INSERT OR REPLACE INTO rows VALUES (?, ?)", (f"{at}", TEXT))

    async def get(at: int) -> None:
        connection.execute("SELECT text FROM rows WHERE key = ?", (f"{at}",)).fetchone()

    return {"put one row": put, "get one row": get}


async def _timed(name: str, job: Job, rounds: int) -> float:
    """Print what it takes, one after the other; CPU seconds each, all threads."""
    cpu, wall = time.process_time(), time.perf_counter()
    for at in range(rounds):
        await job(at)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    say(f"{name:<44}{1e6 * cpu / rounds:>9.0f}{rounds / wall:>11,.0f}")
    return cpu


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def say(line: str) -> None:
    """Print a line."""
    sys.stdout.write(line + "\n")


def main() -> None:
    """Measure in a folder that goes away."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=2000)
    given, _ = parser.parse_known_args()
    with tempfile.TemporaryDirectory(prefix="instroom-bench-") as folder:
        asyncio.run(measure(Path(folder), given.rounds))


if __name__ == "__main__":
    main()
