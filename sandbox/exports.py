"""What does the office that hires externals export? Whole CSV files, as a small program does.

Every file says everybody: written under another name and renamed when it is whole. The columns
are those that policy.yaml names under `sources.csv`.
"""

from __future__ import annotations

import csv
import os
from dataclasses import astuple, dataclass, fields
from datetime import date, timedelta
from pathlib import Path

OFFICE = "Voorbeeld B.V."
_HEADINGS = {
    "number": "Nummer",
    "nickname": "Roepnaam",
    "initials": "Voorletters",
    "prefix": "Voorvoegsel",
    "surname": "Achternaam",
    "start": "Van",
    "end": "Tot en met",
    "kind": "Soort",
    "job": "Functie",
    "department": "Afdelingscode",
    "department_name": "Afdeling",
    "employer": "Werkgever",
}
_DAY = "%d-%m-%Y"
_RESTED_SECONDS = 60


@dataclass(frozen=True, kw_only=True)
class External:
    """One row: somebody who works here and is on nobody's payroll here."""

    number: str
    nickname: str
    initials: str
    prefix: str
    surname: str
    start: str
    end: str
    kind: str = "extern"
    job: str
    department: str
    department_name: str
    employer: str = OFFICE


class Exports:
    """The folder with the office's exports, and who is in the next one."""

    def __init__(self, folder: Path, today: date) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.rows = [
            external("1", "Daan", "", "Tijdelijk", today - timedelta(days=90)),
            external("2", "Aisha", "", "Inhuur", today - timedelta(days=60)),
            external("3", "Pieter", "van der", "Opdracht", today - timedelta(days=30)),
        ]

    def add(self, nickname: str, prefix: str, surname: str, start: date) -> External:
        """Somebody new, in the next export."""
        row = external(str(len(self.rows) + 1), nickname, prefix, surname, start)
        self.rows.append(row)
        return row

    def write(self, name: str, *, rested: bool = False) -> Path:
        """The next export. `rested`: it has been lying there for a while."""
        file = self.folder / name
        staged = file.with_suffix(".tmp")
        with staged.open("w", encoding="utf-8", newline="") as opened:
            writer = csv.writer(opened, delimiter=";")
            writer.writerow(_HEADINGS[one.name] for one in fields(External))
            writer.writerows(astuple(row) for row in self.rows)
        if rested:
            written = staged.stat().st_mtime - _RESTED_SECONDS
            os.utime(staged, (written, written))
        return staged.replace(file)


def external(number: str, nickname: str, prefix: str, surname: str, start: date) -> External:
    """Somebody who develops software here for a year."""
    return External(
        number=number,
        nickname=nickname,
        initials=f"{nickname[0]}.",
        prefix=prefix,
        surname=surname,
        start=start.strftime(_DAY),
        end=(start + timedelta(days=365)).strftime(_DAY),
        job="Ontwikkelaar",
        department="ICT-ONT",
        department_name="Ontwikkeling",
    )
