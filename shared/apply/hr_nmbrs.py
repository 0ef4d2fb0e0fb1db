"""Tell Nmbrs of a person's account: the business mail and phones in the personal information.

One record is one employee of one company, found by its number there. Nmbrs keeps versions: the
one in force is written anew from the current period on, and those still to come each with its
own. Called by hr.py.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from shared.errors import Permanent, Transient
from shared.model.account import Applied, HrRecord
from shared.model.change import Change, Kind
from shared.model.desired import DesiredRecord
from shared.model.hr_field import Value, same
from shared.vendors import nmbrs_personal
from shared.vendors.nmbrs import WRITING, Company, Nmbrs, Row

_FIELDS: Final = {
    "work_mail": "businessEmail",
    "phone": "businessPhone",
    "mobile": "businessMobilePhone",
}
"""How `contactInfo` calls it."""
_NO_APPLICANTS: Final = "newHire,payroll,formerPayroll,external,formerExternal"


@dataclass(frozen=True)
class _Employee:
    """Where one record lies."""

    company: Company
    id: str


@dataclass(frozen=True)
class _Versions:
    """The personal information of one employee that is in force, and what is to come."""

    employee: _Employee
    now: Row
    """The company's current period."""
    infos: Sequence[Row]
    """In force first, then by period."""


class NmbrsWriter:
    """Nmbrs as a system that is written back to; `granted` tells the scopes of the consent."""

    def __init__(self, nmbrs: Nmbrs, granted: Callable[[], Awaitable[frozenset[str]]]) -> None:
        self._nmbrs = nmbrs
        self._granted = granted
        self._known: dict[str, _Employee] = {}
        """By `<company>-<number>`: ids do not change, and numbers are looked at each time."""

    async def read(self, record: DesiredRecord, applied: Applied) -> HrRecord | None:
        """What the versions say; of several the one that says something else. See HrWriter."""
        del applied
        versions = await self._versions(record.number)
        if versions is None:
            return None
        fields = {f: _said(versions, f, wanted.value) for f, wanted in record.fields.items()}
        return HrRecord(key=record.key, fields=fields)

    async def write(self, change: Change, applied: Applied) -> None:
        """Write each version that says something else, whole; see HrWriter."""
        del applied
        if change.kind is not Kind.WRITE_RECORD:
            raise ValueError(f"Nmbrs knows no change '{change.kind}'")
        number = change.what.partition(":")[2]
        versions = await self._shown(number)
        for at, info in enumerate(versions.infos):
            given = _that_differ(change.values, info)
            if not given:
                continue
            try:
                await self._put(versions, info, given)
            except (Permanent, Transient):
                # An error does not prove that nothing happened.
                again = (await self._shown(number)).infos
                if at >= len(again) or _that_differ(change.values, again[at]):
                    raise

    async def probe(self, fields: Collection[str]) -> None:
        """Return when companies are shown, and the consent gave the right to write."""
        await self._nmbrs.companies()
        granted = await self._granted()
        if fields and granted and WRITING not in granted:
            raise Permanent(
                f"the consent for Nmbrs lacks the scope {WRITING}: run `instroom hr connect "
                "nmbrs` again, and it asks for it",
                mender="operator",
            )

    async def _put(self, versions: _Versions, info: Row, given: Mapping[str, Any]) -> None:
        """With the company's current period, or the later one that the version begins in.

        A version counts from its period on: one that is over already stays as it was.
        """
        own, now = info.get("period"), versions.now
        period = own if isinstance(own, Mapping) and _place(own) > _place(now) else now
        body = nmbrs_personal.body(info, given, period)
        await nmbrs_personal.put(self._nmbrs, versions.employee.id, body)

    # --- finding -----------------------------------------------------------------------------

    async def _shown(self, number: str) -> _Versions:
        versions = await self._versions(number)
        if versions is None:
            raise Permanent(f"Nmbrs does not show nmbrs:{number} any more", mender="hr")
        return versions

    async def _versions(self, number: str) -> _Versions | None:
        """Of this `<company>-<number>`; None when Nmbrs does not show it. Raises Permanent."""
        employee = self._known.get(number) or await self._look_up(number)
        if employee is None:
            return None
        found = await self._infos(employee, number)
        if found is None:
            # The number may have moved to somebody else: never written under an old id.
            self._known.pop(number, None)
            employee = await self._look_up(number)
            found = await self._infos(employee, number) if employee else None
        if employee is None or found is None:
            return None
        period = (await self._nmbrs.period(employee.company)).get("period")
        now = period if isinstance(period, Mapping) else {}
        return _Versions(employee, now, _that_count(found, now))

    async def _infos(self, employee: _Employee, number: str) -> list[Row] | None:
        """The versions, when all of them are of this number."""
        rows = await self._nmbrs.of_employees(
            employee.company, "personalinfo", employeeId=employee.id
        )
        mine = [row for row in rows if str(row.get("employeeId")) == employee.id]
        infos: list[Row] = [
            info for row in mine for info in row.get("info") or () if isinstance(info, Mapping)
        ]
        wanted = number.partition("-")[2]
        if not infos or any(_number(info) not in (wanted, "") for info in infos):
            return None
        return infos

    async def _look_up(self, number: str) -> _Employee | None:
        """Who has this number in that company. Raises Permanent when several have it."""
        told, _, wanted = number.partition("-")
        mine = [one for one in await self._nmbrs.companies() if one.number == told]
        if len(mine) > 1:
            raise Permanent(
                f"{len(mine)} companies in Nmbrs have number {told}, and nmbrs:{number} could be "
                "of any: give each its own",
                mender="hr",
            )
        for company in mine:
            rows = await self._nmbrs.employees(company, employeeType=_NO_APPLICANTS)
            numbers = Counter(map(_basic_number, rows))
            if numbers[wanted] > 1:
                raise Permanent(
                    f"Nmbrs has {numbers[wanted]} employees with the number of nmbrs:{number}: "
                    "give each their own",
                    mender="hr",
                )
            # All at once: whoever is asked about next need not be looked for.
            self._known |= {
                f"{told}-{its}": _Employee(company, str(row.get("employeeId")))
                for row in rows
                if numbers[its := _basic_number(row)] == 1
            }
        return self._known.get(number)


def _that_count(infos: Sequence[Row], now: Row) -> list[Row]:
    """The version in force and those to come: of one period the one that was made last."""
    latest = {_place(i.get("period")): i for i in sorted(infos, key=_made)}
    places = sorted(latest)
    past = [place for place in places if place <= _place(now)]
    first = past[-1] if past else places[0]
    return [latest[place] for place in places if place >= first]


def _said(versions: _Versions, field: str, wanted: Value) -> Value:
    """What they say: where they differ, what does not say yet what is wanted."""
    said = [_value(info, field) for info in versions.infos]
    return next((value for value in said if not same(field, value, wanted)), said[0])


def _that_differ(values: Mapping[str, Value], info: Row) -> dict[str, str | None]:
    return {
        _FIELDS[field]: str(value) if value else None
        for field, value in values.items()
        if not same(field, value, _value(info, field))
    }


def _value(info: Row, field: str) -> Value:
    value = nmbrs_personal.contact(info).get(_FIELDS[field])
    return str(value).strip() or None if value is not None else None


def _place(period: object) -> tuple[int, int]:
    if not isinstance(period, Mapping):
        return 0, 0
    return int(period.get("year") or 0), int(period.get("period") or 0)


def _made(info: Row) -> str:
    return str(info.get("createdAt") or "")


def _number(info: Row) -> str:
    basic = info.get("basicInfo")
    number = basic.get("employeeNumber") if isinstance(basic, Mapping) else None
    return "" if number is None else str(number)


def _basic_number(row: Row) -> str:
    told = row.get("employeeBasicInfo")
    inner = told.get("basicInfo", told) if isinstance(told, Mapping) else {}
    number = inner.get("employeeNumber") if isinstance(inner, Mapping) else None
    return "" if number is None else str(number)
