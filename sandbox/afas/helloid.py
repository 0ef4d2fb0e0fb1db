"""Which views does a customer have who uses the HelloID connectors? Six, and two copies for us.

Field ids as in the importable views of Tools4everBV/HelloID-Conn-Prov-Source-AFAS-Profit (v2.2.1,
2025-12). Their default filter: contract and job start before today + 3 months and end after
today - 3 months, or never; kind of employee is not N. The `Instroom_` copies add what AFAS advises
for polling (log fields), and what HelloID leaves out on purpose: birth date, gender, private mail.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from sandbox.afas import codes
from sandbox.afas.environment import OWN_FIELD
from sandbox.afas.view import (
    Assignment,
    Column,
    OrganisationView,
    PeopleView,
    assignments,
    midnight,
)
from sandbox.world import FULL_TIME_HOURS, Department, Kind, Person, World

WINDOW_MONTHS = 3


def _in_window(row: Assignment, today: date) -> bool:
    before, after = (
        codes.months_from(today, WINDOW_MONTHS),
        codes.months_from(today, -WINDOW_MONTHS),
    )
    contract = row.contract
    return (
        max(contract.start, contract.job_start) < before
        and (contract.end is None or contract.end > after)
        and (contract.job_end is None or contract.job_end > after)
    )


def _shown(world: World, person: Person, today: date) -> Iterable[Assignment]:
    if person.kind is Kind.NOT_WORKING:
        return []
    return [row for row in assignments(world, person) if _in_window(row, today)]


def _shown_once(world: World, person: Person, today: date) -> Iterable[Person]:
    return [person] if any(True for _ in _shown(world, person, today)) else []


def _fte(row: Assignment) -> float:
    return row.contract.hours / FULL_TIME_HOURS


def _employment_id(row: Assignment) -> str:
    contract = row.contract
    day = f"{contract.job_start:%Y%m%d}"
    return f"{row.person.number}_{contract.employment}_{contract.sequence}_{day}"


_USER = (
    Column[Person]("Medewerker", lambda p: p.number, length=15),
    Column[Person]("Gebruiker", lambda p: p.login.user_id if p.login else None, length=20),
    Column[Person]("Persoonsnummer", lambda p: p.human, length=15),
    Column[Person]("DisplayName", codes.display_name, length=255),
    Column[Person]("Geblokkeerd", lambda p: bool(p.login and p.login.blocked), "boolean"),
    Column[Person]("UPN", lambda p: p.login.upn if p.login else None, length=255),
    Column[Person](
        "Email_werk_gebruiker", lambda p: p.login.mail if p.login else None, length=255
    ),
    Column[Person]("Profit_Windows", lambda _: False, "boolean"),
    Column[Person]("Connector", lambda _: False, "boolean"),
    Column[Person]("Reservekopieen_via_commandline", lambda _: False, "boolean"),
    Column[Person]("Commandline", lambda _: False, "boolean"),
    Column[Person]("InSite", lambda p: bool(p.login and p.login.self_service), "boolean"),
    Column[Person]("OutSite", lambda _: False, "boolean"),
    Column[Person]("Voorletters", lambda p: p.initials, length=15),
    Column[Person]("Roepnaam", lambda p: p.nickname, length=30),
    Column[Person]("Voornaam", lambda p: p.given_names, length=80),
    Column[Person]("Voorvoegsel", lambda p: p.birth_prefix or None, length=15),
    Column[Person]("Geboortenaam", lambda p: p.birth_name, length=80),
    Column[Person]("Geboortenaam_partner", lambda p: p.partner_name or None, length=80),
    Column[Person]("Voorvoegsel_partner", lambda p: p.partner_prefix or None, length=15),
    Column[Person]("Naamgebruik_code", lambda p: codes.NAME_USE[p.name_use], length=1),
    Column[Person]("Mobielnr_werk", lambda p: p.work_mobile, length=30),
    Column[Person]("Telefoonnr_werk", lambda p: p.work_phone, length=30),
    Column[Person]("Email_werk", lambda p: p.work_mail, length=255),
    Column[Person]("Email_portal", lambda p: p.portal_mail, length=255),
)
_USER_EXTRA = (
    Column[Person]("Geboortedatum", lambda p: midnight(p.birth_date), "date"),
    Column[Person]("Geslacht_code", lambda p: p.gender, length=1),
    Column[Person]("Email_prive", lambda p: p.private_mail, length=255),
    Column[Person]("Mobielnr_prive", lambda p: p.mobile, length=30),
    Column[Person]("ModifiedDate", lambda p: p.modified, "date", "Gewijzigd op"),
    Column[Person]("Inlognaam_vrij_veld", lambda p: dict(p.own).get(OWN_FIELD), length=255),
)

_WHO = (
    Column[Assignment]("Medewerker", lambda r: r.person.number, length=15),
    Column[Assignment]("Persoonsnummer", lambda r: r.person.human, length=15),
    Column[Assignment]("Naam", lambda r: codes.list_name(r.person), length=255),
)
_WHERE = (
    Column[Assignment]("Organisatorische_eenheid_code", lambda r: r.department.code),
    Column[Assignment]("Organisatorische_eenheid_omschrijving", lambda r: r.department.name),
    Column[Assignment]("Functie_code", lambda r: r.contract.job, length=4),
    Column[Assignment]("Functie_omschrijving", lambda r: codes.JOB_TITLES[r.contract.job]),
    Column[Assignment]("Kostenplaats_code", lambda r: r.department.cost_centre),
    Column[Assignment]("Kostenplaats_omschrijving", lambda r: r.department.name),
    Column[Assignment]("Werkgever_code", lambda _: codes.EMPLOYER[0]),
    Column[Assignment]("Werkgever_omschrijving", lambda _: codes.EMPLOYER[1]),
)
_MANAGER = (
    Column[Assignment](
        "Persoonsnummer_leidinggevende", lambda r: r.manager.human if r.manager else None
    ),
    Column[Assignment]("Medewerkernummer_leidinggevende", lambda r: r.manager_number),
    Column[Assignment]("Persoonsnummer_VervangendLeidinggevende", lambda _: None),
    Column[Assignment]("Medewerkernummer_VervangendLeidinggevende", lambda _: None),
)
_EMPLOYMENT = (
    *_WHO,
    *_WHERE,
    Column[Assignment](
        "Type_contract", lambda r: "Bepaalde tijd" if r.contract.end else "Onbepaalde tijd"
    ),
    Column[Assignment]("Dienstverband", lambda r: r.contract.employment, "int"),
    Column[Assignment]("Volgnummer_contract", lambda r: r.contract.sequence, "int"),
    Column[Assignment]("Begindatum_contract", lambda r: midnight(r.contract.start), "date"),
    Column[Assignment]("Einddatum_contract", lambda r: midnight(r.contract.end), "date"),
    Column[Assignment]("Begindatum_functie", lambda r: midnight(r.contract.job_start), "date"),
    Column[Assignment]("Einddatum_functie", lambda r: midnight(r.contract.job_end), "date"),
    Column[Assignment]("Uren_per_week", lambda r: r.contract.hours, "decimal"),
    Column[Assignment]("Parttime_percentage", lambda r: round(100 * _fte(r), 2), "decimal"),
    Column[Assignment]("FTE", lambda r: round(_fte(r), 4), "decimal"),
    *_MANAGER,
    Column[Assignment]("ExternalID", _employment_id, length=60),
    Column[Assignment]("Soort_medewerker", lambda r: codes.KIND[r.person.kind][1]),
    Column[Assignment]("Soort_medewerker_code", lambda r: codes.KIND[r.person.kind][0]),
    Column[Assignment]("Dienstbetrekking", lambda r: "Fulltime" if _fte(r) >= 1 else "Parttime"),
)
_EMPLOYMENT_EXTRA = (
    Column[Assignment]("ModifiedDate", lambda r: r.contract.modified, "date", "Gewijzigd op"),
)
_POSITION = (
    *_WHO,
    *_WHERE,
    Column[Assignment]("Begindatum_functie", lambda r: midnight(r.contract.job_start), "date"),
    Column[Assignment]("Einddatum_functie", lambda r: midnight(r.contract.job_end), "date"),
    Column[Assignment]("Percentage", lambda _: 100.0, "decimal"),
    *_MANAGER,
    Column[Assignment]("EmploymentExternalID", _employment_id, length=60),
    Column[Assignment]("ExternalID", lambda r: f"{_employment_id(r)}_F1", length=60),
)
_UNIT = (
    Column[Department]("ExternalId", lambda d: d.code, length=15),
    Column[Department]("DisplayName", lambda d: d.name, length=80),
    Column[Department]("ParentExternalId", lambda d: d.parent, length=15),
    Column[Department]("ManagerExternalId", lambda d: d.manager, length=15),
    Column[Department]("Huidige_vervanger", lambda _: None, length=15),
)
_GROUPS = {"Iedereen": "Iedereen", "Leidinggevenden": "Leidinggevenden"}
_GROUP = (
    Column[str]("GroupId", lambda g: g, length=15),
    Column[str]("Description", lambda g: _GROUPS[g], length=80),
)
_USER_GROUP = (
    Column[tuple[str, str]]("GroupId", lambda m: m[0], length=15),
    Column[tuple[str, str]]("UserId", lambda m: m[1], length=20),
)


def _memberships(world: World, person: Person, today: date) -> Iterable[tuple[str, str]]:
    user = f"{codes.ENVIRONMENT}.{person.number}"
    if any(True for _ in _shown(world, person, today)):
        yield "Iedereen", user
        if any(row.job in codes.MANAGER_JOBS for row in person.contracts):
            yield "Leidinggevenden", user


VIEWS = (
    PeopleView("T4E_HelloID_Users_v2", "HelloID gebruikers", _USER, _shown_once),
    PeopleView("T4E_HelloID_Employments_v2", "HelloID dienstverbanden", _EMPLOYMENT, _shown),
    PeopleView("T4E_HelloID_Positions_v2", "HelloID formatieverdeling", _POSITION, _shown),
    OrganisationView(
        "T4E_HelloID_OrganizationalUnits_v2",
        "HelloID organisatorische eenheden",
        _UNIT,
        lambda world: world.departments.values(),
    ),
    OrganisationView("T4E_HelloID_Groups_v2", "HelloID groepen", _GROUP, lambda _: list(_GROUPS)),
    PeopleView("T4E_HelloID_UserGroups_v2", "HelloID groepsleden", _USER_GROUP, _memberships),
    PeopleView("Instroom_Users", "Kopie voor Instroom", _USER + _USER_EXTRA, _shown_once),
    PeopleView(
        "Instroom_Employments", "Kopie voor Instroom", _EMPLOYMENT + _EMPLOYMENT_EXTRA, _shown
    ),
)
