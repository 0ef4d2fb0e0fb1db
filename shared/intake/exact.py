"""Who works here, according to Exact Online? Its divisions as one source of the flow.

Everybody is read from the sync endpoints from version 0; changes from a version that Exact names
for a moment. Where that cannot be trusted (a division moved, a row other than an employee was
deleted, no version is named) the division is read whole: the flow drops what did not change.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import batched

from shared.errors import Permanent
from shared.intake import exact_rows
from shared.intake.exact_rows import EMPLOYEE, TABLES, Administration, Payroll
from shared.intake.exact_sightings import sighting as sighting_of
from shared.intake.source import Sighting
from shared.vendors.exact.client import Exact, Row
from shared.vendors.exact.wire import moment_of

AT_ONCE = 15  # guids in one question: an address must not grow past what servers take
FEW = 150  # so many changed employees, and reading the division whole takes fewer calls
MARGIN = timedelta(hours=3)
"""Exact's moments may be local: so much is read again."""
UPSET_MARGIN = timedelta(days=1)
DELETED = {
    "Employments": 43,
    "EmploymentContracts": 44,
    "EmploymentOrganizations": 45,
    "EmploymentSalaries": 47,
}
"""Entity types of sync/Deleted. Of a deleted row only its own id is told, not whose it was."""
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,29}")
_KEY = re.compile(r"(\d{1,9})/([A-Za-z]{1,40})/([0-9a-fA-F-]{36})")


class ExactSource:
    """Exact Online as a source of the flow."""

    name = exact_rows.SOURCE

    def __init__(self, exact: Exact, divisions: Sequence[Administration]) -> None:
        self._exact = exact
        self._divisions = divisions
        self._names: dict[int, str] = {}
        """Of divisions, as last seen."""

    async def everyone(self) -> AsyncIterator[Sighting]:
        """Every employee of every configured division; see Source.

        Raises Permanent when an answer cannot be the whole truth: a division out of sight, no
        employment at all, no personal data at all, one number in two divisions.
        """
        numbers: set[str] = set()
        for division, _ in await self._visible():
            for sighting in await self._whole(division):
                if sighting.number in numbers:
                    raise Permanent(
                        "Exact Online: one employee number stands in two divisions; give each "
                        "division a prefix of its own in EXACT_DIVISIONS",
                        mender="settings",
                    )
                if sighting.number is not None:
                    numbers.add(sighting.number)
                yield sighting

    async def changed_since(self, moment: datetime) -> AsyncIterator[Sighting]:
        """Whoever has a changed row since `moment`; the whole division where that is unsure."""
        for division, upset_at in await self._visible():
            changed = None
            if upset_at is None or upset_at < moment - UPSET_MARGIN:
                changed = await self._changed(division, moment)
            for sighting in await self._of_changed(division, changed):
                yield sighting

    async def one(self, number: str) -> Sighting | None:
        """This employee now; None when Exact shows none.

        `division/table/guid`, which is what a webhook names, is understood as well: the reading
        then carries the number.
        """
        if key := _KEY.fullmatch(number):
            return await self._by_key(int(key[1]), key[2], key[3].lower())
        for division in self._divisions:
            code = number.removeprefix(division.prefix)
            if number.startswith(division.prefix) and _CODE.fullmatch(code):
                for guid in await self._find(division, code):
                    found = await self._named(await self._with_name(division), [guid])
                    if found and found[0].number == number:
                        return found[0]
        return None

    async def probe(self) -> None:
        """See that every division is visible and shows what intake needs; see Source."""
        for division, _ in await self._visible():
            for table, fields in {"Employees": EMPLOYEE, **TABLES}.items():
                rows = self._exact.since(division.code, table, version=0, select=fields)
                await anext(rows, None)

    async def _visible(self) -> list[tuple[Administration, datetime | None]]:
        """The configured divisions by name, and when their versions began anew."""
        seen = await self._exact.divisions(self._divisions[0].code)
        found: list[tuple[Administration, datetime | None]] = []
        for division in self._divisions:
            if seen is None:  # no list of divisions in this licence: payroll will tell
                name = self._names.get(division.code, "")
                found.append((replace(division, name=name), None))
                continue
            shown = seen.get(division.code)
            if shown is None or not shown.is_active:
                raise _out_of_sight(division, known=shown is not None)
            self._names[shown.code] = shown.name
            found.append((replace(division, name=shown.name), shown.upset_at))
        return found

    async def _with_name(self, division: Administration) -> Administration:
        if division.code not in self._names:
            await self._visible()
        return replace(division, name=self._names.get(division.code, ""))

    async def _of_changed(
        self, division: Administration, changed: set[str] | None
    ) -> list[Sighting]:
        """Those employees; None, too many, or a question that is refused: the whole division."""
        if changed is None or len(changed) > FEW:
            return await self._whole(division)
        try:
            return [
                sighting
                for some in batched(sorted(changed), AT_ONCE, strict=False)
                for sighting in await self._named(division, some)
            ]
        except Permanent:
            return await self._whole(division)

    async def _whole(self, division: Administration) -> list[Sighting]:
        """Every employee of the division, from the sync endpoints."""
        payroll = Payroll()
        async for row in self._all(division, "Employees", EMPLOYEE):
            payroll.employees[str(row.get("ID"))] = row
        for table, fields in TABLES.items():
            async for row in self._all(division, table, fields):
                payroll.add(table, row)
        _check_whole(payroll, division)
        return _sightings(payroll, division)

    def _all(
        self, division: Administration, table: str, fields: Sequence[str]
    ) -> AsyncIterator[Row]:
        return self._exact.since(division.code, table, version=0, select=fields)

    async def _named(self, division: Administration, guids: Sequence[str]) -> list[Sighting]:
        """These employees, with all that belongs to them."""
        payroll = Payroll()
        code = division.code
        async for row in self._exact.named(
            code, "Employees", field="ID", guids=guids, select=EMPLOYEE
        ):
            payroll.employees[str(row.get("ID"))] = row
        if not payroll.employees:
            return []
        for table, fields in TABLES.items():
            async for row in self._exact.named(
                code, table, field="Employee", guids=guids, select=fields
            ):
                payroll.add(table, row)
        if not _shows_birth_dates(payroll.employees.values()):
            await self._check_rights(division)
        unknown = _managers(payroll.employees.values()) - payroll.employees.keys()
        if unknown:
            async for row in self._exact.named(
                code,
                "Employees",
                field="ID",
                guids=sorted(unknown),
                select=("ID", "Code", "EmployeeHID"),
            ):
                payroll.managers[str(row.get("ID"))] = row
        return _sightings(payroll, division)

    async def _check_rights(self, division: Administration) -> None:
        """See that somebody has a birth date: of a few, all may lack it. Raises Permanent."""
        async for row in self._all(division, "Employees", ("ID", "BirthDate")):
            if row.get("BirthDate"):
                return
        raise _no_rights(division)

    async def _changed(self, division: Administration, moment: datetime) -> set[str] | None:
        """Ids of employees with a changed row; None when only the whole division can tell."""
        if await self._lost_rows(division, moment):
            return None
        changed: set[str] = set()
        for table in ("Employees", *TABLES):
            version = await self._exact.version_at(division.code, table, moment)
            if version is None:
                return None
            owner = "ID" if table == "Employees" else "Employee"
            async for row in self._exact.since(
                division.code, table, version=version, select=sorted({"ID", owner})
            ):
                changed.add(str(row.get(owner)))
        return changed

    async def _lost_rows(self, division: Administration, moment: datetime) -> bool:
        """Was a row deleted since, whose employee we cannot know?"""
        for entity_type in DELETED.values():
            async for row in self._exact.deleted(division.code, entity_type):
                try:
                    at = moment_of(row.get("DeletedDate"))
                except ValueError:
                    at = None
                if at is None or at >= moment - MARGIN:
                    return True
        return False

    async def _find(self, division: Administration, code: str) -> list[str]:
        """Ids of employees with this code."""
        fields = ("ID", "Code", "EmployeeHID")
        rows = await self._exact.coded(division.code, code, select=fields)
        if rows is None:
            rows = [row async for row in self._all(division, "Employees", fields)]
        wanted = f"{division.prefix}{code}"
        return [
            str(row.get("ID")) for row in rows if exact_rows.number_of(row, division) == wanted
        ]

    async def _by_key(self, code: int, table: str, guid: str) -> Sighting | None:
        division = next((one for one in self._divisions if one.code == code), None)
        if division is None or table not in ("Employees", *TABLES):
            return None
        if table != "Employees":
            rows = self._exact.named(
                code, table, field="ID", guids=[guid], select=("ID", "Employee")
            )
            row = await anext(rows, None)
            if row is None:
                return None
            guid = str(row.get("Employee"))
        found = await self._named(await self._with_name(division), [guid])
        return found[0] if found else None


def _out_of_sight(division: Administration, *, known: bool) -> Permanent:
    told = "is archived or inactive" if known else "is not one that the user sees"
    return Permanent(
        f"Exact Online: division {division.code} {told}; nothing was changed. Mend "
        "EXACT_DIVISIONS, or the rights of the user who consented",
        mender="settings",
    )


def _sightings(payroll: Payroll, division: Administration) -> list[Sighting]:
    """A sighting for each; whose names were scrubbed is shown no more, and is no rename."""
    return [
        sighting_of(key, payroll, division)
        for key, row in payroll.employees.items()
        if not exact_rows.is_anonymised(row)
    ]


def _managers(rows: Iterable[Row]) -> set[str]:
    return {str(row["Manager"]) for row in rows if row.get("Manager")}


def _check_whole(payroll: Payroll, division: Administration) -> None:
    """Refuse an answer that would end everyone: a licence or right that lacks shows as nothing."""
    if payroll.employees and not payroll.employments:
        raise Permanent(
            f"Exact Online: division {division.code} shows {len(payroll.employees)} employees and "
            "no employment; nothing was changed. See whether the payroll package and the right "
            "to read employments are there",
            mender="settings",
        )
    if not _shows_birth_dates(payroll.employees.values()):
        raise _no_rights(division)


def _shows_birth_dates(rows: Iterable[Mapping[str, object]]) -> bool:
    """Is there personal data? Without the right its fields are empty, and nothing says so.

    Exact's reference page of payroll/Employees names the rights; names would seem to change.
    """
    known = [row for row in rows if not exact_rows.is_anonymised(row)]
    return not known or any(row.get("BirthDate") for row in known)


def _no_rights(division: Administration) -> Permanent:
    return Permanent(
        f"Exact Online: division {division.code} shows no birth date of anybody, so the user who "
        "consented may have lost the right 'View personal information of employees'; nothing was "
        "changed",
        mender="settings",
    )
