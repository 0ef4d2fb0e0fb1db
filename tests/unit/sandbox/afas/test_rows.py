"""Is what is kept between calls always what would be made anew, also for a large company?"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.afas.environment import Environment
from sandbox.afas.rows import VIEWS, Rows
from sandbox.clock import ManualClock
from sandbox.world import Answers, World

TODAY = date(2026, 11, 2)


def company(size: int) -> tuple[World, ManualClock]:
    clock = ManualClock()
    return World.generate(1, size, TODAY, clock=clock), clock


def fresh(world: World, clock: ManualClock, answers: Answers) -> Rows:
    return Rows(world, answers, Environment(token="t", clock=clock))


STORIES: dict[str, Callable[[World, ManualClock, Answers], object]] = {
    "hire": lambda w, _c, _a: w.hire(department="ICT", job="0002", start=TODAY),
    "rename": lambda w, _c, _a: w.rename("100030", nickname="Zoë"),
    "head": lambda w, _c, _a: w.change_manager("100061", department="ICT-BEH"),
    "self": lambda w, _c, _a: w.change_manager("100040", number="100040"),
    "end": lambda w, _c, _a: w.end_contract("100040", TODAY + timedelta(days=9)),
    "later": lambda _w, c, _a: c.advance(40 * 86_400),
    "empty": lambda _w, _c, a: a.play("empty"),
    "half": lambda _w, _c, a: a.play("half"),
    "normal": lambda _w, _c, a: a.play("normal"),
}


@settings(deadline=None, max_examples=40)
@given(st.lists(st.sampled_from(sorted(STORIES)), max_size=8))
def test_kept_rows_are_the_rows_made_anew(stories: list[str]) -> None:
    world, clock = company(60)
    answers = Answers()
    kept = fresh(world, clock, answers)
    for story in stories:
        STORIES[story](world, clock, answers)
        anew = fresh(world, clock, answers)
        for view in VIEWS.values():
            assert kept.of(view) == anew.of(view)
            assert kept.ordered(view, ((0, True),), 1) == anew.ordered(view, ((0, True),), 1)


def test_twenty_thousand_people_are_read_page_by_page() -> None:
    world, clock = company(20_000)
    rows = fresh(world, clock, Answers())
    view = VIEWS["T4E_HelloID_Employments_v2"]
    external_id = [column.field_id for column in view.columns].index("ExternalID")
    seen: set[object] = set()
    for call in range(0, 24_000, 2_000):
        page = rows.ordered(view, ((external_id, False),), call)[call : call + 2_000]
        seen.update(row[external_id] for row in page)

    before = rows.of(view)
    world.rename("110000", nickname="Zoë")
    after = rows.of(view)

    assert len(seen) == len(before) > 19_000
    assert sum(old is not new for old, new in zip(before, after, strict=True)) == len(
        world.people["110000"].contracts
    )


@pytest.mark.parametrize("name", VIEWS)
def test_every_view_has_rows_and_unique_field_ids(name: str) -> None:
    world, clock = company(60)
    names = [column.field_id for column in VIEWS[name].columns]

    assert len(names) == len(set(names))
    assert all(len(row) == len(names) for row in fresh(world, clock, Answers()).of(VIEWS[name]))
