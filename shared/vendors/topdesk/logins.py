"""Which login names are on TOPdesk's cards? For `instroom sso` alone.

Supporting Files API 2.7.11 and 1.58.0. Both lists leave out archived cards when they are asked
without a query; the cards' own word is looked at all the same.
"""

from __future__ import annotations

from dataclasses import dataclass

from shared.vendors.topdesk.fields import EMPLOYEE_NUMBER, folded
from shared.vendors.topdesk.persons import Persons
from shared.vendors.topdesk.query import equals, is_sought
from shared.vendors.topdesk.tenant import Generation, Tenant


@dataclass(frozen=True)
class Login:
    """The login name of one card."""

    number: str
    """Employee number; empty when the card has none."""
    name: str
    archived: bool = False


async def of_person(tenant: Tenant, number: str) -> Login | None:
    """The person card with this employee number; one in use rather than an archived one."""
    persons = Persons(tenant)
    found = sorted(await persons.by_number(number), key=lambda each: each.archived)
    card = await persons.by_id(found[0].id, ("tasLoginName",)) if found else None
    if card is None:
        return None
    return Login(number, str(card.value("tasLoginName") or ""), card.archived)


async def of_operator(tenant: Tenant, number: str) -> Login | None:
    """The operator card with this employee number; one in use rather than an archived one.

    One that may not log in has no login name for us.
    """
    if not is_sought(number):
        return None
    rows = await tenant.rows("/operators", {"query": equals(EMPLOYEE_NUMBER, number)})
    cards = [
        Login(
            number,
            "" if row.get("loginPermission") is False else str(row.get("loginName") or ""),
            row.get("status") == "operatorArchived",
        )
        for row in rows
        if folded(str(row.get(EMPLOYEE_NUMBER) or "")) == folded(number)
    ]
    return min(cards, key=lambda each: each.archived, default=None)


async def of_persons(tenant: Tenant) -> tuple[Login, ...]:
    """`tasLoginName` of every person card: what the self-service portal compares."""
    fields = f"id,{EMPLOYEE_NUMBER},tasLoginName"
    if await tenant.generation() is Generation.V2:
        rows = await tenant.rows_v2("/persons", {"fields": f"{fields},archived"})
    else:
        rows = await tenant.rows("/persons", {"$fields": f"{fields},status"})
    return tuple(
        Login(str(row.get(EMPLOYEE_NUMBER) or ""), str(row["tasLoginName"]))
        for row in rows
        if row.get("tasLoginName")
        and not row.get("archived")
        and row.get("status") != "personArchived"
    )


async def of_operators(tenant: Tenant) -> tuple[Login, ...]:
    """`loginName` of every operator card that may log in: what the operator's section compares."""
    rows = await tenant.rows("/operators", {})
    return tuple(
        Login(str(row.get(EMPLOYEE_NUMBER) or ""), str(row["loginName"]))
        for row in rows
        if row.get("loginName")
        and row.get("loginPermission") is not False
        and row.get("status") != "operatorArchived"
    )
