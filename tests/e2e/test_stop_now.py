"""Someone must be out now: an operator's word at the command line, and what both systems show."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from e2e.company import Company, opened

from sandbox.graph import active_directory

pytestmark = pytest.mark.asyncio(loop_scope="module")
WHY = ("--reason", "ticket 4711")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def company(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Company]:
    async with opened(tmp_path_factory.mktemp("stop")) as company:
        await company.first_load()
        yield company


async def test_person_is_out_at_once_and_back_when_it_is_lifted(company: Company) -> None:
    number = await company.joins(birth_name="Ontslagen")
    groups = company.see(number).groups

    printed = await company.instroom("leaver", "--now", number, *WHY)
    await company.until(lambda: _is_out(company, number), "somebody who is out")

    assert f"instroom leaver --lift afas:{number}" in printed
    shown = await company.instroom("people", number)
    assert "at the command line: ticket 4711" in shown
    assert "Ontslagen" not in printed

    company.rig.world.rename(number, nickname="Anders")
    await company.run("hr_full_sync")
    await company.settled()
    assert _is_out(company, number), "HR has not heard of it"

    await company.instroom("leaver", "--lift", number, *WHY)
    await company.until(
        lambda: company.see(number).can_sign_in and company.see(number).has_card, "the person back"
    )
    await company.until(lambda: company.see(number).groups == groups, "every group back")


async def test_an_operators_own_tool_stops_and_lifts_over_http(company: Company) -> None:
    number = await company.joins(birth_name="Weggestuurd")
    address = f"{company.host}/api/ops/people/afas:{number}/stop"
    asked = {"reason": "ticket 4712", "who": "j.devries"}
    key = {"x-functions-key": company.rig.settings["SANDBOX_FUNCTION_KEY"]}

    stranger = await company.http.post(address, json=asked)
    assert stranger.status_code == 401
    assert company.see(number).can_sign_in

    answer = await company.http.post(address, json=asked, headers=key)
    assert answer.status_code == 200, answer.text
    await company.until(lambda: _is_out(company, number), "somebody who is out")
    assert "j.devries, by the app's key" in await company.instroom("people", number)

    answer = await company.http.request("DELETE", address, json=asked, headers=key)
    assert answer.status_code == 200, answer.text
    await company.until(lambda: company.see(number).can_sign_in, "the person back")


async def test_active_directory_is_asked_and_believed_after_a_synchronisation(
    company: Company, tmp_path: Path
) -> None:
    number = await company.joins(birth_name="Gesynchroniseerd")
    tenant = company.rig.entra
    account = company.see(number).account
    assert account is not None
    tenant.master_in_ad(account["id"])

    await company.instroom("leaver", "--now", number, *WHY)
    await company.until(lambda: _is_out(company, number), "somebody who is out in the cloud")
    await company.settled()

    printed = await company.instroom("ad", "tasks")
    assert f"afas:{number}  blocked in the cloud, waiting for Active Directory" in printed
    assert "userAccountControl := ACCOUNTDISABLE (0x2) set" in " ".join(printed.split())

    company.let_pass(minutes=20)
    active_directory.synchronise(tenant)
    assert company.see(number).can_sign_in, "the cycle has undone it"
    company.let_pass(minutes=11)
    await company.fire("due")
    await company.until(lambda: not company.see(number).can_sign_in, "a block that is made again")
    await company.settled()
    file = tmp_path / "ad.csv"
    await company.instroom("ad", "tasks", "--csv", str(file))
    lines = file.read_text(encoding="utf-8-sig").splitlines()
    (told,) = [line for line in lines if "disable account" in line]
    assert told.split(";")[:2] + told.split(";")[9:10] == [
        f"afas:{number}",
        "Active Directory",
        "1",
    ]

    active_directory.change(tenant, account["id"], {"accountEnabled": False})
    company.let_pass(minutes=20)
    active_directory.synchronise(tenant)
    company.let_pass(minutes=11)
    await company.fire("due")
    await company.settled()
    shown = await company.instroom("people", number)
    assert "disable account" not in shown.partition("history")[0]
    assert "s after it was decided" in shown


async def test_mistakes_are_told_in_a_sentence(company: Company) -> None:
    unknown = await company.instroom("leaver", "--now", "404404", *WHY, expect=1)
    not_stopped = await company.instroom(
        "leaver", "--lift", next(iter(company.rig.world.people)), *WHY, expect=1
    )
    nobody = await company.instroom("leaver", *WHY, expect=2)

    assert "is not known here, so nothing was blocked" in unknown
    assert "is not stopped" in not_stopped
    assert "--now KEY" in nobody
    assert (await company.health())[0] == 200


def _is_out(company: Company, number: str) -> bool:
    seen = company.see(number)
    return not seen.can_sign_in and seen.groups == frozenset() and not seen.has_card
