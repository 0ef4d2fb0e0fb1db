"""An export says who works here; what is broken in it harms nobody else."""

from __future__ import annotations

import csv
import io
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.shared.intake.csv_texts import (
    COLUMNS,
    HEADINGS,
    OMAR,
    SANNE,
    a_file,
    a_layout,
    bad,
    read,
    records,
)

from shared.errors import InstroomError, Permanent
from shared.intake import csv_rows
from shared.model.name import NameUsage
from shared.model.person import Leave, Record, Unit

# --- what a good file says ---


def test_row_becomes_a_person_with_a_contract() -> None:
    (sanne,) = records(a_file(SANNE))

    assert (sanne.source, sanne.number) == ("csv", "1042")
    assert sanne.name.display == "Sanne van Dijk"
    (contract,) = sanne.contracts
    assert (contract.start, contract.end) == (date(2026, 3, 1), None)
    assert (contract.hours, contract.department) == (36.0, Unit(code="ICT"))


def test_year_9999_is_no_end() -> None:
    (omar,) = records(a_file(OMAR))

    assert omar.contracts[0].end is None


def test_rows_of_one_number_are_its_contracts() -> None:
    second = "1042;Sanne;van;Dijk;01-01-2025;28-02-2026;20;HRM"

    (sanne,) = records(a_file(SANNE, second))

    assert [one.start for one in sanne.contracts] == [date(2025, 1, 1), date(2026, 3, 1)]
    assert len({one.key for one in sanne.contracts}) == 2


def test_rows_need_not_stand_together() -> None:
    second = "1042;Sanne;van;Dijk;01-01-2025;28-02-2026;20;HRM"

    found = records(a_file(SANNE, OMAR, second))

    assert [(one.number, len(one.contracts)) for one in found] == [("1042", 2), ("1043", 1)]


def test_row_that_stands_twice_is_one_contract() -> None:
    (sanne,) = records(a_file(SANNE, SANNE))

    assert len(sanne.contracts) == 1


def test_two_jobs_from_one_day_have_keys_of_their_own() -> None:
    (sanne,) = records(a_file(SANNE, SANNE.replace("ICT", "HRM")))

    assert [one.key for one in sanne.contracts] == ["1042_20260301", "1042_20260301_2"]


def test_only_the_asked_number_is_read() -> None:
    found = list(csv_rows.read(a_file(SANNE, OMAR), a_layout(), file="hr.csv", only="1043"))

    assert [one.number for one in found] == ["1043"]


def test_columns_without_meaning_are_not_kept() -> None:
    data = a_file(f"{SANNE};123456782", headings=f"{HEADINGS};BSN")

    (sanne,) = records(data)

    assert "123456782" not in sanne.model_dump_json()


def test_birth_date_is_read_from_the_column_that_the_policy_names() -> None:
    columns = {**COLUMNS, "birth_date": "geboren"}
    rows = f"{SANNE};17-05-1991", f"{OMAR};"

    known, unknown = records(a_file(*rows, headings=f"{HEADINGS};geboren"), columns=columns)

    assert known.birth_date == date(1991, 5, 17)
    assert unknown.birth_date is None


def test_rows_of_one_number_must_agree_on_the_birth_date() -> None:
    columns = {**COLUMNS, "birth_date": "geboren"}
    rows = (f"{SANNE};17-05-1991", f"{SANNE.replace('2026', '2025')};18-05-1991")

    (refused,) = bad(a_file(*rows, headings=f"{HEADINGS};geboren"), columns=columns)

    assert (refused.number, refused.field) == ("1042", "geboren")
    assert "1991" not in refused.reason


# --- dialects ---


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["unix", "windows", "old mac"])
def test_every_line_ending_is_one(end: str) -> None:
    assert len(records(a_file(SANNE, OMAR, end=end))) == 2


@pytest.mark.parametrize("delimiter", [",", "\t", "|"])
def test_policy_says_what_stands_between_cells(delimiter: str) -> None:
    data = a_file(SANNE.replace(",", "."), OMAR).replace(b";", delimiter.encode())

    assert len(records(data, delimiter=delimiter)) == 2


@pytest.mark.parametrize(
    ("encoding", "configured"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("utf-8-sig", "cp1252"),
        ("utf-8", "cp1252"),
        ("utf-16", "utf-8"),
        ("utf-16", "utf-16"),
        ("cp1252", "cp1252"),
        ("iso-8859-15", "iso-8859-15"),
    ],
)
def test_diacritics_survive_the_encoding(encoding: str, configured: str) -> None:
    data = a_file("1044;Zoë;;Çelik;01-03-2026;;36;ICT").decode().encode(encoding)

    (zoe,) = records(data, encoding=configured)

    assert zoe.name.display == "Zoë Çelik"


def test_parted_diacritics_are_joined() -> None:
    (zoe,) = records(a_file("1044;Zoe\u0308;;Celik;01-03-2026;;36;ICT"))

    assert zoe.name.nickname == "Zoë"


def test_quoted_cells_hold_delimiters_quotes_and_line_breaks() -> None:
    row = '1042;"Sanne ""Sas""";van;"Dijk; geb. Smit";01-03-2026;;36;"ICT"'
    data = a_file(f'{row};"Straat 1\r\n1234 AB Utrecht"', OMAR + ";", headings=f"{HEADINGS};Adres")

    sanne, omar = records(data)

    assert (sanne.name.nickname, sanne.name.birth) == ('Sanne "Sas"', "Dijk; geb. Smit")
    assert omar.number == "1043"


def test_excel_line_title_lines_and_blank_lines_are_no_rows() -> None:
    data = b"sep=;\r\n" + a_file("", SANNE, ";;;;;;;", OMAR, "") + b"\x1a"

    assert [one.number for one in records(data)] == ["1042", "1043"]
    titled = b"Overzicht medewerkers\r\nHR\r\n" + a_file(SANNE)
    assert len(records(titled, skip_lines=2)) == 1


def test_headings_are_compared_without_case_and_spaces() -> None:
    data = a_file(SANNE, headings=HEADINGS.upper().replace("IN DIENST", '" In  \ndienst "'))

    assert len(records(data)) == 1


def test_blank_cells_behind_the_last_column_do_not_matter() -> None:
    assert len(records(a_file(f"{SANNE};;;", OMAR, headings=f"{HEADINGS};"))) == 2


@pytest.mark.parametrize(
    ("dates", "written"),
    [
        ("yyyy-mm-dd", "2026-03-01"),
        ("yyyy-mm-dd", "2026-03-01T00:00:00"),
        ("dd-mm-yyyy", "1-3-2026"),
        ("dd-mm-yyyy", "01-03-2026 00:00"),
        ("dd/mm/yyyy", "01/03/2026"),
        ("yyyymmdd", "20260301"),
    ],
)
def test_policy_says_how_dates_are_written(dates: str, written: str) -> None:
    (sanne,) = records(a_file(SANNE.replace("01-03-2026", written)), dates=dates)

    assert sanne.contracts[0].start == date(2026, 3, 1)


def test_29_february_is_a_day_in_leap_years_only() -> None:
    leap = SANNE.replace("01-03-2026", "29-02-2028")

    (sanne,) = records(a_file(leap))
    assert sanne.contracts[0].start == date(2028, 2, 29)
    (wrong,) = bad(a_file(leap.replace("2028", "2027"), OMAR))
    assert wrong.number == "1042"


@pytest.mark.parametrize(
    ("code", "usage"),
    [("1", NameUsage.PARTNER), ("", NameUsage.BIRTH), ("9", NameUsage.BIRTH)],
)
def test_codes_of_name_usage_are_the_customers(code: str, usage: NameUsage) -> None:
    columns = COLUMNS | {"name.usage": "Code", "name.partner": "Partner"}
    data = a_file(f"{SANNE};{code};Boer", headings=f"{HEADINGS};Code;Partner")

    (sanne,) = records(data, columns=columns, name_usage={"1": "P"})

    assert sanne.name.usage == usage


def test_texts_for_empty_are_empty() -> None:
    (sanne,) = records(a_file("1042;NULL;van;Dijk;01-03-2026;NULL;36;ICT"), empty={"NULL"})

    assert (sanne.name.nickname, sanne.contracts[0].end) == ("", None)


# --- one bad row, nobody else harmed ---


@pytest.mark.parametrize(
    ("row", "column", "problem"),
    [
        ("1042;Sanne;van;;01-03-2026;;36;ICT", "Achternaam", "is empty"),
        ("1042;Sanne;van;Dijk;;;36;ICT", "In dienst", "is empty"),
        ("1042;Sanne;van;Dijk;2026-03-01;;36;ICT", "In dienst", "is no date written dd-mm-yyyy"),
        ("1042;Sanne;van;Dijk;01-03-2026;31-02-2027;36;ICT", "Uit dienst", "is no date"),
        ("1042;Sanne;van;Dijk;01-03-2026;;veel;ICT", "Uren", "is no amount"),
        ("1042;Sanne;van;Dijk;01-03-2026;;-1;ICT", "Uren", "is not between 0 and 168"),
        ("1042;Sanne;van;Dijk;01-03-2026;;nan;ICT", "Uren", "is not between"),
        ("1042;Sanne;van;Di\x07jk;01-03-2026;;36;ICT", "Achternaam", "cannot be printed"),
        ("1042;Sanne;van;Di\ufffdk;01-03-2026;;36;ICT", "Achternaam", "was lost"),
        ("1042;Sanne;van;Dijk;01-03-2026;;36", "Personeelsnummer", "has 7 cells"),
        ("1042;Sanne;van;Dijk;Smit;01-03-2026;;36;ICT", "Personeelsnummer", "has 9 cells"),
        ('1042;"Sanne;van;Dijk;01-03-2026;;36;ICT', "Personeelsnummer", "a quote"),
        ('1042;"Sanne"x;van;Dijk;01-03-2026;;36;ICT', "Personeelsnummer", "a quote"),
    ],
)
def test_bad_row_is_told_by_file_line_and_column(row: str, column: str, problem: str) -> None:
    wrong, good = sorted(read(a_file(OMAR, row)), key=lambda one: one.number or "")

    assert isinstance(good, Record)
    assert wrong.number == "1042"
    assert not isinstance(wrong, Record)
    assert wrong.field == column
    assert wrong.problem.startswith("hr.csv, line 3: ")
    assert problem in wrong.problem
    assert "Sanne" not in wrong.reason
    assert "Di" not in wrong.reason.replace("In dienst", "")


def test_stray_quotes_take_no_other_row_with_them() -> None:
    stray = '1050;"Piet;;Jansen;01-03-2026;;36;ICT'
    rows = [SANNE, stray, OMAR, stray.replace("1050", "1051"), SANNE.replace("1042", "1044")]

    readings = read(a_file(*rows))

    assert {one.number for one in readings if isinstance(one, Record)} == {"1042", "1043", "1044"}
    assert {one.number for one in readings if not isinstance(one, Record)} == {"1050", "1051"}


def test_one_bad_row_parks_the_whole_person() -> None:
    (wrong,) = bad(a_file(SANNE, "1042;Sanne;van;Dijk;gisteren;;20;HRM", OMAR))

    assert (wrong.number, wrong.field) == ("1042", "In dienst")


def test_rows_of_one_number_that_name_two_people_park_it() -> None:
    (wrong,) = bad(a_file(SANNE, SANNE.replace("Dijk", "Duin").replace("ICT", "HRM"), OMAR))

    assert (wrong.number, wrong.field) == ("1042", "Achternaam")
    assert "line 3: differs from line 2" in wrong.problem


@pytest.mark.parametrize(
    "row",
    ["Totaal: 2 medewerkers", "Totaal;;;;;;60;", ";Piet;;Jansen;01-03-2026;;36;ICT", "x;" * 40],
)
def test_row_of_nobody_names_nobody(row: str) -> None:
    (wrong,) = bad(a_file(SANNE, OMAR, row))

    assert wrong.number is None
    assert "line 4" in wrong.problem


def test_slipped_row_does_not_turn_a_name_into_a_number() -> None:
    (wrong,) = bad(a_file(SANNE, OMAR, "Sanne;van;Dijk;01-03-2026;;36;ICT"))

    assert wrong.number is None


def test_bytes_of_another_encoding_are_told_with_the_likely_one() -> None:
    data = a_file(SANNE) + "1044;Zoë;;Çelik;01-03-2026;;36;ICT\r\n".encode("cp1252")

    (wrong,) = bad(data)

    assert (wrong.number, wrong.field) == ("1044", "Roepnaam")
    assert "is sources.csv.encoding cp1252?" in wrong.problem


def test_keys_of_contracts_that_repeat_park_the_person() -> None:
    columns = COLUMNS | {"contract.key": "Contract"}
    rows = (f"{SANNE};7", f"{SANNE.replace('ICT', 'HRM')};7", f"{OMAR};7")

    (wrong,) = bad(a_file(*rows, headings=f"{HEADINGS};Contract"), columns=columns)

    assert (wrong.number, wrong.field) == ("1042", "Contract")


# --- a file that is none ---


def test_file_without_rows_names_nobody() -> None:
    assert read(a_file()) == []


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf\r\n\r\n", "is empty"),
        (a_file(SANNE, headings=HEADINGS.replace("Uren", "Uur")), "no column 'Uren'"),
        (a_file(SANNE, headings=HEADINGS.replace("Uren", "Urn")), "the nearest is 'urn'"),
        (a_file(SANNE, headings=HEADINGS.replace("Uren", "Afdeling")), "no column 'Uren'"),
        (a_file(f"{SANNE};1", headings=f"{HEADINGS};Uren"), "several columns 'Uren'"),
        (a_file(SANNE).replace(b";", b"|"), "delimiter"),
        (b'"Personeelsnummer;Roepnaam\r\n' + SANNE.encode(), "the headings cannot be read"),
        (a_file(SANNE.replace("-", "/"), OMAR.replace("-", "/")), "not one row can be read"),
        (b"\x00" * 100, "is empty"),
        (b"PK\x03\x04\x14\x00\x06\x00" * 20, "no column"),
    ],
)
def test_file_that_is_no_export_is_refused_whole(data: bytes, problem: str) -> None:
    with pytest.raises(Permanent, match=problem) as refused:
        read(data)

    assert "hr.csv" in refused.value.reason
    assert "Sanne" not in refused.value.reason


# --- whatever comes ---

_CELL = st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=8)


@given(st.lists(st.lists(_CELL, min_size=8, max_size=8), max_size=6))
def test_whatever_is_written_well_is_read_or_refused_by_us(rows: list[list[str]]) -> None:
    out = io.StringIO()
    csv.writer(out, delimiter=";").writerows([list(COLUMNS.values()), *rows])

    try:
        found = read(out.getvalue().encode())
    except InstroomError:
        return
    assert len([one for one in found if one.number]) == len({one.number for one in found} - {None})


@given(st.binary(max_size=200), st.sampled_from(["utf-8", "utf-16", "cp1252", "cp850"]))
def test_whatever_bytes_come_are_read_or_refused_by_us(noise: bytes, encoding: str) -> None:
    for data in (noise, a_file(SANNE) + noise, a_file() + noise + SANNE.encode()):
        try:
            found = read(data, encoding=encoding)
        except InstroomError:
            continue
        assert all(one.source == "csv" for one in found)


_PIECES = st.sampled_from(
    [
        *(b"\xef\xbb\xbf", b"\xff\xfe", b"\x00", b"\x1a", b"\x85", b"\xe2\x80\xa8", b"\xc3"),
        *(
            b"\r\n",
            b"\r",
            b"\n",
            b"\n\r",
            b"\x0b",
            b"\x0c",
            b'"',
            b'""',
            b'";"',
            b";",
            b"\t",
            b",",
        ),
        *(b"x" * 200_000, b";" * 5000, b'"' * 5001),
        *(HEADINGS.encode(), SANNE.encode(), OMAR.encode(), HEADINGS.encode("utf-16")),
    ]
)


@given(st.lists(_PIECES, max_size=12), st.sampled_from(["utf-8", "utf-16", "cp1252", "cp850"]))
def test_pieces_of_files_in_any_order_are_read_or_refused_by_us(
    pieces: list[bytes], encoding: str
) -> None:
    """Marks, NULs, quotes, line ends of every kind, lines without end."""
    try:
        found = read(a_file(SANNE) + b"".join(pieces), encoding=encoding)
    except InstroomError:
        return
    assert all(one.source == "csv" for one in found)


@given(st.integers(0, 7), st.sampled_from(['"', ";", "\n", "\x00", '"";"', "\x1a", "\ud800"]))
def test_one_broken_row_costs_nobody_else(at: int, noise: str) -> None:
    cells = SANNE.split(";")
    cells[at] += noise
    rows = [OMAR, ";".join(cells), OMAR.replace("1043", "1044")]
    data = "\r\n".join([HEADINGS, *rows, ""]).encode(errors="surrogatepass")

    found = {one.number for one in read(data) if isinstance(one, Record)}

    assert {"1043", "1044"} <= found


LIFE = {
    **COLUMNS,
    "died_on": "Overleden",
    "contract.sponsor": "Inhurende",
    "leave.kind": "Verlof",
    "leave.start": "Verlof van",
    "leave.end": "Verlof tot",
}


def in_life(*cells: str) -> bytes:
    headings = ";".join(LIFE.values())
    return a_file(*(f"{SANNE};{more}" for more in cells), headings=headings)


def test_death_sponsor_and_leaves_are_read() -> None:
    (record,) = records(
        in_life(
            "01-11-2026;1001;Onbetaald;01-06-2026;31-08-2026",
            "01-11-2026;1001;Sabbatical;01-10-2026;",
        ),
        columns=LIFE,
    )
    (contract,) = record.contracts

    assert (record.died_on, contract.sponsor) == (date(2026, 11, 1), "1001")
    assert contract.leaves == (
        Leave(kind="Onbetaald", start=date(2026, 6, 1), end=date(2026, 8, 31)),
        Leave(kind="Sabbatical", start=date(2026, 10, 1)),
    )


def test_a_leave_without_a_first_day_is_none() -> None:
    (record,) = records(in_life(";;Onbetaald;;31-08-2026"), columns=LIFE)

    assert record.contracts[0].leaves == ()


def test_a_withdrawn_start_is_kept_as_such() -> None:
    (record,) = records(a_file("1042;Sanne;van;Dijk;01-03-2026;28-02-2026;36,00;ICT"))

    assert record.contracts[0].is_withdrawn
