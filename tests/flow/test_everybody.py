"""Whoever looks at everybody reads many together: one by one, 50,000 people outlast a function."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from build import TODAY, a_name, a_record
from fakes import World
from owning import STRICT
from turning import first_load, with_policy

from shared.apply.licences import Licences
from shared.flow import exceptions, licences, measuring, members
from shared.flow.ahead import forecast
from shared.flow.at_once import SHELF, in_order
from shared.flow.service import Service
from shared.ledger.people import Dossier, People
from shared.model.licence import Licence
from shared.model.person import PersonId

WATCHED = f"{STRICT}licences: {{watch: true}}\n"
TOO_LONG = 'employee_id: {afas: "PERSONEELSNUM-{number}"}\n' + STRICT


class Seats(Licences):
    async def bought(self) -> tuple[Licence, ...]:
        return (Licence(id="e3", name="SPE_E3", bought=10, used=0),)

    async def carried_by(self, group: str) -> tuple[str, ...]:
        return ("e3",) if group == "ICT" else ()


async def licensed(service: Service) -> None:
    await licences.look(replace(service, licences=Seats()))


async def measured(service: Service) -> None:
    now = service.clock.now().replace(minute=0)
    clock = replace(service.clock, now=lambda: now)
    await measuring.look(replace(service, clock=clock), ())


async def excepted(service: Service) -> None:
    assert [each async for each in exceptions.everyone(service)] == []


async def forecasted(service: Service) -> None:
    assert await forecast(service, TODAY) == ()


@pytest.mark.parametrize(
    ("look", "policy"),
    [
        (licensed, WATCHED),
        (members.look, STRICT),
        (measured, TOO_LONG),
        (excepted, STRICT),
        (forecasted, STRICT),
    ],
    ids=["licences", "members", "parked", "exceptions", "forecast"],
)
async def test_many_are_read_together(
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    look: Callable[[Service], Awaitable[object]],
    policy: str,
) -> None:
    world = with_policy(world, policy)
    world.hr.put(*(a_record(str(n), name=a_name(birth=f"Nr{n}")) for n in range(100, 105)))
    await first_load(world)
    read, under_way, most = People.read, set[PersonId](), 0

    async def slowly(people: People, person_id: PersonId) -> Dossier:
        nonlocal most
        under_way.add(person_id)
        most = max(most, len(under_way))
        await asyncio.sleep(0)
        dossier = await read(people, person_id)
        under_way.discard(person_id)
        return dossier

    monkeypatch.setattr(People, "read", slowly)

    await look(world.service)

    assert most == 5


async def test_no_more_than_a_shelf_is_kept_and_the_order_stays() -> None:
    begun: list[int] = []

    async def work(item: int) -> int:
        begun.append(item)
        return 10 * item

    found = in_order(range(3 * SHELF), work)

    assert await anext(found) == 0
    assert len(begun) == SHELF
    assert [one async for one in found] == [10 * n for n in range(1, 3 * SHELF)]
