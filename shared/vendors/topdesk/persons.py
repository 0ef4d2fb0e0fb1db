"""How are person cards read, made, changed and archived, in either generation of the API?

Supporting Files API: 2.7.11 (v2) and 1.58.0 (v1). Archiving has the v1 path and shape in both.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx

from shared.errors import Permanent, TargetDown
from shared.vendors.topdesk.answers import faults, refusal
from shared.vendors.topdesk.fields import (
    EMPLOYEE_NUMBER,
    IS_MANAGER,
    LOOKUPS,
    MANAGER,
    MARK_FIELD,
    Value,
    folded,
)
from shared.vendors.topdesk.lookups import DEPARTMENT
from shared.vendors.topdesk.query import either, equals
from shared.vendors.topdesk.tenant import (
    EMPTY,
    PERSON_V2,
    Body,
    Generation,
    Habits,
    Row,
    Send,
    Tenant,
    decoded,
)

ANONYMISED: Final = "*****"
"""What TOPdesk puts in the employee number of a card it has anonymised."""
LOGIN: Final = "tasLoginName"
_ALWAYS: Final = ("id", "archived", EMPLOYEE_NUMBER, IS_MANAGER, MANAGER, MARK_FIELD)


@dataclass(frozen=True)
class Ref:
    """A row of a lookup: what it is called, and its id here."""

    name: str
    id: str


type Written = Mapping[str, Value | Ref]
"""Fields to write; None empties one, a dot leads into a nested one (`optionalFields1.text1`)."""


@dataclass(frozen=True)
class Person:
    """A person card as TOPdesk gave it, the generations' differences taken away."""

    id: str
    archived: bool
    employee_number: str
    row: Row

    @property
    def is_anonymised(self) -> bool:
        """Was the human behind it removed by TOPdesk itself? Then it is nobody's card."""
        return self.employee_number == ANONYMISED

    def value(self, field: str) -> Value:
        """The field; lookups by name, empty as None."""
        found = value_of(self.row, field)
        if field == DEPARTMENT and not found:
            return value_of(self.row, "departmentFree")
        return found

    def ref(self, field: str) -> str | None:
        """The id behind a lookup, or the manager's."""
        value = self.row.get(field)
        return value.get("id") if isinstance(value, Mapping) else None


class Persons:
    """The person cards of one tenant."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant

    async def by_id(self, person_id: str, fields: Iterable[str] = ()) -> Person | None:
        """The card; None when TOPdesk does not show it, which is no proof that it is gone."""
        generation = await self._tenant.generation()
        wanted = {*_ALWAYS, *(field.partition(".")[0] for field in fields)}

        async def send() -> tuple[httpx.Response, Body]:
            known = sorted(name for name in wanted if self._tenant.knows(name, generation))
            # v1 gives a single card whole.
            params = {"fields": ",".join(known)} if generation is Generation.V2 else None
            return await self._item("GET", generation, person_id, params=params), {}

        response, _ = await self._tenant.negotiate(send)
        if response.status_code == httpx.codes.NOT_FOUND:
            return None
        if not response.is_success:
            raise refusal(response, "show a person card")
        return _person(decoded(response))

    async def by_number(self, number: str) -> list[Person]:
        """The cards with this employee number, archived ones too; without their other fields.

        Raises Permanent for a number that cannot be sought, TargetDown when TOPdesk gives cards
        that were not asked for: a query it has ignored says nothing.
        """
        try:
            query = equals(EMPLOYEE_NUMBER, number)
        except ValueError as error:
            mend = "give this person a number of letters and digits in HR"
            raise Permanent(f"{error}; {mend}", mender="hr") from error
        fields = f"id,{EMPLOYEE_NUMBER}"
        if await self._tenant.generation() is Generation.V2:
            params = {"query": query, "fields": f"{fields},archived"}
            rows = await self._tenant.rows_v2("/persons", params)
        else:
            params = {"query": query, "$fields": f"{fields},status"}
            rows = await self._tenant.rows("/persons", params)
        found = [_person(row) for row in rows]
        if any(folded(person.employee_number) != folded(number) for person in found):
            raise TargetDown("TOPdesk ignores the query for an employee number")
        return found

    async def everyone(self) -> AsyncIterator[Person]:
        """Every card that the API account may see, a page at a time; with its login name."""
        fields = f"id,{EMPLOYEE_NUMBER},{LOGIN}"
        if await self._tenant.generation() is Generation.V2:
            rows = self._tenant.each_v2("/persons", {"fields": f"{fields},archived"})
        else:
            # Without a query v1 leaves archived cards out (Supporting Files API 1.58.0).
            both = either("archived==true", "archived==false")
            rows = self._tenant.each("/persons", {"query": both, "$fields": f"{fields},status"})
        async for row in rows:
            yield _person(row)

    async def create(self, values: Written) -> Person:
        """Make a card. Raises NameTaken, Permanent; UnknownReply when it may stand there now."""
        generation = await self._tenant.generation()

        async def send() -> tuple[httpx.Response, Body]:
            body = self._body(values, generation)
            headers = {**_accept(generation), "Content-Type": self._tenant.habits.person_body}
            return await self._tenant.call("POST", "/persons", body=body, headers=headers), body

        return await self._written("make a person card", send)

    async def update(self, person_id: str, values: Written) -> Person:
        """Write these fields and no others. Raises NameTaken, Permanent, Transient."""
        generation = await self._tenant.generation()

        async def send() -> tuple[httpx.Response, Body]:
            body = self._body(values, generation)
            return await self._item("PATCH", generation, person_id, body=body), body

        return await self._written("change a person card", send)

    async def archive(self, person_id: str, reason_id: str | None) -> None:
        """Archive the card; from product 16.06.007 on its operator goes with it."""
        await self._toggle(person_id, "archive", {"id": reason_id} if reason_id else {})

    async def unarchive(self, person_id: str) -> None:
        """Bring the card back; newer products may bring its operator back too."""
        await self._toggle(person_id, "unarchive", None)

    async def _toggle(self, person_id: str, verb: str, body: Body | None) -> None:
        response = await self._tenant.call(
            "PATCH",
            f"/persons/id/{{id}}/{verb}",
            at={"id": person_id},
            body=body,
            idempotent=True,
        )
        if not response.is_success and not already(response):
            raise refusal(response, f"{verb} a person card")

    async def _item(
        self,
        method: str,
        generation: Generation,
        person_id: str,
        *,
        body: Body | None = None,
        params: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        path = "/persons/{id}" if generation is Generation.V2 else "/persons/id/{id}"
        return await self._tenant.call(
            method,
            path,
            at={"id": person_id},
            body=body,
            params=params,
            headers=_accept(generation),
            idempotent=True,
        )

    async def _written(self, doing: str, send: Send) -> Person:
        response, sent = await self._tenant.negotiate(send)
        if not response.is_success:
            raise refusal(response, doing, sent)
        return _person(decoded(response))

    def _body(self, values: Written, generation: Generation) -> Body:
        body: dict[str, Any] = {}
        for field, value in values.items():
            head, _, rest = field.partition(".")
            if not self._tenant.knows(head, generation):
                continue
            if head == DEPARTMENT and self._tenant.habits.departments_are_text:
                body |= _department_as_text(value, generation)
            elif rest:
                body.setdefault(head, {})[rest] = "" if value is None else value
            else:
                body[head] = wire(head, value, self._tenant.habits)
        return body


def value_of(row: Row, field: str) -> Value:
    """A field of a card of either kind; lookups by name, empty as None."""
    value: Any = row
    for part in field.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    if isinstance(value, Mapping):
        value = value.get("name")
    return value if isinstance(value, bool) else str(value).strip() or None if value else None


def wire(field: str, value: Value | Ref, habits: Habits) -> Any:
    """One value as a body has it: a lookup and a manager by id, an empty text as ""."""
    if isinstance(value, Ref):
        return {"id": value.id}
    if field in LOOKUPS or field == MANAGER:
        if value is None:
            return None if habits.empties_by_null else dict(EMPTY)
        return {"id": value}
    return "" if value is None else value


def already(response: httpx.Response) -> bool:
    """Was it archived, or un-archived, before? That is a 400 here, and what we wanted."""
    return any(fault.says("is already", "archived") for fault in faults(response))


def _accept(generation: Generation) -> dict[str, str]:
    return {"Accept": PERSON_V2} if generation is Generation.V2 else {}


def _department_as_text(value: Value | Ref, generation: Generation) -> dict[str, Any]:
    name = value.name if isinstance(value, Ref) else str(value or "")
    return (
        {DEPARTMENT: {"name": name}} if generation is Generation.V2 else {"departmentFree": name}
    )


def _person(row: Row) -> Person:
    archived = row.get("archived")
    return Person(
        id=str(row["id"]),
        archived=row.get("status") == "personArchived" if archived is None else bool(archived),
        employee_number=str(row.get(EMPLOYEE_NUMBER) or ""),
        row=row,
    )
