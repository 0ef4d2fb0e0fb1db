"""How are operator cards found, made, changed, archived and given rights?

Supporting Files API 2.7.11, the same in older ones but for `linkedPerson`. An operator can be
linked to a person only when it is made. Archiving one leaves its person alone; un-archiving one
brings an archived person back too (2.7.10).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx

from shared.errors import Permanent, TargetDown
from shared.vendors.topdesk.answers import refusal
from shared.vendors.topdesk.fields import EMPLOYEE_NUMBER, Value, folded
from shared.vendors.topdesk.lookups import (
    BRANCH_FILTER,
    CATEGORY_FILTER,
    DEPARTMENT,
    OPERATOR_FILTER,
    OPERATOR_GROUP,
    PERMISSION_GROUP,
    name_of,
)
from shared.vendors.topdesk.persons import Written, already, value_of, wire
from shared.vendors.topdesk.query import either, equals, is_sought
from shared.vendors.topdesk.tenant import Body, Generation, Row, Tenant, decoded

_LINK: Final = "linkedPerson"
_LINKED_AT: Final[Mapping[str, str]] = {
    PERMISSION_GROUP: "/operators/id/{id}/permissiongroups",
    OPERATOR_GROUP: "/operators/id/{id}/operatorgroups",
    BRANCH_FILTER: "/operators/id/{id}/filters/branch",
    CATEGORY_FILTER: "/operators/id/{id}/filters/category",
    OPERATOR_FILTER: "/operators/id/{id}/filters/operator",
}
_SHOWN_AS: Final[Mapping[str, str]] = {"firstInitials": "initials"}
"""A body calls it the one, an answer the other."""


@dataclass(frozen=True)
class OperatorRow:
    """An operator card as TOPdesk gave it."""

    id: str
    archived: bool
    employee_number: str
    linked_person_id: str | None
    row: Row

    def value(self, field: str) -> Value:
        """The field, as a body calls it; lookups by name, empty as None."""
        return value_of(self.row, _SHOWN_AS.get(field, field))


class Operators:
    """The operator cards of one tenant."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant

    async def of_person(self, person_id: str, number: str) -> list[OperatorRow]:
        """The cards linked to this person; when there is none, unlinked ones with the number.

        Archived ones too: a query finds both. Raises TargetDown when TOPdesk ignores the query.
        """
        found = [_operator(row) for row in await self._linked_or_numbered(person_id, number)]
        for operator in found:
            same = folded(operator.employee_number) == folded(number)
            if not same and operator.linked_person_id != person_id:
                raise TargetDown("TOPdesk ignores the query for a person's operator card")
        linked = [operator for operator in found if operator.linked_person_id == person_id]
        return linked or [operator for operator in found if operator.linked_person_id is None]

    async def by_id(self, operator_id: str) -> OperatorRow | None:
        """The card; None when TOPdesk does not show it."""
        response = await self._tenant.call("GET", "/operators/id/{id}", at={"id": operator_id})
        if response.status_code == httpx.codes.NOT_FOUND:
            return None
        if not response.is_success:
            raise refusal(response, "show an operator card")
        return _operator(decoded(response))

    async def linked(self, kind: str, operator_id: str) -> Mapping[str, str]:
        """The groups or filters of one kind that the card has, name to id."""
        response = await self._tenant.call("GET", _LINKED_AT[kind], at={"id": operator_id})
        if response.status_code == httpx.codes.NO_CONTENT:
            return {}
        if not response.is_success:
            raise refusal(response, f"list an operator's {kind}s")
        return {name_of(row): str(row["id"]) for row in decoded(response)}

    async def create(self, person_id: str, values: Written) -> OperatorRow:
        """Make a card linked to this person. Raises as making a person card does."""

        async def send() -> tuple[httpx.Response, Body]:
            body = self._body(values)
            if self._tenant.knows(_LINK, Generation.V2):
                body[_LINK] = {"id": person_id}
            return await self._tenant.call("POST", "/operators", body=body), body

        response, sent = await self._tenant.negotiate(send)
        if not response.is_success:
            raise refusal(response, "make an operator card", sent)
        return _operator(decoded(response))

    async def update(self, operator_id: str, values: Written) -> None:
        """Write these fields and no others. Raises NameTaken, Permanent, Transient."""

        async def send() -> tuple[httpx.Response, Body]:
            body = self._body(values)
            return await self._tenant.call(
                "PATCH",
                "/operators/id/{id}",
                at={"id": operator_id},
                body=body,
                idempotent=True,
            ), body

        response, sent = await self._tenant.negotiate(send)
        if not response.is_success:
            raise refusal(response, "change an operator card", sent)

    async def archive(self, operator_id: str, reason_id: str | None) -> None:
        """Archive the operator card and nothing else."""
        await self._toggle(operator_id, "archive", {"id": reason_id} if reason_id else {})

    async def unarchive(self, operator_id: str) -> None:
        """Bring the card back, and on newer products the person card it is linked to."""
        await self._toggle(operator_id, "unarchive", None)

    async def link(self, kind: str, operator_id: str, row_id: str) -> None:
        """Put the card in a group, or a filter on it."""
        await self._linking("POST", kind, operator_id, row_id, f"give an operator a {kind}")

    async def unlink(self, kind: str, operator_id: str, row_id: str) -> None:
        """Take the card out of a group, or a filter off it: a DELETE with a body."""
        await self._linking("DELETE", kind, operator_id, row_id, f"take away a {kind}")

    async def _linking(
        self, method: str, kind: str, operator_id: str, row_id: str, doing: str
    ) -> None:
        response = await self._tenant.call(
            method,
            _LINKED_AT[kind],
            at={"id": operator_id},
            body=[{"id": row_id}],
            # Nobody says that giving or taking twice is harmless: read again after a lost reply.
            idempotent=False,
        )
        if not response.is_success:
            raise refusal(response, doing)

    async def _toggle(self, operator_id: str, verb: str, body: Body | None) -> None:
        response = await self._tenant.call(
            "PATCH",
            f"/operators/id/{{id}}/{verb}",
            at={"id": operator_id},
            body=body,
            idempotent=True,
        )
        if not response.is_success and not already(response):
            raise refusal(response, f"{verb} an operator card")

    async def _linked_or_numbered(self, person_id: str, number: str) -> list[Row]:
        habits = self._tenant.habits
        # A number that somebody emptied would find every card without one.
        by_number = [equals(EMPLOYEE_NUMBER, number)] if is_sought(number) else []
        if habits.links_operators:
            query = either(equals(f"{_LINK}.id", person_id), *by_number)
            try:
                return await self._tenant.rows("/operators", {"query": query})
            except Permanent as error:
                if _LINK not in error.reason:
                    raise
                # Before the link existed (TOPdesk, 2024-04) the number was all there was.
                habits.links_operators = False
        if not by_number:
            return []
        return await self._tenant.rows("/operators", {"query": by_number[0]})

    def _body(self, values: Written) -> dict[str, Any]:
        habits = self._tenant.habits
        return {
            field: wire(field, value, habits)
            for field, value in values.items()
            # A department that is plain text has no id, and operators take nothing else.
            if not (field == DEPARTMENT and habits.departments_are_text)
        }


def _operator(row: Row) -> OperatorRow:
    return OperatorRow(
        id=str(row["id"]),
        archived=row.get("status") == "operatorArchived",
        employee_number=str(row.get(EMPLOYEE_NUMBER) or ""),
        linked_person_id=(row.get(_LINK) or {}).get("id"),
        row=row,
    )
