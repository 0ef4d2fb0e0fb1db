"""What AFAS must not make us do: an answer that is not whole, or a row that is malformed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from e2e.company import Company, opened

pytestmark = pytest.mark.asyncio(loop_scope="module")
READ_FAILED = "the last read failed; `instroom doctor` says why"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def company(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Company]:
    async with opened(tmp_path_factory.mktemp("odd"), size=6) as company:
        await company.first_load()
        yield company


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ("empty", "named nobody at all"),
        ("half", "lacks 3 of the"),
        ("cut-body", "no JSON"),
    ],
)
async def test_answer_that_is_not_whole_touches_nobody(
    company: Company, answer: str, told: str
) -> None:
    before, people = company.writes(), list(company.rig.world.people)

    await _hr_answers(company, answer)
    await company.run("hr_full_sync")
    status, parts = await company.health()
    doctor = await company.instroom("doctor", expect=1)
    await company.settled()
    await _hr_answers(company, "normal")
    await company.run("hr_full_sync")
    await company.settled()

    assert company.writes() == before
    assert all(company.see(n).can_sign_in and company.see(n).has_card for n in people)
    assert (status, parts["source afas"]) == (503, READ_FAILED)
    assert told in doctor
    assert await company.health() == (200, dict.fromkeys(parts, "ok"))


async def test_repeated_page_touches_nobody(company: Company) -> None:
    before = company.writes()
    await _hr_answers(company, "repeat-page")

    await company.run("hr_full_sync")
    await company.settled()
    await _hr_answers(company, "normal")

    # One page is the whole of a small company: AFAS has said nothing wrong.
    assert company.writes() == before


async def test_malformed_row_parks_only_that_person(company: Company) -> None:
    bad = company.hire(birth_name="Krommema").number
    good = company.hire(birth_name="Rechtma").number
    await _spoil(company, {bad: {"Begindatum_contract": "31 februari"}})

    await company.run("hr_full_sync")
    await company.until(lambda: company.see(good).has_card, "the joiner beside it")
    await company.settled()
    assert company.see(bad).account is None
    listed = await company.instroom("people")
    (line,) = [line for line in listed.splitlines() if f"afas:{bad}" in line]
    assert f"afas record {bad}, field Begindatum_contract" in line
    assert "31 februari" not in listed + company.said()

    await _spoil(company, {})
    await company.webhook(bad)
    await company.until(lambda: company.see(bad).has_card, "the joiner mended in HR")


async def test_row_that_goes_wrong_leaves_the_person_at_work(company: Company) -> None:
    number = await company.joins(birth_name="Standma")
    await company.settled()
    before = company.writes()

    await _spoil(company, {number: {"Geboortenaam": None}})
    await company.webhook(number)
    await company.run("hr_full_sync")
    await company.settled()

    assert company.writes() == before
    assert f"afas record {number}, field Geboortenaam" in await company.instroom("people")
    await _spoil(company, {})
    await company.webhook(number)
    await company.settled()
    assert f"afas record {number}" not in await company.instroom("people")


async def test_person_hr_stops_naming_is_missing_and_not_ended(company: Company) -> None:
    number = await company.joins(birth_name="Wegma")
    company.rig.world.withdraw(number)

    await company.run("hr_full_sync")
    await company.webhook(number)
    company.let_pass(days=13)
    await company.settled()
    assert company.see(number).can_sign_in

    company.let_pass(days=2)
    await company.settled()
    assert company.see(number).can_sign_in, "proposed, never done by itself"
    assert f"afas:{number}" in await company.instroom("held")


async def _hr_answers(company: Company, answer: str) -> None:
    control = f"{company.rig.address('afas')}/_sandbox/world/answer"
    (await company.http.post(control, json={"answer": answer})).raise_for_status()


async def _spoil(company: Company, cells: dict[str, dict[str, Any]]) -> None:
    control = f"{company.rig.address('afas')}/_sandbox/afas"
    (await company.http.patch(control, json={"cells": cells})).raise_for_status()
