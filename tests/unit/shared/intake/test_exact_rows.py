"""Rows of payroll become a person; NameComposition is not needed to know a surname."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.intake.exact_rows import EMPLOYEE, Administration, Payroll, to_record, usage
from shared.intake.source import Reading
from shared.model.name import NameUsage, PersonName
from shared.model.person import BadRecord, Record, Unit

SAMPLES = Path(__file__).parents[3] / "samples"
HOME = Administration(123456, "", "Voorbeeld B.V.")
GUID = "3f0a7c1e-0000-4000-8000-000000100234"
MANAGER = "9b1c0a55-0000-4000-8000-000000100017"
EMPLOYMENT = {
    "ID": "bb20c3d4-0000-4000-8000-000000000001",
    "Employee": GUID,
    "EmploymentNumber": 1,
    "StartDate": "/Date(1772323200000)/",
    "EndDate": None,
}


def _sample(name: str) -> dict[str, Any]:
    text = (SAMPLES / f"exact-5.8-{name}.json").read_text(encoding="utf-8")
    row: dict[str, Any] = json.loads(text)["d"]["results"][0]
    return row


def payroll(employee: dict[str, Any] | None = None, **tables: list[dict[str, Any]]) -> Payroll:
    made = Payroll(employees={GUID: {**_sample("sync-employees"), **(employee or {})}})
    default = {
        "Employments": [EMPLOYMENT],
        "EmploymentOrganizations": [_sample("sync-organizations")],
    }
    for table, rows in {**default, **tables}.items():
        for row in rows:
            made.add(table, row)
    return made


def reading(employee: dict[str, Any] | None = None, **tables: list[dict[str, Any]]) -> Reading:
    return to_record(GUID, payroll(employee, **tables), HOME)


def record(employee: dict[str, Any] | None = None, **tables: list[dict[str, Any]]) -> Record:
    found = reading(employee, **tables)
    assert isinstance(found, Record), found
    return found


def test_sample_of_the_documents_is_a_person() -> None:
    sanne = record()

    assert (sanne.source, sanne.number) == ("exact", "100234")
    assert (sanne.name.display, sanne.name.usage) == ("Sanne van Dijk", NameUsage.BIRTH)
    (contract,) = sanne.contracts
    assert (contract.start, contract.end) == (date(2026, 3, 1), None)
    assert contract.department == Unit(code="ICT", name="ICT Beheer")
    assert contract.job == Unit(code="SYSB", name="Systeembeheerder")
    assert contract.employer == Unit(code="123456", name="Voorbeeld B.V.")


def test_private_data_are_not_kept() -> None:
    text = record().model_dump_json()

    assert "example.net" not in text
    assert "+31600000000" not in text


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        ("Sanne van Dijk", NameUsage.BIRTH),
        ("Sanne de Boer", NameUsage.PARTNER),
        ("Sanne de Boer - van Dijk", NameUsage.PARTNER_BIRTH),
        ("Sanne de Boer-van Dijk", NameUsage.PARTNER_BIRTH),
        ("SANNE VAN DIJK \u2013 DE BOER", NameUsage.BIRTH_PARTNER),
        ("S.M. van  Dijk-de Boer", NameUsage.BIRTH_PARTNER),
        ("Dijk, Sanne van", NameUsage.BIRTH),
        ("", NameUsage.BIRTH),
    ],
)
def test_surname_in_use_is_read_from_the_full_name(shown: str, expected: NameUsage) -> None:
    name = PersonName(birth_prefix="van", birth="Dijk", partner_prefix="de", partner="Boer")

    assert usage(name, shown) == expected


def test_without_a_partner_it_is_the_birth_name() -> None:
    assert usage(PersonName(birth="Boer"), "Sanne de Boer") == NameUsage.BIRTH


def test_birth_name_that_lacks_is_taken_from_the_last_name() -> None:
    found = record(
        {"BirthName": None, "BirthNamePrefix": "x", "MiddleName": "de", "LastName": "Wit"}
    )

    assert (found.name.birth_prefix, found.name.birth) == ("de", "Wit")


@pytest.mark.parametrize(
    ("code", "hid", "prefix", "number"),
    [
        ("            100234", 100234, "", "100234"),
        ("00A7", 7, "", "00A7"),
        (None, 7, "", "7"),
        ("7", 7, "B-", "B-7"),
    ],
)
def test_number_is_the_code_as_text(code: str | None, hid: int, prefix: str, number: str) -> None:
    rows = payroll({"Code": code, "EmployeeHID": hid})

    assert to_record(GUID, rows, Administration(123456, prefix)).number == number


def test_employee_without_a_code_is_nobodys_number() -> None:
    found = reading({"Code": " ", "EmployeeHID": None})

    assert isinstance(found, BadRecord)
    assert (found.number, found.field) == (None, "Employees.Code")


@pytest.mark.parametrize(
    "written",
    ["/Date(1772323200000)/", "/Date(1772319600000)/", "/Date(1772323200000+0100)/", "2026-03-01"],
    ids=["UTC", "Amsterdam", "with a zone", "ISO"],
)
def test_day_is_the_nearest_midnight(written: str) -> None:
    found = record(Employments=[{**EMPLOYMENT, "StartDate": written}])

    assert found.contracts[0].start == date(2026, 3, 1)


def test_days_of_summer_time_and_before_1970_are_days() -> None:
    summer = "/Date(1785535200000)/"  # midnight in Amsterdam, 22:00 UTC of the day before
    old = "/Date(-694310400000)/"

    found = record(Employments=[{**EMPLOYMENT, "StartDate": old, "EndDate": summer}])

    assert (found.contracts[0].start, found.contracts[-1].end) == (
        date(1948, 1, 1),
        date(2026, 8, 1),
    )


@pytest.mark.parametrize("never", [None, "", "/Date(253402214400000)/", "9999-12-31T00:00:00"])
def test_year_9999_and_nothing_are_no_end(never: str | None) -> None:
    found = record(Employments=[{**EMPLOYMENT, "EndDate": never}])

    assert found.contracts[0].end is None


@pytest.mark.parametrize(
    ("tables", "field", "problem"),
    [
        ({"Employments": [EMPLOYMENT | {"EndDate": "ooit"}]}, "Employments.EndDate", "is no date"),
        ({"Employments": [EMPLOYMENT | {"StartDate": None}]}, "Employments.StartDate", "is empty"),
        (
            {"Employments": [EMPLOYMENT | {"EndDate": "/Date(999999999999999)/"}]},
            "Employments.EndDate",
            "is no date",
        ),
        (
            {"EmploymentSalaries": [{"ID": "s", "Employee": GUID, "Employment": EMPLOYMENT["ID"],
              "AverageHoursPerWeek": "veel", "StartDate": "2026-03-01"}]},
            "EmploymentSalaries.AverageHoursPerWeek",
            "Input should be a valid number",
        ),
    ],
)  # fmt: skip
def test_bad_field_is_named_by_table_and_field(
    tables: dict[str, Any], field: str, problem: str
) -> None:
    found = reading(**tables)

    assert isinstance(found, BadRecord)
    assert (found.number, found.field) == ("100234", field)
    assert problem in found.problem
    assert "ooit" not in found.reason
    assert "veel" not in found.reason


def test_employee_without_any_surname_is_told() -> None:
    found = reading({"BirthName": None, "LastName": " "})

    assert isinstance(found, BadRecord)
    assert "BirthName and LastName are empty" in found.problem


def test_manager_is_a_number_of_the_same_division() -> None:
    rows = payroll()
    rows.managers[MANAGER] = {"ID": MANAGER, "Code": "   17"}
    known, unknown = to_record(GUID, rows, HOME), record()

    assert isinstance(known, Record)
    assert known.contracts[0].manager == "17"
    assert unknown.contracts[0].manager is None


_VALUE: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12)
    | st.lists(st.integers(), max_size=1) | st.just({"a": 1})
    | st.integers().map(lambda n: f"/Date({n})/")
)  # fmt: skip


@given(st.data())
def test_whatever_stands_in_a_field_is_read_or_told(data: st.DataObject) -> None:
    employee = _sample("sync-employees")
    at = data.draw(st.sampled_from(sorted(employee)))
    table = data.draw(st.sampled_from([EMPLOYMENT, _sample("sync-organizations")]))
    field = data.draw(st.sampled_from(sorted(set(table) - {"Employee", "ID"})))
    name = "Employments" if table is EMPLOYMENT else "EmploymentOrganizations"

    found = reading({at: data.draw(_VALUE)}, **{name: [{**table, field: data.draw(_VALUE)}]})

    assert found.source == "exact"


def test_birth_date_is_read_and_the_citizen_service_number_is_not() -> None:
    bsn = "999999990"

    read = record({"BirthDate": "/Date(674438400000)/", "SocialSecurityNumber": bsn})

    assert read.birth_date == date(1991, 5, 17)
    assert bsn not in read.model_dump_json()
    assert "BirthDate" in EMPLOYEE
    assert "SocialSecurityNumber" not in EMPLOYEE
