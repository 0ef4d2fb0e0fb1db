"""Which field of an AFAS view means what? One table; a view's layout is the table for that view.

Ids of the first column are HelloID's views (Tools4everBV/HelloID-Conn-Prov-Source-AFAS-Profit
2.2.1), of the second the standard view Profit_Employees (AFAS OpenAPI 6.6.9), which every
environment has. The policy's `sources.afas.fields` overrides them view by view. Pure.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from shared.errors import Permanent
from shared.intake import afas_cells as cells

STANDARD = "Profit_Employees"

type Row = tuple[Any, ...]
"""Cells of one row, in the order of a layout's ids."""
type Ids = Mapping[str, str | None]
"""Our field to the id in one view; None: that view has none."""


@dataclass(frozen=True, slots=True)
class Field:
    """One of our fields. A dot parts the noun from its attribute, as in rules and templates."""

    ours: str
    helloid: str | None
    standard: str | None
    read: Callable[[Any], Any]
    if_there: bool = False
    """Read from views that have it, and never asked for."""


PERSON = (
    Field("number", "Medewerker", "EmployeeId", cells.number),
    Field("human_key", "Persoonsnummer", "PersonId", cells.some_text),
    Field("name.initials", "Voorletters", "Initials", cells.text),
    Field("name.given", "Voornaam", None, cells.text),
    Field("name.nickname", "Roepnaam", "FirstName", cells.text),
    Field("name.birth_prefix", "Voorvoegsel", "PrefixBirthName", cells.text),
    Field("name.birth", "Geboortenaam", "BirthName", cells.needed_text),
    Field("name.partner_prefix", "Voorvoegsel_partner", "PrefixPartner", cells.text),
    Field("name.partner", "Geboortenaam_partner", "BirthNamePartner", cells.text),
    Field("name.usage", "Naamgebruik_code", "NameUse", cells.usage),
    # HelloID's views leave it out; only who has several HR systems needs it.
    Field("birth_date", "Geboortedatum", "DateOfBirth", cells.some_day, if_there=True),
    Field("died_on", "Overlijdensdatum", "DateDeceased", cells.some_day, if_there=True),
    # Phone and Mobile of Profit_Employees are private numbers.
    Field("phone", "Telefoonnr_werk", None, cells.some_text),
    Field("mobile", "Mobielnr_werk", None, cells.some_text),
)
"""Each becomes the attribute of that name of Record, or of PersonName behind `name.`."""
CONTRACT = (
    Field("contract.key", "ExternalID", None, cells.text),
    Field("contract.employment", "Dienstverband", None, cells.text),
    Field("contract.sequence", "Volgnummer_contract", None, cells.whole),
    Field("contract.start", "Begindatum_contract", "EmploymentStart", cells.day),
    Field("contract.end", "Einddatum_contract", "EmploymentEnd", cells.end),
    Field("job.start", "Begindatum_functie", None, cells.some_day),
    Field("job.end", "Einddatum_functie", None, cells.end),
    Field("contract.hours", "Uren_per_week", "HourPerWeek", cells.amount),
    Field("contract.fte", "FTE", "FTE", cells.amount),
    Field("contract.kind", "Soort_medewerker", "EmploymentTypeDesc", cells.text),
    # No view that AFAS or HelloID ships has these: the policy names the customer's own fields.
    Field("contract.sponsor", None, None, cells.some_text),
    Field("leave.kind", None, None, cells.text),
    Field("leave.start", None, None, cells.some_day),
    Field("leave.end", None, None, cells.end),
    Field("department.code", "Organisatorische_eenheid_code", "OrgUnit", cells.text),
    Field("department.name", "Organisatorische_eenheid_omschrijving", "OrgUnitDesc", cells.text),
    Field("job.code", "Functie_code", "FunctionId", cells.text),
    Field("job.name", "Functie_omschrijving", "FunctionDesc", cells.text),
    Field("cost_centre.code", "Kostenplaats_code", None, cells.text),
    Field("cost_centre.name", "Kostenplaats_omschrijving", None, cells.text),
    Field("employer.code", "Werkgever_code", "EmployerId", cells.text),
    Field("employer.name", "Werkgever_omschrijving", None, cells.text),
    Field("manager.number", "Medewerkernummer_leidinggevende", None, cells.some_text),
)
"""Each becomes the attribute of that name of Contract, or of the Unit that it names."""
NUMBER, KEY = PERSON[0], "contract.key"
FROM_WHAT_IT_IS = (
    "contract.start",
    "contract.employment",
    "employer.code",
    "department.code",
    "job.code",
    "job.start",
)
"""What tells the rows of one person apart in a view without a key of its own."""


@dataclass(frozen=True)
class Layout:
    """The fields that are read of one view."""

    view: str
    columns: tuple[tuple[Field, str], ...]
    """Each of our fields with its id there; the employee number is the first."""

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """What is read of a row, in this order; all else is dropped."""
        return tuple(field_id for _, field_id in self.columns)

    @property
    def order(self) -> tuple[str, ...]:
        """The ids that tell its rows apart, the employee number first."""
        known = {field.ours: field_id for field, field_id in self.columns}
        by = (KEY,) if KEY in known else FROM_WHAT_IT_IS
        return tuple(dict.fromkeys((self.ids[0], *(known[one] for one in by if one in known))))


def layout(
    view: str, fields: Sequence[Field], own: Ids, *, standard: bool, there: Collection[str]
) -> Layout:
    """How a view with the standard ids, or HelloID's, is read where `own` does not differ.

    `there` is what the view has. Raises Permanent when it lacks a field.
    """
    meant = {one.ours: one.standard if standard else one.helloid for one in fields}
    meant |= {ours: field_id for ours, field_id in own.items() if ours in meant}
    columns = [
        (one, field_id)
        for one in fields
        if (field_id := meant[one.ours]) and (field_id in there or not one.if_there)
    ]
    check(view, [field_id for _, field_id in columns], there)
    return Layout(view, tuple(columns))


def check(view: str, wanted: Collection[str], there: Collection[str]) -> None:
    """Raise Permanent, naming view and fields, unless everything wanted is there."""
    lacking = sorted(set(wanted) - set(there))
    if not lacking:
        return
    near = (difflib.get_close_matches(one, sorted(there), n=1, cutoff=0.8) for one in lacking)
    alike = [
        f"{one} is perhaps {like[0]}" for one, like in zip(lacking, near, strict=True) if like
    ]
    hint = f" ({'; '.join(alike)})" if alike else ""
    raise Permanent(
        f"AFAS view {view} lacks {', '.join(lacking)}{hint}: add them to the GetConnector, or say "
        f"in the policy under sources.afas.fields.{view} which field is meant, null for none",
        mender="settings",
    )
