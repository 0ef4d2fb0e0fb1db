"""Which assignments follow from an employment, its contracts, places and hours over time?

Exact Online keeps them in tables of their own, each with dates. An assignment is a stretch in
which none of them changes. Pure; exact_rows.py reads the rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from shared.model.person import Contract, Unit

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Stretch:
    """From `start` to and including `end`; None is open-ended. A contract, or an employment."""

    start: date
    end: date | None = None
    sequence: int = 0
    kind: str = ""

    @property
    def last(self) -> date:
        """The last day, far away when there is none."""
        return self.end or date.max

    def covers(self, day: date) -> bool:
        """Does it hold on this day?"""
        return self.start <= day <= self.last


@dataclass(frozen=True)
class Place(Stretch):
    """Where somebody works, and as what."""

    department: Unit | None = None
    job: Unit | None = None
    cost_centre: Unit | None = None


@dataclass(frozen=True)
class Work(Stretch):
    """How much somebody works."""

    hours: float = 0.0
    fte: float = 0.0


@dataclass(frozen=True)
class Employed:
    """One employment with what belongs to it."""

    employment: str
    stretch: Stretch
    contracts: Sequence[Stretch] = ()
    places: Sequence[Place] = ()
    hours: Sequence[Work] = ()


def assignments(number: str, employed: Iterable[Employed]) -> list[Contract]:
    """The assignments of one person, in any order.

    Where an employment has contracts, only the days of a contract count: a contract that ended
    without a successor ends the work, though nobody has ended the employment yet.
    """
    return [one for each in employed for one in _joined(number, each, list(_pieces(each)))]


@dataclass(frozen=True)
class _Piece:
    start: date
    last: date
    contract: Stretch
    place: Place | None
    work: Work | None

    def says(self) -> tuple[object, ...]:
        """What makes two pieces one when it is the same."""
        place, work = self.place, self.work
        return (
            self.contract.sequence,
            self.contract.kind,
            (place.department, place.job, place.cost_centre) if place else (None, None, None),
            (work.hours, work.fte) if work else (0.0, 0.0),
        )


def _pieces(each: Employed) -> Iterator[_Piece]:
    whole = each.stretch
    if whole.last < whole.start:
        # Withdrawn or wrong: admission tells which.
        yield _Piece(whole.start, whole.last, whole, None, None)
        return
    starts = sorted(_turns(each))
    for start, following in zip(starts, [*starts[1:], None], strict=True):
        last = whole.last if following is None else following - _DAY
        contract = _current(each.contracts, start) if each.contracts else whole
        if contract is not None:
            place, work = _current(each.places, start), _current(each.hours, start)
            yield _Piece(start, last, contract, place, work)


def _turns(each: Employed) -> set[date]:
    """The days on which something begins, or has ended the day before, within the employment."""
    whole = each.stretch
    turns = {whole.start}
    for row in (*each.contracts, *each.places, *each.hours):
        turns.add(row.start)
        if row.end is not None and row.end < date.max:
            turns.add(row.end + _DAY)
    return {day for day in turns if whole.start <= day <= whole.last}


def _current[S: Stretch](rows: Sequence[S], day: date) -> S | None:
    """The row that holds on that day; of several the latest."""
    found = [row for row in rows if row.covers(day)]
    return max(found, key=lambda row: (row.start, row.sequence), default=None)


def _joined(number: str, each: Employed, pieces: Sequence[_Piece]) -> Iterator[Contract]:
    """Pieces that abut and say the same are one assignment."""
    at = 0
    while at < len(pieces):
        first = pieces[at]
        until = at
        while (
            until + 1 < len(pieces)
            and pieces[until].last + _DAY == pieces[until + 1].start
            and pieces[until + 1].says() == first.says()
        ):
            until += 1
        yield _assignment(number, each, first, pieces[until].last)
        at = until + 1


def _assignment(number: str, each: Employed, piece: _Piece, last: date) -> Contract:
    place, work, sequence = piece.place, piece.work, piece.contract.sequence
    return Contract(
        key=f"{number}_{each.employment}_{sequence}_{piece.start:%Y%m%d}",
        start=piece.start,
        end=None if last == date.max else last,
        sequence=sequence,
        hours=work.hours if work else 0.0,
        fte=work.fte if work else 0.0,
        kind=piece.contract.kind,
        job=place.job if place else None,
        department=place.department if place else None,
        cost_centre=place.cost_centre if place else None,
    )
