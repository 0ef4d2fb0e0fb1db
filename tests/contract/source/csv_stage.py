"""HR as a folder of exports: each change is a new file, as a program would write it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from contract.source.stage import Stage

from sandbox.clock import ManualClock
from shared.intake.csv_files import CsvSource, Folder
from shared.policy.sources import CsvLayout

HEADINGS = "nummer,naam,begin,afdeling,eind"
LAYOUT = CsvLayout(
    columns={
        "number": "nummer",
        "name.birth": "naam",
        "contract.start": "begin",
        "department.code": "afdeling",
        "contract.end": "eind",
    },
    delimiter=",",
    dates="yyyy-mm-dd",
)


@dataclass
class Exporter:
    """Whoever writes the exports."""

    folder: TemporaryDirectory[str] = field(default_factory=TemporaryDirectory)
    clock: ManualClock = field(default_factory=ManualClock)
    rows: dict[str, str] = field(
        default_factory=lambda: {
            str(n): f"{n},Jansen{n},2024-0{n % 9 + 1}-01,ICT," for n in range(101, 112)
        }
    )
    written: int = 0

    def write(self, *, age_seconds: float = 30) -> None:
        """A whole new export; the one before it stays."""
        self.written += 1
        file = Path(self.folder.name) / f"export-{self.written:03}.csv"
        staged = file.with_suffix(".tmp")
        staged.write_text("\n".join([HEADINGS, *self.rows.values()]), encoding="utf-8")
        moment = self.clock.wall() - age_seconds + self.written / 1000
        os.utime(staged, (moment, moment))
        staged.replace(file)

    def put(self, number: str, row: str) -> str:
        self.rows[number] = row
        self.write()
        return number

    def take_out(self, number: str) -> None:
        del self.rows[number]
        self.write()


def csv_stage() -> Stage:
    """Eleven people in a file that was read before."""
    exporter = Exporter()
    exporter.write(age_seconds=3000)

    async def layout() -> CsvLayout:
        return LAYOUT

    async def spoil(number: str) -> None:
        exporter.put(number, f"{number},Jansen{number},ooit,ICT,")

    async def close() -> None:
        exporter.folder.cleanup()

    folder = Folder(Path(exporter.folder.name), wall=exporter.clock.wall)
    return Stage(
        source=CsvSource(folder, layout, now=exporter.clock.now),
        numbers=frozenset(exporter.rows),
        hire=lambda: exporter.put("999", "999,Nieuw,2026-11-02,HRM,"),
        change=lambda number: exporter.put(number, f"{number},Anders,2024-01-01,HRM,"),
        spoil=spoil,
        withdraw=exporter.take_out,
        break_off=lambda: exporter.write(age_seconds=1),
        now=exporter.clock.now,
        close=close,
        employ=lambda day: exporter.put("998", f"998,Dag,{day},HRM,{day}"),
    )
