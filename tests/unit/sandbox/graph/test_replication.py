"""Lagging replicas: what is not yet there, what is still old, and for how long."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.clock import ManualClock
from sandbox.graph import GraphTenant
from sandbox.graph.replication import Replication, Versioned
from sandbox.graph.service import Service

type Create = Callable[..., str]
type NewBody = Callable[..., dict[str, Any]]
type Error = Callable[..., tuple[int, str]]
type Ref = Callable[[str], dict[str, str]]

LAG = 30
MISSING = (404, "Request_ResourceNotFound")


@pytest.fixture(autouse=True)
def lagging(tenant: GraphTenant, clock: ManualClock) -> None:
    tenant.replication.seconds = LAG
    clock.advance(LAG)  # the groups of the tenant are older than the lag


def ids(reply: Any) -> list[str]:
    assert reply.status == 200, reply.body
    return [each["id"] for each in reply.body["value"]]


@pytest.mark.parametrize(
    ("method", "body"), [("GET", None), ("PATCH", {"department": "Zorg"}), ("DELETE", None)]
)
def test_a_new_user_is_not_found_until_the_lag_is_over(
    *,
    service: Service,
    create: Create,
    clock: ManualClock,
    error: Error,
    method: str,
    body: object,
) -> None:
    url = f"/users/{create()}"

    assert error(service.ask(method, url, body)) == MISSING
    clock.advance(LAG - 1)
    assert error(service.ask(method, url, body)) == MISSING
    clock.advance(1)
    assert service.ask(method, url, body).status in (200, 204)


def test_a_new_user_is_not_in_a_filtered_list_yet(
    service: Service, create: Create, clock: ManualClock
) -> None:
    anna = create(employeeId="1042")
    url = "/users?$filter=employeeId eq '1042'&$select=id"

    assert ids(service.ask("GET", url)) == []
    clock.advance(LAG)
    assert ids(service.ask("GET", url)) == [anna]


def test_the_name_of_a_new_user_is_taken_at_once(
    service: Service, create: Create, new_body: NewBody, error: Error
) -> None:
    create("anna")

    assert error(service.ask("POST", "/users", new_body("anna"))) == (400, "Request_BadRequest")


def test_a_changed_value_is_old_for_a_while(
    service: Service, create: Create, clock: ManualClock
) -> None:
    anna = create(department="Zorg", employeeId="1")
    clock.advance(LAG)
    service.ask("PATCH", f"/users/{anna}", {"department": "ICT", "employeeId": "2"})
    url = f"/users/{anna}?$select=department"
    by_old_number = "/users?$filter=employeeId eq '1'&$select=id"

    before = service.ask("GET", url)
    found_by_old = ids(service.ask("GET", by_old_number))
    clock.advance(LAG)
    after = service.ask("GET", url)

    assert isinstance(before.body, dict)
    assert isinstance(after.body, dict)
    assert (before.body["department"], after.body["department"]) == ("Zorg", "ICT")
    assert found_by_old == [anna]
    assert ids(service.ask("GET", by_old_number)) == []


def test_a_change_builds_on_the_real_value_and_not_on_the_old_one(
    service: Service, create: Create, clock: ManualClock, tenant: GraphTenant
) -> None:
    anna = create(employeeOrgData={"division": "Zorg"})
    clock.advance(LAG)

    service.ask("PATCH", f"/users/{anna}", {"employeeOrgData": {"division": "ICT"}})
    service.ask("PATCH", f"/users/{anna}", {"employeeOrgData": {"costCenter": "7"}})

    assert tenant.users[anna]["employeeOrgData"] == {"division": "ICT", "costCenter": "7"}


def test_a_member_who_is_not_visible_yet_cannot_be_added(
    *,
    service: Service,
    create: Create,
    clock: ManualClock,
    ref: Ref,
    group_id: str,
    error: Error,
) -> None:
    anna, url = create(), f"/groups/{group_id}/members/$ref"

    assert error(service.ask("POST", url, ref(anna))) == MISSING
    clock.advance(LAG)
    assert service.ask("POST", url, ref(anna)).status == 204


def test_a_new_group_takes_nothing_until_it_is_visible(
    service: Service, tenant: GraphTenant, clock: ManualClock, error: Error
) -> None:
    group_id = tenant.add_group({"displayName": "Nieuw"})
    url, body = f"/groups/{group_id}", {"description": "x"}

    assert error(service.ask("GET", url)) == error(service.ask("PATCH", url, body)) == MISSING
    clock.advance(LAG)
    assert service.ask("PATCH", url, body).status == 204


def test_a_new_membership_is_not_read_yet_but_cannot_be_added_twice(
    *,
    service: Service,
    create: Create,
    clock: ManualClock,
    ref: Ref,
    group_id: str,
    error: Error,
) -> None:
    anna, url = create(), f"/groups/{group_id}/members"
    clock.advance(LAG)
    service.ask("POST", f"{url}/$ref", ref(anna))

    assert ids(service.ask("GET", f"{url}?$select=id")) == []
    assert ids(service.ask("GET", f"/users/{anna}/memberOf?$select=id")) == []
    assert error(service.ask("POST", f"{url}/$ref", ref(anna))) == (400, "Request_BadRequest")
    clock.advance(LAG)
    assert ids(service.ask("GET", f"{url}?$select=id")) == [anna]
    assert ids(service.ask("GET", f"/users/{anna}/memberOf?$select=id")) == [group_id]


def test_a_deleted_user_is_still_shown_and_no_longer_writable(
    service: Service, create: Create, clock: ManualClock, error: Error
) -> None:
    anna = create()
    clock.advance(LAG)
    service.ask("DELETE", f"/users/{anna}")

    assert service.ask("GET", f"/users/{anna}").status == 200
    assert ids(service.ask("GET", "/users?$select=id")) == [anna]
    assert error(service.ask("PATCH", f"/users/{anna}", {"department": "x"})) == MISSING
    clock.advance(LAG)
    assert error(service.ask("GET", f"/users/{anna}")) == MISSING


def test_only_some_reads_reach_a_lagging_replica_when_so_set(
    service: Service, create: Create, tenant: GraphTenant
) -> None:
    anna = create()
    tenant.replication.stale_every, tenant.replication.reads = 3, 0

    statuses = [service.ask("GET", f"/users/{anna}").status for _ in range(6)]

    assert statuses == [200, 200, 404, 200, 200, 404]


@given(
    st.lists(
        st.tuples(st.integers(0, 9), st.sampled_from("abc"), st.integers(1, 5) | st.none()),
        max_size=25,
    )
)
def test_the_past_is_remembered_exactly(changes: list[tuple[int, str, int | None]]) -> None:
    clock = ManualClock()
    versioned: Versioned[str, int] = Versioned(Replication(clock, seconds=20))
    states: list[tuple[float, dict[str, int]]] = [(0.0, {})]
    for wait, key, value in changes:
        clock.advance(wait)
        if value is None:
            versioned.drop(key)
        else:
            versioned.put(key, value)
        states.append((clock.wall(), dict(versioned.current)))

    as_of = clock.wall() - 20
    expected = [state for moment, state in states if moment <= as_of][-1]
    assert {key: versioned.get(key, as_of) for key in versioned.keys(as_of)} == expected
