"""Memberships: one, twenty, none; and the groups that refuse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sandbox.graph import GraphTenant
from sandbox.graph.service import Service

type Create = Callable[..., str]
type Error = Callable[..., tuple[int, str]]
type Ref = Callable[[str], dict[str, str]]

BAD = (400, "Request_BadRequest")
DENIED = (403, "Authorization_RequestDenied")
MISSING = (404, "Request_ResourceNotFound")
NOBODY = "00000000-0000-4000-8000-000000000001"


def bind(*ids: str) -> dict[str, list[str]]:
    base = "https://graph.microsoft.com/v1.0/directoryObjects"
    return {"members@odata.bind": [f"{base}/{each}" for each in ids]}


def test_a_member_is_added_once(
    service: Service, create: Create, tenant: GraphTenant, group_id: str, ref: Ref, error: Error
) -> None:
    anna, url = create(), f"/groups/{group_id}/members/$ref"

    assert service.ask("POST", url, ref(anna)).status == 204
    again = service.ask("POST", url, ref(anna))

    assert error(again) == BAD
    assert "One or more added object references already exist" in str(again.body)
    assert tenant.members(group_id) == (anna,)


def test_an_absent_object_cannot_be_added(
    service: Service, group_id: str, ref: Ref, error: Error
) -> None:
    assert error(service.ask("POST", f"/groups/{group_id}/members/$ref", ref(NOBODY))) == MISSING
    assert error(service.ask("POST", f"/groups/{NOBODY}/members/$ref", ref(NOBODY))) == MISSING


def test_twenty_are_bound_in_one_write(
    service: Service, create: Create, tenant: GraphTenant, group_id: str
) -> None:
    ids = [create(f"p{n}") for n in range(20)]

    assert service.ask("PATCH", f"/groups/{group_id}", bind(*ids)).status == 204
    assert tenant.members(group_id) == tuple(ids)
    assert tenant.writes[-1].changed == ("members",)


def test_twenty_one_are_too_many(
    service: Service, create: Create, tenant: GraphTenant, group_id: str, error: Error
) -> None:
    ids = [create(f"p{n}") for n in range(21)]

    assert error(service.ask("PATCH", f"/groups/{group_id}", bind(*ids))) == BAD
    assert tenant.members(group_id) == ()


@pytest.mark.parametrize("spoiler", ["present", "absent", "twice"])
def test_a_bind_is_all_or_nothing(
    service: Service, create: Create, tenant: GraphTenant, group_id: str, spoiler: str
) -> None:
    present, fresh = create("anna"), create("bert")
    tenant.add_member(group_id, present)
    other = {"present": present, "absent": NOBODY, "twice": fresh}[spoiler]

    reply = service.ask("PATCH", f"/groups/{group_id}", bind(fresh, other))

    assert reply.status == (404 if spoiler == "absent" else 400)
    assert tenant.members(group_id) == (present,)


def test_a_bind_is_not_taken_by_a_post(service: Service, group_id: str, error: Error) -> None:
    reply = service.ask("POST", f"/groups/{group_id}", bind(NOBODY))

    assert error(reply) == (405, "Request_BadRequest")


def test_a_member_is_removed_and_then_is_none(
    service: Service, create: Create, tenant: GraphTenant, group_id: str, error: Error
) -> None:
    anna = create()
    tenant.add_member(group_id, anna)
    url = f"/groups/{group_id}/members/{anna}/$ref"

    assert service.ask("DELETE", url).status == 204
    assert error(service.ask("DELETE", url)) == MISSING
    assert tenant.members(group_id) == ()
    assert anna in tenant.users


def test_forgetting_ref_deletes_the_person(
    service: Service, create: Create, tenant: GraphTenant, group_id: str
) -> None:
    anna = create()
    tenant.add_member(group_id, anna)

    assert service.ask("DELETE", f"/groups/{group_id}/members/{anna}").status == 204
    assert anna not in tenant.users
    assert anna in tenant.deleted


def test_forgetting_ref_on_an_administrator_is_denied(
    service: Service, create: Create, tenant: GraphTenant, group_id: str, error: Error
) -> None:
    anna = create()
    tenant.add_member(group_id, anna)
    tenant.grant_role(anna)

    assert error(service.ask("DELETE", f"/groups/{group_id}/members/{anna}")) == DENIED


@pytest.mark.parametrize(
    ("properties", "refused", "words"),
    [
        ({"groupTypes": ["DynamicMembership"]}, DENIED, "Insufficient privileges"),
        ({"isAssignableToRole": True}, DENIED, "Insufficient privileges"),
        ({"isManagementRestricted": True}, DENIED, "Insufficient privileges"),
        ({"onPremisesSyncEnabled": True}, BAD, "on-premises mastered"),
        ({"mailEnabled": True}, BAD, "Cannot Update a mail-enabled security groups"),
    ],
)
def test_some_groups_refuse_every_member_write(  # noqa: PLR0913 - a truth table with its fixtures
    *,
    service: Service,
    create: Create,
    tenant: GraphTenant,
    ref: Ref,
    error: Error,
    properties: dict[str, Any],
    refused: tuple[int, str],
    words: str,
) -> None:
    anna, bert = create("anna"), create("bert")
    group_id = tenant.add_group({"displayName": "Van een ander", **properties})
    tenant.add_member(group_id, bert)

    replies = [
        service.ask("POST", f"/groups/{group_id}/members/$ref", ref(anna)),
        service.ask("PATCH", f"/groups/{group_id}", bind(anna)),
        service.ask("DELETE", f"/groups/{group_id}/members/{bert}/$ref"),
    ]

    assert [error(reply) for reply in replies] == [refused] * 3
    assert all(words in str(reply.body) for reply in replies)
    assert tenant.members(group_id) == (bert,)


def test_members_are_read_by_page_count_and_reference(
    service: Service, create: Create, tenant: GraphTenant, group_id: str, error: Error
) -> None:
    ids = [create(f"p{n}") for n in range(3)]
    for each in ids:
        tenant.add_member(group_id, each)
    url = f"/groups/{group_id}/members"

    page = service.ask("GET", f"{url}/microsoft.graph.user?$select=id&$top=2")
    references = service.ask("GET", f"{url}/$ref")

    assert isinstance(page.body, dict)
    assert isinstance(references.body, dict)
    assert page.body["value"] == [{"id": each} for each in ids[:2]]
    assert "@odata.nextLink" in page.body
    assert len(references.body["value"]) == 3
    assert service.ask("GET", f"{url}/$count", ConsistencyLevel="eventual").body == "3"
    cast = f"{url}/microsoft.graph.group/$count"
    assert service.ask("GET", cast, ConsistencyLevel="eventual").body == "0"
    assert error(service.ask("GET", f"{url}/$count")) == BAD


def test_a_bind_that_is_no_list_is_refused(service: Service, group_id: str, error: Error) -> None:
    reply = service.ask("PATCH", f"/groups/{group_id}", {"members@odata.bind": "x"})

    assert error(reply) == BAD


def test_owners_of_a_role_assignable_group_are_not_this_apps(
    service: Service, create: Create, tenant: GraphTenant, ref: Ref, error: Error
) -> None:
    anna = create()
    url = f"/groups/{tenant.add_group({'displayName': 'B', 'isAssignableToRole': True})}/owners"

    assert error(service.ask("POST", f"{url}/$ref", ref(anna))) == DENIED
    assert error(service.ask("DELETE", f"{url}/{anna}/$ref")) == DENIED


def test_a_group_has_at_most_a_hundred_owners(
    service: Service, create: Create, tenant: GraphTenant, group_id: str, ref: Ref, error: Error
) -> None:
    for n in range(100):
        tenant.add_owner(group_id, f"eigenaar-{n}")

    assert error(service.ask("POST", f"/groups/{group_id}/owners/$ref", ref(create()))) == BAD


def test_filtering_members_needs_advanced_parameters(
    service: Service, create: Create, tenant: GraphTenant, group_id: str, error: Error
) -> None:
    anna, bert = create("anna"), create("bert")
    for each in (anna, bert):
        tenant.add_member(group_id, each)
    url = f"/groups/{group_id}/members?$filter=displayName eq 'Bert'&$select=id"

    found = service.ask("GET", f"{url}&$count=true", ConsistencyLevel="eventual")

    assert error(service.ask("GET", url)) == (400, "Request_UnsupportedQuery")
    assert isinstance(found.body, dict)
    assert [each["id"] for each in found.body["value"]] == [bert]
    assert found.body["@odata.count"] == 1


def test_owners_are_added_once_and_removed_once(
    service: Service, create: Create, group_id: str, ref: Ref, error: Error
) -> None:
    anna, url = create(), f"/groups/{group_id}/owners"

    assert service.ask("POST", f"{url}/$ref", ref(anna)).status == 204
    assert error(service.ask("POST", f"{url}/$ref", ref(anna))) == BAD
    owners = service.ask("GET", f"{url}?$select=id")
    assert isinstance(owners.body, dict)
    assert [each["id"] for each in owners.body["value"]] == [anna]
    assert service.ask("DELETE", f"{url}/{anna}/$ref").status == 204
    assert error(service.ask("DELETE", f"{url}/{anna}/$ref")) == MISSING
