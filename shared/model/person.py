"""Who is this, as HR says it? Records as read, and the Person that decisions are made about."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import NewType

from shared.model.exemption import Exemption
from shared.model.frozen import Frozen
from shared.model.name import PersonName

PersonId = NewType("PersonId", str)
"""Ours, opaque, minted once; also the session on the bus and the partition in the ledger."""


class Unit(Frozen):
    """A coded thing of the organisation: department, job, cost centre, employer."""

    code: str
    name: str = ""
    above: tuple[str, ...] = ()
    """Of a department, the codes of all that it is part of, the nearest first, where HR tells."""


class Leave(Frozen):
    """Away from a contract from `start` to and including `end`; None is until further notice.

    Leave of absence: unpaid, parental, sabbatical. Holidays and illness are none of our business.
    """

    kind: str = ""
    """The source's own word for it; policy says by kind what it means."""
    start: date
    end: date | None = None

    def covers(self, day: date) -> bool:
        """Away on this day? The last day counts."""
        return self.start <= day and (self.end is None or day <= self.end)

    @property
    def told(self) -> str:
        """How a reason speaks of it."""
        until = f" until {self.end}" if self.end else ""
        return f"on leave ({self.kind or 'no kind'}) since {self.start}{until}"


class Contract(Frozen):
    """One assignment: this job in this department from `start` to and including `end`.

    `end` None is open-ended. A contract whose job or department changes is several assignments.
    One that ends the day before it starts was withdrawn: HR says that it never was.
    """

    key: str
    start: date
    end: date | None = None
    sequence: int = 0
    hours: float = 0.0
    fte: float = 0.0
    kind: str = ""
    job: Unit | None = None
    department: Unit | None = None
    cost_centre: Unit | None = None
    employer: Unit | None = None
    manager: str | None = None
    """The manager's employee number in the same source."""
    external: bool = False
    """The source says that this is no employment."""
    sponsor: str | None = None
    """Who answers for an external: an employee number in the same source."""
    leaves: tuple[Leave, ...] = ()

    @property
    def answers_to(self) -> str | None:
        """The manager's number; without one the sponsor's."""
        return self.manager or self.sponsor

    @property
    def is_withdrawn(self) -> bool:
        """Taken back before it began."""
        return self.end is not None and self.end < self.start

    def leave_on(self, day: date) -> Leave | None:
        """The leave of this day; of several the one that began last."""
        away = [leave for leave in self.leaves if leave.covers(day)]
        return max(away, key=lambda leave: (leave.start, leave.kind), default=None)

    def covers(self, day: date) -> bool:
        """Does the assignment hold on this day? The last day counts."""
        return self.start <= day and (self.end is None or day <= self.end)


class Record(Frozen):
    """What one HR system says of one employee number."""

    source: str
    number: str
    human_key: str | None = None
    """The source's own key of the human behind several numbers, when it has one."""
    name: PersonName
    birth_date: date | None = None
    """Only to tell whether two records are one human: no rule and no template can speak of it."""
    contracts: tuple[Contract, ...] = ()
    phone: str | None = None
    mobile: str | None = None
    died_on: date | None = None

    @property
    def key(self) -> str:
        """`source:number`, as operators type it."""
        return f"{self.source}:{self.number}"


class BadRecord(Frozen):
    """A row of HR that could not be read: which record, which field, and what is wrong with it."""

    source: str
    number: str | None
    field: str
    problem: str

    @property
    def reason(self) -> str:
        """The sentence an operator reads; it never repeats the value."""
        which = f"{self.source} record {self.number}" if self.number else f"a {self.source} record"
        return f"{which}, field {self.field}: {self.problem}"


class Ties(Frozen):
    """What other people and the other target contribute to what this person should have."""

    manager_account_id: str | None = None
    """Entra object id of the manager's account, once it stands."""
    manager_card_id: str | None = None
    """TOPdesk id of the manager's card, once it is marked as a manager's."""
    manager_dn: str | None = None
    """Distinguished name of the manager's account, when Active Directory masters that."""
    stands_in: str | None = None
    """Who is taken for the manager when HR's has left, as `source:number`."""
    no_manager: bool = False
    """HR's manager has left, and nobody is taken in the place."""
    heir: str | None = None
    """Of somebody who has left: the user principal name of the last manager."""
    is_manager: bool = False
    """Somebody's contract names this person as manager."""
    login: str | None = None
    """The person's own user principal name, once Entra has given it."""
    named_for: Mapping[str, str] = {}
    """The facts that this name was made of; empty when it is none of ours."""


class Stop(Frozen):
    """An operator's word: this person must be out now, whatever HR says, until it is lifted."""

    who: str
    """The operator, and how we know."""
    reason: str
    at: datetime


class Person(Frozen):
    """The merged facts of one human: what policy decides on."""

    records: tuple[Record, ...]
    missing: bool = False
    """Every source that could say they work here has been silent for longer than the grace."""
    silent_since: date | None = None
    """HR has been silent since then about someone with a contract to come: it is not begun."""
    stop: Stop | None = None
    """Blocked by an operator until it is lifted."""
    numbered: str | None = None
    """`source:number` that the accounts carry, when it is not the primary record's."""
    unsponsored: bool = False
    """Who answered for this external has left."""
    exceptions: tuple[Exemption, ...] = ()
    """Rights that humans give or deny whatever the rules say; those that are over have no say."""

    @property
    def primary_record(self) -> Record:
        """The record that gives the name: the first, merge has ordered them."""
        return self.records[0]

    @property
    def numbered_record(self) -> Record:
        """The record whose number the accounts carry: it stays what it was when they were made."""
        same = (record for record in self.records if record.key == self.numbered)
        return next(same, self.primary_record)

    def record_of(self, contract: Contract) -> Record:
        """The record that says so; the primary one for a contract that is none of theirs.

        By identity: two sources may say the very same of somebody.
        """
        its = (r for r in self.records if any(contract is one for one in r.contracts))
        return next(its, self.primary_record)

    @property
    def name(self) -> PersonName:
        """The name as the primary record has it."""
        return self.primary_record.name

    @property
    def contracts(self) -> tuple[Contract, ...]:
        """The assignments of all records."""
        return tuple(contract for record in self.records for contract in record.contracts)

    @property
    def died_on(self) -> date | None:
        """The day of death, when a source states one; the earliest, when they differ."""
        return min((record.died_on for record in self.records if record.died_on), default=None)
