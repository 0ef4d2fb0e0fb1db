"""Which employee is the manager that Nmbrs names? By mail address, then number, then name.

In Nmbrs a manager is a thing apart with an id of its own, and need not be an employee at all. What
fits more than one employee fits none. The mail address is empty before somebody has one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from shared.intake.nmbrs_record import info_of
from shared.intake.nmbrs_rows import FORMER, Calendar, Employee, Info, Manager, Problem, rows_of
from shared.intake.nmbrs_versions import as_text


@dataclass(frozen=True)
class _Said:
    """What a manager row may say of an employee, in plain letters."""

    mail: str = ""
    numbered: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Managers:
    """The employees by what a manager row may say of them.

    Few are anybody's manager, so everybody is only glanced at, and whom a row may mean is read.
    """

    _likely: Mapping[str, Sequence[tuple[Employee, Calendar]]]
    """By mail address, and by first and last word of a name."""
    _said: dict[tuple[str, str], _Said] = field(default_factory=dict, repr=False)
    """By company and Nmbrs' id."""
    _known: dict[tuple[str, str, str], str | None] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, rolls: Iterable[tuple[Iterable[Employee], Calendar]]) -> Managers:
        """Glance at the employees of all companies."""
        likely = defaultdict[str, list[tuple[Employee, Calendar]]](list)
        for people, calendar in rolls:
            for person in people:
                if person.key is not None:
                    for clue in set(_clues(person)):
                        likely[clue].append((person, calendar))
        return cls(likely)

    def numbers(self, person: Employee) -> Mapping[str, str | None]:
        """For each manager that this employee has or had: whose number that is."""
        found: dict[str, str | None] = {}
        for row in rows_of(person, "managers"):
            try:
                manager = Manager.model_validate(row)
            except ValueError:
                continue  # told as this employee's problem when the managers are read
            found[manager.manager_id] = self._number(manager)
        return found

    def _number(self, manager: Manager) -> str | None:
        name = f"{manager.first_name} {manager.last_name}"
        asked = _plain(manager.email), _plain(f"{manager.number} {name}"), _plain(name)
        if asked not in self._known:
            self._known[asked] = self._found(*asked, _ends(name, name))
        return self._known[asked]

    def _found(self, mail: str, numbered: str, name: str, ends: str) -> str | None:
        return (
            self._only(mail, lambda said: mail == said.mail)
            or self._only(ends, lambda said: numbered in said.numbered)
            or self._only(ends, lambda said: name in said.names)
        )

    def _only(self, clue: str, fits: Callable[[_Said], bool]) -> str | None:
        """The number of whom it fits alone; those who left count where nobody else fits."""
        here, left = set[str](), set[str]()
        for person, calendar in self._likely.get(clue, ()) if clue else ():
            if person.key and fits(self._of(person, calendar)):
                (left if person.type in FORMER else here).add(person.key)
        fitting = here or left
        return fitting.pop() if len(fitting) == 1 else None

    def _of(self, person: Employee, calendar: Calendar) -> _Said:
        key = (person.company.number, person.id)
        if key not in self._said:
            self._said[key] = _said(person, calendar)
        return self._said[key]


def _said(person: Employee, calendar: Calendar) -> _Said:
    try:
        info = info_of(person, calendar)
    except Problem:
        return _Said()
    mail = info.contact_info.business_email if info.contact_info else ""
    names = _names(info)
    numbered = frozenset(_plain(f"{person.number} {name}") for name in names)
    return _Said(_plain(mail), numbered, frozenset(names))


def _clues(person: Employee) -> Iterator[str]:
    """By what an employee may be found, in any version; looked at, not read: it is of everyone."""
    for row in rows_of(person, "personalinfo"):
        names, partner = _part(row, "basicInfo"), _part(row, "partnerInfo")
        yield _plain(_text(_part(row, "contactInfo"), "businessEmail"))
        for first in {_text(names, "firstName"), _text(names, "firstNameInFull")}:
            for last in {_text(names, "lastName"), _text(partner, "partnerName")}:
                yield _ends(first, last)


def _part(row: Any, name: str) -> Mapping[str, Any]:
    part = row.get(name) if isinstance(row, Mapping) else None
    return part if isinstance(part, Mapping) else {}


def _text(part: Mapping[str, Any], name: str) -> str:
    return str(as_text(part.get(name)))


def _ends(first: str, last: str) -> str:
    """The first word of the one and the last of the other; "" when there is none."""
    begins, ends = _words(first), _words(last)
    return f"{begins[0]} {ends[-1]}" if begins and ends else ""


def _words(text: str) -> list[str]:
    return text.casefold().replace("-", " ").split()


def _names(info: Info) -> set[str]:
    """First name and surname in the ways a manager may have been entered."""
    names, partner = info.basic_info, info.partner_info
    own = {names.last_name, f"{names.prefix} {names.last_name}"}
    other: set[str] = set()
    if partner and partner.partner_name:
        other = {partner.partner_name, f"{partner.partner_prefix} {partner.partner_name}"}
    both = {f"{a}-{b}" for one, two in ((own, other), (other, own)) for a in one for b in two}
    surnames = own | other | both
    firsts = {names.first_name, names.first_name_in_full} - {""}
    return {_plain(f"{first} {last}") for first in firsts for last in surnames}


def _plain(text: str) -> str:
    return " ".join(text.casefold().split()).replace(" - ", "-").replace("- ", "-")
