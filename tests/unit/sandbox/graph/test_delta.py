"""Delta rounds: the first, the following, the empty page, the removed, the expired."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sandbox.clock import ManualClock
from sandbox.graph import GraphTenant
from sandbox.graph.service import Service

type Create = Callable[..., str]
type Error = Callable[..., tuple[int, str]]

BASE = "https://graph.microsoft.com/v1.0"
DAY = 86_400


def rounds(service: Service, url: str) -> tuple[list[list[dict[str, Any]]], str]:
    """Every page of one round, and the link for the next."""
    pages: list[list[dict[str, Any]]] = []
    while True:
        reply = service.ask("GET", url)
        assert reply.status == 200, reply.body
        assert isinstance(reply.body, dict)
        pages.append(reply.body["value"])
        if "@odata.deltaLink" in reply.body:
            return pages, reply.body["@odata.deltaLink"].removeprefix(BASE)
        url = reply.body["@odata.nextLink"].removeprefix(BASE)


def test_the_first_round_is_everyone(service: Service, create: Create) -> None:
    anna, bert = create("anna"), create("bert")

    pages, _ = rounds(service, "/users/delta?$select=id")

    assert pages == [[{"id": anna}, {"id": bert}]]


def test_a_following_round_begins_empty_and_shows_what_changed(
    service: Service, create: Create
) -> None:
    anna = create("anna")
    create("bert")
    _, link = rounds(service, "/users/delta?$select=department")
    service.ask("PATCH", f"/users/{anna}", {"department": "Zorg"})

    pages, link = rounds(service, link)

    assert pages == [[], [{"department": "Zorg", "id": anna}]]
    assert rounds(service, link)[0] == [[], []]


def test_the_removed_say_whether_they_can_come_back(service: Service, create: Create) -> None:
    anna, bert = create("anna"), create("bert")
    _, link = rounds(service, "/users/delta")
    service.ask("DELETE", f"/users/{anna}")
    service.ask("DELETE", f"/users/{bert}")
    service.ask("DELETE", f"/directory/deletedItems/{bert}")

    pages, _ = rounds(service, link)

    assert pages[-1] == [
        {"id": anna, "@removed": {"reason": "changed"}},
        {"id": bert, "@removed": {"reason": "deleted"}},
    ]


def test_latest_gives_a_link_and_nothing_else(service: Service, create: Create) -> None:
    create("anna")

    pages, link = rounds(service, "/users/delta?$deltatoken=latest")

    assert pages == [[]]
    assert rounds(service, link)[0] == [[], []]


def test_long_rounds_repeat_the_last_of_a_page(service: Service, tenant: GraphTenant) -> None:
    for n in range(450):
        tenant.add_user({"userPrincipalName": f"p{n}@bedrijf.example", "displayName": f"P{n}"})

    pages, _ = rounds(service, "/users/delta?$select=id")

    assert [len(page) for page in pages] == [200, 200, 52]
    assert pages[0][-1] == pages[1][0]
    assert {each["id"] for page in pages for each in page} == set(tenant.users)


def test_memberships_come_with_their_group(
    service: Service, create: Create, tenant: GraphTenant, group_id: str
) -> None:
    anna, bert = create("anna"), create("bert")
    tenant.add_member(group_id, anna)
    _, link = rounds(service, "/groups/delta?$select=displayName,members")
    tenant.add_member(group_id, bert)
    tenant.remove_member(group_id, anna)

    pages, _ = rounds(service, link)

    (entry,) = pages[-1]
    assert entry["members@delta"] == [
        {"@odata.type": "#microsoft.graph.user", "id": bert},
        {"@odata.type": "#microsoft.graph.user", "id": anna, "@removed": {"reason": "deleted"}},
    ]


def test_a_token_of_more_than_seven_days_is_gone(
    service: Service, clock: ManualClock, error: Error
) -> None:
    _, link = rounds(service, "/users/delta")

    clock.advance(7 * DAY)
    assert service.ask("GET", link).status == 200
    clock.advance(1)
    reply = service.ask("GET", link)
    assert error(reply) == (410, "syncStateNotFound")
    assert reply.headers["Location"] == f"{BASE}/users/delta?$deltatoken="


def test_a_token_of_one_kind_is_no_token_of_another(service: Service, error: Error) -> None:
    _, link = rounds(service, "/users/delta")

    assert error(service.ask("GET", link.replace("users", "groups"))) == (400, "BadRequest")


def test_restarting_from_the_location_is_a_full_round(service: Service, create: Create) -> None:
    anna = create()

    pages, _ = rounds(service, "/users/delta?$deltatoken=&$select=id")

    assert pages == [[{"id": anna}]]


@pytest.mark.parametrize(
    "query", ["$expand=manager", "$top=5", "$orderby=displayName", "$deltatoken=onzin"]
)
def test_what_delta_does_not_take_is_refused(service: Service, error: Error, query: str) -> None:
    assert error(service.ask("GET", f"/users/delta?{query}")) == (400, "BadRequest")
