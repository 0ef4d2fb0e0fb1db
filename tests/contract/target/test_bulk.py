"""Many accounts into one group at once: the same rules for the fake and for Graph's rig."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import pytest
from contract.target.rules import Loopback
from fakes import FakeEntra

from sandbox.clock import ManualClock
from sandbox.faults import Fault, Faults
from sandbox.graph import GraphTenant, make_app
from shared.apply.bulk import MOST_BOUND, Bulk
from shared.apply.entra_bulk import EntraBulk
from shared.errors import Transient
from shared.model.account import EntraAccount
from shared.vendors.graph.client import Graph, connect
from shared.wiring import NoCredential

GROUP = "Zorg"
GONE = "00000000-0000-4000-8000-000000000000"


class Stage(Protocol):
    @property
    def bulk(self) -> Bulk: ...

    def accounts(self, count: int) -> list[str]: ...
    def members(self) -> Collection[str]: ...


@dataclass
class FakeStage:
    bulk: FakeEntra = field(default_factory=FakeEntra)

    def accounts(self, count: int) -> list[str]:
        made = [f"e{n}" for n in range(count)]
        for each in made:
            account = EntraAccount(id=each, user_principal_name=each, enabled=True)
            self.bulk.accounts[each] = account
        return made

    def members(self) -> Collection[str]:
        return {a.id for a in self.bulk.accounts.values() if GROUP in a.groups}


class RigStage:
    def __init__(self) -> None:
        self.clock, self.faults = ManualClock(), Faults()
        self.tenant = GraphTenant.seeded(self.clock, domain="bedrijf.example", groups=[GROUP])
        app = make_app(self.tenant, throttle=None)
        self.graph: Graph = connect(
            "http://127.0.0.1:8092/v1.0", NoCredential(), transport=Loopback(app, self.faults)
        )
        self.bulk = EntraBulk(self.graph, monotonic=self.clock.wall)

    def accounts(self, count: int) -> list[str]:
        names = [f"p{n}@bedrijf.example" for n in range(count)]
        return [self.tenant.add_user({"userPrincipalName": n, "displayName": n}) for n in names]

    def members(self) -> Collection[str]:
        return self.tenant.members(self.group_id)

    @property
    def group_id(self) -> str:
        return str(self.tenant.group_named(GROUP)["id"])

    def writes(self) -> Sequence[str]:
        return [write.method for write in self.tenant.accepted_writes()]


@pytest.fixture
async def rig() -> AsyncIterator[RigStage]:
    stage = RigStage()
    yield stage
    await stage.graph.close()


@pytest.fixture(params=["fake", "graph"])
def stage(request: pytest.FixtureRequest, rig: RigStage) -> Stage:
    return FakeStage() if request.param == "fake" else rig


async def test_all_get_in_and_twice_is_once(stage: Stage) -> None:
    accounts = stage.accounts(MOST_BOUND)

    for _ in range(2):
        bound = await stage.bulk.bind(GROUP, accounts)
        assert (bound.done, bound.refused) == (frozenset(accounts), {})

    assert set(stage.members()) == set(accounts)


async def test_one_who_is_not_there_stops_nobody(stage: Stage) -> None:
    accounts = stage.accounts(5)

    bound = await stage.bulk.bind(GROUP, [*accounts[:2], GONE, *accounts[2:]])

    assert bound.done == frozenset(accounts)
    assert set(bound.refused) == {GONE}
    assert set(stage.members()) == set(accounts)


async def test_twenty_are_one_write(rig: RigStage) -> None:
    accounts = rig.accounts(MOST_BOUND)

    await rig.bulk.bind(GROUP, accounts)

    assert rig.writes() == ["PATCH"]


async def test_a_lost_reply_costs_one_refused_request_and_no_second_write(rig: RigStage) -> None:
    accounts = rig.accounts(MOST_BOUND)
    rig.faults.plan(Fault("lose_reply", method="PATCH"))

    bound = await rig.bulk.bind(GROUP, accounts)

    assert bound.done == frozenset(accounts)
    assert rig.writes() == ["PATCH"]


async def test_some_who_are_in_already_cost_one_more_request(rig: RigStage) -> None:
    accounts = rig.accounts(MOST_BOUND)
    await rig.bulk.bind(GROUP, accounts[:3])

    bound = await rig.bulk.bind(GROUP, accounts)

    assert bound.done == frozenset(accounts)
    assert rig.writes() == ["PATCH", "PATCH"]


async def test_a_group_that_takes_nobody_is_not_asked_for_each(rig: RigStage) -> None:
    accounts = rig.accounts(MOST_BOUND)
    await rig.bulk.bind(GROUP, accounts[:1])
    rig.tenant.groups[rig.group_id]["isManagementRestricted"] = True

    bound = await rig.bulk.bind(GROUP, accounts[1:])

    assert set(bound.refused) == set(accounts[1:])
    assert rig.faults.calls < MOST_BOUND + 10, "nineteen are looked up, two are tried"


async def test_a_group_that_nobody_may_fill_is_not_asked_at_all(rig: RigStage) -> None:
    accounts = rig.accounts(2)

    bound = await rig.bulk.bind("Bestaat niet", accounts)

    assert set(bound.refused) == set(accounts)
    assert "is not in Entra" in bound.refused[accounts[0]]


async def test_a_target_that_is_down_is_neither_done_nor_refused(rig: RigStage) -> None:
    accounts = rig.accounts(2)
    await rig.bulk.bind(GROUP, accounts[:1])
    rig.faults.plan(Fault("status", count=99, status=503))

    with pytest.raises(Transient):
        await rig.bulk.bind(GROUP, accounts)
