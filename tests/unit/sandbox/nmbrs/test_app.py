"""Does the API answer, page, filter and refuse as the specification says?"""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from unit.sandbox.nmbrs.conftest import FIRMS, Visitor

from sandbox.clock import ManualClock
from sandbox.nmbrs import Firm, employee_id
from sandbox.nmbrs.environment import SUBSCRIPTION_KEY

TODAY = date(2026, 11, 2)


async def test_without_a_subscription_key_the_gateway_refuses(visitor: Visitor) -> None:
    answer = await visitor.get("/api/debtors")

    assert answer.status_code == 401
    assert "subscription key" in answer.json()["message"]


async def test_without_a_token_the_api_refuses(visitor: Visitor) -> None:
    visitor.http.headers["X-Subscription-Key"] = SUBSCRIPTION_KEY

    assert (await visitor.get("/api/debtors")).json()["code"] == 40101


async def test_token_ends_after_an_hour(guest: Visitor) -> None:
    guest.clock.advance(3599)
    before = await guest.get("/api/debtors")
    guest.clock.advance(1)
    after = await guest.get("/api/debtors")

    assert before.status_code == 200
    assert (after.status_code, after.json()["code"]) == (401, 40102)


async def test_scope_opens_its_own_lists(visitor: Visitor) -> None:
    await visitor.enter("company.info.read employee.info")

    assert (await visitor.employees("personalinfo")).status_code == 200
    refused = await visitor.employees("contracts")
    assert (refused.status_code, refused.json()["code"]) == (403, 40303)


async def test_withheld_scope_closes_at_once(guest: Visitor) -> None:
    await guest.settings(withheld=["employee.info.read"])

    assert (await guest.employees()).json()["code"] == 40303


async def test_disabled_environment_has_a_code_of_its_own(guest: Visitor) -> None:
    await guest.settings(disabled=True)

    assert (await guest.get("/api/debtors")).json()["code"] == 40304


async def test_plan_allows_so_many_calls_a_minute(guest: Visitor) -> None:
    await guest.settings(calls_per_minute=2)
    codes = [(await guest.get("/api/debtors")).status_code for _ in range(3)]
    guest.clock.advance(60)

    assert codes == [200, 200, 429]
    assert (await guest.get("/api/debtors")).status_code == 200


async def test_used_up_quota_does_not_come_back(guest: Visitor) -> None:
    await guest.settings(quota=0)
    first = await guest.get("/api/debtors")
    guest.clock.advance(3000)

    assert first.json()["code"] == 42909
    assert (await guest.get("/api/debtors")).json()["type"] == "throttlingError"


async def test_unknown_company_and_debtor_are_told_apart(guest: Visitor) -> None:
    company = await guest.get("/api/companies/x/employees")
    debtor = await guest.get("/api/debtors/x/companies")

    assert (company.json()["code"], debtor.json()["code"]) == (40404, 40401)


async def test_companies_of_several_debtors_have_no_common_list(clock: ManualClock) -> None:
    visitor = Visitor(clock, firms=(Firm(1, "A"), Firm(2, "B", ("SO",), debtor=2)))
    await visitor.enter()

    answer = await visitor.get("/api/companies")

    assert (answer.status_code, answer.json()["code"]) == (403, 40306)
    await visitor.http.aclose()


async def test_common_list_holds_all_companies_of_one_debtor(guest: Visitor) -> None:
    rows = (await guest.get("/api/companies")).json()["data"]

    assert [row["number"] for row in rows] == [firm.number for firm in FIRMS]


async def test_pages_cover_everybody_once(guest: Visitor) -> None:
    whole = (await guest.employees(pageSize=100)).json()
    total = whole["pagination"]["totalRecords"]
    pages = [(await guest.employees(pageSize=7, pageNumber=n)).json() for n in range(1, 9)]

    ids = [row["employeeId"] for page in pages for row in page["data"]]
    assert ids == [row["employeeId"] for row in whole["data"]]
    assert pages[0]["pagination"]["totalPages"] == -(-total // 7)


async def test_page_has_twenty_rows_and_at_most_a_hundred(guest: Visitor) -> None:
    default = (await guest.employees()).json()
    most = (await guest.employees(pageSize=5000)).json()

    assert len(default["data"]) == 20
    assert most["pagination"]["pageSize"] == 100


async def test_last_page_leads_to_empty_text(guest: Visitor) -> None:
    pagination = (await guest.employees(pageSize=100)).json()["pagination"]

    assert (pagination["nextPage"], pagination["previousPage"]) == ("", None)
    assert "pageSize" not in pagination["firstPage"]


@pytest.mark.parametrize(
    "query", [{"pageNumber": 0}, {"pageSize": "many"}, {"employeeType": "alien"}]
)
async def test_wrong_parameter_is_named(guest: Visitor, query: dict[str, Any]) -> None:
    answer = await guest.employees(**query)

    assert (answer.status_code, answer.json()["code"]) == (400, 40033)


async def test_employee_type_filters(guest: Visitor) -> None:
    rows = (await guest.employees(employeeType="payroll,newHire", pageSize=100)).json()["data"]

    assert {row["employeeBasicInfo"]["employeeType"] for row in rows} == {"payroll", "newHire"}


async def test_one_employee_is_a_list_of_one_and_nobody_is_empty(guest: Visitor) -> None:
    known = (await guest.employees("contracts", employeeId=employee_id(1, "100001"))).json()
    unknown = await guest.employees("contracts", employeeId="nobody")

    assert len(known["data"]) == 1
    assert (unknown.status_code, unknown.json()["data"]) == (200, [])


async def test_what_was_made_since_is_shown(guest: Visitor) -> None:
    since = f"{guest.world.now():%Y-%m-%dT%H:%M:%S}"
    guest.world.hire(department="ICT-SD", job="0141", start=TODAY)

    rows = (await guest.employees("departments", createdFrom=since)).json()["data"]

    assert len(rows) == 1


async def test_changed_since_is_for_employments_alone(guest: Visitor) -> None:
    guest.clock.advance(60)
    since = f"{guest.world.now():%Y-%m-%dT%H:%M:%S}"
    guest.world.end_contract("100001", date(2026, 12, 31))

    employments = (await guest.employees("employments", changedFrom=since)).json()["data"]
    functions = (await guest.employees("functions", changedFrom=since)).json()["data"]

    assert len(employments) == 1
    assert len(functions) > 1


async def test_tricks_distort_the_answer_and_not_the_company(guest: Visitor) -> None:
    people = len(guest.world.people)
    guest.answers.play("empty")
    empty = (await guest.employees()).json()
    guest.answers.play("cut-body")
    cut = await guest.employees()

    assert (empty["data"], empty["pagination"]["totalRecords"]) == ([], 0)
    assert not cut.text.endswith("}")
    assert len(guest.world.people) == people


async def test_hidden_employees_vanish_from_every_list(guest: Visitor) -> None:
    await guest.settings(hidden=["100001"])
    hidden = employee_id(1, "100001")

    for kind in ("", "contracts", "personalinfo"):
        assert (await guest.employees(kind, employeeId=hidden)).json()["data"] == []


@pytest.mark.parametrize(
    ("kind", "key"),
    [("departments", "departmentId"), ("functions", "functionId"), ("managers", "managerId")],
)
async def test_debtor_lists_its_organisation(guest: Visitor, kind: str, key: str) -> None:
    (debtor,) = (await guest.get("/api/debtors")).json()["data"]
    rows = (await guest.get(f"/api/debtors/{debtor['debtorId']}/{kind}")).json()["data"]

    assert rows
    assert all(key in row for row in rows)


async def test_unknown_setting_is_refused(guest: Visitor) -> None:
    answer = await guest.http.patch("/_sandbox/nmbrs", json={"shoe_size": 43})

    assert answer.status_code == 400
