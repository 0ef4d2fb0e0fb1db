"""Which calls to Graph does each story cost? Exactly these; why none of them can go is said here.

A read before a write: the directory is compared, never remembered. A link is a call of its own:
Graph takes neither the manager nor a membership with the account, and `$expand` once only, so that
the manager comes with the account and the memberships do not. A leaver is read again, for a block
counts when it is seen.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from build import POLICY, TODAY, a_contract, a_leaver, a_name, a_record, moved
from fakes import FakeClock, World, a_world
from turning import days_pass, first_load, settle

from sandbox.clock import ManualClock
from sandbox.graph import GraphTenant, make_app
from shared.apply.entra import EntraTarget
from shared.apply.entra_bulk import EntraBulk
from shared.apply.entra_groups import EntraGroups, GroupBook
from shared.flow.collect import full_sync, signalled
from shared.ledger.sqlite import open_sqlite
from shared.vendors.graph.client import connect
from shared.wiring import NoCredential

_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass
class Listening(httpx.AsyncBaseTransport):
    app: Any
    heard: list[str] = field(default_factory=list)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        path = _ID.sub("{id}", request.url.path.removeprefix("/v1.0"))
        asked = request.url.params.get("$filter", "")
        self.heard.append(f"{request.method} {path}" + (f" {asked.split()[0]}" if asked else ""))
        return await httpx.ASGITransport(self.app).handle_async_request(request)


@dataclass
class Stage:
    world: World
    wire: Listening

    async def calls_of(self, number: str) -> list[str]:
        return await self.calls_during(signalled(self.world.service, "afas", number))

    async def calls_during(self, work: Coroutine[Any, Any, object]) -> list[str]:
        """The calls of this and of all that comes of it."""
        self.wire.heard.clear()
        await work
        await settle(self.world)
        return list(self.wire.heard)


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    clock = FakeClock()
    store = await open_sqlite(None, wall=clock.wall)
    world = a_world(store, clock=clock)
    names = ["Iedereen", "ICT", "Zorg"]
    tenant = GraphTenant.seeded(ManualClock(), domain="proef.example", groups=names)
    wire = Listening(make_app(tenant, throttle=None))
    graph = connect("http://127.0.0.1:8092/v1.0", NoCredential(), transport=wire)
    book = GroupBook(graph)
    world.service = replace(
        world.service,
        entra=EntraTarget(graph, book=book),
        bulk=EntraBulk(graph, book=book),
        groups=EntraGroups(graph, book),
    )
    # They came before: the groups are known by name, and the manager's account stands.
    world.hr.put(a_record("1", name=a_name(birth="Baas")), moved(a_record("2"), "ZORG", "Zorg"))
    await first_load(world)
    yield Stage(world, wire)
    await store.close()
    await graph.close()


KIM = a_record("9", name=a_name(birth="Kim"), contracts=(a_contract(key="9-1", manager="1"),))
GONE = a_leaver(TODAY - timedelta(days=1), "9").model_copy(update={"name": KIM.name})
USER = "/users/{id}"
FOUND = ["GET /users employeeId"]
READ = [f"GET {USER}", f"GET {USER}/memberOf/microsoft.graph.group"]
JOIN = "POST /groups/{id}/members/$ref"
LEAVE = "DELETE /groups/{id}/members/{id}/$ref"


async def test_a_joiner(stage: Stage) -> None:
    stage.world.hr.put(KIM)

    calls = await stage.calls_of("9")

    assert calls == [*FOUND, "POST /users", f"PUT {USER}/manager/$ref", JOIN, JOIN]


async def test_whoever_is_as_before_costs_nothing(stage: Stage) -> None:
    stage.world.hr.put(KIM)
    await stage.calls_of("9")

    assert await stage.calls_of("9") == [], "HR signals, and nothing differs"
    assert await stage.calls_during(full_sync(stage.world.service, "afas")) == []


async def test_a_mover(stage: Stage) -> None:
    stage.world.hr.put(KIM)
    await stage.calls_of("9")

    stage.world.hr.put(moved(KIM, "ZORG", "Zorg"))

    # One write for all attributes; the new group, and the old one.
    assert await stage.calls_of("9") == [*READ, f"PATCH {USER}", JOIN, LEAVE]


async def test_a_leaver(stage: Stage) -> None:
    stage.world.hr.put(KIM)
    await stage.calls_of("9")

    stage.world.hr.put(GONE)

    block = [f"PATCH {USER}", f"POST {USER}/revokeSignInSessions"]
    taken = [f"DELETE {USER}/manager/$ref", LEAVE, LEAVE]
    assert await stage.calls_of("9") == [*READ, *block, *taken, f"GET {USER}"]


async def test_a_deletion_after_the_grace(stage: Stage) -> None:
    stage.world.hr.put(KIM)
    await stage.calls_of("9")
    stage.world.hr.put(GONE)
    await stage.calls_of("9")

    assert await stage.calls_during(days_pass(stage.world, 32)) == [
        f"GET {USER}",
        f"DELETE {USER}",
    ]


async def test_a_load_of_twenty(stage: Stage) -> None:
    """An account is two calls; twenty memberships of a group are one more, not twenty."""
    crowd = [a_record(str(n), name=a_name(birth=f"Nr{n}")) for n in range(100, 120)]
    stage.world.hr.put(*crowd)
    bulk = POLICY.replace("  groups:\n    - group", "  bulk_from: 20\n  groups:\n    - group")
    stage.world.service = replace(stage.world.service, policy_text=lambda: bulk)
    await settle(stage.world)

    made = await stage.calls_during(full_sync(stage.world.service, "afas"))
    stage.world.clock.advance(minutes=2)
    bound = await stage.calls_during(settle(stage.world))

    assert Counter(made) == {"POST /users": 20, FOUND[0]: 20}
    assert Counter(bound) == {"PATCH /groups/{id}": 2}
