"""On the wires of the Graph rig: in report not one call leaves that could write."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import httpx
from build import POLICY, TODAY, a_leaver, a_record, moved
from contract.target.rules import Loopback
from contract.target.test_entra_target import Credential
from fakes import World
from turning import days_pass, first_load, settle, with_policy

from sandbox.clock import ManualClock
from sandbox.faults import Faults
from sandbox.graph import GraphTenant, make_app
from shared.apply.entra import EntraTarget
from shared.flow.collect import signalled
from shared.vendors.graph.client import connect

DOMAIN = "proef.example"
REPORT = """
targets:
  topdesk: {stage: report}
  entra:
    stage: report
    match: [{by: mail, value: "{name.given}.{name.surname}@proef.example"}]
    linked: [{kind: admin, by: userPrincipalName, value: "adm-{number}@proef.example"}]
"""
APPLY = REPORT.replace("stage: report\n    match", "stage: apply\n    match")


@dataclass
class Noting(httpx.AsyncBaseTransport):
    """Which calls left, by their method."""

    inner: httpx.AsyncBaseTransport
    methods: list[str] = field(default_factory=list)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.methods.append(request.method)
        return await self.inner.handle_async_request(request)


async def test_no_call_that_writes_leaves_in_report_and_all_of_them_after_it(
    world: World,
) -> None:
    tenant = GraphTenant.seeded(ManualClock(), domain=DOMAIN, groups=("Iedereen", "ICT", "Zorg"))
    mail = {"mail": f"susanna.van.dijk@{DOMAIN}", "accountEnabled": True, "displayName": "S"}
    own = tenant.add_user({"userPrincipalName": f"sanne@{DOMAIN}", **mail})
    admin = tenant.add_user({"userPrincipalName": f"adm-1042@{DOMAIN}", "accountEnabled": True})
    app = make_app(tenant, throttle=None, replication_seconds=0.0)
    wire = Noting(Loopback(app, Faults()))
    graph = connect("http://127.0.0.1:8092/v1.0", Credential(), transport=wire)
    world = with_policy(world, POLICY + REPORT)
    world.service = replace(world.service, entra=EntraTarget(graph))
    world.hr.put(a_record("1042"))

    await first_load(world)
    world.hr.put(moved(a_record("1042"), "ZORG", "Zorg"))
    await signalled(world.service, "afas", "1042")
    await days_pass(world, 1)

    assert set(wire.methods) == {"GET"}
    assert (tenant.users[own]["displayName"], tenant.users[own].get("employeeId")) == ("S", None)

    world = with_policy(world, POLICY + APPLY)
    await settle(world)

    assert tenant.users[own]["employeeId"] == "1042"
    names = {tenant.groups[group]["displayName"] for group in tenant.groups_of(own)}
    assert names == {"Iedereen", "Zorg"}

    world.hr.put(a_leaver(TODAY, "1042"))
    await signalled(world.service, "afas", "1042")
    await days_pass(world, 1)

    assert [tenant.users[one]["accountEnabled"] for one in (own, admin)] == [False, False]
    assert world.topdesk.calls == {}
    await graph.close()
