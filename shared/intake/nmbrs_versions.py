"""From which day does a version of an Nmbrs row hold, and which holds on a day?

Nmbrs keeps history: a change is another row with `createdAt` and the payroll period from which
it counts (Nmbrs REST API specification). A department, function or manager that changes next
period is there today. Used by nmbrs_record.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

ZONE = ZoneInfo("Europe/Amsterdam")
_NO_DATE_YEAR, _NO_END_YEAR = 1, 9999
_MONTHS_OF = {"month": 1, "quarter": 3, "half": 6, "year": 12}
_WEEKS_OF = {"four": 4, "week": 1}
_WEEKS_OF_A_YEAR = 53


def as_text(value: Any) -> Any:
    """Text and numbers as text; anything else is left to be refused."""
    if type(value) is str:
        return value.strip()
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return str(value)


def as_day(value: Any) -> Any:
    """The day of `2026-03-01T00:00:00Z`: a local day in spite of the Z, as a plain date.

    The same day may be written as the UTC moment of its local midnight, 23:00 or 22:00 of the day
    before. Year 1 and nothing are no date, year 9999 is no end.
    """
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise ValueError("is no date")  # noqa: TRY004 - pydantic turns it into a ValidationError
    return _day_of(value.strip())


@lru_cache(maxsize=8192)  # a company's people began on few days
def _day_of(text: str) -> date | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("is no date") from None
    if moment.year in (_NO_DATE_YEAR, _NO_END_YEAR):
        return None
    local = moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(ZONE)
    is_midnight_here = local.time() == time() and moment.time() != time()
    return local.date() if is_midnight_here else moment.date()


type Text = Annotated[str, BeforeValidator(as_text)]
type Day = Annotated[date, BeforeValidator(as_day)]
type MaybeDay = Annotated[date | None, BeforeValidator(as_day)]


class Wire(BaseModel):
    """A part of an answer: what we do not know is left aside."""

    model_config = ConfigDict(extra="ignore", frozen=True, alias_generator=to_camel)


class Period(Wire):
    """A payroll period: a number in a year."""

    year: Annotated[int, Field(ge=1900, le=2200)]
    period: Annotated[int, Field(ge=1, le=53)]

    def first_day(self, kind: str) -> date:
        """Its first day. Raises ValueError when a year of this kind has no such period."""
        return _first_day(self.year, self.period, kind)


class Version(Wire):
    """A row of a history."""

    created_at: Text = ""
    period: Period | None = None

    def since(self, kind: str) -> date:
        """The first day that it counts; without a period the day it was made."""
        if self.period is not None:
            return self.period.first_day(kind)
        return as_day(self.created_at) or date.min


@dataclass(frozen=True, slots=True)
class Track[T]:
    """What held from which day on; the earliest version also speaks for the time before it."""

    days: tuple[date, ...] = ()
    values: tuple[T, ...] = ()

    @classmethod
    def of(cls, versions: Iterable[tuple[date, str, T]]) -> Track[T]:
        """From (first day, made at, value): on one day the version made last counts."""
        ordered = sorted(versions, key=lambda version: version[:2])
        latest = {day: value for day, _, value in ordered}
        return cls(tuple(latest), tuple(latest.values()))

    def on(self, day: date) -> T | None:
        """What holds on this day; None when there is no version at all."""
        if not self.values:
            return None
        return self.values[max(0, bisect_right(self.days, day) - 1)]

    @property
    def turns(self) -> Sequence[date]:
        """The days on which one version follows another."""
        return self.days[1:]


def day_before(day: date) -> date:
    """The last day of what ends when this day begins."""
    return day - timedelta(days=1)


@lru_cache(maxsize=8192)
def _first_day(year: int, period: int, kind: str) -> date:
    if weeks := _weeks(kind):
        if weeks * period > _WEEKS_OF_A_YEAR:
            raise ValueError("no year has so many periods")
        return date.fromisocalendar(year, (period - 1) * weeks + 1, 1)
    return date(year, (period - 1) * _months(kind) + 1, 1)


def _weeks(kind: str) -> int:
    said = kind.casefold().replace("4", "four")
    if said in ("fourw", "w"):
        said += "eek"
    return next((weeks for word, weeks in _WEEKS_OF.items() if word in said), 0)


def _months(kind: str) -> int:
    """Months in a period; what is not known is read as a month, the usual kind."""
    said = {"q": "quarter", "y": "year", "h": "half"}.get(kind.casefold(), kind.casefold())
    return next((months for word, months in _MONTHS_OF.items() if word in said), 1)
