"""The stories of the field with a SCIM service in TOPdesk's place, which the flow cannot tell."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from build import TODAY, a_contract, a_leaver, a_name, a_record, moved
from contract.target.scim_rig import ENTERPRISE, Rig
from fakes import World
from turning import days_pass, dossier_of, first_load, minutes_pass, settle

from sandbox.faults import Fault
from shared.flow.collect import signalled
from shared.flow.preview import preview
from shared.model.desired import State, TargetName
from shared.model.person import Unit
from shared.plan.scim import scim


@dataclass
class Place:
    """A world whose second target is scim2-server."""

    world: World
    rig: Rig

    def user(self, number: str = "1042") -> dict[str, Any] | None:
        found = [user for user in self.rig.users() if user.get("externalId") == number]
        assert len(found) < 2
        return found[0] if found else None

    def rights(self) -> dict[str, list[str]]:
        return self.rig.members()


@pytest.fixture
async def place(world: World) -> AsyncIterator[Place]:
    rig = Rig(groups=("Beheerders", "Zorgdesk"))
    service = replace(world.service, topdesk=rig.target, plan_topdesk=scim)
    yield Place(replace(world, service=service), rig)
    await rig.client.aclose()
    await rig.raw.aclose()


async def test_joiner_gets_a_user_with_the_login_of_entra(place: Place) -> None:
    place.world.hr.put(a_record("1042"))
    await first_load(place.world)

    user = place.user()
    assert user is not None
    assert user["userName"] == "sanne.van.dijk@proef.example"
    assert user["active"] is True
    assert user[ENTERPRISE]["employeeNumber"] == "1042"
    assert place.rights() == {"Beheerders": [user["id"]], "Zorgdesk": []}


async def test_mover_changes_groups(place: Place) -> None:
    place.world.hr.put(a_record("1042"))
    await first_load(place.world)
    place.world.hr.put(moved(a_record("1042"), "ZORG", "Zorg"))
    await signalled(place.world.service, "afas", "1042")
    await settle(place.world)

    user = place.user()
    assert user is not None
    assert place.rights() == {"Beheerders": [], "Zorgdesk": [user["id"]]}
    dossier = await dossier_of(place.world, "1042")
    assert set(dossier.target(TargetName.TOPDESK).applied.rights) == {"Zorgdesk"}


async def test_leaver_is_shut_out_then_deleted_and_comes_back_anew(place: Place) -> None:
    world = place.world
    world.hr.put(a_leaver(TODAY - timedelta(days=1), "7"), a_record("1042"))
    await first_load(world)
    before = place.user()
    assert before is not None

    world.hr.put(a_leaver(TODAY, "1042"))
    await signalled(world.service, "afas", "1042")
    await days_pass(world, 1)
    blocked = place.user()
    assert blocked is not None
    assert blocked["active"] is False
    assert place.rights() == {"Beheerders": [], "Zorgdesk": []}

    await days_pass(world, 39)
    assert place.user() is None
    dossier = await dossier_of(world, "1042")
    assert dossier.target(TargetName.TOPDESK).applied.state is State.DELETED

    again = a_contract(key="1042-2", start=TODAY + timedelta(days=45))
    world.hr.put(a_record("1042", contracts=(a_contract(key="1042-1", end=TODAY), again)))
    await signalled(world.service, "afas", "1042")
    await days_pass(world, 6)
    back = place.user()
    assert back is not None
    assert back["id"] != before["id"]
    assert back["active"] is True
    assert place.rights() == {"Beheerders": [back["id"]], "Zorgdesk": []}


async def test_returner_within_the_grace_gets_the_same_user(place: Place) -> None:
    world = place.world
    world.hr.put(a_record("1042"))
    await first_load(world)
    before = place.user()
    world.hr.put(a_leaver(TODAY, "1042"))
    await signalled(world.service, "afas", "1042")
    await days_pass(world, 3)
    old = a_contract(key="1042-1", end=TODAY)
    again = a_contract(
        key="1042-2",
        start=TODAY + timedelta(days=3),
        department=Unit(code="ZORG", name="Zorg"),
    )
    world.hr.put(a_record("1042", contracts=(old, again)))
    await signalled(world.service, "afas", "1042")
    await settle(world)

    back = place.user()
    assert before is not None
    assert back is not None
    assert back["id"] == before["id"]
    assert back["active"] is True
    assert place.rights() == {"Beheerders": [], "Zorgdesk": [back["id"]]}


async def test_prehire_stands_ready_and_cannot_sign_in_before_the_day(place: Place) -> None:
    start = TODAY + timedelta(days=5)
    place.world.hr.put(a_record("1042", contracts=(a_contract(start=start),)))
    await first_load(place.world)
    user = place.user()
    assert user is not None
    assert user["active"] is False
    assert place.rights()["Beheerders"] == []

    await days_pass(place.world, 5)
    user = place.user()
    assert user is not None
    assert user["active"] is True
    assert place.rights()["Beheerders"] == [user["id"]]


async def test_manager_follows_hr(place: Place) -> None:
    report = a_record("2", name=a_name(nickname="Bo"), contracts=(a_contract(manager="1"),))
    place.world.hr.put(report)
    await first_load(place.world)
    place.world.hr.put(a_record("1", name=a_name(nickname="Anna")))
    await signalled(place.world.service, "afas", "1")
    await settle(place.world)

    manager, user = place.user("1"), place.user("2")
    assert manager is not None
    assert user is not None
    assert user[ENTERPRISE]["manager"]["value"] == manager["id"]


@pytest.mark.parametrize("kind", ["lose_reply", "down"])
async def test_any_lost_write_of_a_joiner_ends_the_same(place: Place, kind: Any) -> None:
    """One person after another, each with another write that is lost."""
    for lost in range(3):
        number = str(2000 + lost)
        place.rig.faults.plan(Fault(kind, method="POST|PATCH", skip=lost, count=1))
        place.world.hr.put(a_record(number, name=a_name(nickname=f"Kim{lost}")))
        await first_load(place.world)
        await minutes_pass(place.world, 20)

        user = place.user(number)
        assert user is not None
        assert user["id"] in place.rights()["Beheerders"]
    assert place.rig.storage.most == 1


async def test_preview_tells_the_words_of_scim(place: Place) -> None:
    place.world.hr.put(a_record("1042"))
    await first_load(place.world)
    place.world.hr.put(a_leaver(TODAY - timedelta(days=1), "1042"))
    shown = await preview(place.world.service, "afas", "1042")

    (plan,) = (plan for plan in shown.plans if plan.target is TargetName.TOPDESK)
    assert plan.summary() == "take right Beheerders; deactivate user"
