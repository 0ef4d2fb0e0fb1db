"""What tests and the demo may ask the tenant itself."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sandbox.clock import FileClock, ManualClock
from sandbox.graph import GraphTenant

type Create = Callable[..., str]


def test_a_seeded_tenant_has_its_groups_by_name_or_by_properties(clock: ManualClock) -> None:
    dynamic = {"displayName": "Iedereen", "groupTypes": ["DynamicMembership"]}

    tenant = GraphTenant.seeded(clock, domain="zorg.example", groups=["Zorg", dynamic])

    assert [group["displayName"] for group in tenant.groups.values()] == ["Zorg", "Iedereen"]
    assert tenant.group_named("Iedereen")["groupTypes"] == ["DynamicMembership"]
    assert tenant.domains == ["zorg.example", "zorg.onmicrosoft.com"]
    with pytest.raises(KeyError):
        tenant.group_named("Directie")


def test_the_same_seed_gives_the_same_ids(clock: ManualClock) -> None:
    one, other = (GraphTenant.seeded(clock, groups=["A", "B"]) for _ in range(2))

    assert list(one.groups) == list(other.groups)


def test_without_a_clock_it_is_the_wall_clock() -> None:
    assert isinstance(GraphTenant.seeded().clock, FileClock)


def test_someone_is_found_by_name(tenant: GraphTenant, create: Create) -> None:
    anna = create("anna")

    assert tenant.user_named("Anna@Bedrijf.example")["id"] == anna
    with pytest.raises(KeyError):
        tenant.user_named("niemand@bedrijf.example")
