"""A webhook may name a person by a key of HR's own; the person is known by number all the same."""

from __future__ import annotations

from build import a_record
from fakes import World
from turning import first_load, settle

from shared.flow.collect import signalled
from shared.flow.decide import Found
from shared.model.person import BadRecord

KEY = "123456/Employees/3f0a7c1e-0000-4000-8000-000000100234"


async def test_key_leads_to_the_person_with_that_number(world: World) -> None:
    world.hr.put(a_record("1042"))
    await first_load(world)
    changed = a_record("1042", phone="030-1234567")
    world.hr.people[KEY] = changed

    await signalled(world.service, "afas", KEY)
    await settle(world)

    known = [one async for one in world.service.ledger.identities.everyone("afas")]
    assert [one.number for one in known] == ["1042"]
    dossier = await world.service.ledger.people.read(known[0].person_id)
    assert dossier.decision is not None
    assert dossier.decision.person.primary_record == changed


async def test_key_that_leads_to_no_number_makes_nobody(world: World) -> None:
    world.hr.people[KEY] = BadRecord(source="afas", number=None, field="Code", problem="is empty")

    found = await signalled(world.service, "afas", KEY)

    assert found == Found.IDLE
    assert [one async for one in world.service.ledger.identities.everyone("afas")] == []
