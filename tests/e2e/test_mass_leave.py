"""HR seems to end half the company: held as one batch, until a human agrees to exactly it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from e2e.company import DAY, Company, opened

from sandbox.rig import ROOT

pytestmark = pytest.mark.asyncio(loop_scope="module")
LEAVERS = 4


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def company(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Company]:
    strict = {"POLICY_FILE": str(ROOT / "policy.yaml")}
    async with opened(tmp_path_factory.mktemp("mass"), size=10, settings=strict) as company:
        await company.first_load()
        yield company


async def test_mass_leave_is_held_until_a_human_approves_it(company: Company) -> None:
    everyone = list(company.rig.world.people)
    leaving, staying = everyone[-LEAVERS:], everyone[:-LEAVERS]

    await _hr_ends(company, leaving)
    assert all(company.see(n).can_sign_in and company.see(n).has_card for n in everyone)

    # The head of a new colleague's department is decided on again, and stays held.
    head = company.rig.world.person(leaving[-1]).contracts[0].department
    await company.joins(head, birth_name="Doorma")
    batch, mark = await _held(company, leaving)
    changed = await company.instroom("approve", batch, "--seen", "otherwise", expect=1)
    unknown = await company.instroom("approve", "block-99", "--seen", mark, expect=1)
    await company.settled()
    assert "changed since" in changed
    assert "is not open" in unknown
    assert all(company.see(n).can_sign_in for n in everyone)

    await company.instroom("approve", batch, "--seen", mark)
    await company.until(lambda: _all_blocked(company, leaving), "the approved leavers blocked")
    await company.settled()
    assert all(company.see(n).can_sign_in for n in staying)
    assert "Nothing is held." in await company.instroom("held")


async def test_withdrawn_mass_leave_leaves_nothing_to_approve(company: Company) -> None:
    leaving = list(company.rig.world.people)[:LEAVERS]
    await _hr_ends(company, leaving)
    batch, mark = await _held(company, leaving)
    no = ("reject", batch, "--seen", mark, "--reason", "ticket 4711")
    assert f"Rejected: for {LEAVERS} people" in await company.instroom(*no)
    await company.run("hr_full_sync")
    await company.settled()
    printed = await company.instroom("held")
    assert printed.startswith("Nothing is held.")
    assert f"{batch}, rejected: {LEAVERS} people" in printed
    assert "ticket 4711" in printed
    assert "is not open" in await company.instroom(*no, expect=1)

    for number in leaving:
        company.rig.world.end_contract(number, None)
    await company.run("hr_full_sync")
    await company.settled()

    assert (await company.instroom("held")).strip() == "Nothing is held."
    assert all(company.see(n).can_sign_in and company.see(n).has_card for n in leaving)


async def test_an_end_that_is_to_come_is_agreed_to_before_the_day(company: Company) -> None:
    number, last = next(iter(company.rig.world.people)), company.today() + 5 * DAY
    assert "Nobody is to lose" in await company.instroom("forecast", "--until", str(last))
    company.rig.world.end_contract(number, last)
    await company.run("hr_full_sync")
    await company.settled()

    printed = await company.instroom("forecast", "--until", str(last))
    assert f"{last + DAY}  afas:{number}" in printed
    found = re.search(r"instroom (approve --coming \S+ --seen \S+)", printed)
    assert found, printed
    assert "1 person" in await company.instroom(*found[1].split())
    assert "All of them are agreed to" in await company.instroom("forecast", "--until", str(last))
    assert "changed since" in await company.instroom(*found[1].split(), expect=1)


async def _hr_ends(company: Company, leaving: list[str]) -> None:
    """All at once in one full answer, as of yesterday."""
    for number in leaving:
        company.rig.world.end_contract(number, company.today() - DAY)
    await company.run("hr_full_sync")
    await company.settled()


async def _held(company: Company, leaving: list[str]) -> tuple[str, str]:
    """The batch and the mark, as `held` prints them."""
    printed = await company.instroom("held")
    assert f"{len(leaving)} people would lose their sign-in" in printed
    assert [n for n in leaving if f"afas:{n}" not in printed] == [], printed
    found = re.search(r"instroom approve (\S+) --seen (\S+)", printed)
    assert found, printed
    return found[1], found[2]


def _all_blocked(company: Company, leaving: list[str]) -> bool:
    return not any(company.see(n).can_sign_in or company.see(n).has_card for n in leaving)
