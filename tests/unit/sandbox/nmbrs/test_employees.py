"""Does the rig show the world's people as Nmbrs would?"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from unit.sandbox.nmbrs.conftest import Visitor

from sandbox.nmbrs import employee_id

TODAY = date(2026, 11, 2)


async def items(guest: Visitor, number: str, kind: str, key: str, firm: int = 1) -> Any:
    company = await guest.company(firm)
    path = f"/api/companies/{company}/employees/{kind}"
    rows = (await guest.get(path, employeeId=employee_id(firm, number))).json()["data"]
    return rows[0][key] if rows else []


async def hired(guest: Visitor, **given: Any) -> str:
    person = guest.world.hire(**{"department": "ICT-SD", "job": "0141", "start": TODAY, **given})
    return person.number


async def test_change_of_job_is_a_version_from_its_period_on(guest: Visitor) -> None:
    number = await hired(guest, start=date(2026, 1, 15))
    guest.world.move(number, on=date(2026, 12, 10), department="BV-FAC", job="0131")

    departments = await items(guest, number, "departments", "departments")

    assert [row["period"] for row in departments] == [
        {"year": 2026, "period": 1},
        {"year": 2026, "period": 12},
    ]


async def test_prolonged_contract_is_one_employment(guest: Visitor) -> None:
    number = await hired(guest, end=date(2027, 4, 30))
    guest.world.prolong(number, date(2028, 4, 30))

    employments = await items(guest, number, "employments", "employments")
    contracts = await items(guest, number, "contracts", "contracts")

    assert [row["endDate"] for row in employments] == ["2028-04-30T00:00:00Z"]
    assert len(contracts) == 2


async def test_return_after_a_gap_is_another_employment(guest: Visitor) -> None:
    number = await hired(guest, start=date(2026, 1, 1), end=date(2026, 3, 31))
    guest.world.rehire(number, start=date(2026, 6, 1))

    employments = await items(guest, number, "employments", "employments")

    assert len({row["employmentId"] for row in employments}) == 2
    assert {row["seniorityDate"] for row in employments} == {"2026-01-01T00:00:00Z"}


async def test_two_companies_are_two_employees(guest: Visitor) -> None:
    number = await hired(guest)
    guest.world.move(number, on=date(2026, 12, 1), department="SO-WMO", job="0403")

    first = await items(guest, number, "employments", "employments")
    second = await items(guest, number, "employments", "employments", firm=2)

    assert [row["endDate"] for row in first] == ["2026-11-30T00:00:00Z"]
    assert [row["startDate"] for row in second] == ["2026-12-01T00:00:00Z"]
    assert employee_id(1, number) != employee_id(2, number)


async def test_type_follows_the_calendar(guest: Visitor) -> None:
    coming = await hired(guest, start=TODAY + timedelta(days=9))
    gone = await hired(guest, start=date(2026, 1, 1), end=TODAY - timedelta(days=1))
    rows = (await guest.employees(pageSize=100)).json()["data"]
    types = {row["employeeId"]: row["employeeBasicInfo"]["employeeType"] for row in rows}

    assert types[employee_id(1, coming)] == "newHire"
    assert types[employee_id(1, gone)] == "formerPayroll"


async def test_planted_fields_and_numbers_are_shown(guest: Visitor) -> None:
    number = await hired(guest)
    await guest.settings(
        items={number: {"contracts": {"hoursPerWeek": "veel"}}}, numbers={number: 7}
    )

    (contract,) = await items(guest, number, "contracts", "contracts")
    (info,) = await items(guest, number, "personalinfo", "info")

    assert contract["hoursPerWeek"] == "veel"
    assert info["basicInfo"]["employeeNumber"] == 7


async def test_larger_of_two_jobs_is_seen_and_the_other_after_it(guest: Visitor) -> None:
    person = next(
        person
        for person in guest.world.people.values()
        if len({row.department for row in person.contracts}) == 2
        and all(row.end is None and row.job_end is None for row in person.contracts)
    )
    found = []
    for firm in (1, 2):
        found += await items(guest, person.number, "schedules", "schedules", firm)

    assert max(row["hoursPerWeek"] for row in found) == max(c.hours for c in person.contracts)
