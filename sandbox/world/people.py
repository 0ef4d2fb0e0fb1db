"""Who works here, under which contracts and in which department? The nouns of the little company.

Vendor-neutral and frozen: the HR rigs translate them into AFAS rows and the like, each in its own
words. Everything that changes them lives in `company`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

FULL_TIME_HOURS = 36.0
"""A full week, on which part-time percentages are reckoned."""


class NameUse(StrEnum):
    """Under which surname somebody wants to be known; B is birth name, P partner name."""

    BIRTH = "B"
    PARTNER_BIRTH = "PB"
    PARTNER = "P"
    BIRTH_PARTNER = "BP"


class Kind(StrEnum):
    """What somebody is to the company."""

    EMPLOYEE = "employee"
    EXTERNAL = "external"
    NOT_WORKING = "not working"
    """Known to HR (a pensioner, a relative), but nobody who comes to work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Department:
    """A node of the tree; `parent` and `manager` are a code and an employee number, or None."""

    code: str
    name: str
    parent: str | None
    manager: str | None
    cost_centre: str
    modified: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """One stretch of one contract in one job: a change of job makes a second row of it.

    `end` and `job_end` are last days, inclusive. Parallel jobs differ in `employment`, successive
    contracts in `sequence`. `manager` is a personal one that overrules the department's.
    `modified` is local time without a zone.
    """

    employment: int
    sequence: int
    start: date
    end: date | None
    job_start: date
    job_end: date | None
    department: str
    job: str
    hours: float
    manager: str | None
    modified: datetime

    def covers(self, day: date) -> bool:
        """Is this the contract and the job of that day?"""
        first = max(self.start, self.job_start)
        return first <= day and all(end is None or day <= end for end in (self.end, self.job_end))


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """Under what somebody signs in to the HR system itself."""

    user_id: str
    name: str
    upn: str | None = None
    mail: str | None = None
    self_service: bool = True
    blocked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One employee number. `human` is the same for all numbers of one human being.

    An empty prefix or partner name is "". `modified` is local time without a zone and moves only
    when the person's own data change: contracts have their own.
    """

    number: str
    human: str
    nickname: str
    given_names: str
    initials: str
    birth_prefix: str
    birth_name: str
    partner_prefix: str
    partner_name: str
    name_use: NameUse
    gender: str
    birth_date: date
    kind: Kind
    work_mail: str | None
    private_mail: str
    work_phone: str | None
    mobile: str
    contracts: tuple[Contract, ...]
    modified: datetime
    work_mobile: str | None = None
    portal_mail: str | None = None
    login: Login | None = None
    own: tuple[tuple[str, str], ...] = ()
    """Fields that the customer made: id and value."""

    def birth_surname(self) -> str:
        """Prefix and birth name, as in `van Dijk`."""
        return f"{self.birth_prefix} {self.birth_name}".strip()

    def partner_surname(self) -> str:
        """Prefix and partner name, as in `de Boer`; empty without a partner."""
        return f"{self.partner_prefix} {self.partner_name}".strip()

    def surname(self) -> str:
        """The surname that the person uses; the birth name when there is no partner name."""
        birth, partner = self.birth_surname(), self.partner_surname()
        if not partner:
            return birth
        match self.name_use:
            case NameUse.BIRTH:
                return birth
            case NameUse.PARTNER:
                return partner
            case NameUse.PARTNER_BIRTH:
                return f"{partner}-{birth}"
            case NameUse.BIRTH_PARTNER:
                return f"{birth}-{partner}"
