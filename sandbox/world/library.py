"""Who works at the little company's library? A foundation with a payroll of its own, in Nmbrs.

Six people in two departments, for whoever wants to see two HR systems side by side. Numbers
begin at 1: Nmbrs numbers people per company.
"""

from __future__ import annotations

from datetime import timedelta

from sandbox.clock import Clock
from sandbox.world.company import LOCAL, World
from sandbox.world.people import Department

NAME = "Stichting Bibliotheek Voorbeeld"
COMPANY = 12
"""The number of the foundation in Nmbrs."""
HALL, OFFICE = "BIB-VST", "BIB-KAN"
LIBRARIAN, ADVISER = "0501", "0203"
_DEPARTMENTS = ((OFFICE, "Bibliotheekkantoor", "6100"), (HALL, "Vestigingen", "6200"))
_PEOPLE = (
    ("Hanna", "", "Boekhorst", OFFICE, ADVISER),
    ("Willem", "van", "Lezenburg", OFFICE, ADVISER),
    ("Fatima", "", "Bladermans", HALL, LIBRARIAN),
    ("Joris", "de", "Kaft", HALL, LIBRARIAN),
    ("Nienke", "", "Hoofdstuk", HALL, LIBRARIAN),
    ("Omar", "", "Kantlijn", HALL, LIBRARIAN),
)


def library(clock: Clock) -> World:
    """The foundation as it is today."""
    now = clock.now().astimezone(LOCAL).replace(tzinfo=None)
    departments = [
        Department(
            code=code, name=name, parent=None, manager=None, cost_centre=centre, modified=now
        )
        for code, name, centre in _DEPARTMENTS
    ]
    world = World([], departments, clock=clock, first_number=1)
    start = now.date() - timedelta(days=800)
    for nickname, prefix, surname, department, job in _PEOPLE:
        world.hire(
            department=department,
            job=job,
            start=start,
            nickname=nickname,
            birth_prefix=prefix,
            birth_name=surname,
            work_mail=f"{nickname.lower()}@bibliotheek.example",
        )
    world.change_manager("1", department=OFFICE)
    world.change_manager("1", department=HALL)
    return world
