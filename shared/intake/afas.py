"""Which rows of AFAS are one person's? Views are read, and afas_rows.py makes Records of them.

A customer has a view of people and one of contracts, as HelloID's connectors are, or one view with
both, as the standard Profit_Employees. Before people are read, AFAS is asked whether the views
still have every field: one that was taken out would otherwise read as "nothing there".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property, partial
from itertools import batched
from zoneinfo import ZoneInfo

from shared.errors import Permanent, Transient
from shared.intake import afas_cells, afas_fields, afas_rows, marks
from shared.intake.afas_fields import (
    CONTRACT,
    NUMBER,
    PERSON,
    STANDARD,
    Ids,
    Layout,
    Row,
    check,
    layout,
)
from shared.intake.afas_rows import SOURCE, number_of, to_record
from shared.intake.source import Reading, Sighting, Unread
from shared.model import person
from shared.vendors.afas import AT_LEAST, EQUAL, Afas, Filter

ZONE = ZoneInfo("Europe/Amsterdam")
NUMBERS_AT_ONCE = 40  # keeps the query well below what AFAS answers with 404

type OwnFields = Callable[[], Awaitable[Mapping[str, Ids]]]
"""Per view, where its field ids differ; as the policy says it now."""


@dataclass(frozen=True)
class Views:
    """Which views the customer has, and their log field when they can be polled."""

    persons: str = "T4E_HelloID_Users_v2"
    contracts: str = "T4E_HelloID_Employments_v2"
    """The same as `persons` when one view holds both."""
    modified: str | None = None
    """A field of the views that AFAS changes with the row; None: a poll reads everyone."""

    @property
    def names(self) -> tuple[str, ...]:
        """Each view once."""
        return tuple(dict.fromkeys((self.persons, self.contracts)))


@dataclass(frozen=True)
class _Layouts:
    """How the views are read: what is of the person, what of a contract, what is asked for."""

    person: Layout
    contract: Layout
    views: tuple[Layout, ...]
    above: Mapping[str, str] = field(default_factory=dict)
    """Each department's code with the code of the one above it."""

    @cached_property
    def key(self) -> bytes:
        """Of the marks: a row may be read otherwise by other fields, or under another tree."""
        ids = [(one.view, one.ids) for one in (self.person, self.contract)]
        by = (ids, sorted(self.above.items())) if self.above else ids
        return marks.key_of(afas_cells, afas_fields, afas_rows, person, by=by)

    def sighting(self, number: str, row: Row, contracts: Sequence[bytes]) -> Sighting:
        """Someone, by their rows; those of the contracts are packed."""
        read = partial(self._read, row, contracts)
        if not number:
            return read()
        return Unread(number, marks.mark(self.key, (marks.packed(row), *contracts)), read)

    def _read(self, row: Row, contracts: Sequence[bytes]) -> Reading:
        rows = list(map(marks.unpacked, contracts))
        return to_record(self.person, row, self.contract, rows, self.above)


type TreeView = Callable[[], Awaitable[str | None]]
"""The view that says what each department is part of; as the policy says it now."""
CODE, PARENT = "ExternalId", "ParentExternalId"
"""Its fields, as in HelloID's T4E_HelloID_OrganizationalUnits_v2."""


async def _as_known() -> Mapping[str, Ids]:
    return {}


async def _no_tree() -> str | None:
    return None


class AfasSource:
    """AFAS as a source of the flow; `own_fields` says how the customer's views differ."""

    name = SOURCE

    def __init__(
        self,
        afas: Afas,
        views: Views,
        own_fields: OwnFields = _as_known,
        tree_view: TreeView = _no_tree,
    ) -> None:
        self._afas = afas
        self._tree_view = tree_view
        self._tree: tuple[str | None, Mapping[str, str]] | None = None
        """The department tree as last read, and from which view."""
        self._views = views
        self._own_fields = own_fields
        self._checked: tuple[Mapping[str, Ids], _Layouts] | None = None
        """The own fields with which the views were last found complete."""

    async def everyone(self) -> AsyncIterator[Sighting]:
        """Everybody in the persons view, with their contracts; see Source."""
        async for sighting in self._read(await self._with_tree(await self._check()), None):
            yield sighting

    async def changed_since(self, moment: datetime) -> AsyncIterator[Sighting]:
        """Whoever has a changed row in either view; without a log field everybody."""
        layouts = await self._with_tree(await self._check())
        if self._views.modified is None:
            async for sighting in self._read(layouts, None):
                yield sighting
            return
        numbers = await self._changed_numbers(layouts, self._views.modified, moment)
        for some in batched(numbers, NUMBERS_AT_ONCE, strict=False):
            async for sighting in self._read(layouts, some):
                yield sighting

    async def one(self, number: str) -> Sighting | None:
        """This employee number now; None when the persons view does not show it."""
        if not number.replace("_", "").replace("-", "").isalnum():
            return None  # `,` and `;` would make it another question
        own = await self._own_fields()
        known = self._checked
        layouts = known[1] if known and known[0] == own else await self._check()
        layouts = await self._with_tree(layouts, anew=False)
        async for sighting in self._read(layouts, [number]):
            if sighting.number == number:
                return sighting
        return None

    async def probe(self) -> None:
        """See that the views are there with the fields that intake needs; see Source."""
        await self._check()

    async def _check(self) -> _Layouts:
        """How the views are read, once AFAS says that they have all it takes."""
        own = await self._own_fields()
        _refuse_strangers(own, self._views)
        there = {view: await self._afas.fields(view) for view in self._views.names}
        layouts = _layouts(self._views, own, there)
        if tree := await self._tree_view():
            _check_tree(tree, await self._afas.fields(tree))
        self._checked = (own, layouts)
        return layouts

    async def _with_tree(self, layouts: _Layouts, *, anew: bool = True) -> _Layouts:
        """With the department tree; for one person the one that was read last is good enough."""
        view = await self._tree_view()
        if anew or self._tree is None or self._tree[0] != view:
            self._tree = (view, await self._departments(view) if view else {})
        return replace(layouts, above=self._tree[1])

    async def _departments(self, view: str) -> Mapping[str, str]:
        above = {}
        async for code, parent in self._afas.rows(view, (CODE, PARENT), key=(CODE,)):
            if code and parent:
                above[afas_cells.text(code)] = afas_cells.text(parent)
        return above

    async def _read(
        self, layouts: _Layouts, numbers: Sequence[str] | None
    ) -> AsyncIterator[Sighting]:
        if len(layouts.views) == 1:
            width = len(layouts.person.columns)
            async for number, rows in self._people(layouts.views[0], numbers):
                contracts = [(row[0], *row[width:]) for row in rows if any(row[width:])]
                packed = list(map(marks.packed, contracts))
                yield layouts.sighting(number, rows[0][:width], packed)
            return
        found = await self._contracts(layouts.contract, numbers)
        async for number, rows in self._people(layouts.person, numbers):
            yield layouts.sighting(number, rows[0], found.get(number, []))

    async def _people(
        self, view: Layout, numbers: Sequence[str] | None
    ) -> AsyncIterator[tuple[str, list[Row]]]:
        """The rows of each number, which come together because it is ordered on."""
        group: list[Row] = []
        here, done = "", set[str]()
        async for row in self._rows(view, numbers):
            number = number_of(row)
            if group and (number != here or not number):
                yield here, group
                group = []
                done.add(here)
            if number in done and number:
                raise Transient(f"AFAS view {view.view} parts the rows of one employee number")
            here = number
            group.append(row)
        if group:
            yield here, group

    async def _contracts(
        self, view: Layout, numbers: Sequence[str] | None
    ) -> Mapping[str, list[bytes]]:
        """By number the rows, packed: those of a hundred thousand people are held at once."""
        found: dict[str, list[bytes]] = defaultdict(list)
        async for row in self._rows(view, numbers):
            found[number_of(row)].append(marks.packed(row))
        return found

    def _rows(self, view: Layout, numbers: Sequence[str] | None) -> AsyncIterator[Row]:
        only = None if numbers is None else Filter(view.ids[0], EQUAL, numbers)
        return self._afas.rows(view.view, view.ids, key=view.order, only=only)

    async def _changed_numbers(
        self, layouts: _Layouts, log_field: str, moment: datetime
    ) -> list[str]:
        # Local time without a zone: a Z in a filter value is refused.
        since = moment.astimezone(ZONE).strftime("%Y-%m-%dT%H:%M:%S")
        only = Filter(log_field, AT_LEAST, [since])
        numbers: set[str] = set()
        for view in layouts.views:
            rows = self._afas.rows(view.view, view.ids, key=view.order, only=only)
            numbers |= {number_of(row) async for row in rows}
        return sorted(numbers - {""})


def _layouts(
    views: Views, own: Mapping[str, Ids], there: Mapping[str, Collection[str]]
) -> _Layouts:
    """How the views are read. Raises Permanent, naming view and fields, when one lacks some."""
    together = len(views.names) == 1
    made = [
        layout(
            view,
            fields,
            own.get(view, {}),
            standard=together or view == STANDARD,
            there=there[view],
        )
        for view, fields in ((views.persons, PERSON), (views.contracts, (NUMBER, *CONTRACT)))
    ]
    if views.modified:
        for view in views.names:
            check(view, [views.modified], there[view])
    persons, contracts = made
    both = Layout(persons.view, (*persons.columns, *contracts.columns[1:]))
    return _Layouts(persons, contracts, (both,) if together else (persons, contracts))


def _check_tree(view: str, there: Collection[str]) -> None:
    """Raise Permanent unless the view says what each department is part of."""
    lacking = [one for one in (CODE, PARENT) if one not in there]
    if lacking:
        raise Permanent(
            f"AFAS view {view} lacks {' and '.join(lacking)}: name one that has {CODE} and "
            f"{PARENT} under sources.afas.departments in the policy, such as HelloID's "
            "T4E_HelloID_OrganizationalUnits_v2",
            mender="policy",
        )


def _refuse_strangers(own: Mapping[str, Ids], views: Views) -> None:
    """A view of the policy that nobody reads is a slip of the pen, and would change nothing."""
    for view in own:
        if view not in views.names:
            raise Permanent(
                f"the policy's sources.afas.fields names view {view}, and the settings "
                f"AFAS_PERSONS_CONNECTOR and AFAS_CONTRACTS_CONNECTOR name "
                f"{' and '.join(views.names)}: write the same in both places",
                mender="settings",
            )
