"""Which moment or day does Exact Online mean? `/Date(ms)/` of OData version 2.

Whether a day is midnight in UTC or at the site is not documented: the nearest midnight is right
for both.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

_DATE = re.compile(r"/Date\((-?\d{1,15})([+-]\d{4})?\)/")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HALF_DAY = timedelta(hours=12)
_NEVER = 9999


def moment_of(value: object) -> datetime | None:
    """The moment, UTC; None for nothing. Raises ValueError for what is no date."""
    if value is None or value == "":
        return None
    text = str(value)
    if found := _DATE.fullmatch(text):
        try:
            return _EPOCH + timedelta(milliseconds=int(found[1]))
        except OverflowError:
            raise ValueError("is no date") from None
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("is no date") from None
    return read.replace(tzinfo=read.tzinfo or UTC)


def day_of(value: object) -> date | None:
    """The day whose midnight is nearest; None for nothing and for the year 9999."""
    moment = moment_of(value)
    if moment is None or moment.year >= _NEVER:
        return None
    try:
        return (moment.astimezone(UTC) + _HALF_DAY).date()
    except OverflowError:
        raise ValueError("is no date") from None
