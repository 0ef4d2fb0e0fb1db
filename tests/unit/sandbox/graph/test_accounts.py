"""Users: what a create, a read, a change and a delete do, and what they refuse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sandbox.graph import GraphTenant
from sandbox.graph.service import Service

type Create = Callable[..., str]
type NewBody = Callable[..., dict[str, Any]]
type Error = Callable[..., tuple[int, str]]

BAD = (400, "Request_BadRequest")
DENIED = (403, "Authorization_RequestDenied")
MISSING = (404, "Request_ResourceNotFound")


def message(reply: Any) -> str:
    return str(reply.body["error"]["message"])


def test_a_create_answers_201_with_the_default_properties(
    service: Service, new_body: NewBody
) -> None:
    reply = service.ask("POST", "/users", new_body("anna", employeeId="1042"))

    assert reply.status == 201
    assert isinstance(reply.body, dict)
    assert reply.body["userPrincipalName"] == "anna@bedrijf.example"
    assert "employeeId" not in reply.body
    assert reply.headers["Location"].endswith(reply.body["id"])


@pytest.mark.parametrize(
    "name",
    ["accountEnabled", "displayName", "mailNickname", "userPrincipalName", "passwordProfile"],
)
def test_a_create_without_a_required_property_is_refused(
    service: Service, new_body: NewBody, error: Error, name: str
) -> None:
    reply = service.ask("POST", "/users", new_body(**{name: None}))

    assert error(reply) == BAD
    assert message(reply) == f"A value is required for property '{name}' of resource 'User'."


def test_a_password_profile_needs_a_password(
    service: Service, new_body: NewBody, error: Error
) -> None:
    body = new_body(passwordProfile={"forceChangePasswordNextSignIn": True})

    assert error(service.ask("POST", "/users", body)) == BAD


@pytest.mark.parametrize("name", ["mobile_phone", "manager", "manager@odata.bind", "nickname"])
def test_an_unknown_property_is_refused_by_name(
    service: Service, create: Create, error: Error, name: str
) -> None:
    reply = service.ask("PATCH", f"/users/{create()}", {name: None})

    assert error(reply) == BAD
    assert message(reply) == f"Invalid property '{name}'."


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("employeeId", "1" * 17),
        ("companyName", "x" * 65),
        ("department", "x" * 65),
        ("jobTitle", "x" * 129),
        ("displayName", "x" * 257),
        ("givenName", "x" * 65),
        ("surname", "x" * 65),
        ("mobilePhone", "0" * 65),
        ("businessPhones", ["020-1", "020-2"]),
        ("otherMails", ["a@b.example"] * 251),
        ("otherMails", ["geen adres"]),
        ("mail", "jos\u00e9@bedrijf.example"),
        ("department", ""),
        ("department", 7),
        ("displayName", None),
        ("usageLocation", None),
        ("usageLocation", "NLD"),
        ("accountEnabled", None),
        ("accountEnabled", "true"),
        ("employeeHireDate", "2026-12-01"),
        ("employeeHireDate", "2026-12-01T00:00:00"),
        ("employeeHireDate", "1 december"),
        ("usageLocation", "N1"),
        ("employeeOrgData", {"division": 7}),
        ("mailNickname", "anna de"),
        ("onPremisesExtensionAttributes", {"extensionAttribute1": "x" * 1025}),
        ("employeeOrgData", "Zorg"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(
    service: Service, create: Create, error: Error, name: str, value: object
) -> None:
    reply = service.ask("PATCH", f"/users/{create()}", {name: value})

    assert error(reply) == BAD
    assert isinstance(reply.body, dict)
    assert reply.body["error"]["details"][0]["code"] == "InvalidValue"
    assert reply.body["error"]["details"][0]["target"] == name


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("employeeId", "1" * 16),
        ("employeeHireDate", "2026-12-01T00:00:00Z"),
        ("employeeLeaveDateTime", "2027-01-31T23:00:00+00:00"),
        ("employeeOrgData", {"division": "Zorg", "costCenter": "4100"}),
        ("otherMails", ["anna@thuis.example"]),
        ("onPremisesExtensionAttributes", {"extensionAttribute15": "ja"}),
        ("businessPhones", ["020-1234567"]),
        ("usageLocation", "NL"),
        ("mobilePhone", "+31 6 12345678"),
    ],
)
def test_a_value_that_fits_is_kept(
    service: Service, create: Create, tenant: GraphTenant, name: str, value: object
) -> None:
    user_id = create()

    assert service.ask("PATCH", f"/users/{user_id}", {name: value}).status == 204
    assert tenant.users[user_id][name] == value


def test_null_clears_a_value(service: Service, create: Create, tenant: GraphTenant) -> None:
    user_id = create(department="Zorg", businessPhones=["020-1"])

    service.ask("PATCH", f"/users/{user_id}", {"department": None, "businessPhones": None})

    assert tenant.users[user_id]["department"] is None
    assert tenant.users[user_id]["businessPhones"] == []


def test_a_complex_property_keeps_the_members_not_named(
    service: Service, create: Create, tenant: GraphTenant
) -> None:
    user_id = create(employeeOrgData={"division": "Zorg", "costCenter": "4100"})

    service.ask("PATCH", f"/users/{user_id}", {"employeeOrgData": {"costCenter": None}})

    assert tenant.users[user_id]["employeeOrgData"] == {"division": "Zorg", "costCenter": None}


def test_an_unknown_member_of_a_complex_property_is_refused(
    service: Service, create: Create, error: Error
) -> None:
    body = {"onPremisesExtensionAttributes": {"extension_attribute1": "x"}}

    assert error(service.ask("PATCH", f"/users/{create()}", body)) == BAD


@pytest.mark.parametrize("name", ["proxyAddresses", "id", "createdDateTime", "identities"])
def test_a_read_only_property_is_refused(
    service: Service, create: Create, error: Error, name: str
) -> None:
    assert error(service.ask("PATCH", f"/users/{create()}", {name: "x"})) == BAD


def test_a_sharepoint_property_spoils_the_whole_patch(
    service: Service, create: Create, tenant: GraphTenant, error: Error
) -> None:
    user_id = create()

    reply = service.ask("PATCH", f"/users/{user_id}", {"department": "Zorg", "skills": ["x"]})

    assert error(reply) == (400, "BadRequest")
    assert "department" not in tenant.users[user_id]


def test_the_upn_is_found_in_any_case(service: Service, create: Create) -> None:
    user_id = create("anna")

    reply = service.ask("GET", "/users/ANNA@Bedrijf.example")

    assert isinstance(reply.body, dict)
    assert reply.body["id"] == user_id


def test_a_upn_with_quote_and_hash_is_found_percent_encoded(
    service: Service, create: Create
) -> None:
    create("o'brien#x", mailNickname="obrien")

    assert service.ask("GET", "/users/o%27brien%23x@bedrijf.example").status == 200


def test_someone_who_is_not_there_is_404(service: Service, error: Error) -> None:
    reply = service.ask("GET", "/users/niemand@bedrijf.example")

    assert error(reply) == MISSING
    assert message(reply) == (
        "Resource 'niemand@bedrijf.example' does not exist or one of its queried"
        " reference-property objects are not present."
    )


def test_a_read_returns_selected_properties_only(service: Service, create: Create) -> None:
    user_id = create(employeeId="1042")

    reply = service.ask("GET", f"/users/{user_id}?$select=id,employeeId,department")

    assert isinstance(reply.body, dict)
    expected = {"id": user_id, "employeeId": "1042", "department": None}
    assert {k: v for k, v in reply.body.items() if not k.startswith("@")} == expected


def test_a_password_is_never_readable(service: Service, create: Create) -> None:
    reply = service.ask("GET", f"/users/{create()}?$select=passwordProfile")

    assert isinstance(reply.body, dict)
    assert reply.body["passwordProfile"] is None


def test_all_fifteen_extension_attributes_are_shown(service: Service, create: Create) -> None:
    reply = service.ask("GET", f"/users/{create()}?$select=onPremisesExtensionAttributes")

    assert isinstance(reply.body, dict)
    assert len(reply.body["onPremisesExtensionAttributes"]) == 15


def test_a_change_to_the_same_value_changes_nothing(
    service: Service, create: Create, tenant: GraphTenant
) -> None:
    user_id = create(department="Zorg")

    assert service.ask("PATCH", f"/users/{user_id}", {"department": "Zorg"}).status == 204
    assert tenant.writes[-1].changed == ()


def test_every_write_is_logged_with_ids_and_changed_names(
    service: Service, create: Create, tenant: GraphTenant
) -> None:
    user_id = create()

    service.ask("PATCH", f"/users/{user_id}", {"department": "Zorg", "displayName": "Anna"})
    service.ask("PATCH", f"/users/{user_id}", {"nickname": "x"})

    done, refused = tenant.writes[-2:]
    assert (done.method, done.status, done.ids) == ("PATCH", 204, (user_id,))
    assert (done.fields, done.changed) == (("department", "displayName"), ("department",))
    assert (refused.status, refused.changed) == (400, ())
    assert len(tenant.accepted_writes()) == 2


def test_a_password_change_needs_a_role_of_the_app(
    service: Service, create: Create, tenant: GraphTenant, error: Error
) -> None:
    url, body = f"/users/{create()}", {"passwordProfile": {"password": "Herfst-2026-wind"}}

    assert error(service.ask("PATCH", url, body)) == DENIED
    tenant.app_roles.add("User Administrator")
    assert service.ask("PATCH", url, body).status == 204
    only_at_next_sign_in = {"passwordProfile": {"forceChangePasswordNextSignIn": True}}
    assert service.ask("PATCH", url, only_at_next_sign_in).status == 204


@pytest.mark.parametrize(
    "body",
    [
        {"accountEnabled": False},
        {"mobilePhone": "1"},
        {"businessPhones": ["1"]},
        {"otherMails": ["a@b.example"]},
        {"userPrincipalName": "x@bedrijf.example"},
    ],
)
def test_a_sensitive_change_of_an_administrator_is_denied(
    service: Service, create: Create, tenant: GraphTenant, error: Error, body: dict[str, Any]
) -> None:
    user_id = create()
    tenant.grant_role(user_id)

    assert error(service.ask("PATCH", f"/users/{user_id}", body)) == DENIED
    assert service.ask("PATCH", f"/users/{user_id}", {"department": "Zorg"}).status == 204


def test_an_administrator_is_not_deleted_by_an_app_without_a_higher_role(
    service: Service, create: Create, tenant: GraphTenant, error: Error
) -> None:
    user_id = create()
    tenant.grant_role(user_id)

    assert error(service.ask("DELETE", f"/users/{user_id}")) == DENIED
    tenant.app_roles.add("Privileged Authentication Administrator")
    assert service.ask("DELETE", f"/users/{user_id}").status == 204


@pytest.mark.parametrize("relation", ["add_member", "add_owner"])
def test_being_in_a_role_assignable_group_is_enough_to_be_sensitive(
    service: Service, create: Create, tenant: GraphTenant, error: Error, relation: str
) -> None:
    user_id = create()
    admins = tenant.add_group({"displayName": "Beheerders", "isAssignableToRole": True})
    getattr(tenant, relation)(admins, user_id)

    reply = service.ask("PATCH", f"/users/{user_id}", {"accountEnabled": False})

    assert error(reply) == DENIED


@pytest.mark.parametrize(
    "body", [{"accountEnabled": False}, {"department": "x"}, {"employeeId": "7"}]
)
def test_a_synced_user_refuses_what_active_directory_masters(
    service: Service, tenant: GraphTenant, error: Error, body: dict[str, Any]
) -> None:
    tenant.directory.refuses_cloud_blocks = True
    user_id = tenant.add_synced_user(
        {"userPrincipalName": "ad@bedrijf.example", "displayName": "Ad"}
    )

    reply = service.ask("PATCH", f"/users/{user_id}", body)

    assert error(reply) == BAD
    assert "on-premises mastered Directory Sync objects" in message(reply)


def test_a_user_in_a_restricted_unit_is_denied_to_the_app(
    service: Service, create: Create, tenant: GraphTenant, error: Error
) -> None:
    user_id = create()
    tenant.store_user({**tenant.users[user_id], "isManagementRestricted": True})

    assert error(service.ask("PATCH", f"/users/{user_id}", {"department": "x"})) == DENIED
    assert error(service.ask("DELETE", f"/users/{user_id}")) == DENIED


def test_an_employee_number_may_be_given_twice(create: Create, tenant: GraphTenant) -> None:
    create("anna", employeeId="1042")
    create("bert", employeeId="1042")

    assert [user["employeeId"] for user in tenant.users.values()] == ["1042", "1042"]


def test_a_synced_user_takes_what_the_cloud_masters(service: Service, tenant: GraphTenant) -> None:
    user_id = tenant.add_synced_user(
        {"userPrincipalName": "ad@bedrijf.example", "displayName": "Ad"}
    )

    assert service.ask("PATCH", f"/users/{user_id}", {"usageLocation": "NL"}).status == 204
    assert service.ask("POST", f"/users/{user_id}/revokeSignInSessions").status == 200


def test_a_formerly_synced_user_keeps_its_extension_attributes_closed(
    service: Service, tenant: GraphTenant, error: Error
) -> None:
    user_id = tenant.add_user(
        {
            "userPrincipalName": "ex@bedrijf.example",
            "displayName": "Ex",
            "onPremisesSyncEnabled": False,
        }
    )
    url = f"/users/{user_id}"

    closed = service.ask(
        "PATCH", url, {"onPremisesExtensionAttributes": {"extensionAttribute1": "x"}}
    )

    assert error(closed) == BAD
    assert service.ask("PATCH", url, {"department": "Zorg"}).status == 204


def test_revoking_sessions_answers_true_and_moves_the_moment(
    service: Service, create: Create, tenant: GraphTenant
) -> None:
    user_id = create()
    before = tenant.users[user_id]["signInSessionsValidFromDateTime"]
    tenant.clock.advance(60)  # type: ignore[attr-defined]

    reply = service.ask("POST", f"/users/{user_id}/revokeSignInSessions")

    assert isinstance(reply.body, dict)
    assert (reply.status, reply.body["value"]) == (200, True)
    assert tenant.users[user_id]["signInSessionsValidFromDateTime"] > before


def test_counting_users_needs_the_header(service: Service, create: Create, error: Error) -> None:
    create()

    assert error(service.ask("GET", "/users/$count")) == BAD
    assert service.ask("GET", "/users/$count", ConsistencyLevel="eventual").body == "1"
