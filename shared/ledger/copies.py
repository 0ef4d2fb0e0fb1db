"""How is the ledger copied into a file, and made anew out of one? For backups, and for moving it.

The file has a line of JSON for each row between a first line that says what it is and a last one
that counts, so that half a file is known as such. It holds all that the ledger holds, personal
data as well. A copy that is taken while the app works is of no single moment; nothing is lost by
that, because the next full read of HR and the sweep bring everybody up to date.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from shared.errors import Misconfigured
from shared.ledger.rows import Operation, Put, Store, Whole

TABLES = (
    "batches",
    "calls",
    "cursors",
    "drift",
    "due",
    "erasures",
    "firstsignins",
    "groups",
    "guard",
    "history",
    "identities",
    "journal",
    "matches",
    "measures",
    "names",
    "notices",
    "pending",
    "people",
    "policies",
    "reports",
    "seals",
    "sponsors",
    "tokens",
    "upkeep",
    "waits",
)
_KIND = "instroom ledger 1"
_MOST_ROWS = 50
_MOST_BYTES = 1_000_000


async def backup(store: Whole, file: Path, now: datetime) -> int:
    """Write every row into a new file, readable by its owner alone; answers how many.

    Raises FileExistsError: an older copy is not written over.
    """
    count = 0
    _claim(file)
    with gzip.open(file, "wt", encoding="utf-8") as out:
        out.write(_line({"kind": _KIND, "at": now.isoformat()}))
        for table in TABLES:
            async for row in store.everything(table):
                out.write(_line([table, row.partition, row.key, dict(row.properties)]))
                count += 1
        out.write(_line({"rows": count}))
    return count


async def restore(store: Store, whole: Whole, file: Path) -> int:
    """Fill an empty ledger from a file; answers how many rows. After a stop it is begun anew.

    Raises Misconfigured when the file is not a whole copy, or the ledger holds something else.
    """
    _check(file)
    if strange := await _strange(whole, file):
        raise Misconfigured(
            "ledger", f"is not empty: {strange} holds a row of its own", "Name an empty one"
        )
    count = 0
    batch: list[Operation] = []
    place, size = ("", ""), 0
    for table, partition, key, properties in _rows(file):
        weight = len(json.dumps(properties))
        full = len(batch) == _MOST_ROWS or size + weight > _MOST_BYTES
        if batch and (full or (table, partition) != place):
            await store.write(*place, batch)
            batch, size = [], 0
        place, size = (table, partition), size + weight
        batch.append(Put(key, properties))
        count += 1
    if batch:
        await store.write(*place, batch)
    return count


async def _strange(store: Whole, file: Path) -> str | None:
    """A table with a row that the copy does not have; None when there is none."""
    copied = {(table, partition, key) for table, partition, key, _ in _rows(file)}
    for table in TABLES:
        async for row in store.everything(table):
            if (table, row.partition, row.key) not in copied:
                return table
    return None


def _claim(file: Path) -> None:
    """The file is new, and its owner's alone."""
    file.touch(mode=0o600, exist_ok=False)


def _check(file: Path) -> None:
    """Raise Misconfigured unless the file is a whole copy."""
    head, count, said = None, 0, None
    try:
        for value in _values(file):
            if head is None:
                head = value
            elif isinstance(value, list):
                count += 1
            else:
                said = value.get("rows")
    except (OSError, EOFError, ValueError, AttributeError) as error:
        problem = f"cannot be read: {type(error).__name__}"
        raise Misconfigured(str(file), problem, "Take another copy") from error
    if not isinstance(head, dict) or head.get("kind") != _KIND or said != count:
        raise Misconfigured(str(file), "is no whole copy of a ledger", "Take another copy")


def _rows(file: Path) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    for value in _values(file):
        if isinstance(value, list):
            table, partition, key, properties = value
            yield table, partition, key, properties


def _values(file: Path) -> Iterator[Any]:
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def _line(value: object) -> str:
    return json.dumps(value, ensure_ascii=False) + "\n"
