"""What does AFAS' view of people say of one employee number, in our names? For hr_afas.py.

The same view that intake reads; the policy's `sources.afas.fields` says where its ids differ.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any, Final

from shared.errors import Permanent
from shared.model.hr_field import BLOCKED, FREE, SELF_SERVICE, USER_ID, Value
from shared.vendors.afas import EQUAL, Afas, Filter

type Ids = Mapping[str, str | None]
type OwnFields = Callable[[], Awaitable[Mapping[str, Ids]]]

NUMBER, PERSON, NAME = "number", "human_key", "user.name"
_IDS: Final[Mapping[str, tuple[str, ...]]] = {
    NUMBER: ("Medewerker", "EmployeeId"),
    PERSON: ("Persoonsnummer", "PersonId"),
    "work_mail": ("Email_werk", "Mail"),
    "portal_mail": ("Email_portal",),
    "phone": ("Telefoonnr_werk",),
    "mobile": ("Mobielnr_werk",),
    USER_ID: ("Gebruiker",),
    NAME: ("DisplayName",),
    "user.upn": ("UPN",),
    "user.mail": ("Email_werk_gebruiker",),
    SELF_SERVICE: ("InSite",),
    BLOCKED: ("Geblokkeerd",),
}
"""How a view calls it: HelloID's views (2.2.1), then the standard Profit_Employees."""
_YES_OR_NO: Final = frozenset({SELF_SERVICE, BLOCKED})
_YES: Final = frozenset({"true", "1", "ja", "j", "yes"})


class PeopleView:
    """The view of people, one row at a time."""

    def __init__(self, afas: Afas, name: str, own_fields: OwnFields) -> None:
        self._afas = afas
        self._name = name
        self._own_fields = own_fields
        self._there: frozenset[str] | None = None
        """The field ids that the view was last seen to have."""

    async def row(self, number: str, fields: Collection[str]) -> dict[str, Value] | None:
        """These fields of this number, and the person's; None when the view does not show it.

        Raises Permanent when the view lacks a field, or does not say which person it is.
        """
        if not number.replace("_", "").replace("-", "").isalnum():
            return None  # `,` and `;` would make it another question
        ids = await self.ids((NUMBER, PERSON, *fields))
        only = Filter(ids[NUMBER], EQUAL, [number])
        places = tuple(dict.fromkeys(ids.values()))
        async for row in self._afas.rows(self._name, places, key=(ids[NUMBER],), only=only):
            cells = dict(zip(places, row, strict=True))
            if str(cells[ids[NUMBER]]).strip() == number:
                found = {field: _plain(field, cells[field_id]) for field, field_id in ids.items()}
                return self._of_a_person(number, found)
        return None

    async def ids(self, fields: Sequence[str], *, anew: bool = False) -> dict[str, str]:
        """Each of our fields by its id in the view. Raises Permanent when the view lacks one."""
        own = (await self._own_fields()).get(self._name, {})
        found = self._resolved(fields, own)
        if anew or not set(found.values()) <= (self._there or frozenset()):
            self._there = await self._afas.fields(self._name)
            found = self._resolved(fields, own)
        if lacking := sorted(f for f in fields if found.get(f) not in (self._there or ())):
            raise Permanent(
                f"AFAS view {self._name} does not show {', '.join(lacking)}, and nothing is "
                "written that cannot be read: add the field to the GetConnector, or say in the "
                f"policy under sources.afas.fields.{self._name} which field is meant",
                mender="settings",
            )
        return found

    def _of_a_person(self, number: str, row: dict[str, Value]) -> dict[str, Value]:
        if not row[PERSON]:
            raise Permanent(
                f"AFAS view {self._name} shows no person's number for {number}, and without it "
                "AFAS could mean somebody else: let the view show it",
                mender="settings",
            )
        return row

    def _resolved(self, fields: Sequence[str], own: Ids) -> dict[str, str]:
        there = self._there or frozenset()
        found: dict[str, str] = {}
        for field in fields:
            if field.startswith(FREE):
                found[field] = field.removeprefix(FREE).partition(":")[0]
            elif field in own:
                found[field] = own[field] or ""
            else:
                known = _IDS[field]
                found[field] = next((one for one in known if one in there), known[0])
        return found


def _plain(field: str, cell: Any) -> Value:
    if field in _YES_OR_NO:
        return str(cell).strip().casefold() in _YES
    return None if cell is None else str(cell).strip() or None
