"""Layouts and exports for the tests of CSV; all people are made up."""

from __future__ import annotations

from typing import Any

from shared.intake import csv_rows
from shared.intake.source import Reading
from shared.model.person import BadRecord, Record
from shared.policy.sources import CsvLayout

COLUMNS = {
    "number": "Personeelsnummer",
    "name.nickname": "Roepnaam",
    "name.birth_prefix": "Voorvoegsel",
    "name.birth": "Achternaam",
    "contract.start": "In dienst",
    "contract.end": "Uit dienst",
    "contract.hours": "Uren",
    "department.code": "Afdeling",
}
HEADINGS = ";".join(COLUMNS.values())
SANNE = "1042;Sanne;van;Dijk;01-03-2026;;36,00;ICT"
OMAR = "1043;Omar;;Haddad;01-02-2025;31-12-9999;24;HRM"


def a_layout(**changes: Any) -> CsvLayout:
    return CsvLayout(**{"columns": COLUMNS, **changes})


def a_file(*rows: str, headings: str = HEADINGS, end: str = "\r\n") -> bytes:
    return end.join([headings, *rows, ""]).encode()


def read(data: bytes, **changes: Any) -> list[Reading]:
    return list(csv_rows.read(data, a_layout(**changes), file="hr.csv"))


def records(data: bytes, **changes: Any) -> list[Record]:
    readings = read(data, **changes)
    assert all(isinstance(reading, Record) for reading in readings), readings
    return [reading for reading in readings if isinstance(reading, Record)]


def bad(data: bytes, **changes: Any) -> list[BadRecord]:
    return [one for one in read(data, **changes) if isinstance(one, BadRecord)]
