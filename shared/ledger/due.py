"""Who must be looked at, and when? The index that brings everything unfinished back.

An entry is a calendar moment, a person and a unique suffix, and means *look at this person*. It
is written before what it announces. Keys begin with the moment, so what is due is one range.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from shared.ledger.rows import Delete, Insert, Row, Store
from shared.model.person import PersonId

TABLE = "due"
_PARTITION = "due"
_FORMAT = "%Y%m%dT%H%M%S.%f"


@dataclass(frozen=True)
class Entry:
    """One reminder, as listed; `written_at` is wall time."""

    key: str
    moment: datetime
    person_id: PersonId
    written_at: datetime


class Due:
    """The due index."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def add(self, moment: datetime, person_id: PersonId, *, suffix: str) -> None:
        """Remind of this person at `moment` (aware, calendar); `suffix` is unique per entry."""
        key = f"{_text(moment)}|{person_id}|{suffix}"
        await self._store.write(TABLE, _PARTITION, [Insert(key, {"person": person_id})])

    async def until(self, now: datetime) -> AsyncIterator[Entry]:
        """Every entry whose moment has come, oldest first."""
        end = _text(now + timedelta(microseconds=1))
        async for row in self._store.scan(TABLE, _PARTITION, before=end):
            yield _entry(row)

    async def upcoming(self) -> AsyncIterator[Entry]:
        """Every entry, for operators."""
        async for row in self._store.scan(TABLE, _PARTITION):
            yield _entry(row)

    async def drop(self, entry: Entry) -> None:
        """Forget an entry; forgetting twice is no error."""
        await self._store.write(TABLE, _PARTITION, [Delete(entry.key)])


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime(_FORMAT)


def _entry(row: Row) -> Entry:
    moment = datetime.strptime(row.key.split("|")[0], _FORMAT).replace(tzinfo=UTC)
    return Entry(row.key, moment, PersonId(str(row.properties["person"])), row.written_at)
