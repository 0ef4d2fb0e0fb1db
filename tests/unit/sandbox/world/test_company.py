"""What happens to the little company when its HR department does something?"""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from sandbox.clock import ManualClock
from sandbox.world import NameUse, NotInWorld, NotPossible, Person, World

TODAY = date(2026, 11, 2)
TOMORROW = TODAY + timedelta(days=1)
JUST_NOW = datetime(2026, 11, 2, 10, 0)  # noqa: DTZ001 - local time, one hour ahead of UTC


@pytest.fixture
def world() -> World:
    return World.generate(1, 60, TODAY, clock=ManualClock())


def hired(world: World, start: date = TODAY) -> Person:
    return world.hire(
        nickname="Zoë", birth_name="Müller", department="ICT-BEH", job="0142", start=start
    )


def test_a_hire_gets_the_next_number_and_a_stamp_in_local_time(world: World) -> None:
    person = hired(world)

    assert (person.number, person.human) == ("100061", "1000061")
    assert person.modified == person.contracts[0].modified == JUST_NOW
    assert world.people["100061"] is person


def test_every_story_raises_the_version(world: World) -> None:
    before = world.version
    number = hired(world).number
    world.rename(number, nickname="Zo")
    world.move(number, on=TOMORROW, job="0145")
    world.end_contract(number, TOMORROW)
    world.prolong(number, None)
    world.rehire(number, start=TOMORROW)
    world.change_manager("100002", number=number)
    world.withdraw(number)

    assert world.version == before + 8


def test_a_move_makes_two_rows_that_abut(world: World) -> None:
    number = hired(world).number

    moved = world.move(number, on=TOMORROW, department="ICT-ONT", job="0143")

    assert [(r.department, r.job_start, r.job_end) for r in moved.contracts] == [
        ("ICT-BEH", TODAY, TODAY),
        ("ICT-ONT", TOMORROW, None),
    ]
    assert {(r.employment, r.sequence, r.start) for r in moved.contracts} == {(1, 1, TODAY)}


def test_a_move_on_the_first_day_replaces_the_job(world: World) -> None:
    moved = world.move(hired(world).number, on=TODAY, department="ICT-ONT")

    assert [row.department for row in moved.contracts] == ["ICT-ONT"]


def test_a_move_keeps_the_personal_data_untouched(world: World) -> None:
    person = world.people["100030"]

    moved = world.move("100030", on=TODAY, department="ICT-ONT")

    assert moved.modified == person.modified
    assert moved.contracts[-1].modified == JUST_NOW


def test_an_end_is_the_last_day_and_can_be_taken_back(world: World) -> None:
    number = hired(world).number

    ended = world.end_contract(number, TOMORROW)
    kept = world.end_contract(number, None)

    assert ended.contracts[0].covers(TOMORROW)
    assert not ended.contracts[0].covers(TOMORROW + timedelta(days=1))
    assert kept.contracts[0].end is None


def test_an_end_that_has_passed_can_be_corrected(world: World) -> None:
    number = hired(world, start=TODAY - timedelta(days=90)).number
    world.end_contract(number, TODAY - timedelta(days=5))

    assert world.end_contract(number, TOMORROW).contracts[0].end == TOMORROW


def test_an_earlier_employment_is_left_alone(world: World) -> None:
    number = hired(world, start=TODAY - timedelta(days=90)).number
    world.end_contract(number, TODAY - timedelta(days=30))
    world.rehire(number, start=TODAY)

    ended = world.end_contract(number, TOMORROW)

    assert [row.end for row in ended.contracts] == [TODAY - timedelta(days=30), TOMORROW]


def test_an_end_drops_the_job_that_would_come_after_it(world: World) -> None:
    number = hired(world).number
    world.move(number, on=TODAY + timedelta(days=30), department="ICT-ONT")

    ended = world.end_contract(number, TODAY + timedelta(days=10))

    assert [(r.department, r.job_end) for r in ended.contracts] == [("ICT-BEH", None)]


def test_a_hire_that_has_not_begun_cannot_end(world: World) -> None:
    number = hired(world, start=TOMORROW).number

    with pytest.raises(NotPossible, match="withdraw"):
        world.end_contract(number, TODAY)


def test_a_prolonged_contract_has_the_next_sequence(world: World) -> None:
    number = hired(world).number
    world.end_contract(number, TOMORROW)

    rows = world.prolong(number, TODAY + timedelta(days=400)).contracts

    assert [(r.sequence, r.start) for r in rows] == [(1, TODAY), (2, date(2026, 11, 4))]
    with pytest.raises(NotPossible, match="without an end"):
        world.prolong(hired(world).number, None)


def test_a_withdrawn_hire_is_simply_absent(world: World) -> None:
    number = hired(world).number
    world.withdraw(number)

    with pytest.raises(NotInWorld, match=number):
        world.person(number)
    assert hired(world).number != number


def test_a_marriage_changes_the_surname(world: World) -> None:
    number = hired(world).number

    married = world.rename(
        number, partner_prefix="de", partner_name="Boer", name_use=NameUse.PARTNER_BIRTH
    )

    assert married.surname() == "de Boer-Müller"


@pytest.mark.parametrize(
    ("use", "surname"),
    [
        (NameUse.BIRTH, "van Dijk"),
        (NameUse.PARTNER, "de Boer"),
        (NameUse.PARTNER_BIRTH, "de Boer-van Dijk"),
        (NameUse.BIRTH_PARTNER, "van Dijk-de Boer"),
    ],
)
def test_each_use_of_names_gives_its_surname(world: World, use: NameUse, surname: str) -> None:
    person = world.rename(
        hired(world).number,
        birth_prefix="van",
        birth_name="Dijk",
        partner_prefix="de",
        partner_name="Boer",
        name_use=use,
    )

    assert person.surname() == surname


def test_without_a_partner_the_birth_name_stands(world: World) -> None:
    assert world.rename(hired(world).number, name_use=NameUse.PARTNER).surname() == "Müller"


def test_a_rehire_is_a_next_employment_or_a_next_number(world: World) -> None:
    person = hired(world)
    world.end_contract(person.number, TODAY)

    again = world.rehire(person.number, start=TOMORROW)
    renumbered = world.rehire(person.number, start=TOMORROW, new_number=True)

    assert [row.employment for row in again.contracts] == [1, 2]
    assert renumbered.human == person.human
    assert renumbered.number == "100062"
    assert len(renumbered.contracts) == 1


def test_a_department_follows_its_new_manager(world: World) -> None:
    person = hired(world)
    world.change_manager("100030", department="ICT-BEH")

    assert world.manager_of(person, person.contracts[0]) == "100030"


def test_loops_and_self_managers_come_only_when_asked_for(world: World) -> None:
    number = hired(world).number
    world.change_manager(number, number=number)

    person = world.person(number)

    assert world.manager_of(person, person.contracts[0]) == number


def test_what_is_said_of_others_raises_the_structure(world: World) -> None:
    before = world.structure
    number = hired(world).number
    assert world.structure == before

    world.change_manager("100062", number=number)
    world.change_manager("100030", department="ICT")
    hired(world)  # becomes 100062, a manager already referred to
    world.withdraw("100062")

    assert world.structure == before + 3


@pytest.mark.parametrize("post", [("NOPE", "0142"), ("ICT-BEH", "9999")])
def test_unknown_departments_and_jobs_are_refused(world: World, post: tuple[str, str]) -> None:
    with pytest.raises(NotInWorld):
        world.hire(department=post[0], job=post[1], start=TODAY)
    assert hired(world).number == "100061"


def test_a_contract_cannot_end_before_it_starts(world: World) -> None:
    with pytest.raises(NotPossible, match="before it starts"):
        world.hire(department="ICT-BEH", job="0142", start=TOMORROW, end=TODAY)


def test_nobody_moves_on_a_day_without_a_contract(world: World) -> None:
    number = hired(world, start=TOMORROW).number

    with pytest.raises(NotPossible, match="no contract"):
        world.move(number, on=TODAY, job="0145")
