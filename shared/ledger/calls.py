"""When was a call first heard of, and must its leavers wait? A retry is told the same.

One partition a week: looking a call up reads two of them, and those of weeks ago are cleared away
as new calls come.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.errors import LostRace
from shared.ledger.rows import MAX_OPERATIONS, Delete, Insert, Put, Row, Store

TABLE = "calls"
_WEEK = timedelta(weeks=1)
_CLEARED = (2, 3, 4)
"""Ages in weeks that no retry can have: Standard Webhooks suggests to give up in three days."""


@dataclass(frozen=True)
class Heard:
    """A call by its id, as it was first heard of."""

    week: str
    key: str
    moment: datetime
    """The calendar's moment that its facts are of."""
    cause: str | None = None
    """Why the people whom it ends must wait for a human."""


class Calls:
    """The calls that brought facts."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def first(self, source: str, call_id: str, moment: datetime, *, wall: datetime) -> Heard:
        """The call as of its first attempt: of `moment`, when this is it."""
        key = hashlib.sha256(call_id.encode()).hexdigest()
        for week in (_week(source, wall), _week(source, wall - _WEEK)):
            if row := await self._store.get(TABLE, week, key):
                return _heard(row)
        await self._clear(source, wall)
        heard = Heard(_week(source, wall), key, moment)
        try:
            await self._store.write(TABLE, heard.week, [Insert(key, _values(heard))])
        except LostRace:
            return await self.first(source, call_id, moment, wall=wall)
        return heard

    async def note(self, heard: Heard, cause: str) -> None:
        """Remember why its leavers wait, for whoever brings the same call again."""
        noted = replace(heard, cause=cause)
        await self._store.write(TABLE, heard.week, [Put(heard.key, _values(noted))])

    async def forget(self, source: str, wall: datetime) -> int:
        """Clear away every call that is too old for a retry; answers how many there were."""
        gone = 0
        while cleared := await self._clear(source, wall):
            gone += cleared
        return gone

    async def _clear(self, source: str, wall: datetime) -> int:
        gone = 0
        for age in _CLEARED:
            week = _week(source, wall - age * _WEEK)
            old: list[Row] = []
            async for row in self._store.scan(TABLE, week):
                old.append(row)
                if len(old) == MAX_OPERATIONS:
                    break
            if old:
                await self._store.write(TABLE, week, [Delete(row.key) for row in old])
            gone += len(old)
        return gone


def _week(source: str, wall: datetime) -> str:
    year, week, _ = wall.isocalendar()
    return f"{source}:{year}-{week:02d}"


def _values(heard: Heard) -> dict[str, str]:
    return {"moment": heard.moment.isoformat(), "cause": heard.cause or ""}


def _heard(row: Row) -> Heard:
    moment = datetime.fromisoformat(str(row.properties["moment"]))
    return Heard(row.partition, row.key, moment, str(row.properties["cause"]) or None)
