"""What Entra did not give of a group's licence is told with its mend; the rest goes on."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from contract.target.rules import WHY, Loopback

from sandbox.clock import ManualClock
from sandbox.faults import Fault, Faults
from sandbox.graph import GraphTenant, make_app
from sandbox.graph.group_licences import carry
from sandbox.graph.tenant import Sku
from shared.apply.entra import EntraTarget
from shared.apply.entra_groups import GroupBook
from shared.apply.entra_licences import EntraLicences
from shared.errors import Permanent
from shared.model.account import Applied
from shared.model.change import Change, Kind
from shared.model.desired import DesiredEntra, State
from shared.vendors.graph.client import connect
from shared.wiring import NoCredential

GROUP = "M365 E3"


class Stage:
    def __init__(self) -> None:
        self.tenant = GraphTenant.seeded(ManualClock(), domain="bedrijf.example", groups=[GROUP])
        self.sku = Sku("11111111-0000-4000-8000-000000000001", "SPE_E3", 1)
        self.tenant.skus = [self.sku]
        carry(self.tenant, self.tenant.group_named(GROUP)["id"], self.sku)
        self.faults = Faults()
        app = make_app(self.tenant, throttle=None)
        transport = Loopback(app, self.faults)
        self.graph = connect("http://127.0.0.1:8092/v1.0", NoCredential(), transport=transport)
        book = GroupBook(self.graph)
        self.target = EntraTarget(self.graph, book=book)
        self.licences = EntraLicences(self.graph, book)

    def person(self, number: str, location: str | None = "NL") -> tuple[DesiredEntra, Applied]:
        name = f"p{number}@bedrijf.example"
        account = {"userPrincipalName": name, "displayName": name, "employeeId": number}
        made = self.tenant.add_user({**account, "usageLocation": location})
        desired = DesiredEntra(
            state=State.ACTIVE,
            why=WHY,
            employee_id=number,
            groups={GROUP: (WHY,)},
            licensed=True,
        )
        return desired, Applied(account_id=made, state=State.ACTIVE)

    async def joins(self, desired: DesiredEntra, applied: Applied) -> dict[str, str]:
        """Put them into the group; answers what stands in the way then."""
        await self.target.do(Change(kind=Kind.ADD_TO_GROUP, what=GROUP), applied)
        return dict((await self.target.read(desired, applied)).obstacles)


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    stage = Stage()
    yield stage
    await stage.graph.close()


async def test_whoever_gets_no_seat_is_told_how_to_mend_it(stage: Stage) -> None:
    assert await stage.joins(*stage.person("1")) == {}

    second = stage.person("2")

    assert await stage.joins(*second) == {
        "licence of M365 E3": "Entra could not give the licence of group 'M365 E3' "
        "(CountViolation): no seat is left: buy seats or free one; Entra tries again by itself, "
        "or at once under Reprocess on the group's licences"
    }
    found = await stage.target.read(*second)
    assert found.account is not None
    assert found.account.groups == {GROUP}, "in the group all the same"


async def test_a_seat_that_comes_free_mends_it(stage: Stage) -> None:
    first, second = stage.person("1"), stage.person("2")
    await stage.joins(*first)
    await stage.joins(*second)

    await stage.target.do(Change(kind=Kind.REMOVE_FROM_GROUP, what=GROUP), first[1])

    assert (await stage.target.read(*second)).obstacles == {}


async def test_an_account_without_a_usage_location_is_told_so(stage: Stage) -> None:
    told = await stage.joins(*stage.person("1", location=None))

    assert "see usageLocation under entra.attributes" in told["licence of M365 E3"]


async def test_nobody_is_told_of_it_unless_it_is_watched(stage: Stage) -> None:
    desired, applied = stage.person("1", location=None)

    assert await stage.joins(desired.model_copy(update={"licensed": False}), applied) == {}


async def test_seats_and_the_groups_that_carry_them_are_read(stage: Stage) -> None:
    await stage.joins(*stage.person("1"))

    (licence,) = await stage.licences.bought()

    assert (licence.name, licence.bought, licence.free) == ("SPE_E3", 1, 0)
    assert await stage.licences.carried_by(GROUP) == (licence.id,)
    assert await stage.licences.carried_by("Bestaat niet") == ()


async def test_whoever_may_not_see_licences_says_which_permission_lacks(stage: Stage) -> None:
    stage.faults.plan(Fault("status", path=".*subscribedSkus", status=403))

    with pytest.raises(Permanent, match=r"LicenseAssignment\.Read\.All"):
        await stage.licences.bought()
