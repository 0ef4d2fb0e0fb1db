"""When does a timer run next? NCRONTAB expressions, as pure calculation on UTC moments.

Called by `timers` and `functions`. Five or six fields: [second] minute hour day month weekday;
lists, ranges, steps and English names; day and weekday must *both* fit, as in the NCrontab
library that the Functions host uses (Azure Functions documentation, "Timer trigger: NCRONTAB").
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_LONGEST_MONTH = {month: calendar.monthrange(2024, month)[1] for month in range(1, 13)}
_FAR_YEARS = 45  # 29 February on a given weekday can be 40 years away, across a century year


class ScheduleRefused(ValueError):
    """An expression that is no NCRONTAB schedule; the message names the field."""


@dataclass(frozen=True)
class _Field:
    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()


_FIELDS = (
    _Field("second", 0, 59),
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day", 1, 31),
    _Field("month", 1, 12, _MONTHS),
    _Field("weekday", 0, 6, _WEEKDAYS),
)


@dataclass(frozen=True)
class Schedule:
    """The values that fit in each field, sorted; weekday 0 is Sunday."""

    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: tuple[int, ...]
    months: tuple[int, ...]
    weekdays: tuple[int, ...]

    def fits(self, moment: datetime) -> bool:
        """Is this second an occurrence?"""
        return (
            moment.second in self.seconds
            and moment.minute in self.minutes
            and moment.hour in self.hours
            and self._fits_day(moment.date())
        )

    def next_after(self, moment: datetime) -> datetime:
        """The first occurrence strictly later than this aware moment, in UTC.

        Raises ScheduleRefused when there is none in a lifetime (29 February never being a day).
        """
        start = moment.astimezone(UTC).replace(microsecond=0) + timedelta(seconds=1)
        today = start.date()
        for day in self._days_from(today):
            earliest = (start.hour, start.minute, start.second) if day == today else (0, 0, 0)
            found = self._time_from(*earliest)
            if found is not None:
                return datetime.combine(day, found, tzinfo=UTC)
        raise ScheduleRefused("this schedule never occurs")

    def _fits_day(self, day: date) -> bool:
        return (
            day.month in self.months
            and day.day in self.days
            and day.isoweekday() % 7 in self.weekdays
        )

    def _days_from(self, first: date) -> Iterator[date]:
        for year in range(first.year, first.year + _FAR_YEARS):
            for month in self.months:
                length = calendar.monthrange(year, month)[1]
                for number in self.days:
                    if number > length:
                        break
                    day = date(year, month, number)
                    if day >= first and day.isoweekday() % 7 in self.weekdays:
                        yield day

    def _time_from(self, hour: int, minute: int, second: int) -> time | None:
        if hour in self.hours:
            if minute in self.minutes:
                same_minute = _first_from(self.seconds, second)
                if same_minute is not None:
                    return time(hour, minute, same_minute)
            same_hour = _first_from(self.minutes, minute + 1)
            if same_hour is not None:
                return time(hour, same_hour, self.seconds[0])
        later = _first_from(self.hours, hour + 1)
        return None if later is None else time(later, self.minutes[0], self.seconds[0])


def parse(expression: str) -> Schedule:
    """The schedule that an NCRONTAB expression describes; raises ScheduleRefused."""
    parts = expression.split()
    if len(parts) == len(_FIELDS) - 1:
        parts = ["0", *parts]
    if len(parts) != len(_FIELDS):
        raise ScheduleRefused(
            f"{expression!r} has {len(parts)} fields; write 'second minute hour day month weekday'"
        )
    values = [_values(field, part) for field, part in zip(_FIELDS, parts, strict=True)]
    schedule = Schedule(*values)
    if all(schedule.days[0] > _LONGEST_MONTH[month] for month in schedule.months):
        raise ScheduleRefused(f"{expression!r} never occurs: no such day in these months")
    return schedule


def _values(field: _Field, text: str) -> tuple[int, ...]:
    found: set[int] = set()
    for item in text.split(","):
        found.update(_item(field, item))
    return tuple(sorted(found))


def _item(field: _Field, text: str) -> range:
    span, slash, step_text = text.partition("/")
    if slash and not (step_text.isascii() and step_text.isdigit() and int(step_text) > 0):
        raise ScheduleRefused(f"{field.name}: step {step_text!r} is no positive number")
    step = int(step_text) if slash else 1
    if span == "*":
        return range(field.low, field.high + 1, step)
    first_text, dash, last_text = span.partition("-")
    first = _number(field, first_text)
    alone = field.high if slash else first  # '5/15' runs from 5 to the end of the field
    last = _number(field, last_text) if dash else alone
    if first > last:
        raise ScheduleRefused(f"{field.name}: range {span!r} runs backwards")
    return range(first, last + 1, step)


def _number(field: _Field, text: str) -> int:
    if text.isascii() and text.isdigit():
        number = int(text)
        if field.low <= number <= field.high:
            return number
        raise ScheduleRefused(f"{field.name}: {number} is not in {field.low}..{field.high}")
    short = text.lower()
    for index, name in enumerate(field.names):
        full = (calendar.month_name[1:] if field.names is _MONTHS else _SUNDAY_FIRST)[index]
        if short in (name, full.lower()):
            return index + field.low
    raise ScheduleRefused(f"{field.name}: {text!r} is no value of this field")


def _first_from(values: tuple[int, ...], low: int) -> int | None:
    return next((value for value in values if value >= low), None)


_SUNDAY_FIRST = (
    *("Sunday", "Monday", "Tuesday", "Wednesday"),
    *("Thursday", "Friday", "Saturday"),
)
