"""Who works in a company of this size? The same people, byte for byte, for the same seed and day.

The first people are the managers, one for each department and in the order of the tree; the
others are spread over the departments that have jobs. Phone numbers come from series that are not
issued, mail addresses from domains that belong to nobody (RFC 2606).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from random import Random

from sandbox.world import careers, names, organisation
from sandbox.world.people import Department, Kind, Login, NameUse, Person

FIRST_NUMBER = 100_001
FIRST_HUMAN = 1_000_001
CUSTOMER = "12345"
"""Before every user id that the HR system gives out."""
_ACCENTED_EVERY, _ACCENTED_SLOT = 12, 8
_NAMESAKE_EVERY, _NAMESAKE_SLOT, _NAMESAKE_BEFORE = 30, 19, 7
_PARTNERED_SHARE = 0.45
_SECOND_NAME_SHARE = 0.6
_GENDERS, _GENDER_WEIGHTS = ("F", "M", "X"), (49, 49, 2)


def departments(size: int, today: date) -> dict[str, Department]:
    """The tree, every department with its manager as far as there are people for it."""
    modified = datetime.combine(today - timedelta(days=365), time(9))
    return {
        unit.code: Department(
            code=unit.code,
            name=unit.name,
            parent=unit.parent,
            manager=str(FIRST_NUMBER + place) if place < size else None,
            cost_centre=unit.cost_centre,
            modified=modified,
        )
        for place, unit in enumerate(organisation.units(size))
    }


def people(seed: int, size: int, today: date) -> Iterator[Person]:
    """Everyone, in the order of their numbers."""
    rng = Random(seed)  # noqa: S311 - repeatable names, no secrets
    units = list(organisation.units(size))
    posts = [careers.Post(unit.code, job) for unit in _crewed(units) for job in unit.jobs]
    recent: list[Person] = []
    for index in range(size):
        person = _someone(rng, index, today)
        if index < len(units):
            code = units[index].code
            post = careers.Post(code, organisation.manager_job(code))
            draw = careers.Draw(rng, today, post, post, person.modified)
            person = replace(person, contracts=careers.permanent(draw))
        else:
            post, other = rng.choice(posts), rng.choice(posts)
            draw = careers.Draw(rng, today, post, other, person.modified)
            person = replace(
                person, kind=careers.kind(index), contracts=careers.contracts(index, draw)
            )
            if index % _NAMESAKE_EVERY == _NAMESAKE_SLOT:
                person = _namesake(person, recent[-_NAMESAKE_BEFORE])
            if person.contracts[0].start > today:
                person = replace(person, work_mail=None)
        recent = [*recent[-_NAMESAKE_BEFORE:], person]
        yield person


def _crewed(units: list[organisation.Unit]) -> list[organisation.Unit]:
    parents = {unit.parent for unit in units}
    return [unit for unit in units if unit.code not in parents]


def _someone(rng: Random, index: int, today: date) -> Person:
    accented = index % _ACCENTED_EVERY == _ACCENTED_SLOT
    gender = rng.choices(_GENDERS, _GENDER_WEIGHTS)[0]
    first = names.first_name(rng, gender, accented=accented and rng.getrandbits(1) == 1)
    second = names.first_name(rng, gender, accented=False)
    has_second = rng.random() < _SECOND_NAME_SHARE
    given = f"{first.official} {second.official}" if has_second else first.official
    plain = names.surname(rng)
    birth = names.accented_surname(index // _ACCENTED_EVERY) if accented else plain
    partnered = rng.random() < _PARTNERED_SHARE
    partner = names.surname(rng) if partnered else names.Surname("", "")
    changed = timedelta(days=rng.randint(2, 400), microseconds=rng.randrange(86_400_000_000))
    return Person(
        number=str(FIRST_NUMBER + index),
        human=str(FIRST_HUMAN + index),
        nickname=first.nickname,
        given_names=given,
        initials=names.initials(given),
        birth_prefix=birth.prefix,
        birth_name=birth.name,
        partner_prefix=partner.prefix,
        partner_name=partner.name,
        name_use=rng.choice(list(NameUse)) if partnered else NameUse.BIRTH,
        gender=gender,
        birth_date=today - timedelta(days=rng.randint(18 * 366, 66 * 365)),
        kind=Kind.EMPLOYEE,
        work_mail=f"m{FIRST_NUMBER + index}@example.nl" if index % 2 else None,
        private_mail=f"p{FIRST_HUMAN + index}@example.org",
        work_phone=f"+3188{index:07}",
        mobile=f"+3160{index:07}",
        contracts=(),
        modified=datetime.combine(today, time()) - changed,
        login=Login(user_id=f"{CUSTOMER}.{FIRST_NUMBER + index}", name=first.nickname),
    )


def _namesake(person: Person, other: Person) -> Person:
    return replace(
        person,
        nickname=other.nickname,
        gender=other.gender,
        birth_prefix=other.birth_prefix,
        birth_name=other.birth_name,
        partner_prefix=other.partner_prefix,
        partner_name=other.partner_name,
        name_use=other.name_use,
    )
