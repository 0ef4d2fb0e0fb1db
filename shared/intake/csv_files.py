"""Which file of the folder is HR's last word, and what does it say? CSV exports as a source.

An export is a whole picture: the newest complete `*.csv` is the truth, and whoever it lacks is
missing, not gone. Files are read and left where they are. A file is complete when its writer
renamed it into place or has let it alone for a while: csv_inbox.py. They arrive in a folder, read
here, or in a blob container: csv_container.py.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from datetime import datetime
from os import stat_result
from pathlib import Path

from shared.errors import Permanent, Transient
from shared.intake import csv_inbox, csv_rows, csv_table
from shared.intake.csv_inbox import Export, Inbox
from shared.intake.source import Reading
from shared.policy.sources import CsvLayout

_BREATH = 500  # so many people, and other work gets its turn
_DAY_SECONDS = 86_400

type Layout = Callable[[], Awaitable[CsvLayout]]


class Folder:
    """The folder that HR's exports arrive in; `wall` gives seconds since the epoch."""

    def __init__(self, path: Path, *, wall: Callable[[], float]) -> None:
        self._path = path
        self._wall = wall

    async def newest(self) -> Export:
        """See Inbox."""
        return await asyncio.to_thread(self._newest)

    def _newest(self) -> Export:
        try:
            found = [(path.stat(), path) for path in self._path.iterdir() if _is_export(path)]
        except FileNotFoundError:
            raise Permanent("CSV_FOLDER: there is no such folder", mender="settings") from None
        except OSError as error:
            raise _unreadable(error) from error
        if not found:
            raise csv_inbox.none_yet()
        before, path = max(found, key=lambda one: (one[0].st_mtime_ns, one[1].name))
        return self._read(path, before)

    def _read(self, path: Path, before: stat_result) -> Export:
        """The whole file, if nobody is writing it."""
        age = self._wall() - before.st_mtime
        csv_inbox.check(path.name, size=before.st_size, age_seconds=age)
        try:
            data = path.read_bytes()
            after = path.stat()
        except OSError as error:
            raise _unreadable(error) from error
        same = (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)
        if not same or len(data) != after.st_size:
            raise csv_inbox.changed(path.name)
        return Export(path.name, data, age)


class CsvSource:
    """HR's exports as a source of the flow; `layout` tells how they are written now."""

    name = csv_rows.SOURCE

    def __init__(self, inbox: Inbox, layout: Layout, *, now: Callable[[], datetime]) -> None:
        self._inbox = inbox
        self._layout = layout
        self._now = now
        self._done: tuple[str, datetime] | None = None
        """The mark of the content last read to its end, and when that was first begun."""

    async def everyone(self) -> AsyncIterator[Reading]:
        """Everybody in the newest export; see Source."""
        began, layout = self._now(), await self._layout()
        export = await self._inbox.newest()
        async for reading in _breathing(csv_rows.read(export.data, layout, file=export.name)):
            yield reading
        mark = _mark(export, layout)
        if self._done is None or self._done[0] != mark:
            self._done = (mark, began)

    async def changed_since(self, moment: datetime) -> AsyncIterator[Reading]:
        """Everybody, unless this same content was read to its end before `moment`.

        A read before `moment` was also decided: the flow moves its moment only after that.
        """
        if self._done is not None and self._done[1] <= moment:
            mark = _mark(await self._inbox.newest(), await self._layout())
            if mark == self._done[0]:
                return
        async for reading in self.everyone():
            yield reading

    async def one(self, number: str) -> Reading | None:
        """This number in the newest export; None when it is not there."""
        layout = await self._layout()
        export = await self._inbox.newest()
        readings = csv_rows.read(export.data, layout, file=export.name, only=number)
        return next((reading for reading in readings if reading.number == number), None)

    async def probe(self) -> None:
        """See that there is a recent export with the columns that the policy names; see Source."""
        layout = await self._layout()
        export = await self._inbox.newest()
        csv_table.check_headings(export.data, layout, file=export.name)
        days = int(export.age_seconds / _DAY_SECONDS)
        if days > layout.stale_after_days:
            raise Permanent(
                f"the newest export is {days} days old: see whether HR still sends them",
                mender="hr",
            )


def _is_export(path: Path) -> bool:
    return csv_inbox.is_export(path.name) and path.is_file()


def _mark(export: Export, layout: CsvLayout) -> str:
    """The same content read in the same way has the same mark."""
    how = layout.model_dump_json().encode()
    return hashlib.sha256(hashlib.sha256(how).digest() + export.data).hexdigest()


def _unreadable(error: OSError) -> Transient:
    return Transient(f"CSV_FOLDER cannot be read now: {type(error).__name__}")


async def _breathing(readings: Iterable[Reading]) -> AsyncIterator[Reading]:
    """The same, with a turn for others now and then: a file has no pages to wait for."""
    for count, reading in enumerate(readings):
        if count % _BREATH == 0:
            await asyncio.sleep(0)
        yield reading
