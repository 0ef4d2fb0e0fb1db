"""Which version has each row, and what was deleted? The sync endpoints' memory.

A version is a number that goes up with every change of any row of a division. The rig notices
changes of the world when it is asked: a row that reads otherwise gets a new version, one that is
gone gets a deletion.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sandbox.exact import rows, wire
from sandbox.exact.settings import Division, Environment
from sandbox.world import Answers, Kind, Person, World

FIRST_VERSION = 1_002_000_000


@dataclass
class Stored:
    """A row as it was last seen."""

    number: str
    row: dict[str, Any]
    version: int
    modified: str


@dataclass
class Tables:
    """The payroll tables and deletions of one division."""

    world: World
    answers: Answers
    environment: Environment
    division: Division
    stored: dict[str, dict[str, Stored]] = field(
        default_factory=lambda: {table: {} for table in rows.TABLES}
    )
    deleted: list[dict[str, Any]] = field(default_factory=list)
    version: int = FIRST_VERSION
    _seen: Hashable = None
    _people: dict[str, Person] = field(default_factory=dict)
    _structure: Hashable = None
    _by_person: dict[str, dict[str, set[str]]] = field(default_factory=dict)

    def rows(self, table: str) -> list[Stored]:
        """The rows of a table by version, of whom HR shows now."""
        self._catch_up()
        shown = {person.number for person in self.answers.people(self.world)}
        found = [one for one in self.stored[table].values() if one.number in shown]
        return sorted(found, key=lambda one: one.version)

    def deletions(self) -> list[dict[str, Any]]:
        """What was deleted, oldest first."""
        self._catch_up()
        return self.deleted

    def regenerate(self) -> None:
        """All versions begin anew, as after a division moved: old cursors go silently wrong."""
        self._catch_up()
        self.version = FIRST_VERSION // 2
        for table in self.stored.values():
            for one in table.values():
                one.version = self._next()

    def _catch_up(self) -> None:
        now = self._state()
        if now == self._seen:
            return
        self._seen = now
        people = {
            person.number: person
            for person in self._everybody()
            if person.kind is not Kind.NOT_WORKING
            and rows.home(self.environment, person) == self.division
        }
        structure = (self.world.structure, self.world.now().date(), self._switches())
        same = structure == self._structure
        for number in list(self._people):
            if number not in people:
                self._remove(number)
        for number, person in people.items():
            if not same or self._people.get(number) is not person:
                self._write(person)
        self._people, self._structure = people, structure

    def _state(self) -> Hashable:
        distorted = self.answers.version if self.answers.kind == "ended" else 0
        return (self.world.version, self.world.now().date(), distorted, self._switches())

    def _switches(self) -> Hashable:
        e = self.environment
        return (e.personal_rights, e.padded_codes, e.local_midnight, tuple(sorted(e.anonymised)))

    def _everybody(self) -> list[Person]:
        """All people; the tricks that leave people out are no deletions."""
        if self.answers.kind == "ended":
            return list(self.answers.people(self.world))
        return list(self.world.people.values())

    def _write(self, person: Person) -> None:
        made = rows.of(self.world, self.environment, self.division, person)
        for table, written in made.items():
            held = self.stored[table]
            before = self._by_person.setdefault(person.number, {}).get(table, set())
            for row in written:
                known = held.get(row["ID"])
                if known is None or known.row != row:
                    held[row["ID"]] = Stored(person.number, row, self._next(), row["Modified"])
            now = {row["ID"] for row in written}
            for gone in sorted(before - now):
                self._delete(table, gone)
            self._by_person[person.number][table] = now

    def _remove(self, number: str) -> None:
        for table, ids in self._by_person.pop(number, {}).items():
            for gone in sorted(ids):
                self._delete(table, gone)

    def _delete(self, table: str, key: str) -> None:
        self.stored[table].pop(key, None)
        moment: datetime = self.world.now()
        self.deleted.append(
            {
                "ID": rows.guid(self.division.code, "Deleted", f"{key}:{self.version}"),
                "Timestamp": self._next(),
                "EntityKey": key,
                "EntityType": rows.ENTITY_TYPES[table],
                "DeletedDate": wire.moment(moment),
                "DeletedBy": rows.guid(self.division.code, "Users", 1),
                "Division": self.division.code,
            }
        )

    def _next(self) -> int:
        self.version += 1
        return self.version
