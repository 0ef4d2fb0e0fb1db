from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from shared.rest import Rest
from shared.vendors.topdesk import logins
from shared.vendors.topdesk.logins import Login
from shared.vendors.topdesk.tenant import Generation, Tenant

type Rows = list[dict[str, Any]]
type Open = Callable[[Rows, Rows, Generation], Tenant]
V1, V2 = Generation.V1, Generation.V2
PERSONS: Rows = [
    {"id": "1", "employeeNumber": "1", "tasLoginName": "a@x.example", "archived": False},
    {"id": "2", "employeeNumber": "2", "tasLoginName": "b@x.example", "archived": True},
    {"id": "3", "employeeNumber": "3", "tasLoginName": "", "archived": False},
    {"id": "4", "tasLoginName": "d@x.example", "status": "personArchived"},
]
OPERATORS: Rows = [
    {"id": "1", "employeeNumber": "1", "loginName": "A@X.EXAMPLE", "status": "operator"},
    {"id": "2", "employeeNumber": "1", "loginName": "OLD", "status": "operatorArchived"},
    {"id": "3", "employeeNumber": "3", "loginName": "C", "loginPermission": False},
    {"id": "4", "loginName": "NOBODY", "loginPermission": True},
]


@pytest.fixture
async def topdesk() -> AsyncIterator[Open]:
    clients: list[httpx.AsyncClient] = []

    def open_one(persons: Rows, operators: Rows, generation: Generation) -> Tenant:
        def answer(request: httpx.Request) -> httpx.Response:
            is_v2 = generation is V2
            path = request.url.path.removeprefix("/tas/api")
            if path == "/operators":
                return httpx.Response(200, json=operators)
            if path.startswith("/persons/"):
                return httpx.Response(200, json=persons[0])
            if "x.topdesk-person-collection-v2" in request.headers["accept"] and not is_v2:
                return httpx.Response(406)
            return httpx.Response(200, json={"item": persons} if is_v2 else persons)

        client = httpx.AsyncClient(
            transport=httpx.MockTransport(answer), base_url="https://acme.topdesk.example"
        )
        clients.append(client)
        return Tenant(Rest(client, name="topdesk", concurrency=1))

    yield open_one
    for client in clients:
        await client.aclose()


@pytest.mark.parametrize("generation", [V1, V2])
async def test_only_person_cards_in_use_with_a_login_name_count(
    topdesk: Open, generation: Generation
) -> None:
    found = await logins.of_persons(topdesk(PERSONS, [], generation))

    assert found == (Login("1", "a@x.example"),)


async def test_only_operators_who_may_log_in_count(topdesk: Open) -> None:
    found = await logins.of_operators(topdesk([], OPERATORS, V2))

    assert found == (Login("1", "A@X.EXAMPLE"), Login("", "NOBODY"))


async def test_card_in_use_is_preferred_to_an_archived_one(topdesk: Open) -> None:
    tenant = topdesk(PERSONS[:1], [OPERATORS[1], OPERATORS[0]], V2)

    assert await logins.of_operator(tenant, "1") == Login("1", "A@X.EXAMPLE")
    assert await logins.of_person(tenant, "1") == Login("1", "a@x.example")


async def test_operator_who_may_not_log_in_has_no_login_name(topdesk: Open) -> None:
    assert await logins.of_operator(topdesk([], OPERATORS, V2), "3") == Login("3", "")


async def test_nobody_is_found_by_an_empty_number_or_a_wildcard(topdesk: Open) -> None:
    tenant = topdesk([], OPERATORS, V2)

    assert [await logins.of_operator(tenant, number) for number in ("", "*")] == [None, None]
