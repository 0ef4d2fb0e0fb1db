"""Which facts can a rule or a template speak of, and what are they for this person and contract?

A field name is `number`, `department.code` and so on. The table is the only list: templates,
conditions, the documentation and the error messages all use it.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from datetime import date
from functools import cache
from string import Formatter

from shared.model.person import Contract, Person, Record, Unit
from shared.policy.departments import STEP, WITHIN, path

type Facts = Mapping[str, str]

_RECORD: Mapping[str, Callable[[Record], str]] = {
    "source": lambda r: r.source,
    "number": lambda r: r.number,
}
_PERSON: Mapping[str, Callable[[Person], str | None]] = {
    "phone": lambda p: p.primary_record.phone,
    "mobile": lambda p: p.primary_record.mobile,
    "name.first": lambda p: p.name.first,
    "name.given": lambda p: p.name.given,
    "name.nickname": lambda p: p.name.nickname,
    "name.initials": lambda p: p.name.initials,
    "name.surname": lambda p: p.name.surname,
    "name.surname_prefix": lambda p: p.name.surname_prefix,
    "name.surname_without_prefix": lambda p: p.name.surname_without_prefix,
    "name.surname_joined": lambda p: p.name.surname.replace(" ", ""),
    "name.birth": lambda p: p.name.birth_surname,
    "name.birth_prefix": lambda p: p.name.birth_prefix,
    "name.birth_without_prefix": lambda p: p.name.birth,
    "name.partner": lambda p: p.name.partner_surname,
    "name.partner_prefix": lambda p: p.name.partner_prefix,
    "name.partner_without_prefix": lambda p: p.name.partner,
    "name.usage": lambda p: p.name.usage,
    "name.display": lambda p: p.name.display,
    "name.sort": lambda p: p.name.sort,
    "name.formal": lambda p: p.name.formal,
    "name.formal_initials": lambda p: p.name.formal_initials,
    "name.formal_sort": lambda p: p.name.formal_sort,
}


def _code(unit: Unit | None) -> str | None:
    return unit.code if unit else None


def _name(unit: Unit | None) -> str | None:
    return (unit.name or unit.code) if unit else None


_CONTRACT: Mapping[str, Callable[[Contract], str | None]] = {
    "contract.kind": lambda c: c.kind,
    "contract.hours": lambda c: f"{c.hours:g}",
    "contract.fte": lambda c: f"{c.fte:g}",
    "contract.start": lambda c: c.start.isoformat(),
    "contract.end": lambda c: c.end.isoformat() if c.end else None,
    "contract.external": lambda c: "true" if c.external else "false",
    "contract.sponsor": lambda c: c.sponsor,
    "department.code": lambda c: _code(c.department),
    "department.name": lambda c: _name(c.department),
    "job.code": lambda c: _code(c.job),
    "job.name": lambda c: _name(c.job),
    "cost_centre.code": lambda c: _code(c.cost_centre),
    "cost_centre.name": lambda c: _name(c.cost_centre),
    "employer.code": lambda c: _code(c.employer),
    "employer.name": lambda c: _name(c.employer),
    "manager.number": lambda c: c.answers_to,
}
_LEAVE = "contract.leave"

FIELDS = frozenset(_RECORD) | frozenset(_PERSON) | frozenset(_CONTRACT) | {_LEAVE, WITHIN}
YES_OR_NO = frozenset({"contract.external"})
"""Fields that are true or false; in a condition without quotes."""
LOGIN = "account.login"
ACCOUNT_FIELDS = frozenset({LOGIN})
"""Known only once Entra has answered; for TOPdesk cards and for what HR gets to know."""


def facts(
    person: Person,
    contract: Contract | None,
    day: date | None = None,
    above: Mapping[str, str] | None = None,
) -> Facts:
    """Every field of this person under this contract; an unknown one is the empty text.

    `day` is the one whose leave counts; `above` says which department lies above which.
    """
    record = person.record_of(contract) if contract else person.primary_record
    found = {name: read_record(record) for name, read_record in _RECORD.items()}
    found |= {name: read(person) or "" for name, read in _PERSON.items()}
    for name, read_contract in _CONTRACT.items():
        found[name] = (read_contract(contract) or "") if contract else ""
    leave = contract.leave_on(day) if contract and day else None
    found[_LEAVE] = leave.kind if leave else ""
    told = contract.department.above if contract and contract.department else ()
    code = found["department.code"]
    found[WITHIN] = STEP.join((code, *told)) if told else path(code, above or {})
    return found


def check_field(name: str, allowed: frozenset[str] = FIELDS) -> None:
    """Raise ValueError, with the nearest name, for a field that does not exist here."""
    if name in allowed:
        return
    near = difflib.get_close_matches(name, sorted(allowed), n=1, cutoff=0.5)
    hint = f"did you mean '{near[0]}'?" if near else f"known are {', '.join(sorted(allowed))}"
    raise ValueError(f"there is no field '{name}'; {hint}")


@cache
def names_in(template: str) -> tuple[str, ...]:
    """The fields that a template speaks of, in order. Raises ValueError for a broken template."""
    try:
        parts = list(Formatter().parse(template))
    except ValueError as error:
        raise ValueError(
            f"broken template: {error}; write a field as {{department.name}}"
        ) from None
    for _, _, form, conversion in parts:
        if form or conversion:
            raise ValueError("a template field takes no format; write only {field}")
    return tuple(name for _, name, _, _ in parts if name is not None)


def check_template(template: str, allowed: frozenset[str]) -> None:
    """Raise ValueError for a template that is broken or names an unknown field."""
    for name in names_in(template):
        check_field(name, allowed)


def fill(template: str, known: Facts) -> str | None:
    """The template with its fields filled in; None when nothing is left of it."""
    pieces = (f"{text}{known.get(name, '') if name else ''}" for text, name in _parts(template))
    return " ".join("".join(pieces).split()) or None


@cache
def _parts(template: str) -> tuple[tuple[str, str | None], ...]:
    """Text and the field behind it; parsed once, for a template is filled for everybody."""
    return tuple((text, name) for text, name, _, _ in Formatter().parse(template))
