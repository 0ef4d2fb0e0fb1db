"""Someone must be out now: an operator's word at the command line, and what both systems show."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from e2e.company import Company, opened

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
