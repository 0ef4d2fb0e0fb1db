"""What does HR know at this moment, and what happens to it? The only state the HR rigs share.

A story (demo, test) calls the methods; a rig reads `people`, `departments` and `version`. Every
change stamps what it touches with the clock's moment in local time, as HR systems do. No I/O.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Unpack
from zoneinfo import ZoneInfo

from sandbox.clock import Clock, FileClock
from sandbox.world import generate, organisation, personal
from sandbox.world.people import FULL_TIME_HOURS, Contract, Department, Person
from sandbox.world.personal import NotPossible, PersonalData

LOCAL = ZoneInfo("Europe/Amsterdam")


class NotInWorld(LookupError):
    """There is no such person, department or job here."""


class World:
    """The little company.

    A rig may cache: `version` goes up with every change, `structure` with those that touch what
    is said of other people too (a department, a manager who appears or goes).
    """

    def __init__(
        self,
        people: Iterable[Person],
        departments: Iterable[Department],
        *,
        clock: Clock,
        first_number: int = generate.FIRST_NUMBER,
    ) -> None:
        self.people = {person.number: person for person in people}
        self.departments = {department.code: department for department in departments}
        self.version = 0
        self.structure = 0
        self._unknown_managers: set[str] = set()
        self._clock = clock
        self._last_number = max(map(int, self.people), default=first_number - 1)
        humans = (int(person.human) for person in self.people.values())
        self._last_human = max(humans, default=generate.FIRST_HUMAN - 1)

    @classmethod
    def generate(cls, seed: int, size: int, today: date, *, clock: Clock | None = None) -> World:
        """A company of `size` people as it is on `today`; the same for the same arguments."""
        return cls(
            generate.people(seed, size, today),
            generate.departments(size, today).values(),
            clock=clock or FileClock(),
        )

    def now(self) -> datetime:
        """The moment that changes are stamped with: local time, without a zone."""
        return self._clock.now().astimezone(LOCAL).replace(tzinfo=None)

    def person(self, number: str) -> Person:
        """Who has this employee number?"""
        try:
            return self.people[number]
        except KeyError:
            raise NotInWorld(f"there is no person {number}") from None

    def manager_of(self, person: Person, contract: Contract) -> str | None:
        """The personal manager, or the head of the nearest department who is somebody else."""
        if contract.manager is not None:
            return contract.manager
        code: str | None = contract.department
        while code is not None:
            department = self.departments[code]
            if department.manager not in (None, person.number):
                return department.manager
            code = department.parent
        return None

    def hire(
        self,
        *,
        department: str,
        job: str,
        start: date,
        end: date | None = None,
        hours: float = FULL_TIME_HOURS,
        **given: Unpack[PersonalData],
    ) -> Person:
        """Somebody new, with the next number; what is not said is made up, without a partner."""
        contract = self._contract(department, job, start, end, hours)
        newcomer = personal.newcomer(given, self._last_human + 1)
        self._last_human += 1
        return self._enter(newcomer, newcomer.human, (contract,))

    def move(
        self, number: str, *, on: date, department: str | None = None, job: str | None = None
    ) -> Person:
        """Another department or job from that day.

        What was planned after it in that employment is void.
        """
        person = self.person(number)
        current = _main_contract(person, on)
        department, job = department or current.department, job or current.job
        self._check_post(department, job)
        after = replace(
            current,
            job_start=on,
            job_end=None,
            department=department,
            job=job,
            manager=None,
            modified=self.now(),
        )
        last_day = on - timedelta(days=1)
        before = replace(current, job_end=last_day, modified=self.now())
        kept = [
            row
            for row in person.contracts
            if row is not current and (row.employment != current.employment or row.job_start < on)
        ]
        first = [before] if current.job_start < on else []
        return self._write(replace(person, contracts=(*kept, *first, after)))

    def end_contract(self, number: str, last_day: date | None) -> Person:
        """Every running contract ends on `last_day`; None takes an end date back.

        When none runs any more, it is the last one that is corrected.
        """
        person = self.person(number)
        meant = _running_or_last(person, self.now().date())

        def ended(row: Contract) -> Contract:
            if (row.employment, row.sequence) not in meant:
                return row
            job_end = None if last_day and row.job_end and row.job_end > last_day else row.job_end
            return replace(row, end=last_day, job_end=job_end, modified=self.now())

        kept = [
            ended(row)
            for row in person.contracts
            if last_day is None or max(row.start, row.job_start) <= last_day
        ]
        if not kept:
            raise NotPossible(f"{number} has not begun by {last_day}: withdraw the hire instead")
        return self._write(replace(person, contracts=tuple(kept)))

    def prolong(self, number: str, until: date | None) -> Person:
        """A next contract, from the day after the last one ends."""
        person = self.person(number)
        last = person.contracts[-1]
        if last.end is None:
            raise NotPossible(f"{number} has a contract without an end")
        start = last.end + timedelta(days=1)
        following = replace(
            last,
            sequence=last.sequence + 1,
            start=start,
            end=until,
            job_start=start,
            job_end=None,
            modified=self.now(),
        )
        return self._write(replace(person, contracts=(*person.contracts, following)))

    def withdraw(self, number: str) -> Person:
        """HR takes the record back: the person is not there any more, and nothing says so."""
        person = self.person(number)
        del self.people[number]
        self.version += 1
        self.structure += 1
        return person

    def rename(self, number: str, **given: Unpack[PersonalData]) -> Person:
        """Other names, another use of them, or other personal data."""
        personal.refuse_unknown(given)
        return self._write(replace(self.person(number), **given, modified=self.now()))

    def rehire(
        self,
        number: str,
        *,
        start: date,
        end: date | None = None,
        department: str | None = None,
        job: str | None = None,
        new_number: bool = False,
    ) -> Person:
        """Back again, as a next employment, or under a new number of the same human being."""
        person = self.person(number)
        last = person.contracts[-1]
        contract = self._contract(
            department or last.department, job or last.job, start, end, last.hours
        )
        if new_number:
            return self._enter(person, person.human, (contract,))
        following = max(row.employment for row in person.contracts) + 1
        contracts = (*person.contracts, replace(contract, employment=following))
        return self._write(replace(person, contracts=contracts))

    def change_manager(
        self, manager: str | None, *, department: str | None = None, number: str | None = None
    ) -> None:
        """Another head of a department, or a personal manager.

        Nothing is checked: HR data do hold unknown managers, loops and people who manage
        themselves.
        """
        if manager is not None and manager not in self.people:
            self._unknown_managers.add(manager)
        if department is not None:
            if department not in self.departments:
                raise NotInWorld(f"there is no department {department}")
            changed = replace(self.departments[department], manager=manager, modified=self.now())
            self.departments[department] = changed
            self.version += 1
            self.structure += 1
        if number is not None:
            person = self.person(number)
            rows = (replace(row, manager=manager, modified=self.now()) for row in person.contracts)
            self._write(replace(person, contracts=tuple(rows)))

    def _contract(
        self, department: str, job: str, start: date, end: date | None, hours: float
    ) -> Contract:
        self._check_post(department, job)
        if end is not None and end < start:
            raise NotPossible(f"a contract cannot end on {end}, before it starts on {start}")
        return Contract(
            employment=1,
            sequence=1,
            start=start,
            end=end,
            job_start=start,
            job_end=None,
            department=department,
            job=job,
            hours=hours,
            manager=None,
            modified=self.now(),
        )

    def _check_post(self, department: str, job: str) -> None:
        if department not in self.departments:
            raise NotInWorld(f"there is no department {department}")
        if job not in organisation.JOBS:
            raise NotInWorld(f"there is no job {job}")

    def _enter(self, person: Person, human: str, contracts: tuple[Contract, ...]) -> Person:
        self._last_number += 1
        if str(self._last_number) in self._unknown_managers:
            self.structure += 1
        entered = replace(
            person,
            number=str(self._last_number),
            human=human,
            contracts=contracts,
            modified=self.now(),
        )
        return self._write(entered)

    def _write(self, person: Person) -> Person:
        self.people[person.number] = person
        self.version += 1
        return person


def _main_contract(person: Person, day: date) -> Contract:
    running = [row for row in person.contracts if row.covers(day)]
    if not running:
        raise NotPossible(f"{person.number} has no contract on {day}")
    return max(running, key=lambda row: row.hours)


def _running_or_last(person: Person, today: date) -> set[tuple[int, int]]:
    last = person.contracts[-1]
    running = {
        (row.employment, row.sequence)
        for row in person.contracts
        if row.end is None or row.end >= today
    }
    return running or {(last.employment, last.sequence)}
