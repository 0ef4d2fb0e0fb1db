"""Quota: what calls cost, when they are refused, and when they are welcome again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sandbox.clock import ManualClock
from sandbox.graph import DOCUMENTED, GraphTenant, Limits
from sandbox.graph.service import Service
from sandbox.graph.throttle import cost
from sandbox.graph.wire import Request, parse_url

type NewBody = Callable[..., dict[str, Any]]


@pytest.mark.parametrize(
    ("method", "url", "expected"),
    [
        ("GET", "/users", (2, 0)),
        ("GET", "/users?$select=id", (1, 0)),
        ("GET", "/users?$top=5&$select=id", (1, 0)),
        ("GET", "/users?$expand=manager", (3, 0)),
        ("GET", "/users/x", (1, 0)),
        ("GET", "/users/x/memberOf", (2, 0)),
        ("GET", "/users/delta", (1, 0)),
        ("GET", "/groups", (1, 0)),
        ("GET", "/groups/x/members", (3, 0)),
        ("GET", "/groups/x/transitiveMembers", (5, 0)),
        ("GET", "/subscribedSkus", (3, 0)),
        ("POST", "/users/x/getMemberGroups", (2, 0)),
        ("POST", "/users/x/checkMemberGroups", (4, 0)),
        ("POST", "/directoryObjects/getByIds", (3, 0)),
        ("POST", "/users", (1, 1)),
        ("PATCH", "/groups/x", (1, 1)),
        ("PUT", "/users/x/manager/$ref", (1, 1)),
        ("DELETE", "/users/x", (1, 1)),
        ("POST", "/$batch", (0, 0)),
    ],
)
def test_a_call_costs_what_is_documented(method: str, url: str, expected: tuple[int, int]) -> None:
    segments, query = parse_url(url)

    assert cost(Request(method, segments, query)) == expected


def test_writes_run_out_and_come_back_evenly(
    tenant: GraphTenant, clock: ManualClock, new_body: NewBody
) -> None:
    service = Service(tenant, Limits(writes=3, write_seconds=150))
    for n in range(3):
        assert service.ask("POST", "/users", new_body(f"p{n}")).status == 201

    refused = service.ask("POST", "/users", new_body("p3"))

    assert refused.status == 429
    assert refused.headers["Retry-After"] == "50"
    assert refused.headers["x-ms-throttle-information"] == "WriteLimitExceeded"
    assert refused.headers["x-ms-throttle-scope"].startswith("Tenant_Application/ReadWrite/")
    assert service.ask("GET", "/organization").status == 200
    clock.advance(50)
    assert service.ask("POST", "/users", new_body("p3")).status == 201


def test_a_refused_call_costs_nothing(tenant: GraphTenant, clock: ManualClock) -> None:
    service = Service(tenant, Limits(units=1, unit_seconds=10))
    service.ask("GET", "/organization")
    for _ in range(5):
        service.ask("GET", "/organization")

    clock.advance(10)

    assert service.ask("GET", "/organization").status == 200
    assert service.throttle.refused == 5


def test_a_refused_write_is_logged_as_refused(tenant: GraphTenant, new_body: NewBody) -> None:
    service = Service(tenant, Limits(writes=1))
    service.ask("POST", "/users", new_body("anna"))
    service.ask("POST", "/users", new_body("bert"))

    assert [write.status for write in tenant.writes] == [201, 429]
    assert len(tenant.users) == 1


def test_the_quota_is_announced_before_it_is_gone(tenant: GraphTenant) -> None:
    service = Service(tenant, Limits(units=10))
    replies = [service.ask("GET", "/organization") for _ in range(9)]

    assert replies[0].headers["x-ms-resource-unit"] == "1"
    assert "x-ms-throttle-limit-percentage" not in replies[7].headers
    assert replies[8].headers["x-ms-throttle-limit-percentage"] == "0.90"


@pytest.mark.parametrize(("users", "units"), [(0, 3500), (50, 5000), (500, 5000), (501, 8000)])
def test_the_documented_quota_grows_with_the_tenant(
    clock: ManualClock, users: int, units: int
) -> None:
    service = Service(GraphTenant(clock))
    service.throttle.user_count = lambda: users

    service.ask("GET", "/organization")

    assert service.throttle._buckets["ResourceUnitLimitExceeded"].size == units
    assert DOCUMENTED.writes / DOCUMENTED.write_seconds == 20


def test_without_limits_nothing_is_refused(tenant: GraphTenant) -> None:
    service = Service(tenant, None)

    assert {service.ask("GET", "/organization").status for _ in range(50)} == {200}
