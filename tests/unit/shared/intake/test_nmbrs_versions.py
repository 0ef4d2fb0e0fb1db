from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.intake.nmbrs_versions import Period, Track, Version, as_day


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2026-03-01T00:00:00Z", date(2026, 3, 1)),
        ("2026-03-01T00:00:00", date(2026, 3, 1)),
        ("2026-03-01", date(2026, 3, 1)),
        ("2026-02-28T23:00:00Z", date(2026, 3, 1)),
        ("2026-06-30T22:00:00Z", date(2026, 7, 1)),
        ("2026-03-01T00:00:00+01:00", date(2026, 3, 1)),
        ("2026-03-01T10:15:08Z", date(2026, 3, 1)),
        ("2028-02-29T00:00:00Z", date(2028, 2, 29)),
        ("2026-03-29T00:00:00Z", date(2026, 3, 29)),
        ("2026-10-25T00:00:00.0000000Z", date(2026, 10, 25)),
        ("0001-01-01T00:00:00", None),
        ("9999-12-31T00:00:00Z", None),
        (None, None),
        ("", None),
    ],
)
def test_a_day_is_the_local_one(written: object, day: date | None) -> None:
    assert as_day(written) == day


@pytest.mark.parametrize(
    "written", ["ooit", "2026-02-29T00:00:00Z", "31-12-2026", 20260301, True, [], "2026-13-01"]
)
def test_what_is_no_day_is_refused_and_never_no_end(written: object) -> None:
    with pytest.raises(ValueError, match="is no date"):
        as_day(written)


@pytest.mark.parametrize(
    ("kind", "number", "day"),
    [
        ("month", 1, date(2026, 1, 1)),
        ("M", 12, date(2026, 12, 1)),
        ("fourWeek", 1, date(2025, 12, 29)),
        ("4W", 2, date(2026, 1, 26)),
        ("4-weekly", 13, date(2026, 11, 30)),
        ("week", 53, date(2026, 12, 28)),
        ("W", 2, date(2026, 1, 5)),
        ("quarter", 4, date(2026, 10, 1)),
        ("Q", 2, date(2026, 4, 1)),
        ("halfYear", 2, date(2026, 7, 1)),
        ("year", 1, date(2026, 1, 1)),
        ("", 3, date(2026, 3, 1)),
        ("something new", 3, date(2026, 3, 1)),
    ],
)
def test_a_period_begins_by_its_kind(kind: str, number: int, day: date) -> None:
    assert Period(year=2026, period=number).first_day(kind) == day


@pytest.mark.parametrize(("kind", "number"), [("month", 13), ("4W", 14), ("quarter", 5)])
def test_a_period_that_no_year_has_is_refused(kind: str, number: int) -> None:
    with pytest.raises(ValueError, match=r"."):
        Period(year=2026, period=number).first_day(kind)


def test_without_a_period_a_version_counts_from_its_making() -> None:
    assert Version.model_validate({"createdAt": "2026-02-10T10:15:08Z"}).since("month") == date(
        2026, 2, 10
    )
    assert Version().since("month") == date.min


def test_the_version_made_last_counts_on_its_day() -> None:
    day = date(2026, 3, 1)
    track = Track.of([(day, "2026-02-02", "late"), (day, "2026-02-01", "early")])

    assert track.on(day) == "late"


def test_the_earliest_version_speaks_for_the_time_before() -> None:
    track = Track.of([(date(2026, 3, 1), "", "a"), (date(2026, 5, 1), "", "b")])

    assert [track.on(date(2020, 1, 1)), track.on(date(2026, 4, 30))] == ["a", "a"]
    assert list(track.turns) == [date(2026, 5, 1)]
    assert Track[str]().on(date(2026, 1, 1)) is None


DAYS = st.integers(0, 60).map(lambda n: date(2026, 1, 1) + timedelta(days=n))


@settings(deadline=None)
@given(st.lists(st.tuples(DAYS, st.sampled_from("123"), st.integers(0, 9)), min_size=1), DAYS)
def test_a_track_agrees_with_looking_at_every_version(
    versions: list[tuple[date, str, int]], day: date
) -> None:
    begun = [one for one in versions if one[0] <= day]
    first = min(one[0] for one in versions)
    candidates = begun or [one for one in versions if one[0] == first]
    newest = max(one[:2] for one in candidates)
    wanted = [one[2] for one in candidates if one[:2] == newest]

    assert Track.of(versions).on(day) == wanted[-1]
