"""Tell AFAS of a person's account: work mail, portal mail, phones and the customer's own fields.

One record is one employee number. It is read through the view of people, and written through the
UpdateConnector KnEmployee under that number and the person's own (AFAS help, KnEmployee;
HelloID's target for employees): never by a match that could mean somebody else. Called by hr.py.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any, Final

from shared.errors import Permanent
from shared.model.account import Applied, HrRecord
from shared.model.change import Change
from shared.model.desired import DesiredRecord
from shared.model.hr_field import FREE, Value, same
from shared.vendors import afas_update
from shared.vendors.afas import EQUAL, Afas, Filter
from shared.vendors.afas_update import EMPLOYEE, Refusal

type Ids = Mapping[str, str | None]

NUMBER, PERSON = "number", "human_key"
_IDS: Final[Mapping[str, tuple[str, ...]]] = {
    NUMBER: ("Medewerker", "EmployeeId"),
    PERSON: ("Persoonsnummer", "PersonId"),
    "work_mail": ("Email_werk", "Mail"),
    "portal_mail": ("Email_portal",),
    "phone": ("Telefoonnr_werk",),
    "mobile": ("Mobielnr_werk",),
}
"""How a view calls it: HelloID's views (2.2.1), then the standard Profit_Employees."""
_PERSON_FIELDS: Final = {
    "work_mail": "EmAd",
    "portal_mail": "EmailPortal",
    "phone": "TeNr",
    "mobile": "MbNr",
}
"""How KnPerson calls it (AFAS OpenAPI, KnEmployee)."""


class AfasWriter:
    """AFAS as a system that is written back to; `own_fields` as for reading."""

    def __init__(
        self, afas: Afas, view: str, own_fields: Callable[[], Awaitable[Mapping[str, Ids]]]
    ) -> None:
        self._afas = afas
        self._view = view
        self._own_fields = own_fields
        self._there: frozenset[str] | None = None
        """The field ids that the view was last seen to have."""

    async def read(self, record: DesiredRecord, applied: Applied) -> HrRecord | None:
        """The record as the view of people shows it now; see HrWriter."""
        del applied
        row = await self._row(record.number, record.fields)
        if row is None:
            return None
        return HrRecord(key=record.key, fields={field: row[field] for field in record.fields})

    async def write(self, change: Change, applied: Applied) -> None:
        """Write what differs; a refusal stands only when the values do not. See HrWriter."""
        del applied
        number = change.what.partition(":")[2]
        row = await self._row(number, change.values)
        if row is None:
            raise Permanent(f"AFAS does not show {change.what} any more", mender="hr")
        given = _that_differ(change.values, row)
        if not given:
            return
        if not row[PERSON]:
            raise Permanent(
                f"AFAS view {self._view} shows no person's number for {change.what}, and without "
                "it AFAS could mean somebody else: let the view show it",
                mender="settings",
            )
        body = afas_update.employee(number, str(row[PERSON]), *_parted(given))
        try:
            await afas_update.write(
                self._afas, "PUT", EMPLOYEE, body, sent=[*given.values(), *_texts(row)]
            )
        except Refusal:
            # An error does not prove that nothing happened, and two of us may write at once.
            now = await self._row(number, change.values)
            if now is None or _that_differ(change.values, now):
                raise

    async def probe(self, fields: Collection[str]) -> None:
        """Return when the app connector has the UpdateConnector, and the view what is written."""
        listed = (await self._afas.connectors()).get("updateConnectors") or []
        names = {str(one.get("id")) for one in listed if isinstance(one, Mapping)}
        if fields and EMPLOYEE not in names:
            raise Permanent(
                f"AFAS does not let the app connector write through {EMPLOYEE}: add that "
                "UpdateConnector to it, and the right to it to its user's group",
                mender="settings",
            )
        await self._ids((NUMBER, PERSON, *fields), anew=True)

    async def _row(self, number: str, fields: Collection[str]) -> dict[str, Value] | None:
        """What the view says of this number, by our names; None when it does not show it."""
        if not number.replace("_", "").replace("-", "").isalnum():
            return None  # `,` and `;` would make it another question
        ids = await self._ids((NUMBER, PERSON, *fields))
        only = Filter(ids[NUMBER], EQUAL, [number])
        places = tuple(dict.fromkeys(ids.values()))
        async for row in self._afas.rows(self._view, places, key=(ids[NUMBER],), only=only):
            cells = dict(zip(places, row, strict=True))
            if str(cells[ids[NUMBER]]).strip() == number:
                return {field: _plain(cells[field_id]) for field, field_id in ids.items()}
        return None

    async def _ids(self, fields: Sequence[str], *, anew: bool = False) -> dict[str, str]:
        """Each of our fields by its id in the view. Raises Permanent when the view lacks one."""
        own = (await self._own_fields()).get(self._view, {})
        found = self._resolved(fields, own)
        if anew or not set(found.values()) <= (self._there or frozenset()):
            self._there = await self._afas.fields(self._view)
            found = self._resolved(fields, own)
        if lacking := sorted(f for f in fields if found.get(f) not in (self._there or ())):
            raise Permanent(
                f"AFAS view {self._view} does not show {', '.join(lacking)}, and nothing is "
                "written that cannot be read: add the field to the GetConnector, or say in the "
                f"policy under sources.afas.fields.{self._view} which field is meant",
                mender="settings",
            )
        return found

    def _resolved(self, fields: Sequence[str], own: Ids) -> dict[str, str]:
        there = self._there or frozenset()
        found: dict[str, str] = {}
        for field in fields:
            if field.startswith(FREE):
                found[field] = field.removeprefix(FREE).partition(":")[0]
            elif field in own:
                found[field] = own[field] or ""
            else:
                known = _IDS.get(field, ())
                found[field] = next((one for one in known if one in there), "") or known[0]
        return found


def _parted(given: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Fields of the person and the customer's own, by the names that KnEmployee takes."""
    person = {_PERSON_FIELDS[f]: v for f, v in given.items() if f in _PERSON_FIELDS}
    own = {f.rpartition(":")[2]: v for f, v in given.items() if f.startswith(FREE)}
    return person, own


def _that_differ(values: Mapping[str, Value], row: Mapping[str, Value]) -> dict[str, str]:
    """What is not there yet; AFAS empties a field with an empty text."""
    return {f: str(v or "") for f, v in values.items() if not same(f, v, row.get(f))}


def _texts(row: Mapping[str, Value]) -> list[str]:
    return [value for value in row.values() if isinstance(value, str)]


def _plain(cell: Any) -> Value:
    if isinstance(cell, bool) or cell is None:
        return cell
    return str(cell).strip() or None
