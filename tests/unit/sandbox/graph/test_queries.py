"""Collections: pages, selection, order, search, count."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sandbox.clock import ManualClock
from sandbox.graph import GraphTenant
from sandbox.graph.service import Service

type Create = Callable[..., str]
type Error = Callable[..., tuple[int, str]]

UNSUPPORTED = (400, "Request_UnsupportedQuery")
BASE = "https://graph.microsoft.com/v1.0"


def body(reply: Any) -> dict[str, Any]:
    assert reply.status == 200, reply.body
    assert isinstance(reply.body, dict)
    return reply.body


def people(tenant: GraphTenant, number: int) -> list[str]:
    return [
        tenant.add_user({"userPrincipalName": f"p{n}@bedrijf.example", "displayName": f"P {n:03}"})
        for n in range(number)
    ]


def everyone(service: Service, url: str, **headers: str) -> list[str]:
    ids: list[str] = []
    while url:
        page = body(service.ask("GET", url, **headers))
        ids += [each["id"] for each in page["value"]]
        url = page.get("@odata.nextLink", "").removeprefix(BASE)
    return ids


def test_pages_together_are_everyone_once(service: Service, tenant: GraphTenant) -> None:
    ids = people(tenant, 250)

    assert everyone(service, "/users?$select=id") == ids
    assert everyone(service, "/users?$top=7&$select=id") == ids


def test_a_page_is_a_hundred_unless_asked_otherwise(service: Service, tenant: GraphTenant) -> None:
    people(tenant, 101)

    assert len(body(service.ask("GET", "/users"))["value"]) == 100
    assert len(body(service.ask("GET", "/users?$top=999"))["value"]) == 101


def test_a_page_that_is_just_full_has_no_next_link(service: Service, tenant: GraphTenant) -> None:
    people(tenant, 4)

    assert "@odata.nextLink" not in body(service.ask("GET", "/users?$top=4"))


@pytest.mark.parametrize("top", ["0", "1000", "-1"])
def test_a_page_size_out_of_bounds_is_refused(service: Service, error: Error, top: str) -> None:
    reply = service.ask("GET", f"/users?$top={top}")

    assert error(reply) == UNSUPPORTED
    assert "Must be between 1 and 999 inclusive." in str(reply.body)


def test_the_next_link_keeps_the_options(service: Service, tenant: GraphTenant) -> None:
    people(tenant, 3)

    page = body(service.ask("GET", "/users?$top=2&$select=id,employeeId"))
    following = body(service.ask("GET", page["@odata.nextLink"].removeprefix(BASE)))

    assert [set(each) for each in following["value"]] == [{"id", "employeeId"}]


def test_someone_deleted_meanwhile_is_on_no_later_page(
    service: Service, tenant: GraphTenant
) -> None:
    ids = people(tenant, 4)
    page = body(service.ask("GET", "/users?$top=2"))

    service.ask("DELETE", f"/users/{ids[0]}")
    following = body(service.ask("GET", page["@odata.nextLink"].removeprefix(BASE)))

    assert [each["id"] for each in following["value"]] == ids[2:]


def test_an_old_page_token_has_expired(
    service: Service, tenant: GraphTenant, clock: ManualClock, error: Error
) -> None:
    people(tenant, 3)
    link = body(service.ask("GET", "/users?$top=2"))["@odata.nextLink"].removeprefix(BASE)

    clock.advance(3601)

    assert error(service.ask("GET", link)) == (400, "Directory_ExpiredPageToken")


@pytest.mark.parametrize("option", ["$select", "$orderby"])
def test_an_unknown_property_in_the_query_is_refused(
    service: Service, error: Error, option: str
) -> None:
    reply = service.ask("GET", f"/users?{option}=employeeNumber")

    assert error(reply) == UNSUPPORTED
    assert "does not exist as a declared property" in str(reply.body)


def test_a_sharepoint_property_in_a_list_is_not_implemented(
    service: Service, error: Error
) -> None:
    assert error(service.ask("GET", "/users?$select=id,skills")) == (501, "NotImplemented")


def test_an_unknown_system_option_is_refused(service: Service, error: Error) -> None:
    assert error(service.ask("GET", "/users?$skip=10")) == (400, "BadRequest")


def test_an_option_works_without_its_dollar_sign(service: Service, create: Create) -> None:
    create("anna", employeeId="1")
    create("bert", employeeId="2")

    page = body(service.ask("GET", "/users?filter=employeeId eq '2'&select=employeeId"))

    assert page["value"] == [{"employeeId": "2"}]


def test_order_by_name_goes_both_ways(service: Service, create: Create) -> None:
    for alias in ("bert", "anna", "cees"):
        create(alias)

    up = body(service.ask("GET", "/users?$orderby=displayName&$select=displayName"))
    down = body(service.ask("GET", "/users?$orderby=displayName desc&$select=displayName"))

    assert [each["displayName"] for each in up["value"]] == ["Anna", "Bert", "Cees"]
    assert down["value"] == up["value"][::-1]


def test_filter_with_order_needs_advanced_parameters(service: Service, error: Error) -> None:
    url = "/users?$filter=startsWith(displayName,'A')&$orderby=displayName"

    assert error(service.ask("GET", url)) == UNSUPPORTED
    assert service.ask("GET", f"{url}&$count=true", ConsistencyLevel="eventual").status == 200


def test_a_count_comes_with_the_header_and_is_ignored_without(
    service: Service, tenant: GraphTenant
) -> None:
    people(tenant, 3)

    with_header = body(
        service.ask("GET", "/users?$count=true&$top=1", ConsistencyLevel="eventual")
    )

    assert with_header["@odata.count"] == 3
    assert "@odata.count" not in body(service.ask("GET", "/users?$count=true"))


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ('"displayName:boer"', 1),
        ('"displayName:Anna bo"', 1),
        ('"displayName:oer"', 0),
        ('"mail:anna"', 1),
        ('"mail:boer"', 0),
    ],
)
def test_search_takes_tokens_of_the_name_and_starts_of_the_rest(
    service: Service, create: Create, search: str, found: int
) -> None:
    create("anna", displayName="Anna de Boer", mail="anna@bedrijf.example")

    page = body(service.ask("GET", f"/users?$search={search}", ConsistencyLevel="eventual"))

    assert len(page["value"]) == found


def test_search_without_header_or_quotes_is_refused(service: Service, error: Error) -> None:
    assert error(service.ask("GET", '/users?$search="displayName:x"')) == UNSUPPORTED
    reply = service.ask("GET", "/users?$search=displayName:x", ConsistencyLevel="eventual")
    assert error(reply) == (400, "BadRequest")


def test_a_manager_can_be_expanded_with_a_selection(
    service: Service, create: Create, tenant: GraphTenant
) -> None:
    anna, bert = create("anna"), create("bert")
    tenant.set_manager(anna, bert)

    page = body(service.ask("GET", "/users?$select=id&$expand=manager($select=id)"))

    expanded = {"@odata.type": "#microsoft.graph.user", "id": bert}
    assert page["value"] == [{"id": anna, "manager": expanded}, {"id": bert}]


def test_expand_and_advanced_parameters_do_not_go_together(service: Service, error: Error) -> None:
    reply = service.ask("GET", "/users?$expand=manager&$count=true", ConsistencyLevel="eventual")

    assert error(reply) == UNSUPPORTED


@pytest.mark.parametrize(
    ("url", "refused"),
    [
        ("/users?$orderby=department", UNSUPPORTED),
        ("/users?$orderby=createdDateTime", UNSUPPORTED),
        ("/users?$orderby=displayName up", (400, "BadRequest")),
        ("/users?$top=veel", (400, "BadRequest")),
        ("/users?$expand=memberOf", (400, "BadRequest")),
        ("/users?$expand=manager($levels=2)", (400, "BadRequest")),
        ('/users?$search="bijnaam:x"', UNSUPPORTED),
    ],
)
def test_what_a_query_cannot_ask_is_refused(
    service: Service, error: Error, url: str, refused: tuple[int, str]
) -> None:
    assert error(service.ask("GET", url, ConsistencyLevel="eventual")) == refused


def test_an_unknown_property_of_the_expanded_manager_is_refused(
    service: Service, create: Create, tenant: GraphTenant, error: Error
) -> None:
    anna, bert = create("anna"), create("bert")
    tenant.set_manager(anna, bert)

    reply = service.ask("GET", f"/users/{anna}?$expand=manager($select=bijnaam)")

    assert error(reply) == UNSUPPORTED


def test_only_so_many_page_tokens_are_kept(
    service: Service, tenant: GraphTenant, error: Error
) -> None:
    people(tenant, 2)
    first = body(service.ask("GET", "/users?$top=1"))["@odata.nextLink"].removeprefix(BASE)
    assert service.ask("GET", first).status == 200

    for _ in range(256):
        service.ask("GET", "/users?$top=1")

    assert error(service.ask("GET", first)) == (400, "Directory_ExpiredPageToken")


def test_an_index_and_a_scan_find_the_same(service: Service, create: Create) -> None:
    create("anna", employeeId="7")
    wanted = create("bert", employeeId="42")

    by_index = everyone(service, "/users?$filter=employeeId eq '42'")
    by_scan = everyone(service, "/users?$filter=startsWith(employeeId,'42')")

    assert by_index == by_scan == [wanted]
