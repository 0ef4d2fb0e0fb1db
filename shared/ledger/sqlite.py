"""How does the ledger lie in one SQLite file, or in memory? The laptop's store, and the tests'.

Opened by wiring and by tests. One connection on one thread of its own: every call is one hop to
it, so tasks never meet inside a transaction. Other processes (the function host, the command
line) may have the same file open: WAL lets them read meanwhile, and BEGIN IMMEDIATE with a busy
timeout queues the writers (SQLite, "Write-Ahead Logging", "BEGIN TRANSACTION").

Keys sort as SQLite compares UTF-8 text: by code point. Azure Tables sorts by ordinal too, perhaps
of UTF-16 units, which differs only for characters beyond U+FFFF against U+E000 to U+FFFF.
synchronous=NORMAL: a crash of a process loses nothing, a power cut may lose the last commits but
never leaves half of one.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from shared.errors import LostRace, Misconfigured, Transient
from shared.ledger.rows import (
    Delete,
    Insert,
    Operation,
    Properties,
    Put,
    Replace,
    Row,
    Store,
    Unchanged,
    check_limits,
)

BUSY_SECONDS = 20.0
"""How long a writer waits for another process before it answers Transient."""
LAYOUT = 1
"""Kept in the file's user_version: a file of another layout is refused, not misread."""
_PAGE_ROWS = 500
_BUSY_POLL_SECONDS = 0.02

_CREATE = """
CREATE TABLE IF NOT EXISTS rows (
    tbl TEXT NOT NULL,
    part TEXT NOT NULL,
    key TEXT NOT NULL,
    etag TEXT NOT NULL,
    written_at TEXT NOT NULL,
    properties TEXT NOT NULL,
    PRIMARY KEY (tbl, part, key)
) WITHOUT ROWID
"""
_GET = """
SELECT key, etag, written_at, properties FROM rows WHERE tbl = ? AND part = ? AND key = ?
"""
_PAGE_FROM = """
SELECT key, etag, written_at, properties FROM rows
WHERE tbl = ? AND part = ? AND key >= ? AND key < ? ORDER BY key LIMIT ?
"""
_PAGE_AFTER = """
SELECT key, etag, written_at, properties FROM rows
WHERE tbl = ? AND part = ? AND key > ? AND key < ? ORDER BY key LIMIT ?
"""
_EVERYTHING = """
SELECT part, key, etag, written_at, properties FROM rows
WHERE tbl = ? AND (part, key) > (?, ?) ORDER BY part, key LIMIT ?
"""
_INSERT = """
INSERT INTO rows (etag, written_at, properties, tbl, part, key) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT DO NOTHING
"""
_REPLACE = """
UPDATE rows SET etag = ?, written_at = ?, properties = ?
WHERE tbl = ? AND part = ? AND key = ? AND etag = ?
"""
_PUT = """
INSERT OR REPLACE INTO rows (etag, written_at, properties, tbl, part, key)
VALUES (?, ?, ?, ?, ?, ?)
"""
_DELETE = "DELETE FROM rows WHERE tbl = ? AND part = ? AND key = ?"
_DELETE_VERSION = _DELETE + " AND etag = ?"
_IS_VERSION = "SELECT 1 FROM rows WHERE tbl = ? AND part = ? AND key = ? AND etag = ?"

# SQLite sorts every blob behind every text, so this upper bound excludes no key.
_NO_END = b""

_LOST = "a row of the ledger changed between reading and writing it"

type _Place = tuple[str, str, str]
type _Fetched = tuple[str, str, str, str]


async def open_sqlite(path: Path | None, *, wall: Callable[[], datetime]) -> Store:
    """The ledger in the file at `path`, made when missing; None is in memory, for this store only.

    `wall` is wall time, aware; it is called on the store's thread. Raises Misconfigured when the
    file cannot be a ledger.
    """
    thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ledger")
    try:
        connection = await asyncio.get_running_loop().run_in_executor(thread, _connect, path)
    except BaseException:
        thread.shutdown(wait=False)
        raise
    return _SqliteStore(connection, thread, wall)


class _SqliteStore:
    """The ledger on one thread; the methods without `async` run there."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        thread: ThreadPoolExecutor,
        wall: Callable[[], datetime],
    ) -> None:
        self._connection = connection
        self._thread = thread
        self._wall = wall
        self._is_open = True

    async def get(self, table: str, partition: str, key: str) -> Row | None:
        """The row, or None."""
        rows = await self._on_thread(self._read, table, partition, _GET, (key,))
        return rows[0] if rows else None

    async def scan(
        self, table: str, partition: str, *, first: str = "", before: str | None = None
    ) -> AsyncIterator[Row]:
        """The rows of a partition with `first <= key < before`, in key order, read in pages."""
        end = _NO_END if before is None else before
        page = await self._on_thread(
            self._read, table, partition, _PAGE_FROM, (first, end, _PAGE_ROWS)
        )
        while page:
            for row in page:
                yield row
            if len(page) < _PAGE_ROWS:
                return
            page = await self._on_thread(
                self._read, table, partition, _PAGE_AFTER, (page[-1].key, end, _PAGE_ROWS)
            )

    async def everything(self, table: str) -> AsyncIterator[Row]:
        """Every row of a table, for a copy of it."""
        after = ("", "")
        while page := await self._on_thread(self._all_after, table, after):
            for row in page:
                yield row
            after = (page[-1].partition, page[-1].key)

    async def write(
        self, table: str, partition: str, operations: Sequence[Operation]
    ) -> tuple[str, ...]:
        """Do all operations or none; answers the new etags in order ("" for a delete)."""
        check_limits(table, partition, operations)
        return await self._on_thread(self._transact, table, partition, tuple(operations))

    async def close(self) -> None:
        """Close the file and end the thread; closing twice is no error."""
        if self._is_open:
            self._is_open = False
            await self._on_thread(self._connection.close)
            self._thread.shutdown()

    async def _on_thread[**P, T](self, job: Callable[P, T], *args: P.args, **_: P.kwargs) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, job, *args)
        except sqlite3.OperationalError as error:
            # Busy, full or failing disk. What was begun has been rolled back.
            raise Transient(f"the ledger file: {error.sqlite_errorname}") from error

    def _read(self, table: str, partition: str, sql: str, rest: tuple[object, ...]) -> list[Row]:
        fetched: list[_Fetched] = self._connection.execute(
            sql, (table, partition, *rest)
        ).fetchall()
        return _rows(table, partition, fetched)

    def _all_after(self, table: str, after: tuple[str, str]) -> list[Row]:
        fetched: list[tuple[str, str, str, str, str]] = self._connection.execute(
            _EVERYTHING, (table, *after, _PAGE_ROWS)
        ).fetchall()
        return [
            _rows(table, part, [(key, etag, at, text)])[0] for part, key, etag, at, text in fetched
        ]

    def _transact(
        self, table: str, partition: str, operations: tuple[Operation, ...]
    ) -> tuple[str, ...]:
        with _immediate(self._connection):
            # Under the lock, so that moments rise in the order of the commits.
            now = self._wall().astimezone(UTC).isoformat()
            return tuple(
                self._do((table, partition, operation.key), operation, now)
                for operation in operations
            )

    def _do(self, place: _Place, operation: Operation, now: str) -> str:
        etag = secrets.token_hex(8)
        match operation:
            case Insert(_, properties):
                self._one(_INSERT, (etag, now, _text(properties), *place))
            case Put(_, properties):
                self._one(_PUT, (etag, now, _text(properties), *place))
            case Replace(_, properties, version):
                self._one(_REPLACE, (etag, now, _text(properties), *place, version))
            case Unchanged(_, version):
                if self._connection.execute(_IS_VERSION, (*place, version)).fetchone() is None:
                    raise LostRace(_LOST)
                return version
            case Delete(_, None):
                self._connection.execute(_DELETE, place)
                return ""
            case Delete(_, str(version)):
                self._one(_DELETE_VERSION, (*place, version))
                return ""
        return etag

    def _one(self, sql: str, values: tuple[str, ...]) -> None:
        """Run a statement that must touch one row; none is a lost race."""
        if self._connection.execute(sql, values).rowcount != 1:
            raise LostRace(_LOST)


def _connect(path: Path | None) -> sqlite3.Connection:
    if path:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _unfit(path, error.strerror or "no folder") from error
    try:
        connection = sqlite3.connect(
            path or ":memory:", timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
    except sqlite3.OperationalError as error:
        raise _unfit(path, error.sqlite_errorname) from error
    try:
        _use_wal(connection)
        connection.execute("PRAGMA synchronous = NORMAL")
        with _immediate(connection):
            _lay_out(connection)
    except BaseException as error:
        connection.close()
        if isinstance(error, sqlite3.DatabaseError) and not _is_busy(error):
            raise _unfit(path, error.sqlite_errorname) from error
        raise
    return connection


def _use_wal(connection: sqlite3.Connection) -> None:
    """Switch to WAL. The busy timeout does not cover the switch (SQLite, "Write-Ahead Logging",
    section 10), so two processes that open a new file together must ask again.
    """
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if not _is_busy(error) or time.monotonic() > deadline:
                raise
            time.sleep(_BUSY_POLL_SECONDS)
        else:
            return


def _lay_out(connection: sqlite3.Connection) -> None:
    (layout,) = connection.execute("PRAGMA user_version").fetchone()
    if layout not in (0, LAYOUT):
        raise Misconfigured(
            "LEDGER_URL", f"the file has layout {layout}, not {LAYOUT}", "Use another file."
        )
    connection.execute(_CREATE)
    connection.execute(f"PRAGMA user_version = {LAYOUT}")


def _is_busy(error: sqlite3.Error) -> bool:
    # Extended codes (SQLITE_BUSY_SNAPSHOT) hold the primary one in their lowest byte.
    return error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def _unfit(path: Path | None, problem: str) -> Misconfigured:
    return Misconfigured(
        "LEDGER_URL", f"{path} cannot be opened ({problem})", "Name a file that SQLite can write."
    )


@contextmanager
def _immediate(connection: sqlite3.Connection) -> Iterator[None]:
    """One transaction that takes the write lock at its start: all of it or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # a full disk has rolled back by itself
            connection.execute("ROLLBACK")
        raise


def _text(properties: Properties) -> str:
    return json.dumps(dict(properties), separators=(",", ":"))


def _rows(table: str, partition: str, fetched: Sequence[_Fetched]) -> list[Row]:
    """Parsed at once: of a hundred thousand rows the calls would cost more than the texts."""
    held = json.loads(f"[{','.join(text for *_, text in fetched)}]")
    return [
        Row(table, partition, key, properties, etag, datetime.fromisoformat(written_at))
        for (key, etag, written_at, _), properties in zip(fetched, held, strict=True)
    ]
