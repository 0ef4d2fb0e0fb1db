"""Tickets over a life: each piece of news once, and none for what was so before."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from build import POLICY, TODAY, a_contract, a_leaver, a_record, moved
from fakes import FakeTopdesk, World
from turning import (
    audit_of,
    card_of,
    days_pass,
    dossier_of,
    first_load,
    leases_run_out,
    settle,
    with_policy,
)

from shared.apply.target import Done
from shared.errors import Permanent
from shared.flow.collect import signalled
from shared.model.account import Applied, Found, TopdeskCard
from shared.model.change import Change, Kind
from shared.model.desired import DesiredTopdesk, TargetName
from shared.model.person import Record

RULES = """  tickets:
    - name: Laptop
      on: joiner
      since: 2026-11-01
      brief: "Laptop voor {name.display}"
      request: |
        In dienst {contract.start}
        Afdeling {department.name}
      fields: {category: Middelen}
    - {name: Move, on: mover, since: 2026-11-01, brief: "Desk at {department.name}"}
    - {name: Opruimen, on: leaver, since: 2026-11-01, kind: change, brief: Opruimen}
guard:"""
TICKETS = POLICY.replace("guard:", RULES)
SANNE = a_record("1042")
STARTS = a_record("7", contracts=(a_contract(key="7-1", start=TODAY),))
GONE = a_leaver(TODAY - timedelta(days=1))


@dataclass
class RefusesTickets:
    """TOPdesk, which will make no ticket."""

    inner: FakeTopdesk
    refuses: bool = True
    name: TargetName = TargetName.TOPDESK

    async def read(self, desired: DesiredTopdesk, applied: Applied) -> Found[TopdeskCard]:
        return await self.inner.read(desired, applied)

    async def do(self, change: Change, applied: Applied) -> Done:
        if change.kind is Kind.CREATE_TICKET and self.refuses:
            raise Permanent("no such category", mender="policy")
        return await self.inner.do(change, applied)

    async def probe(self) -> None:
        return None


async def hears(world: World, record: Record) -> set[str]:
    world.hr.put(record)
    await signalled(world.service, "afas", record.number)
    await settle(world)
    return set(world.topdesk.tickets)


async def test_going_live_makes_no_ticket(world: World) -> None:
    world = with_policy(world, TICKETS)
    world.hr.put(SANNE)
    await first_load(world)

    assert world.topdesk.tickets == {}
    assert len(world.topdesk.cards) == 1


async def test_a_life_brings_one_ticket_for_each_piece_of_news(world: World) -> None:
    world = with_policy(world, TICKETS)
    world.hr.put(SANNE)
    await first_load(world)

    assert await hears(world, STARTS) == {"instroom 7 Laptop 0"}
    made = world.topdesk.tickets["instroom 7 Laptop 0"]
    assert str(made["request"]).splitlines() == ["In dienst 2026-11-02", "Afdeling ICT Beheer"]
    assert made["category"] == "Middelen"
    assert await hears(world, moved(STARTS, "ZORG", "Zorg")) == {
        "instroom 7 Laptop 0",
        "instroom 7 Move 1",
    }
    assert "instroom 7 Move 2" in await hears(world, STARTS)
    left = STARTS.model_copy(
        update={"contracts": (a_contract(key="7-1", start=TODAY, end=TODAY),)}
    )
    await hears(world, left)
    await days_pass(world, 1)
    assert "instroom 7 Opruimen 1" in world.topdesk.tickets
    assert len(world.topdesk.tickets) == 4


async def test_a_rule_that_is_edited_is_no_move(world: World) -> None:
    world = with_policy(world, TICKETS)
    world.hr.put(SANNE)
    await first_load(world)
    wider = TICKETS.replace("name: Move, on: mover", "name: Move, changed: [job.code], on: mover")
    world = with_policy(world, wider)
    await leases_run_out(world)

    assert await hears(world, moved(SANNE, "ZORG", "Zorg")) == set()


async def test_who_returns_and_leaves_again_brings_new_tickets(world: World) -> None:
    world = with_policy(world, TICKETS)
    world.hr.put(SANNE)
    await first_load(world)
    assert await hears(world, GONE) == {"instroom 1042 Opruimen 1"}
    back = a_contract(key="1042-2", start=TODAY)
    again = GONE.model_copy(update={"contracts": (*GONE.contracts, back)})
    assert await hears(world, again) == {"instroom 1042 Opruimen 1"}
    assert await hears(world, GONE) == {"instroom 1042 Opruimen 1", "instroom 1042 Opruimen 3"}


async def test_a_refused_ticket_is_told_beside_cards_that_stand(world: World) -> None:
    world = with_policy(world, TICKETS)
    world.hr.put(SANNE)
    await first_load(world)
    refusing = RefusesTickets(world.topdesk)
    world.service = replace(world.service, topdesk=refusing)

    assert await hears(world, STARTS) == set()

    row = (await dossier_of(world, "7")).target(TargetName.TOPDESK)
    assert row.applied.account_id == card_of(world, "7").id
    assert row.problem == (
        "the cards stand as they should; ticket 'Laptop' could not be made: no such category"
    )
    told = await audit_of(world, "7")
    assert "refused: topdesk: create ticket Laptop" in told
    assert "topdesk: create ticket Laptop" not in told
    refusing.refuses = False
    await days_pass(world, 2)
    assert set(world.topdesk.tickets) == {"instroom 7 Laptop 0"}
    assert (await dossier_of(world, "7")).target(TargetName.TOPDESK).problem is None


async def test_a_refused_ticket_holds_up_no_block(world: World) -> None:
    world = with_policy(world, TICKETS)
    world.hr.put(SANNE)
    await first_load(world)
    world.service = replace(world.service, topdesk=RefusesTickets(world.topdesk))

    assert await hears(world, GONE) == set()

    assert card_of(world, "1042").archived
    row = (await dossier_of(world, "1042")).target(TargetName.TOPDESK)
    assert "ticket 'Opruimen' could not be made" in str(row.problem)
    await days_pass(world, 2)
    assert (await dossier_of(world, "1042")).target(TargetName.TOPDESK).problem is None
