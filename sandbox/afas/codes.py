"""Which code does AFAS use for this? Name use, kind of employee, and names as AFAS prints them.

Name use: 0 birth name, 1 partner and birth name, 2 partner name, 3 birth and partner name (AFAS
OpenAPI, `ViUs`). Of the kinds of employee only P and N are known from a source; E is made up here.
"""

from __future__ import annotations

from datetime import date

from sandbox.world import Kind, NameUse, Person, organisation

NAME_USE = {
    NameUse.BIRTH: "0",
    NameUse.PARTNER_BIRTH: "1",
    NameUse.PARTNER: "2",
    NameUse.BIRTH_PARTNER: "3",
}
KIND = {
    Kind.EMPLOYEE: ("P", "Personeelslid"),
    Kind.EXTERNAL: ("E", "Externe medewerker"),
    Kind.NOT_WORKING: ("N", "Niet werkzaam"),
}
EMPLOYER = ("01", "Voorbeeld B.V.")
ENVIRONMENT = "12345"
JOB_TITLES = organisation.JOBS
MANAGER_JOBS = organisation.MANAGER_JOBS
_NOT_A_BSN = "99"


def display_name(person: Person) -> str:
    """`Sanne de Boer-van Dijk`."""
    return f"{person.nickname} {person.surname()}"


def list_name(person: Person) -> str:
    """`Dijk, S.M. van`: the birth name with its prefix behind."""
    return f"{person.birth_name}, {person.initials} {person.birth_prefix}".rstrip()


def bsn(person: Person) -> str:
    """Nine digits that are nobody's: the last one fails the eleven-test of real numbers."""
    first = f"{_NOT_A_BSN}{int(person.human) % 1_000_000:06}"
    total = sum(weight * int(digit) for weight, digit in zip(range(9, 1, -1), first, strict=True))
    return f"{first}{(total % 11 + 1) % 10}"


def months_from(day: date, months: int) -> date:
    """The same day some months on (or back), or the last of that month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, min(day.day, last))
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")
