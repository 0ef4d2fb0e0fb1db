"""Is the little company the same every time, and does it hold every case that HR data hold?"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections import Counter
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from sandbox.world import Kind, NameUse, Person, World
from sandbox.world.control import plain

TODAY = date(2026, 11, 2)
ROOT = Path(__file__).parents[4]


def company(seed: int = 1, size: int = 250) -> World:
    return World.generate(seed, size, TODAY)


def starts_later(person: Person) -> bool:
    return all(row.start > TODAY for row in person.contracts)


def test_the_same_seed_gives_the_same_people_byte_for_byte() -> None:
    one, other = company(), company()

    assert repr(list(one.people.values())) == repr(list(other.people.values()))
    assert repr(one.departments) == repr(other.departments)


def test_two_processes_that_hash_differently_make_the_same_people() -> None:
    program = (
        "import datetime, hashlib; from sandbox.world import World; "
        f"world = World.generate(1, 250, datetime.date.fromisoformat('{TODAY}')); "
        "print(hashlib.sha256(repr(list(world.people.values())).encode()).hexdigest())"
    )
    digests = {
        subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed, "PYTHONUTF8": "1"},
            cwd=ROOT,
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }

    assert len(digests) == 1
    assert digests == {hashlib.sha256(repr(list(company().people.values())).encode()).hexdigest()}


def test_the_first_people_are_known_for_ever() -> None:
    # Stories and screenshots name them: a change of the generator must be a decision.
    shown = [f"{p.nickname} {p.surname()}" for p in list(company().people.values())[:3]]

    assert shown == ["Emma Yilmaz", "Sanne Kaya", "Yasmin de Ruiter-Yilmaz"]


def test_another_seed_gives_other_people() -> None:
    assert plain(company(1).people["100050"]) != plain(company(2).people["100050"])


@pytest.mark.parametrize("seed", range(5))
def test_every_company_holds_every_case(seed: int) -> None:
    people = list(company(seed).people.values())
    names = Counter((p.nickname, p.surname()) for p in people)
    letters = "".join(p.birth_name + p.nickname for p in people)

    assert len(people) == 250
    assert sum(starts_later(p) for p in people) >= 8
    assert sum(len({row.employment for row in p.contracts}) > 1 for p in people) >= 12
    assert sum(len({row.sequence for row in p.contracts}) > 1 for p in people) >= 6
    assert sum(any(row.end and row.end > TODAY for row in p.contracts) for p in people) >= 20
    assert sum(any(row.job_end for row in p.contracts) for p in people) >= 6
    assert sum(p.kind is Kind.EXTERNAL for p in people) >= 6
    assert sum(p.kind is Kind.NOT_WORKING for p in people) >= 3
    assert sum(count > 1 for count in names.values()) >= 7
    assert {p.name_use for p in people if p.partner_name} == set(NameUse)
    assert {"van der", "de"} <= {p.birth_prefix for p in people}
    assert set("éüøßŁĳ") <= set(letters)
    assert sum(all(r.end and r.end < TODAY for r in p.contracts) for p in people) >= 6


@pytest.mark.parametrize("size", [1, 10, 250, 2000])
def test_departments_are_a_tree_and_each_has_its_manager(size: int) -> None:
    world = company(size=size)

    roots = [d.code for d in world.departments.values() if d.parent is None]
    managers = [d.manager for d in world.departments.values() if d.manager]

    assert roots == ["DIR"]
    assert all(d.parent in world.departments for d in world.departments.values() if d.parent)
    assert len(managers) == len(set(managers)) == min(size, len(world.departments))
    assert set(managers) <= set(world.people)


def test_nobody_manages_himself_and_every_line_ends_at_the_director() -> None:
    world = company()

    for person in world.people.values():
        seen, number = {person.number}, world.manager_of(person, person.contracts[0])
        while number is not None:
            assert number not in seen
            seen.add(number)
            above = world.people[number]
            number = world.manager_of(above, above.contracts[0])
        assert "100001" in seen


def test_parallel_jobs_overlap_and_successive_contracts_do_not() -> None:
    for person in company().people.values():
        rows = sorted(person.contracts, key=lambda row: (row.employment, row.job_start))
        for row, following in pairwise(rows):
            if following.employment == row.employment:
                last = row.job_end or row.end
                assert last == following.job_start - timedelta(days=1)


def test_addresses_and_numbers_belong_to_nobody() -> None:
    people = list(company().people.values())

    assert all(p.private_mail.endswith("@example.org") for p in people)
    assert all(p.work_mail is None or p.work_mail.endswith("@example.nl") for p in people)
    assert all(p.mobile.startswith("+3160") for p in people)
    assert len({p.private_mail for p in people}) == len(people)
    assert all(p.work_mail is None for p in people if starts_later(p))


def test_a_hundred_thousand_people_have_small_teams() -> None:
    world = company(size=100_000)

    crews = Counter(p.contracts[0].department for p in world.people.values())

    assert len(world.people) == 100_000
    assert max(crews.values()) < 100
    assert world.people["200000"].human == "1100000"
