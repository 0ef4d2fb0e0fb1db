"""NCRONTAB: examples by hand, and the next occurrence against a walk over every second."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.host.schedule import Schedule, ScheduleRefused, parse

MONDAY = datetime(2026, 11, 2, 9, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("* * * * * *", "2026-11-02T09:00:01"),
        ("0 */5 * * * *", "2026-11-02T09:05:00"),
        ("*/5 * * * *", "2026-11-02T09:05:00"),
        ("30 */5 * * * *", "2026-11-02T09:00:30"),
        ("0 5/20 * * * *", "2026-11-02T09:05:00"),
        ("0 0 9 * * *", "2026-11-03T09:00:00"),
        ("0 30 9-10 * * 1-5", "2026-11-02T09:30:00"),
        ("0 0 6,18 * * *", "2026-11-02T18:00:00"),
        ("0 0 0 1 JAN *", "2027-01-01T00:00:00"),
        ("0 0 0 * january sat,Sunday", "2027-01-02T00:00:00"),
        ("0 0 0 29 2 *", "2028-02-29T00:00:00"),
        ("0 0 0 13 * fri", "2026-11-13T00:00:00"),
        ("59 59 23 31 12 *", "2026-12-31T23:59:59"),
    ],
)
def test_next_occurrence_of_known_schedules(expression: str, expected: str) -> None:
    found = parse(expression).next_after(MONDAY)

    assert found == datetime.fromisoformat(expected).replace(tzinfo=UTC)


def test_a_moment_in_another_zone_is_read_as_utc() -> None:
    amsterdam = timezone(timedelta(hours=1))

    found = parse("0 0 9 * * *").next_after(datetime(2026, 11, 2, 9, 30, tzinfo=amsterdam))

    assert found == MONDAY


def test_leap_day_on_a_weekday_is_found_across_a_century() -> None:
    found = parse("0 0 0 29 2 mon").next_after(datetime(2072, 3, 1, tzinfo=UTC))

    assert found == datetime(2112, 2, 29, tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("", "0 fields"),
        ("* * *", "3 fields"),
        ("* * * * * * *", "7 fields"),
        ("60 * * * * *", "second: 60 is not in 0..59"),
        ("* * 24 * * *", "hour: 24"),
        ("* * * 0 * *", "day: 0"),
        ("* * * * * 7", "weekday: 7"),
        ("* * * * foo *", "month: 'foo'"),
        ("jan * * * * *", "second: 'jan'"),
        ("*/0 * * * * *", "step '0'"),
        ("*/x * * * * *", "step 'x'"),
        ("5-1 * * * * *", "runs backwards"),
        ("1,,2 * * * * *", "second: ''"),
        ("² * * * * *", "second: '²'"),
        ("0 0 0 30 2 *", "never occurs"),
        ("0 0 0 31 4,6 *", "never occurs"),
    ],
)
def test_what_is_no_schedule_is_refused(expression: str, reason: str) -> None:
    with pytest.raises(ScheduleRefused, match=reason.replace("?", r"\?")):
        parse(expression)


def a_field(low: int, high: int) -> st.SearchStrategy[str]:
    number = st.integers(low, high)
    spans = st.tuples(number, number).map(lambda pair: f"{min(pair)}-{max(pair)}")
    item = st.one_of(st.just("*"), number.map(str), spans)
    stepped = st.tuples(item, st.integers(1, high)).map(lambda pair: f"{pair[0]}/{pair[1]}")
    return st.lists(st.one_of(item, stepped), min_size=1, max_size=3).map(",".join)


MOMENTS = st.datetimes(timezones=st.just(UTC)).map(
    lambda moment: moment.replace(year=2000 + moment.year % 100, day=min(moment.day, 28))
)
SCHEDULES = st.tuples(
    *(a_field(0, 59), a_field(0, 59), a_field(0, 23)),
    *(a_field(1, 28), a_field(1, 12), st.just("*")),
).map(lambda parts: parse(" ".join(parts)))


@given(SCHEDULES, MOMENTS)
def test_next_is_later_fits_and_is_whole(schedule: Schedule, moment: datetime) -> None:
    found = schedule.next_after(moment)

    assert found > moment
    assert schedule.fits(found)
    assert found.microsecond == 0


@given(SCHEDULES, MOMENTS, st.floats(0, 1))
def test_nothing_between_now_and_next_fits(
    schedule: Schedule, moment: datetime, share: float
) -> None:
    found = schedule.next_after(moment)
    span = int((found - moment).total_seconds())
    between = moment.replace(microsecond=0) + timedelta(seconds=1 + int(span * share))

    assert between >= found or not schedule.fits(between)


@given(SCHEDULES, MOMENTS, st.timedeltas(timedelta(0), timedelta(days=400)))
def test_a_later_moment_never_has_an_earlier_next(
    schedule: Schedule, moment: datetime, later: timedelta
) -> None:
    assert schedule.next_after(moment + later) >= schedule.next_after(moment)


@given(st.sampled_from(["*", "*/7", "3-50/4", "1,2,59"]), a_field(0, 59), MOMENTS)
def test_walk_over_seconds_finds_the_same(seconds: str, minutes: str, moment: datetime) -> None:
    schedule = parse(f"{seconds} {minutes} * * * *")
    walking = moment.replace(microsecond=0) + timedelta(seconds=1)
    while not schedule.fits(walking):
        walking += timedelta(seconds=1)

    assert schedule.next_after(moment) == walking
