"""What does AFAS say of a person? Two views, a person's and a contract's, become one Record.

Field ids are those of the HelloID connectors (Tools4everBV/HelloID-Conn-Prov-Source-AFAS-Profit
2.2.1), which many customers have; a copy of them with a log field can be polled for changes.
Dates are Amsterdam local time in spite of their Z, so only the date part is read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import batched
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from shared.errors import Permanent
from shared.intake.source import Reading
from shared.model.person import BadRecord, Contract, NameUsage, PersonName, Record, Unit
from shared.vendors.afas import AT_LEAST, EQUAL, Afas, Filter, Row

ZONE = ZoneInfo("Europe/Amsterdam")
PERSON_KEY = ("Medewerker",)
CONTRACT_KEY = ("Medewerker", "ExternalID")
FIRST_YEAR, NO_END_YEAR = 1900, 9999
NUMBERS_AT_ONCE = 40  # keeps the query well below what AFAS answers with 404
_USAGE = {
    "0": NameUsage.BIRTH,
    "1": NameUsage.PARTNER_BIRTH,
    "2": NameUsage.PARTNER,
    "3": NameUsage.BIRTH_PARTNER,
}


@dataclass(frozen=True)
class Views:
    """Which views the customer has, and their log field when they can be polled."""

    persons: str = "T4E_HelloID_Users_v2"
    contracts: str = "T4E_HelloID_Employments_v2"
    modified: str | None = None
    """A field of both views that AFAS changes with the row; None: a poll reads everyone."""


def _as_text(value: Any) -> str:
    if isinstance(value, dict | list):
        raise ValueError("is no text")  # noqa: TRY004 - pydantic collects ValueErrors
    return "" if value is None else str(value).strip()


def _as_day(value: Any) -> date | None:
    """The local day of a cell; what is no date is an error, never silently no end."""
    if value is None or value == "":
        return None
    try:
        day = date.fromisoformat(value[:10]) if isinstance(value, str) else date.min
    except ValueError:
        day = date.min
    if day.year < FIRST_YEAR:
        raise ValueError("is no date")
    return day


def _as_end(value: Any) -> date | None:
    """As `_as_day`; some administrations write 31-12-9999 where they mean no end."""
    day = _as_day(value)
    return None if day and day.year == NO_END_YEAR else day


type Text = Annotated[str, BeforeValidator(_as_text)]
type Day = Annotated[date, BeforeValidator(_as_day)]
type MaybeDay = Annotated[date | None, BeforeValidator(_as_day)]
type End = Annotated[date | None, BeforeValidator(_as_end)]
type Number = Annotated[float | None, Field(allow_inf_nan=False)]


class _Wire(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _PersonRow(_Wire):
    Medewerker: Annotated[Text, Field(min_length=1)]
    Persoonsnummer: Text = ""
    Voorletters: Text = ""
    Voornaam: Text = ""
    Roepnaam: Text = ""
    Voorvoegsel: Text = ""
    Geboortenaam: Annotated[Text, Field(min_length=1)]
    Voorvoegsel_partner: Text = ""
    Geboortenaam_partner: Text = ""
    Naamgebruik_code: Text = ""
    Telefoonnr_werk: Text = ""
    Mobielnr_werk: Text = ""


class _ContractRow(_Wire):
    Medewerker: Text
    ExternalID: Text = ""
    Dienstverband: Text = ""
    Volgnummer_contract: int | None = None
    Begindatum_contract: Day
    Einddatum_contract: End = None
    Begindatum_functie: MaybeDay = None
    Einddatum_functie: End = None
    Organisatorische_eenheid_code: Text = ""
    Organisatorische_eenheid_omschrijving: Text = ""
    Functie_code: Text = ""
    Functie_omschrijving: Text = ""
    Kostenplaats_code: Text = ""
    Kostenplaats_omschrijving: Text = ""
    Werkgever_code: Text = ""
    Werkgever_omschrijving: Text = ""
    Uren_per_week: Number = None
    FTE: Number = None
    Medewerkernummer_leidinggevende: Text = ""
    Soort_medewerker: Text = ""


class AfasSource:
    """AFAS as a source of the flow."""

    name = "afas"

    def __init__(self, afas: Afas, views: Views) -> None:
        self._afas = afas
        self._views = views

    async def everyone(self) -> AsyncIterator[Reading]:
        """Everybody in the persons view, with their contracts; see Source."""
        contracts = await self._contracts(None)
        async for reading in self._persons(None, contracts):
            yield reading

    async def changed_since(self, moment: datetime) -> AsyncIterator[Reading]:
        """Whoever has a changed row in either view; without a log field everybody."""
        if self._views.modified is None:
            async for reading in self.everyone():
                yield reading
            return
        numbers = await self._changed_numbers(self._views.modified, moment)
        for some in batched(numbers, NUMBERS_AT_ONCE, strict=False):
            async for reading in self._named(some):
                yield reading

    async def one(self, number: str) -> Reading | None:
        """This employee number now; None when the persons view does not show it."""
        if not number.replace("_", "").replace("-", "").isalnum():
            return None  # `,` and `;` would make it another question
        async for reading in self._named([number]):
            if reading.number == number:
                return reading
        return None

    async def probe(self) -> None:
        """See that both views are there with the fields that intake needs; see Source."""
        log = {self._views.modified} - {None}
        wanted = {
            self._views.persons: set(_PersonRow.model_fields) | log,
            self._views.contracts: set(_ContractRow.model_fields) | log,
        }
        for view, fields in wanted.items():
            lacking = sorted(map(str, fields - await self._afas.fields(view)))
            if lacking:
                raise Permanent(
                    f"AFAS view {view} lacks {', '.join(lacking)}: add them to the GetConnector",
                    mender="settings",
                )

    async def _named(self, numbers: Sequence[str]) -> AsyncIterator[Reading]:
        only = Filter("Medewerker", EQUAL, numbers)
        contracts = await self._contracts(only)
        async for reading in self._persons(only, contracts):
            yield reading

    async def _contracts(self, only: Filter | None) -> Mapping[str, list[Row]]:
        found: dict[str, list[Row]] = defaultdict(list)
        async for row in self._afas.rows(self._views.contracts, key=CONTRACT_KEY, only=only):
            found[_number(row)].append(row)
        return found

    async def _persons(
        self, only: Filter | None, contracts: Mapping[str, list[Row]]
    ) -> AsyncIterator[Reading]:
        async for row in self._afas.rows(self._views.persons, key=PERSON_KEY, only=only):
            yield to_record(row, contracts.get(_number(row), []))

    async def _changed_numbers(self, log_field: str, moment: datetime) -> list[str]:
        # Local time without a zone: a Z in a filter value is refused.
        since = moment.astimezone(ZONE).strftime("%Y-%m-%dT%H:%M:%S")
        only = Filter(log_field, AT_LEAST, [since])
        numbers: set[str] = set()
        for view, key in (
            (self._views.persons, PERSON_KEY),
            (self._views.contracts, CONTRACT_KEY),
        ):
            async for row in self._afas.rows(view, key=key, only=only):
                numbers.add(_number(row))
        return sorted(numbers)


def to_record(person: Row, contracts: Iterable[Row]) -> Reading:
    """One person's rows as a Record; BadRecord names the first field that cannot be read."""
    number = _number(person) or None
    try:
        row = _PersonRow.model_validate(person)
        assignments = [_assignment(_ContractRow.model_validate(one)) for one in contracts]
        return _record(row, [one for one in assignments if one])
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        field = ".".join(map(str, first["loc"]))
        return BadRecord(source="afas", number=number, field=field, problem=first["msg"])
    except Permanent as error:
        return BadRecord(source="afas", number=number, field="ExternalID", problem=error.reason)


def _number(row: Row) -> str:
    """The employee number of any row; empty when it has none."""
    value = row.get("Medewerker")
    return "" if value is None or isinstance(value, dict | list) else str(value).strip()


def _record(row: _PersonRow, contracts: Sequence[Contract]) -> Record:
    if len({contract.key for contract in contracts}) != len(contracts):
        raise Permanent("two contracts have the same key", mender="hr")
    return Record(
        source="afas",
        number=row.Medewerker,
        human_key=row.Persoonsnummer or None,
        name=PersonName(
            initials=row.Voorletters,
            given=row.Voornaam,
            nickname=row.Roepnaam,
            birth_prefix=row.Voorvoegsel,
            birth=row.Geboortenaam,
            partner_prefix=row.Voorvoegsel_partner,
            partner=row.Geboortenaam_partner,
            usage=_USAGE.get(row.Naamgebruik_code, NameUsage.BIRTH),
        ),
        contracts=tuple(sorted(contracts, key=lambda c: (c.start, c.key))),
        phone=row.Telefoonnr_werk or None,
        mobile=row.Mobielnr_werk or None,
    )


def _assignment(row: _ContractRow) -> Contract | None:
    """The row as an assignment; one that ends before it begins never was."""
    start = max(filter(None, (row.Begindatum_contract, row.Begindatum_functie)))
    end = min(filter(None, (row.Einddatum_contract, row.Einddatum_functie)), default=None)
    if end is not None and end < start:
        return None
    return Contract(
        key=row.ExternalID or f"{row.Medewerker}_{row.Dienstverband}_{start:%Y%m%d}",
        start=start,
        end=end,
        sequence=row.Volgnummer_contract or 0,
        hours=row.Uren_per_week or 0.0,
        fte=row.FTE or 0.0,
        kind=row.Soort_medewerker,
        job=_unit(row.Functie_code, row.Functie_omschrijving),
        department=_unit(
            row.Organisatorische_eenheid_code, row.Organisatorische_eenheid_omschrijving
        ),
        cost_centre=_unit(row.Kostenplaats_code, row.Kostenplaats_omschrijving),
        employer=_unit(row.Werkgever_code, row.Werkgever_omschrijving),
        manager=row.Medewerkernummer_leidinggevende or None,
    )


def _unit(code: str, name: str) -> Unit | None:
    return Unit(code=code, name=name) if code else None
