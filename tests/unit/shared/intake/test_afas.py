from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.intake.afas_fields import CONTRACT, NUMBER, PERSON, Field, Layout, layout
from shared.intake.afas_rows import to_record
from shared.intake.source import Reading
from shared.model.name import NameUsage
from shared.model.person import BadRecord, Record, Unit
from shared.policy.sources import AFAS_FIELDS

SAMPLES = Path(__file__).parents[3] / "samples"


def as_helloid(view: str, *fields: Field) -> Layout:
    there = [str(field.helloid) for field in fields]
    return layout(view, fields, {}, standard=False, there=there)


PERSONS = as_helloid("Users", *PERSON)
CONTRACTS = as_helloid("Employments", NUMBER, *CONTRACT)


def read(person: dict[str, Any], contracts: Sequence[dict[str, Any]]) -> Reading:
    rows = [tuple(one.get(id_) for id_ in CONTRACTS.ids) for one in contracts]
    return to_record(PERSONS, tuple(person.get(id_) for id_ in PERSONS.ids), CONTRACTS, rows)


def a_row(**changes: Any) -> dict[str, Any]:
    (row,) = json.loads((SAMPLES / "afas-2.9-users.json").read_text(encoding="utf-8"))["rows"]
    return {**row, **changes}


def a_contract_row(**changes: Any) -> dict[str, Any]:
    text = (SAMPLES / "afas-2.9-employments.json").read_text(encoding="utf-8")
    (row,) = json.loads(text)["rows"]
    return {**row, **changes}


def a_record(*contracts: dict[str, Any], **changes: Any) -> Record:
    reading = read(a_row(**changes), contracts or (a_contract_row(),))
    assert isinstance(reading, Record), reading
    return reading


def a_bad_one(*contracts: dict[str, Any], **changes: Any) -> BadRecord:
    reading = read(a_row(**changes), contracts or (a_contract_row(),))
    assert isinstance(reading, BadRecord), reading
    return reading


def test_published_rows_become_one_record() -> None:
    record = a_record()

    assert record.key == "afas:100234"
    assert record.human_key == "1000551"
    assert record.name.display == "Sanne de Boer - van Dijk"
    (contract,) = record.contracts
    assert contract.key == "100234_1_1_20260301"
    assert (contract.start, contract.end) == (date(2026, 3, 1), date(2027, 2, 28))
    assert (contract.hours, contract.fte, contract.sequence) == (32.0, 0.8889, 1)
    assert contract.job == Unit(code="0142", name="Systeembeheerder")
    assert contract.department == Unit(code="ICT-BEH", name="ICT Beheer")
    assert contract.employer == Unit(code="01", name="Voorbeeld B.V.")
    assert contract.cost_centre == Unit(code="4100", name="ICT")
    assert contract.manager == "100017"
    assert contract.kind == "Personeelslid"


def test_published_row_of_the_standard_view_becomes_a_record() -> None:
    text = (SAMPLES / "afas-2.3-profit-employees.json").read_text(encoding="utf-8")
    (row,) = json.loads(text)["rows"]
    persons = layout("Profit_Employees", PERSON, {}, standard=True, there=list(row))
    contracts = layout("Profit_Employees", (NUMBER, *CONTRACT), {}, standard=True, there=list(row))

    record = to_record(
        persons,
        tuple(row[id_] for id_ in persons.ids),
        contracts,
        [tuple(row[id_] for id_ in contracts.ids)],
    )

    assert isinstance(record, Record)
    assert record.name.display == "Sanne de Boer - van Dijk"
    assert row["BSN"] not in record.model_dump_json()
    (contract,) = record.contracts
    assert (contract.key, contract.end) == ("100234_20260301", date(2028, 2, 29))
    assert (contract.hours, contract.kind) == (32.0, "Personeelslid")
    assert contract.department == Unit(code="ICT-BEH", name="ICT Beheer")


@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25", "2028-02-29", "2026-12-31"])
def test_days_of_a_changing_clock_and_leap_days_are_themselves(day: str) -> None:
    (contract,) = a_record(
        a_contract_row(Einddatum_contract=f"{day}T00:00:00Z"),
    ).contracts

    assert contract.end == date.fromisoformat(day)


@pytest.mark.parametrize(
    ("code", "usage", "surname"),
    [
        ("0", NameUsage.BIRTH, "van Dijk"),
        ("1", NameUsage.PARTNER_BIRTH, "de Boer - van Dijk"),
        ("2", NameUsage.PARTNER, "de Boer"),
        ("3", NameUsage.BIRTH_PARTNER, "van Dijk - de Boer"),
        (3, NameUsage.BIRTH_PARTNER, "van Dijk - de Boer"),
        ("9", NameUsage.BIRTH, "van Dijk"),
        ("", NameUsage.BIRTH, "van Dijk"),
        (None, NameUsage.BIRTH, "van Dijk"),
    ],
)
def test_name_usage_is_read_as_text_or_number(code: Any, usage: NameUsage, surname: str) -> None:
    name = a_record(Naamgebruik_code=code).name

    assert (name.usage, name.surname) == (usage, surname)


def test_name_without_a_partner_is_the_birth_name_whatever_the_code() -> None:
    nobody = {"Geboortenaam_partner": None, "Voorvoegsel_partner": None}

    assert a_record(Naamgebruik_code="2", **nobody).name.surname == "van Dijk"


@pytest.mark.parametrize(
    "written",
    ["2026-11-30T00:00:00Z", "2026-11-30T23:00:00Z", "2026-11-30T00:00:00", "2026-11-30"],
)
def test_day_is_the_local_one_in_spite_of_the_z(written: str) -> None:
    (contract,) = a_record(a_contract_row(Einddatum_contract=written)).contracts

    assert contract.end == date(2026, 11, 30)


def test_assignment_lasts_while_contract_and_job_do() -> None:
    row = a_contract_row(
        Begindatum_contract="2026-03-01T00:00:00Z",
        Einddatum_contract="2027-02-28T00:00:00Z",
        Begindatum_functie="2026-05-01T00:00:00Z",
        Einddatum_functie="2026-12-31T00:00:00Z",
    )

    (contract,) = a_record(row).contracts

    assert (contract.start, contract.end) == (date(2026, 5, 1), date(2026, 12, 31))


def test_year_9999_means_no_end() -> None:
    (contract,) = a_record(a_contract_row(Einddatum_contract="9999-12-31T00:00:00Z")).contracts

    assert contract.end is None


def test_several_contracts_come_in_order_of_their_start() -> None:
    later = a_contract_row(ExternalID="b", Begindatum_functie="2026-09-01T00:00:00Z")
    earlier = a_contract_row(ExternalID="a", Einddatum_functie="2026-08-31T00:00:00Z")

    record = a_record(later, earlier)

    assert [(c.key, c.start) for c in record.contracts] == [
        ("a", date(2026, 3, 1)),
        ("b", date(2026, 9, 1)),
    ]


def test_contract_that_ends_before_it_begins_is_kept_as_such() -> None:
    """Admission tells a withdrawn start from a mistake."""
    withdrawn = a_contract_row(ExternalID="a", Einddatum_contract="2026-02-28T00:00:00Z")

    (contract,) = a_record(withdrawn).contracts

    assert contract.is_withdrawn
    assert (contract.start, contract.end) == (date(2026, 3, 1), date(2026, 2, 28))


def test_job_outside_its_contract_never_was_one() -> None:
    outside = a_contract_row(
        Einddatum_contract="2026-05-31T00:00:00Z", Begindatum_functie="2026-06-01T00:00:00Z"
    )

    assert a_record(outside).contracts == ()


def test_contract_of_one_day_is_one() -> None:
    (contract,) = a_record(a_contract_row(Einddatum_contract="2026-03-01T00:00:00Z")).contracts

    assert contract.start == contract.end == date(2026, 3, 1)


def test_person_without_contracts_is_a_record_all_the_same() -> None:
    reading = read(a_row(), [])

    assert isinstance(reading, Record)
    assert reading.contracts == ()


def test_numbers_and_spaces_become_text() -> None:
    record = a_record(
        a_contract_row(Medewerker=1042, Functie_code=142, ExternalID=7),
        Medewerker=1042,
        Roepnaam="  Sanne ",
    )

    assert record.number == "1042"
    assert record.name.nickname == "Sanne"
    assert record.contracts[0].key == "7"
    assert record.contracts[0].job == Unit(code="142", name="Systeembeheerder")


def test_contract_without_an_id_gets_one_from_what_it_is() -> None:
    row = a_contract_row(ExternalID=None)

    assert [c.key for c in a_record(row).contracts] == ["100234_1_20260301"]
    assert [c.key for c in a_record(row, {**row, "Functie_code": "7"}).contracts] == [
        "100234_1_20260301",
        "100234_1_20260301_2",
    ]


def test_rows_that_say_the_same_are_one() -> None:
    assert len(a_record(a_contract_row(), a_contract_row()).contracts) == 1


def test_missing_codes_and_numbers_are_nothing() -> None:
    row = a_contract_row(
        Functie_code=None,
        Organisatorische_eenheid_code="",
        Medewerkernummer_leidinggevende=None,
        Uren_per_week=None,
        FTE=None,
        Volgnummer_contract=None,
    )

    (contract,) = a_record(row).contracts

    assert (contract.job, contract.department, contract.manager) == (None, None, None)
    assert (contract.hours, contract.fte, contract.sequence) == (0.0, 0.0, 0)


BAD = "Geheimzinnig"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("Begindatum_contract", None),
        ("Begindatum_contract", ""),
        ("Begindatum_contract", f"{BAD}"),
        ("Begindatum_contract", "2026-02-30T00:00:00Z"),
        ("Begindatum_contract", "0001-01-01T00:00:00Z"),
        ("Begindatum_contract", "1793404800"),
        ("Begindatum_contract", 20261130),
        ("Einddatum_contract", f"31 {BAD}"),
        ("Einddatum_contract", 20261130),
        ("Einddatum_contract", {BAD: 1}),
        ("Einddatum_contract", []),
        ("Begindatum_functie", False),
        ("Einddatum_functie", BAD),
        ("Uren_per_week", BAD),
        ("Uren_per_week", "NaN"),
        ("FTE", "Infinity"),
        ("FTE", [BAD]),
        ("Volgnummer_contract", 1.5),
        ("Volgnummer_contract", BAD),
        ("Functie_code", {BAD: BAD}),
    ],
)
def test_bad_contract_cell_names_record_and_field_and_not_the_value(
    field: str, value: Any
) -> None:
    bad = a_bad_one(a_contract_row(**{field: value}))

    assert (bad.number, bad.field) == ("100234", field)
    assert bad.reason.startswith(f"afas record 100234, field {field}: ")
    assert BAD not in bad.reason
    assert str(value) not in bad.problem or value in (None, "", False)


@pytest.mark.parametrize(
    ("field", "value"),
    [("Geboortenaam", None), ("Geboortenaam", " "), ("Roepnaam", [BAD]), ("Voorvoegsel", {})],
)
def test_bad_person_cell_names_record_and_field(field: str, value: Any) -> None:
    bad = a_bad_one(**{field: value})

    assert (bad.number, bad.field) == ("100234", field)
    assert BAD not in bad.reason


@pytest.mark.parametrize("number", [None, "", "  ", [], {}])
def test_row_without_a_number_is_nobodys(number: Any) -> None:
    bad = a_bad_one(Medewerker=number)

    assert bad.number is None
    assert bad.reason.startswith("a afas record, field Medewerker")


def test_two_contracts_of_one_key_are_a_mistake_of_hr() -> None:
    bad = a_bad_one(a_contract_row(), a_contract_row(FTE=0.1))

    assert (bad.number, bad.field) == ("100234", "ExternalID")


CELL = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.lists(st.text(max_size=3), max_size=2)
)


@given(
    person=st.dictionaries(st.sampled_from(sorted(a_row())), CELL, max_size=4),
    contract=st.dictionaries(st.sampled_from(sorted(a_contract_row())), CELL, max_size=4),
)
def test_any_cells_give_a_record_or_a_bad_one(
    person: dict[str, Any], contract: dict[str, Any]
) -> None:
    reading = read(a_row(**person), [a_contract_row(**contract)])

    if isinstance(reading, Record):
        assert Record.model_validate_json(reading.model_dump_json()) == reading
    else:
        assert reading.field
        assert reading.problem


BSN = "999999990"
STANDARD_VIEW = layout(
    "Profit_Employees",
    PERSON,
    {},
    standard=True,
    there=[str(field.standard) for field in PERSON] + ["BSN", "SoSe"],
)


def test_birth_date_is_read_where_a_view_has_it() -> None:
    assert a_record(Geboortedatum="1991-05-17T00:00:00Z").birth_date == date(1991, 5, 17)
    assert a_record(Geboortedatum=None).birth_date is None


def test_citizen_service_number_is_in_no_layout_and_reaches_no_record() -> None:
    row = dict.fromkeys(("BSN", "SoSe", "Burgerservicenummer"), BSN)

    record = a_record(**row)

    assert {"BSN", "SoSe"}.isdisjoint({*STANDARD_VIEW.ids, *PERSONS.ids, *CONTRACTS.ids})
    assert "DateOfBirth" in STANDARD_VIEW.ids
    assert BSN not in record.model_dump_json()


LIFE = {
    "contract.sponsor": "Inhurende",
    "leave.kind": "Verlof",
    "leave.start": "Verlof_van",
    "leave.end": "Verlof_tot",
}


def test_death_and_the_customers_fields_of_leave_are_read() -> None:
    unpaid = {"Verlof": "Onbetaald", "Verlof_van": "2026-06-01T00:00:00Z", "Verlof_tot": None}
    later = {**unpaid, "Verlof": "Sabbatical", "Verlof_van": "2026-10-01T00:00:00Z"}
    rows = [a_contract_row(Inhurende="1001", **leave) for leave in (unpaid, later)]
    person = a_row(Overlijdensdatum="2026-11-01T00:00:00Z")
    persons = layout("Users", PERSON, {}, standard=False, there=person)
    contracts = layout("Employments", CONTRACT, LIFE, standard=False, there=rows[0])

    reading = to_record(
        persons,
        tuple(person.get(one) for one in persons.ids),
        contracts,
        [tuple(row.get(one) for one in contracts.ids) for row in rows],
    )

    assert isinstance(reading, Record), reading
    assert reading.died_on == date(2026, 11, 1)
    (contract,) = reading.contracts
    assert contract.sponsor == "1001"
    assert [leave.kind for leave in contract.leaves] == ["Onbetaald", "Sabbatical"]


def test_policy_knows_every_field_that_is_read() -> None:
    assert {field.ours for field in (*PERSON, *CONTRACT)} <= set(AFAS_FIELDS)


def test_document_tells_every_field_with_its_ids() -> None:
    page = Path(__file__).parents[4] / "docs" / "vendors" / "afas.md"
    told = page.read_text(encoding="utf-8")

    for field in (*PERSON, *CONTRACT):
        ids = " | ".join(f"`{id_}`" if id_ else "-" for id_ in (field.helloid, field.standard))
        assert f"| `{field.ours}` | {ids} |" in told
