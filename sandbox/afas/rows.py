"""What stands in a view at this moment? Its rows, made once and kept until something changes.

A hundred thousand people are read a thousand at a time: rows are kept per person and made anew
only for people who changed, and a total order is kept as long as nothing did.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

from sandbox.afas import helloid, paging, standard
from sandbox.afas.environment import Environment
from sandbox.afas.view import Names, OrganisationView, PeopleView, View
from sandbox.afas.wire import Row
from sandbox.world import Answers, Person, World

VIEWS: dict[str, View] = {view.name: view for view in (*helloid.VIEWS, *standard.VIEWS)}
_KEYS = ("Medewerker", "EmployeeId")

type Order = tuple[tuple[int, bool], ...]


@dataclass
class _Kept:
    """What is known of one view, and for which state of the world it holds."""

    structure: Hashable = None
    stamp: Hashable = None
    by_person: dict[str, tuple[Person, tuple[Row, ...]]] = field(default_factory=dict)
    rows: Sequence[Row] = ()
    orders: dict[Order, Sequence[Row]] = field(default_factory=dict)


@dataclass
class Rows:
    """The views of one environment on one world."""

    world: World
    answers: Answers
    environment: Environment
    _kept: dict[str, _Kept] = field(default_factory=dict)

    def of(self, view: View) -> Sequence[Row]:
        """All rows, in the order of the world."""
        kept = self._kept.setdefault(view.name, _Kept())
        today = self.world.now().date()
        structure = (self.world.structure, today)
        stamp = (structure, self.world.version, self.answers.version)
        if kept.stamp == stamp:
            return kept.rows
        if kept.structure != structure:
            kept.by_person.clear()
        kept.structure, kept.stamp, kept.orders = structure, stamp, {}
        match view:
            case OrganisationView():
                kept.rows = view.rows(self.world)
            case PeopleView():
                kept.rows = self._of_people(view, kept)
        return kept.rows

    def ordered(self, view: View, order: Order, call: int) -> Sequence[Row]:
        """All rows in that order; what the order leaves open changes with every call."""
        rows = self.of(view)
        kept = self._kept[view.name]
        if order in kept.orders:
            return kept.orders[order]
        result = paging.order(paging.shuffle(rows, call), order)
        if result.is_total:
            kept.orders[order] = result.rows
        return result.rows

    def _of_people(self, view: PeopleView[object], kept: _Kept) -> list[Row]:
        today, fresh = self.world.now().date(), {}
        result: list[Row] = []
        for person in self.answers.people(self.world):
            known = kept.by_person.get(person.number)
            if known is None or known[0] is not person:
                known = (person, view.rows_of(self.world, person, today))
            fresh[person.number] = known
            result.extend(known[1])
        kept.by_person = fresh
        return result

    def spoiled(self, view: View, rows: Sequence[Row]) -> Sequence[Row]:
        """The rows with the planted cells in them, for a page that is about to be sent."""
        cells = self.environment.cells
        order = Names.of(view).order
        key = next((order.index(name) for name in _KEYS if name in order), None)
        if key is None or not cells:
            return rows
        return [
            tuple(cells.get(str(row[key]), {}).get(*pair) for pair in zip(order, row, strict=True))
            for row in rows
        ]
