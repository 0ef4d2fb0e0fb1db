"""A target is away, throttles or loses a reply: it costs time, never a person."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from e2e.company import Company, opened

from sandbox.faults import Fault

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def company(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Company]:
    async with opened(tmp_path_factory.mktemp("outage")) as company:
        await company.first_load()
        yield company
        for faults in company.rig.faults.values():
            faults.clear()


async def test_outage_of_topdesk_delays_and_loses_nobody(company: Company) -> None:
    desk = company.rig.faults["topdesk"]
    desk.plan(Fault("status", count=100_000, status=503))
    number = company.hire("ICT-SD", "0141", birth_name="Wachtma").number

    await company.webhook(number)
    await company.until(lambda: company.see(number).can_sign_in, "Entra going on meanwhile")
    await company.until(lambda: "ending=waiting" in company.said(), "TOPdesk given up for now")
    assert company.see(number).card is None

    desk.clear()
    company.let_pass(minutes=30)
    await company.until(lambda: company.see(number).roles == {"Servicedesk"}, "the recovery")
    assert len(company.rig.topdesk.find("persons", "employeeNumber", number)) == 1


async def test_throttled_graph_is_waited_for(company: Company) -> None:
    again = Fault("status", count=3, status=429, headers={"Retry-After": "1"})
    company.rig.faults["graph"].plan(again)

    number = await company.joins(birth_name="Remma")

    assert _created(company, number) == 1
    assert again.count == 0


async def test_lost_reply_to_a_create_makes_one_account(company: Company) -> None:
    lost = Fault("lose_reply", method="POST", path="/v1.0/users")
    company.rig.faults["graph"].plan(lost)

    number = await company.joins(birth_name="Antwoordma")

    assert _created(company, number) == 1
    assert lost.count == 0


async def test_lost_reply_to_a_card_makes_one_card(company: Company) -> None:
    lost = Fault("lose_reply", method="POST", path="/tas/api/persons")
    company.rig.faults["topdesk"].plan(lost)

    number = await company.joins("ICT-SD", "0141", birth_name="Kaartma")
    await company.until(lambda: bool(company.see(number).roles), "the role")

    assert lost.count == 0
    assert len(company.rig.topdesk.find("persons", "employeeNumber", number)) == 1


async def test_afas_that_is_away_is_told_and_asked_again(company: Company) -> None:
    faults = company.rig.faults["afas"]
    faults.plan(Fault("status", count=100_000, status=401))

    await company.run("hr_full_sync")
    assert (await company.health())[0] == 503
    assert "AFAS_TOKEN" in await company.instroom("doctor", expect=1)

    faults.clear()
    await company.run("hr_full_sync")
    assert (await company.health())[0] == 200


def _created(company: Company, number: str) -> int:
    """How many accounts were ever made for this person."""
    entra = company.rig.entra
    live = [u["id"] for u in entra.users.values() if u.get("employeeId") == number]
    binned = [
        p.properties["id"]
        for p in entra.deleted.values()
        if p.properties.get("employeeId") == number
    ]
    return len(live + binned)
