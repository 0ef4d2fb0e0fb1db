"""Which employee is the manager that Nmbrs names? By mail address, then number, then name.

In Nmbrs a manager is a thing apart with an id of its own, and need not be an employee at all. What
fits more than one employee fits none. The mail address is empty before somebody has one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from shared.intake.nmbrs_record import info_of
from shared.intake.nmbrs_rows import FORMER, Calendar, Employee, Info, Manager, Problem, rows_of

type Index = Mapping[str, str | None]


@dataclass(frozen=True)
class Managers:
    """The employees by what a manager row says of them; None stands for more than one."""

    by_mail: Index
    by_number: Index
    by_name: Index

    @classmethod
    def of(cls, rolls: Iterable[tuple[Iterable[Employee], Calendar]]) -> Managers:
        """Index the employees of all companies; those who left count where nobody else fits."""
        mail, number, name = _Tally(), _Tally(), _Tally()
        for people, calendar in rolls:
            for person in people:
                info = _info(person, calendar)
                if info is None or person.key is None:
                    continue
                left = person.type in FORMER
                contact = info.contact_info
                mail.add(contact.business_email if contact else "", person.key, left=left)
                for full in _names(info):
                    name.add(full, person.key, left=left)
                    number.add(f"{person.number} {full}", person.key, left=left)
        return cls(mail.result(), number.result(), name.result())

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
        full = _plain(f"{manager.first_name} {manager.last_name}")
        return (
            self.by_mail.get(_plain(manager.email))
            or self.by_number.get(_plain(f"{manager.number} {full}"))
            or self.by_name.get(full)
        )


class _Tally:
    """Who goes by a text; those who are here before those who left."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, bool], set[str]] = defaultdict(set)

    def add(self, text: str, key: str, *, left: bool) -> None:
        if plain := _plain(text):
            self._found[plain, left].add(key)

    def result(self) -> Index:
        index: dict[str, str | None] = {}
        for (text, _), keys in sorted(self._found.items(), key=lambda item: -item[0][1]):
            index[text] = next(iter(keys)) if len(keys) == 1 else None
        return index


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


def _info(person: Employee, calendar: Calendar) -> Info | None:
    try:
        return info_of(person, calendar)
    except Problem:
        return None


def _plain(text: str) -> str:
    return " ".join(text.casefold().split()).replace(" - ", "-").replace("- ", "-")
