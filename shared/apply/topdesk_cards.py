"""Which cards in TOPdesk are this person's, and what stands in the way? Read for apply/topdesk.py.

An id that answers 404 may be hidden by a filter of the API account: the number is sought before
anything is said, and such a card is never reported as absent. Writes nothing.
"""

from __future__ import annotations

from typing import Final

from shared.errors import NotShown, Permanent
from shared.model.account import Applied, Found, OperatorCard, TopdeskCard
from shared.model.desired import ALIVE, DesiredTopdesk, Entry, State
from shared.model.right import TASKS, RightKind, called, parted
from shared.vendors.topdesk.fields import (
    EMPLOYEE_NUMBER,
    IS_MANAGER,
    LOOKUPS,
    MANAGER,
    MARK_FIELD,
    OPERATOR_FIELDS,
    REMOVED,
    REMOVED_MARK,
    Value,
    about,
    folded,
)
from shared.vendors.topdesk.lookups import (
    ARCHIVING_REASON,
    DEPARTMENT,
    LOCATION,
    Lookups,
)
from shared.vendors.topdesk.operators import OperatorRow, Operators
from shared.vendors.topdesk.persons import Person, Persons
from shared.vendors.topdesk.tenant import Tenant

BRANCH: Final = "branch"


class Cards:
    """The cards of one TOPdesk, looked up for a person."""

    def __init__(self, tenant: Tenant, lookups: Lookups) -> None:
        self._tenant = tenant
        self._lookups = lookups
        self.persons = Persons(tenant)
        self.operators = Operators(tenant)

    async def read(self, desired: DesiredTopdesk, applied: Applied) -> Found[TopdeskCard]:
        """The person card by its recorded id, else by the employee number, and its operator.

        Raises Permanent when several cards have the number, and when the recorded card is not
        shown and no other has the number; Transient or TargetDown when it cannot be known now.
        """
        fields = _asked(desired)
        person = await self._find(desired, applied, fields)
        operator = None
        if person and _concerns_operators(desired, applied, person):
            rows = await self.operators.of_person(person.id, person.employee_number)
            operator = choose(rows, applied)
        obstacles = await self._obstacles(desired, person)
        if operator and desired.operator and self._is_unlinked(operator):
            obstacles["operator link"] = (
                f"operator card {operator.id} has the person's number but is not linked to the "
                "person card, and the API cannot link it; link them in TOPdesk"
            )
        card = None
        if person:
            row = await self._operator_card(operator, desired, applied) if operator else None
            card = _card(person, row, fields)
        return Found(
            account=card, obstacles=obstacles, loose=await self._loose(desired, obstacles)
        )

    async def _find(
        self, desired: DesiredTopdesk, applied: Applied, fields: frozenset[str]
    ) -> Person | None:
        recorded = applied.account_id
        person = await self.persons.by_id(recorded, fields) if recorded else None
        number = desired.employee_number
        if person and folded(person.employee_number) == folded(number):
            return person
        others = await self.with_number(number)
        if person and not person.is_anonymised:
            if others:
                raise Permanent(
                    f"TOPdesk card {person.id} is ours, but card {others[0].id} has its new "
                    f"number {number}; join or renumber them in TOPdesk"
                )
            return person
        if others:
            return await self.persons.by_id(others[0].id, fields)
        if recorded and not person:
            raise NotShown(
                f"TOPdesk does not show person card {recorded} any more and none has number "
                f"{number}: deleted there, or hidden by a filter of the API account. Show it "
                "again; or, when it was deleted, let `instroom topdesk forget` say so"
            )
        return None

    async def with_number(self, number: str) -> list[Person]:
        """The one card with this number, or none. Raises Permanent when there are several."""
        found = await self.persons.by_number(number)
        if len(found) > 1:
            ids = ", ".join(sorted(person.id for person in found))
            raise Permanent(
                f"TOPdesk has {len(found)} person cards with number {number} ({ids}); leave the "
                "number on the right one only"
            )
        return found

    async def _operator_card(
        self, operator: OperatorRow, desired: DesiredTopdesk, applied: Applied
    ) -> OperatorCard:
        groups: frozenset[str] = frozenset()
        more: set[str] = set()
        for kind in _kinds_to_read(operator, desired, applied):
            match kind:
                case RightKind.TASK:
                    more |= {called(kind, task) for task in TASKS if operator.value(task) is True}
                case RightKind.PERMISSION_GROUP:
                    groups = frozenset(await self.operators.linked(kind, operator.id))
                case _:
                    names = await self.operators.linked(kind, operator.id)
                    more |= {called(kind, name) for name in names}
        return OperatorCard(
            id=operator.id,
            archived=operator.archived,
            permission_groups=groups,
            more=frozenset(more),
            scrubbed=operator.value(MARK_FIELD) == REMOVED_MARK,
            fields={field: operator.value(field) for field in self._operator_fields(desired)},
        )

    def _operator_fields(self, desired: DesiredTopdesk) -> frozenset[str]:
        """Those that the card can hold: a department that is plain text is the person's alone."""
        no_list = self._tenant.habits.departments_are_text
        asked = {EMPLOYEE_NUMBER, *desired.card} - ({DEPARTMENT} if no_list else set())
        return frozenset(OPERATOR_FIELDS[field] for field in asked if field in OPERATOR_FIELDS)

    async def _obstacles(self, desired: DesiredTopdesk, person: Person | None) -> dict[str, str]:
        """What the policy names and this TOPdesk lacks; what may be made is never lacking."""
        if desired.state in ALIVE:
            return {**await self._missing_on_card(desired), **await self._missing_rights(desired)}
        reason = desired.archive_reason
        is_over = person is None or (person.archived and desired.state is not State.DELETED)
        lack = None if is_over or not reason else await self._lack(ARCHIVING_REASON, reason)
        return {ARCHIVING_REASON: lack} if lack else {}

    async def _missing_on_card(self, desired: DesiredTopdesk) -> dict[str, str]:
        generation = await self._tenant.generation()
        branch = desired.card[BRANCH].value if BRANCH in desired.card else None
        missing: dict[str, str | None] = {}
        for field, wanted in desired.card.items():
            if not self._tenant.knows(field.partition(".")[0], generation):
                missing[about(field)] = (
                    f"this TOPdesk is too old for {field}; drop topdesk.card.{field} from the "
                    "policy"
                )
            elif isinstance(wanted.value, str) and self._must_exist(desired, field):
                missing[about(field)] = await self._lack(field, wanted.value, branch)
        return {place: lack for place, lack in missing.items() if lack}

    async def _loose(self, desired: DesiredTopdesk, obstacles: dict[str, str]) -> frozenset[str]:
        """Which rows must be tied to HR's code, or renamed? What cannot be is an obstacle."""
        loose = set()
        for field, entry in desired.entries.items() if desired.state in ALIVE else ():
            name = desired.card[field].value if field in desired.card else None
            if not entry.code or not isinstance(name, str) or self._is_text(field):
                continue
            try:
                if about(field) not in obstacles and await self._lookups.is_loose(
                    field, name, entry.code
                ):
                    loose.add(field)
            except Permanent as refused:
                obstacles[about(field)] = refused.reason
        return frozenset(loose)

    def _must_exist(self, desired: DesiredTopdesk, field: str) -> bool:
        made = desired.entries.get(field, Entry()).make
        return field in LOOKUPS and not made and not self._is_text(field)

    def _is_text(self, field: str) -> bool:
        return field == DEPARTMENT and self._tenant.habits.departments_are_text

    async def _missing_rights(self, desired: DesiredTopdesk) -> dict[str, str]:
        rights = {
            key: parted(key) for key in (desired.operator.rights if desired.operator else ())
        }
        missing = {
            key: await self._lack(kind, name)
            for key, (kind, name) in rights.items()
            if kind is not RightKind.TASK
        }
        return {key: lack for key, lack in missing.items() if lack}

    async def _lack(self, kind: str, name: str, branch: Value = None) -> str | None:
        """Why this name cannot be used; None when it can."""
        try:
            branch_id = None
            if kind == LOCATION and isinstance(branch, str):
                branch_id = await self._lookups.find(BRANCH, branch)
            found = await self._lookups.find(kind, name, branch_id=branch_id)
        except Permanent as refused:
            # There twice, or not to be read: the rest of the person need not wait for it.
            return refused.reason
        return None if found else lacking(kind, name)

    def _is_unlinked(self, operator: OperatorRow) -> bool:
        return operator.linked_person_id is None and self._tenant.habits.links_operators

    async def shown(self, card_id: str, *fields: str) -> Person:
        """The card as it is now. Raises Permanent when TOPdesk does not show it."""
        person = await self.persons.by_id(card_id, fields)
        if person is None:
            raise Permanent(
                f"TOPdesk does not show person card {card_id}; deleted, or hidden by a filter of "
                "the API account"
            )
        return person

    async def operator_of(self, applied: Applied) -> OperatorRow:
        """The operator card meant: the recorded one, else the one of the person card."""
        if applied.operator_id:
            recorded = await self.operators.by_id(applied.operator_id)
            if recorded:
                return recorded
        person = await self.shown(card_of(applied))
        rows = await self.operators.of_person(person.id, person.employee_number)
        operator = choose(rows, applied)
        if operator is None:
            raise Permanent(f"TOPdesk shows no operator card for person card {person.id}")
        return operator


def _card(person: Person, operator: OperatorCard | None, fields: frozenset[str]) -> TopdeskCard:
    return TopdeskCard(
        id=person.id,
        archived=person.archived,
        employee_number=person.employee_number,
        fields={field: person.value(field) for field in fields},
        is_manager=bool(person.value(IS_MANAGER)),
        manager_id=person.ref(MANAGER),
        scrubbed=person.value(MARK_FIELD) == REMOVED_MARK,
        operator=operator,
    )


def _kinds_to_read(
    operator: OperatorRow, desired: DesiredTopdesk, applied: Applied
) -> tuple[RightKind, ...]:
    """A card that goes, or comes back, is read to the last right; else what the rules speak of."""
    if operator.archived or desired.operator is None:
        return tuple(RightKind)
    named = (*desired.operator.rights, *applied.rights, *desired.managed)
    spoken_of = {parted(key)[0] for key in named}
    return tuple(kind for kind in RightKind if kind in spoken_of)


def _asked(desired: DesiredTopdesk) -> frozenset[str]:
    """The card fields to read; a removal must see what there is to empty."""
    removed = (*REMOVED, *desired.removed) if desired.state is State.DELETED else ()
    return frozenset({*desired.card, *removed})


def _concerns_operators(desired: DesiredTopdesk, applied: Applied, person: Person) -> bool:
    """Could the plan depend on an operator card? For most people it cannot: a call less."""
    return bool(
        desired.operator
        or applied.operator_id
        or applied.rights
        or desired.managed
        or desired.state not in ALIVE
        or person.archived
    )


def choose(rows: list[OperatorRow], applied: Applied) -> OperatorRow | None:
    """The operator card meant. Raises Permanent when nobody can tell which."""
    recorded = [row for row in rows if row.id == applied.operator_id]
    candidates = recorded or [row for row in rows if not row.archived] or rows
    if len(candidates) > 1:
        ids = ", ".join(sorted(row.id for row in candidates))
        raise Permanent(f"several operator cards are one person's ({ids}); archive all but one")
    return candidates[0] if candidates else None


def card_of(applied: Applied) -> str:
    """The id of the person card that a change is about."""
    if applied.account_id is None:
        raise ValueError("a change to a card needs the card's id in `applied`")
    return applied.account_id


def lacking(kind: str, name: str) -> str:
    """The sentence for something the policy names and TOPdesk does not have."""
    return f"TOPdesk has no {kind} '{name}'; make it there, or name another one in the policy"
