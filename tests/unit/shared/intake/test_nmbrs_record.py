from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.intake import nmbrs_managers
from shared.intake.nmbrs_managers import Managers
from shared.intake.nmbrs_record import to_record, usage
from shared.intake.nmbrs_rows import FORMER, LISTS, Ascription, Calendar, Employee, rows_of
from shared.model.name import NameUsage
from shared.model.person import BadRecord, Contract, Record, Unit
from shared.vendors.nmbrs import Company, Row

SAMPLES = Path(__file__).parents[3] / "samples"
COMPANY = Company("c-1", "1", "Voorbeeld B.V.")
MONTHS = Calendar("month", date(2026, 11, 1))


def employment(start: str = "2026-03-01", end: str | None = None, **more: Any) -> dict[str, Any]:
    return {"employmentId": "e1", "startDate": start, "endDate": end, "changedDate": "1", **more}


def version(period: int, made: str = "1", year: int = 2026, **more: Any) -> dict[str, Any]:
    return {"period": {"year": year, "period": period}, "createdAt": made, **more}


def info(period: int = 3, **more: Any) -> dict[str, Any]:
    basic = {"employeeNumber": 7, "firstName": "Sanne", "lastName": "Dijk"}
    return version(period, **{"basicInfo": basic, **more})


def an_employee(type_: str = "payroll", **items: Any) -> Employee:
    """Somebody in service since March 2026, with other items where they are given."""
    usual: dict[str, Any] = {"personalinfo": [info()], "employments": [employment()]}
    employee = Employee("id-7", COMPANY, "7", type_)
    for kind, rows in {**usual, **items}.items():
        employee.add(kind, rows)
    return employee


def read(employee: Employee, **managers: str) -> Record:
    record = to_record(employee, MONTHS, managers)
    assert isinstance(record, Record), record
    return record


def refused(employee: Employee) -> str:
    bad = to_record(employee, MONTHS, {})
    assert isinstance(bad, BadRecord)
    assert bad.number == "1-7"
    return bad.field


def spells(record: Record) -> list[tuple[date, date | None]]:
    return [(contract.start, contract.end) for contract in record.contracts]


# --- the documents' own sample ---------------------------------------------------------------


def test_samples_of_the_documents_become_one_record() -> None:
    person = Employee("6f1d2c30-0000-4000-8000-000000100234", COMPANY, "100234", "newHire")
    for kind in ("personalinfo", "employments", "contracts"):
        text = (SAMPLES / f"nmbrs-3.7-{kind}.json").read_text(encoding="utf-8")
        person.add(kind, json.loads(text)["data"][0][LISTS[kind]])

    record = read(person)

    assert record.key == "nmbrs:1-100234"
    assert record.name.display == "Sanne de Boer - van Dijk"
    assert (record.phone, record.mobile) == (None, None)
    assert spells(record) == [(date(2026, 3, 1), None)]
    (contract,) = record.contracts
    assert (contract.hours, contract.kind) == (32.0, "payroll")
    assert contract.employer == Unit(code="1", name="Voorbeeld B.V.")


# --- when somebody works here ----------------------------------------------------------------


def test_end_of_a_contract_ends_nobody() -> None:
    """HR has to record the end of the employment; a renewal that comes late is no leave."""
    contract = {"contractId": "c", "startDate": "2026-03-01", "endDate": "2026-08-31"}

    assert spells(read(an_employee(contracts=[contract]))) == [(date(2026, 3, 1), None)]


def test_return_is_a_second_spell() -> None:
    record = read(
        an_employee(
            employments=[
                employment("2026-03-01", "2026-05-31"),
                employment("2026-09-01", employmentId="e2"),
            ]
        )
    )

    assert spells(record) == [
        (date(2026, 3, 1), date(2026, 5, 31)),
        (date(2026, 9, 1), None),
    ]
    assert [contract.sequence for contract in record.contracts] == [1, 2]


def test_last_version_of_an_employment_counts() -> None:
    """An end that was recorded and taken back."""
    ended = employment(end="2026-06-30")
    mended = employment(changedDate="2")

    for order in ([ended, mended], [mended, ended]):
        assert spells(read(an_employee(employments=order))) == [(date(2026, 3, 1), None)]


def test_employment_that_ends_before_it_begins_is_kept_as_such() -> None:
    """Admission tells a withdrawn start from a mistake."""
    record = read(an_employee(employments=[employment("2026-03-01", "2026-02-28")]))

    assert spells(record) == [(date(2026, 3, 1), date(2026, 2, 28))]
    assert record.contracts[0].is_withdrawn


def test_employment_from_after_the_day_of_death_never_was() -> None:
    died = info(birthInfo={"deceasedOn": "2026-02-14T00:00:00Z"})

    assert read(an_employee(personalinfo=[died])).contracts == ()


def test_death_ends_every_employment_that_day() -> None:
    died = info(birthInfo={"deceasedOn": "2026-07-14T00:00:00Z"})

    record = read(an_employee(personalinfo=[died]))

    assert spells(record) == [(date(2026, 3, 1), date(2026, 7, 14))]
    assert record.died_on == date(2026, 7, 14)


@pytest.mark.parametrize("type_", ["newHire", "formerPayroll", "formerExternal"])
def test_nobody_in_service_has_no_contract(type_: str) -> None:
    """A hire that was withdrawn: HR says so by taking the employment away."""
    assert read(an_employee(type_, employments=[])).contracts == ()


@pytest.mark.parametrize("type_", ["payroll", "external"])
def test_in_service_without_employment_is_a_contradiction(type_: str) -> None:
    """Rights that hide employments must not look like a leave."""
    assert refused(an_employee(type_, employments=[])) == "employments"


def test_former_without_an_end_is_a_contradiction() -> None:
    assert refused(an_employee("formerPayroll")) == "employeeType"


def test_former_who_comes_back_this_period_is_none() -> None:
    back = [employment("2026-03-01", "2026-05-31"), employment("2026-11-16", employmentId="e2")]

    assert len(read(an_employee("formerPayroll", employments=back)).contracts) == 2


def test_type_that_nobody_knows_is_parked() -> None:
    assert refused(an_employee("volunteer")) == "employeeType"


def test_external_may_have_a_contract_only() -> None:
    contract = {"contractId": "c", "startDate": "2026-03-01", "endDate": "2026-12-31"}

    record = read(an_employee("external", employments=[], contracts=[contract]))

    assert spells(record) == [(date(2026, 3, 1), date(2026, 12, 31))]
    assert (record.contracts[0].kind, record.contracts[0].external) == ("external", True)


def test_external_with_a_contradictory_contract_is_parked() -> None:
    contract = {"contractId": "c", "startDate": "2026-03-01", "endDate": "2026-12-31"}
    both = {**contract, "indefinite": True}

    assert (
        refused(an_employee("external", employments=[], contracts=[both])) == "contracts.endDate"
    )


# --- what they do ----------------------------------------------------------------------------


def test_coming_department_is_known_before_its_period() -> None:
    record = read(
        an_employee(
            departments=[
                version(3, code=10, description="Servicedesk"),
                version(12, code=20, description="Beheer"),
            ]
        )
    )

    assert spells(record) == [(date(2026, 3, 1), date(2026, 11, 30)), (date(2026, 12, 1), None)]
    assert [c.department for c in record.contracts] == [
        Unit(code="10", name="Servicedesk"),
        Unit(code="20", name="Beheer"),
    ]


def test_first_version_speaks_for_the_time_before_it() -> None:
    """History that was brought over from another system begins later than the employment."""
    record = read(an_employee(functions=[version(9, code=1, description="Jurist")]))

    assert spells(record) == [(date(2026, 3, 1), None)]
    assert record.contracts[0].job == Unit(code="1", name="Jurist")


def test_correction_within_a_period_counts() -> None:
    record = read(an_employee(departments=[version(3, "2", code=20), version(3, "1", code=10)]))

    assert record.contracts[0].department == Unit(code="20")


def test_versions_that_change_nothing_make_no_turn() -> None:
    record = read(an_employee(functions=[version(n, str(n), code=1) for n in range(3, 12)]))

    assert spells(record) == [(date(2026, 3, 1), None)]


def test_hours_follow_contracts_and_share_the_schedule() -> None:
    record = read(
        an_employee(
            contracts=[
                {"contractId": "a", "startDate": "2026-03-01", "hoursPerWeek": 36},
                {"contractId": "b", "startDate": "2026-06-15", "hoursPerWeek": 24},
            ],
            schedules=[{"startDate": "2026-03-01", "parttimePercentage": 50, "hoursPerWeek": 18}],
        )
    )

    assert [(c.start.month, c.hours, c.fte) for c in record.contracts] == [
        (3, 36.0, 0.5),
        (6, 24.0, 0.5),
    ]


def test_same_contract_in_versions_counts_as_it_was_made_last() -> None:
    """One contractId occurs several times."""
    rows = [
        {"contractId": "a", "startDate": "2026-03-01", "hoursPerWeek": h, "createdAt": made}
        for h, made in ((24, "2026-05"), (36, "2026-03"))
    ]

    assert read(an_employee(contracts=rows)).contracts[0].hours == 24.0


def test_default_cost_centre_goes_before_the_largest() -> None:
    def costs(code: str, share: float, *, default: bool) -> dict[str, Any]:
        return version(
            3, costCenters={"code": code, "description": code}, percentage=share, default=default
        )

    largest = [costs("a", 30, default=False), costs("b", 70, default=False)]
    marked = [*largest, costs("c", 10, default=True)]

    assert read(an_employee(costcenters=largest)).contracts[0].cost_centre == Unit(
        code="b", name="b"
    )
    assert read(an_employee(costcenters=marked)).contracts[0].cost_centre == Unit(
        code="c", name="c"
    )


def test_manager_is_the_number_that_the_id_stands_for() -> None:
    person = an_employee(managers=[version(3, managerId="m1"), version(8, managerId="m2")])

    record = read(person, m1="1-100001")

    assert [c.manager for c in record.contracts] == ["1-100001", None]


def test_months_of_a_four_weekly_company_begin_on_mondays() -> None:
    person = an_employee(departments=[version(3, code=1), version(12, code=2)])

    record = to_record(person, Calendar("4W", date(2026, 11, 2)), {})

    assert isinstance(record, Record)
    assert record.contracts[-1].start == date(2026, 11, 2)


# --- names -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "words", "wanted"),
    [
        (1, "", NameUsage.BIRTH),
        (2, "", NameUsage.PARTNER),
        (3, "", NameUsage.PARTNER_BIRTH),
        (4, "", NameUsage.BIRTH_PARTNER),
        (0, "", NameUsage.BIRTH),
        (None, "", NameUsage.BIRTH),
        (99, "", NameUsage.BIRTH),
        (1, "Naam partner", NameUsage.PARTNER),
        (1, "Partnernaam - Eigen naam", NameUsage.PARTNER_BIRTH),
        (3, "Eigen naam - Partnernaam", NameUsage.BIRTH_PARTNER),
        (3, "Geboortenaam", NameUsage.BIRTH),
        (2, "onbekend", NameUsage.PARTNER),
    ],
)
def test_words_go_before_the_code_of_name_usage(
    code: int | None, words: str, wanted: NameUsage
) -> None:
    assert usage(Ascription(code=code, ascription=words)) == wanted


def test_marital_status_may_stand_inside_or_beside() -> None:
    inside = info(
        partnerInfo={
            "partnerName": "Boer",
            "ascription": {"code": 2, "ascription": "", "maritalStatus": {"x": "married"}},
        }
    )

    assert read(an_employee(personalinfo=[inside])).name.surname == "Boer"


def test_name_of_a_coming_period_waits_for_it() -> None:
    married = info(12, basicInfo={"firstName": "Sanne", "lastName": "Boer"}, createdAt="9")

    assert read(an_employee(personalinfo=[married, info()])).name.birth == "Dijk"


def test_new_hire_of_a_coming_period_has_the_first_name_there_is() -> None:
    assert read(an_employee(personalinfo=[info(12)])).name.birth == "Dijk"


# --- what cannot be read ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("items", "field"),
    [
        ({"personalinfo": []}, "personalInfo"),
        (
            {"personalinfo": [info(basicInfo={})]},
            "personalInfo.basicInfo.lastName",
        ),
        ({"personalinfo": [info(basicInfo={"lastName": " "})]}, "personalInfo.basicInfo.lastName"),
        ({"employments": [employment("ooit")]}, "employments.startDate"),
        ({"employments": [employment(end="31-12-2026")]}, "employments.endDate"),
        ({"contracts": [{"contractId": "c"}]}, "contracts.startDate"),
        (
            {"contracts": [{"contractId": "c", "startDate": "2026-03-01", "hoursPerWeek": -1}]},
            "contracts.hoursPerWeek",
        ),
        ({"departments": [version(13, code=1)]}, "period"),
        ({"departments": [{"period": {"year": 2026}}]}, "departments.period.period"),
        ({"managers": ["x"]}, "managers"),
    ],
)
def test_what_cannot_be_read_names_its_field(items: dict[str, Any], field: str) -> None:
    assert refused(an_employee(**items)) == field


def test_employee_without_a_number_cannot_be_known() -> None:
    bad = to_record(Employee("id", COMPANY, "", "payroll"), MONTHS, {})

    assert isinstance(bad, BadRecord)
    assert (bad.number, bad.field) == (None, "employeeNumber")


def test_refusal_never_repeats_the_value() -> None:
    bad = to_record(an_employee(employments=[employment("Marijke de Groot")]), MONTHS, {})

    assert isinstance(bad, BadRecord)
    assert "Marijke" not in bad.reason


# --- managers --------------------------------------------------------------------------------


def a_namesake(number: str, mail: str = "", type_: str = "payroll") -> Employee:
    contact = {"businessEmail": mail}
    basic = {"firstName": "Jan", "prefix": "de", "lastName": "Wit"}
    person = an_employee(type_, personalinfo=[info(basicInfo=basic, contactInfo=contact)])
    return Employee(f"id-{number}", COMPANY, number, type_, person.items)


def manager_number(row: dict[str, Any], *people: Employee) -> str | None:
    employee = an_employee(managers=[{"managerId": "m", **row}])
    return Managers.of([(people, MONTHS)]).numbers(employee)["m"]


WORDS = st.lists(st.sampled_from(["Jan", "jan", "Wit", "de", "-", "-Wit", "  "]), max_size=3)
NAMES = WORDS.map(" ".join)
SOME = NAMES.filter(lambda name: bool(name.strip(" -")))


@given(
    st.lists(
        st.tuples(SOME, SOME | st.just(""), SOME, SOME | st.just(""), st.booleans()), max_size=4
    ),
    st.tuples(NAMES, NAMES, st.sampled_from(["", "1", "2"])),
)
def test_glance_overlooks_nobody(
    told: list[tuple[str, str, str, str, bool]], asked: tuple[str, str, str]
) -> None:
    people = []
    for at, (first, full, last, partner, left) in enumerate(told, start=1):
        basic = {"firstName": first, "firstNameInFull": full, "lastName": last, "prefix": "de"}
        said = info(basicInfo=basic, partnerInfo={"partnerName": partner})
        type_ = "formerPayroll" if left else "payroll"
        person = an_employee(type_, personalinfo=[said])
        people.append(Employee(f"id-{at}", COMPANY, str(at), type_, person.items))
    first, last, number = asked
    row = {"firstName": first, "lastName": last, "number": number}

    assert manager_number(row, *people) == _by_looking_at_everybody(
        f"{first} {last}", number, people
    )


def _by_looking_at_everybody(name: str, number: str, people: list[Employee]) -> str | None:
    everybody = [(person, nmbrs_managers._said(person, MONTHS)) for person in people]
    plain = nmbrs_managers._plain
    for fits in (
        [p for p, said in everybody if plain(f"{number} {name}") in said.numbered],
        [p for p, said in everybody if plain(name) in said.names],
    ):
        here = [p for p in fits if p.type not in FORMER] or fits
        if len(here) == 1 and plain(name):
            return here[0].key
    return None


def test_mail_tells_namesakes_apart() -> None:
    people = a_namesake("1", "Jan@example.nl"), a_namesake("2", "wit@example.nl")
    row = {"firstName": "Jan", "lastName": "de Wit", "email": "jan@EXAMPLE.nl "}

    assert manager_number(row, *people) == "1-1"


def test_number_tells_namesakes_apart_when_there_is_no_mail() -> None:
    people = a_namesake("1"), a_namesake("2")

    assert (
        manager_number({"number": 2, "firstName": "Jan", "lastName": "de Wit"}, *people) == "1-2"
    )


def test_what_fits_two_fits_none() -> None:
    people = a_namesake("1"), a_namesake("2")

    assert manager_number({"firstName": "Jan", "lastName": "de Wit"}, *people) is None


def test_whoever_is_here_goes_before_who_left() -> None:
    people = a_namesake("1", type_="formerPayroll"), a_namesake("2")

    assert manager_number({"firstName": "Jan", "lastName": "de Wit"}, *people) == "1-2"


def test_number_alone_is_no_proof() -> None:
    """A manager's number need not be an employee's."""
    people = (a_namesake("1"),)

    assert manager_number({"number": 1, "firstName": "Eva", "lastName": "Smit"}, *people) is None


# --- properties ------------------------------------------------------------------------------

DAY = st.integers(0, 500).map(lambda n: date(2026, 1, 1) + timedelta(days=n))


@st.composite
def careers(draw: st.DrawFn) -> Employee:
    """Employments that do not overlap, under versions that turn anywhere."""
    days = sorted(draw(st.sets(DAY, min_size=2, max_size=6)))
    pairs = list(zip(days[::2], days[1::2], strict=False))
    rows = [
        employment(str(start), str(end), employmentId=f"e{n}")
        for n, (start, end) in enumerate(pairs)
    ]
    if draw(st.booleans()):
        rows[-1]["endDate"] = None
    periods = st.lists(st.tuples(st.integers(1, 12), st.sampled_from("ab")), max_size=6)
    return an_employee(
        "newHire",
        employments=rows,
        departments=[version(p, str(n), code=c) for n, (p, c) in enumerate(draw(periods))],
        functions=[version(p, str(n), code=c) for n, (p, c) in enumerate(draw(periods))],
    )


def code_on(rows: Sequence[Row], day: date) -> str | None:
    """By brute force: the version that counts on a day."""
    dated = [(date(2026, r["period"]["period"], 1), r["createdAt"], r["code"]) for r in rows]
    if not dated:
        return None
    begun = [one for one in dated if one[0] <= day]
    first = min(one[0] for one in dated)
    candidates = begun or [one for one in dated if one[0] == first]
    code: str = max(candidates, key=lambda one: one[:2])[2]
    return code


@settings(deadline=None)
@given(careers(), DAY)
def test_every_day_says_what_the_rows_say(person: Employee, day: date) -> None:
    record = read(person)
    on_the_day = [contract for contract in record.contracts if contract.covers(day)]
    in_service = any(
        row["startDate"] <= str(day) and (row["endDate"] is None or str(day) <= row["endDate"])
        for row in rows_of(person, "employments")
    )

    assert len(on_the_day) == int(in_service)
    for contract in on_the_day:
        assert _code(contract.department) == code_on(list(rows_of(person, "departments")), day)
        assert _code(contract.job) == code_on(list(rows_of(person, "functions")), day)


@settings(deadline=None)
@given(careers())
def test_keys_are_unique_and_order_is_by_start(person: Employee) -> None:
    contracts = read(person).contracts

    assert len({contract.key for contract in contracts}) == len(contracts)
    assert list(contracts) == sorted(contracts, key=lambda one: (one.start, one.key))
    assert all(_differ(one, other) for one, other in pairwise(contracts))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)
FIELDS = [
    ("personalinfo", "basicInfo"),
    ("personalinfo", "partnerInfo"),
    ("personalinfo", "birthInfo"),
    ("personalinfo", "period"),
    ("employments", "startDate"),
    ("employments", "endDate"),
    ("employments", "employmentId"),
    ("contracts", "hoursPerWeek"),
    ("schedules", "parttimePercentage"),
    ("departments", "code"),
    ("departments", "createdAt"),
    ("managers", "managerId"),
    ("managers", "email"),
    ("costcenters", "costCenters"),
]


@settings(deadline=None)
@given(st.sampled_from(FIELDS), JSON)
def test_no_value_of_any_shape_is_a_failure_of_ours(place: tuple[str, str], value: Any) -> None:
    kind, field = place
    usual = {
        "personalinfo": info(),
        "employments": employment(),
        "contracts": {"contractId": "c", "startDate": "2026-03-01"},
        "schedules": {"startDate": "2026-03-01"},
    }
    items: dict[str, Any] = {kind: [{**usual.get(kind, version(3)), field: value}]}
    person = an_employee(**items)
    managers = Managers.of([([person], MONTHS)])

    reading = to_record(person, MONTHS, managers.numbers(person))

    assert reading.number == "1-7"
    if isinstance(reading, Record):
        assert Record.model_validate_json(reading.model_dump_json()) == reading


def _code(unit: Unit | None) -> str | None:
    return unit.code if unit else None


def _differ(one: Contract, other: Contract) -> bool:
    """Two that abut in one employment are two because something else changed."""
    assert one.end
    apart = {"key", "start", "end"}
    same = one.model_dump(exclude=apart) == other.model_dump(exclude=apart)
    return one.end + timedelta(days=1) < other.start or not same


def test_birth_date_is_read_and_the_citizen_service_number_is_not() -> None:
    bsn = "999999990"
    born = {"birthDate": "1991-05-17T00:00:00Z", "BSN": bsn}

    record = read(an_employee(personalinfo=[info(birthInfo=born, BSN=bsn)]))

    assert record.birth_date == date(1991, 5, 17)
    assert bsn not in record.model_dump_json()
    assert "privateInfos" not in LISTS
