"""Tell HR of accounts by a file: a line for each number with mail and UPN. Called by hr.py.

For an HR system that exports by file and imports by file. The file is ours alone; it is replaced
as a whole, and never half. Whoever reads it may do so at any moment.
"""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Collection, Mapping

from shared.errors import Permanent, Transient
from shared.model.account import Applied, HrRecord
from shared.model.change import Change, Kind
from shared.model.desired import DesiredRecord
from shared.model.hr_field import FACTS, same
from shared.vendors.export_file import ExportFile, Stale

_HEADINGS = ("number", *FACTS)
_TRIES = 20
_PAUSE_SECONDS = 0.1

type Lines = dict[str, dict[str, str]]


class CsvWriter:
    """The file with the accounts; None when no place is set for it."""

    def __init__(self, file: ExportFile | None) -> None:
        self._file = file
        self._turn = asyncio.Lock()

    async def read(self, record: DesiredRecord, applied: Applied) -> HrRecord | None:
        """What the file says of this number; see HrWriter."""
        del applied
        data, _ = await self._opened().read()
        line = _lines(data).get(record.number, {})
        return HrRecord(key=record.key, fields={field: line.get(field) or None for field in FACTS})

    async def write(self, change: Change, applied: Applied) -> None:
        """Replace the file by one in which this line is right; see HrWriter."""
        del applied
        if change.kind is not Kind.WRITE_RECORD:
            raise ValueError(f"a file knows no change '{change.kind}'")
        number, file = change.what.partition(":")[2], self._opened()
        async with self._turn:
            for _ in range(_TRIES):
                data, version = await file.read()
                lines = _lines(data)
                line = lines.get(number, {})
                if all(same(f, v, line.get(f)) for f, v in change.values.items()):
                    return
                given = {field: str(value or "") for field, value in change.values.items()}
                try:
                    await file.write(_data({**lines, number: {**line, **given}}), version)
                except Stale:
                    await asyncio.sleep(_PAUSE_SECONDS)
                else:
                    return
        raise Transient("CSV_EXPORT is being written by somebody else all the time")

    async def probe(self, fields: Collection[str]) -> None:
        """Return when a file could be written there; see HrWriter."""
        if fields:
            await self._opened().probe()

    def _opened(self) -> ExportFile:
        if self._file is None:
            raise Permanent(
                "CSV_EXPORT is not set, and the policy says write_back.csv: give it the file that "
                "the accounts are written to",
                mender="settings",
            )
        return self._file


def _lines(data: bytes) -> Lines:
    """By number. Raises Permanent for a file that is none of ours."""
    if not data:
        return {}
    try:
        read = csv.DictReader(io.StringIO(data.decode(), newline=""), delimiter=";")
        rows, headings = list(read), tuple(read.fieldnames or ())
    except (UnicodeDecodeError, csv.Error):
        rows, headings = [], ()
    if headings != _HEADINGS or any(None in row.values() or None in row for row in rows):
        raise Permanent(
            "CSV_EXPORT names a file that Instroom did not write; name another, or take it away",
            mender="settings",
        )
    return {row["number"]: {field: row[field] or "" for field in FACTS} for row in rows}


def _data(lines: Mapping[str, Mapping[str, str]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, _HEADINGS, delimiter=";", restval="")
    writer.writeheader()
    writer.writerows({"number": number, **lines[number]} for number in sorted(lines))
    return text.getvalue().encode()
