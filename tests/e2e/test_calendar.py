"""Dates do it: nobody in HR touches anything, the calendar alone brings the next state."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from e2e.company import DAY, Company, opened

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def company(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Company]:
    async with opened(tmp_path_factory.mktemp("calendar")) as company:
        await company.first_load()
        yield company


async def test_prehire_stands_ready_and_is_let_in_on_the_day(company: Company) -> None:
    start = company.today() + 20 * DAY
    number = company.hire("RU-VER", "0301", start=start, birth_name="Straksma").number
    await company.webhook(number)
    await company.settled()
    assert company.see(number).account is None, "three weeks ahead is too early"

    company.move_calendar(start - 7 * DAY)
    await company.until(lambda: company.see(number).has_card, "the account prepared")
    assert company.see(number).account is not None
    assert not company.see(number).can_sign_in

    company.move_calendar(start - DAY, hour=23, minute=50)
    await company.settled()
    assert not company.see(number).can_sign_in, "ten minutes too early"

    company.move_calendar(start)
    await company.until(lambda: company.see(number).can_sign_in, "the first day")
    assert "Ruimte" in company.see(number).groups


async def test_leaver_works_until_midnight_and_is_deleted_after_the_grace(
    company: Company,
) -> None:
    number = await company.joins("ICT-SD", "0141", birth_name="Vertrekma")
    await company.until(lambda: bool(company.see(number).roles), "the role")
    last_day = company.today() + 10 * DAY
    company.rig.world.end_contract(number, last_day)
    await company.webhook(number)

    company.move_calendar(last_day, hour=23, minute=50)
    await company.settled()
    assert company.see(number).can_sign_in, "the last day is a working day"
    assert company.see(number).roles == {"Servicedesk"}

    company.move_calendar(last_day + DAY)
    await company.until(
        lambda: not company.see(number).can_sign_in and not company.see(number).has_card,
        "the block",
    )
    seen = company.see(number)
    assert seen.account is not None, "blocked, not deleted"
    assert seen.groups == frozenset()
    assert seen.roles == frozenset()
    revoked = f"/users/{seen.account['id']}/revokeSignInSessions"
    assert any(w.path.endswith(revoked) for w in company.rig.entra.accepted_writes())

    company.move_calendar(last_day + 32 * DAY)
    await company.until(lambda: company.see(number).deleted, "the deletion")
    await company.settled()
    assert company.see(number).account is None
    assert not company.see(number).has_card

    before = await company.instroom("people", number)
    said = await company.instroom("erase", number, "--reason", "AVG-17")
    copy = company.rig.plan.state / "copy.jsonl.gz"
    await company.instroom("ledger", "backup", str(copy))
    await company.run("hr_full_sync")
    after = await company.instroom("people", number)
    assert "Vertrekma" in before
    assert "is erased" in said
    assert "AVG-17" in after
    assert "Vertrekma" not in after, "HR still names them"
    assert "vertrekma" not in _of_people(copy)


def _of_people(copy: Path) -> str:
    """What a copy of the ledger holds of people, without the register of names."""
    lines = gzip.decompress(copy.read_bytes()).decode().casefold().splitlines()
    return "\n".join(one for one in lines if not one.startswith(('["names"', '["erasures"')))


async def test_returner_within_the_grace_gets_the_same_account_back(company: Company) -> None:
    number = await company.joins(birth_name="Terugma")
    before = company.see(number).account
    company.rig.world.end_contract(number, company.today())
    await company.webhook(number)
    company.move_calendar(company.today() + DAY)
    await company.until(lambda: not company.see(number).has_card, "the leaver's card archived")

    company.rig.world.rehire(number, start=company.today())
    await company.webhook(number)
    await company.until(
        lambda: company.see(number).can_sign_in and company.see(number).has_card, "the returner"
    )

    await company.settled()
    after = company.see(number)
    assert before is not None
    assert after.account is not None
    assert after.account["id"] == before["id"]
    assert after.groups == {"Alle medewerkers", "TOPdesk gebruikers", "Publiekszaken"}


async def test_returner_after_the_deletion_is_restored(company: Company) -> None:
    number = await company.joins(birth_name="Herstelma")
    before = company.see(number).account
    last_day = company.today()
    company.rig.world.end_contract(number, last_day)
    await company.webhook(number)
    company.move_calendar(last_day + DAY)
    await company.until(lambda: not company.see(number).has_card, "the leaver's card archived")
    company.move_calendar(last_day + 32 * DAY)
    await company.until(lambda: company.see(number).deleted, "the deletion")

    company.rig.world.rehire(number, start=company.today())
    await company.webhook(number)
    await company.until(
        lambda: company.see(number).can_sign_in and company.see(number).has_card, "the returner"
    )

    after = company.see(number).account
    assert before is not None
    assert after is not None
    assert after["id"] == before["id"]
    assert len(company.rig.topdesk.find("persons", "employeeNumber", number)) == 1


async def test_extended_contract_never_blocks_anyone(company: Company) -> None:
    last_day = company.today() + 5 * DAY
    number = await company.joins(end=last_day, birth_name="Verlengma")
    company.rig.world.prolong(number, None)
    await company.webhook(number)
    await company.settled()

    company.move_calendar(last_day + DAY)
    await company.settled()

    account = company.see(number).account
    assert account is not None
    assert account["accountEnabled"]
    patched = [
        w
        for w in company.rig.entra.accepted_writes()
        if account["id"] in w.ids and "accountEnabled" in w.changed and w.method == "PATCH"
    ]
    assert patched == []
