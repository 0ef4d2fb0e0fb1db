"""Which contracts does the n-th person have? The mix of a real company, in fixed shares.

Out of every sixty people a fixed number are future hires, on temporary contracts, have two jobs
and so on, so that every company of some size has all of them, whatever the seed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from random import Random
from typing import NamedTuple

from sandbox.world.people import Contract, Kind

_HOURS = (36.0, 36.0, 36.0, 32.0, 28.0, 24.0, 20.0)


class Post(NamedTuple):
    """A job in a department."""

    department: str
    job: str


class Draw(NamedTuple):
    """What a career is drawn from."""

    rng: Random
    today: date
    post: Post
    other: Post
    modified: datetime

    def days_ago(self, least: int, most: int) -> date:
        """A day in the past; negative numbers lie ahead."""
        return self.today - timedelta(days=self.rng.randint(least, most))


type Career = Callable[[Draw], tuple[Contract, ...]]


def _contract(draw: Draw, start: date, end: date | None = None) -> Contract:
    return Contract(
        employment=1,
        sequence=1,
        start=start,
        end=end,
        job_start=start,
        job_end=None,
        department=draw.post.department,
        job=draw.post.job,
        hours=draw.rng.choice(_HOURS),
        manager=None,
        modified=draw.modified,
    )


def permanent(draw: Draw) -> tuple[Contract, ...]:
    """Open-ended, begun some time ago."""
    return (_contract(draw, draw.days_ago(120, 9000)),)


def _future(draw: Draw) -> tuple[Contract, ...]:
    return (_contract(draw, draw.days_ago(-80, -3)),)


def _temporary(draw: Draw) -> tuple[Contract, ...]:
    return (_contract(draw, draw.days_ago(30, 300), draw.days_ago(-300, -10)),)


def _two_jobs(draw: Draw) -> tuple[Contract, ...]:
    main = replace(_contract(draw, draw.days_ago(400, 4000)), hours=20.0)
    second = replace(
        _contract(draw, draw.days_ago(30, 390)),
        employment=2,
        department=draw.other.department,
        job=draw.other.job,
        hours=12.0,
    )
    return main, second


def _prolonged(draw: Draw) -> tuple[Contract, ...]:
    turn = draw.days_ago(20, 80)
    first = _contract(draw, turn - timedelta(days=365), turn - timedelta(days=1))
    end = turn + timedelta(days=364)
    return first, replace(first, sequence=2, start=turn, job_start=turn, end=end)


def _moves_soon(draw: Draw) -> tuple[Contract, ...]:
    (now,) = permanent(draw)
    turn = draw.days_ago(-60, -5)
    after = replace(now, job_start=turn, department=draw.other.department, job=draw.other.job)
    return replace(now, job_end=turn - timedelta(days=1)), after


def _came_back(draw: Draw) -> tuple[Contract, ...]:
    end = draw.days_ago(400, 2000)
    first = _contract(draw, end - timedelta(days=700), end)
    return first, replace(_contract(draw, draw.days_ago(20, 300)), employment=2)


def _just_left(draw: Draw) -> tuple[Contract, ...]:
    return (_contract(draw, draw.days_ago(400, 4000), draw.days_ago(5, 80)),)


def _long_gone(draw: Draw) -> tuple[Contract, ...]:
    return (_contract(draw, draw.days_ago(900, 4000), draw.days_ago(130, 800)),)


CYCLE = 60
"""Careers repeat after this many people; a slot that is not named is permanent."""

CAREERS: dict[int, Career] = {
    3: _future, 33: _future,
    5: _temporary, 15: _temporary, 25: _temporary, 35: _temporary, 45: _temporary,
    7: _two_jobs, 27: _two_jobs, 47: _two_jobs,
    11: _prolonged, 31: _prolonged,
    13: _temporary, 43: _temporary,
    17: _just_left,
    21: _long_gone,
    23: _moves_soon, 53: _moves_soon,
    29: _came_back,
}  # fmt: skip

KINDS = {13: Kind.EXTERNAL, 43: Kind.EXTERNAL, 51: Kind.NOT_WORKING}


def contracts(index: int, draw: Draw) -> tuple[Contract, ...]:
    """The contracts of the person at that place in the company, oldest first."""
    return CAREERS.get(index % CYCLE, permanent)(draw)


def kind(index: int) -> Kind:
    """What the person at that place is to the company."""
    return KINDS.get(index % CYCLE, Kind.EMPLOYEE)
