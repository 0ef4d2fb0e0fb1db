"""Who will lose their sign-in until a day, and may that be agreed to before it comes?

The leavers of the year's end would wait for somebody on 31 December. What the ledger knows of HR
and the lifecycle says who they are; a human agrees to that list. On the day the guard lets through
whoever is still the same, and judges everyone else as ever.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from shared import log
from shared.flow.at_once import in_order
from shared.flow.service import Service
from shared.guard import answers, content
from shared.ledger.history import Told
from shared.model.change import Harm
from shared.model.desired import ALIVE, Reason
from shared.model.harm import Ahead, Said, Signature, mark
from shared.model.person import Person, PersonId
from shared.policy import lifecycle
from shared.policy.document import Policy


@dataclass(frozen=True)
class Coming:
    """Somebody's end that is to come."""

    person_id: PersonId
    number: str
    day: date
    """The first day on which they cannot sign in."""
    why: str
    content: str
    said: Said | None
    """What humans said of exactly this."""

    @property
    def is_agreed(self) -> bool:
        """Will it be let through?"""
        return self.said is not None and self.said.answer == "approved"


async def forecast(service: Service, until: date) -> tuple[Coming, ...]:
    """Every end up to and including this day, by what HR said last and the active policy."""
    _, policy = await service.active_policy()
    now, found, people = service.clock.now(), [], dict[PersonId, None]()
    for source in sorted(service.sources):
        async for known in service.ledger.identities.everyone(source):
            people[known.person_id] = None
    async for dossier in in_order(people, service.ledger.people.read):
        person = dossier.decision.person if dossier.decision else None
        if person and (end := _end(person, policy, now, until)):
            found.append(await _coming(service, dossier.person_id, person, policy, end))
    return tuple(sorted(found, key=lambda one: (one.day, one.number)))


def seen(coming: Iterable[Coming]) -> str:
    """The mark of those that wait for a yes: what a human has seen."""
    return mark(f"{one.person_id} {one.day} {one.content}" for one in coming if not one.is_agreed)


async def agree(service: Service, coming: Iterable[Coming], who: str) -> tuple[Said, ...]:
    """Agree to these ends before they come; with four eyes the first of two only signs.

    Raises Unsafe when the same human agrees twice. A stop in between leaves the rest as they were:
    agreeing again completes it.
    """
    _, policy = await service.active_policy()
    by = Signature(who=who, at=service.clock.now())
    asked = [one for one in coming if not one.is_agreed]
    said = [
        answers.agree(one.said, seen=one.content, by=by, four_eyes=policy.guard.four_eyes)
        for one in asked
    ]
    for one, word in zip(asked, said, strict=True):
        await _keep(service, one, word)
    log.info("agreed before the day", people=len(asked))
    return tuple(said)


async def _keep(service: Service, one: Coming, said: Said) -> None:
    """The audit before what it tells of."""
    what = f"end on {one.day} {'approved' if said.is_final else 'signed'} before the day"
    line = Told(
        at=said.by[-1].at,
        what=what,
        who=said.who,
        reasons=(Reason(rule="lifecycle", because=one.why),),
    )
    key = f"ahead|{one.day}|{len(said.by)}"
    await service.ledger.history.tell(one.person_id, [(key, line)])
    await service.ledger.batches.agree_ahead(
        Ahead(
            person_id=one.person_id,
            number=one.number,
            day=one.day,
            content=one.content,
            said=said,
        )
    )


def _end(person: Person, policy: Policy, now: datetime, until: date) -> datetime | None:
    """The first moment until the end of this day at which somebody who is in would be out."""
    if lifecycle.standing(person, policy, now).state not in ALIVE:
        return None
    over = lifecycle.midnight(until + timedelta(days=1), policy.zone)
    moments = _moments(person, policy, now)
    ends = (m for m in moments if lifecycle.standing(person, policy, m).state not in ALIVE)
    end = next(ends, None)
    return end if end and end <= over else None


def _moments(person: Person, policy: Policy, now: datetime) -> Iterator[datetime]:
    """Every moment at which the calendar alone may change something."""
    moment = lifecycle.next_moment(person, policy, now)
    while moment:
        yield moment
        moment = lifecycle.next_moment(person, policy, moment)


async def _coming(
    service: Service, person_id: PersonId, person: Person, policy: Policy, end: datetime
) -> Coming:
    agreed = content.of_end(Harm.BLOCK, person, policy)
    ahead = await service.ledger.batches.ahead(person_id)
    return Coming(
        person_id=person_id,
        number=person.primary_record.key,
        day=end.astimezone(policy.zone).date(),
        why=lifecycle.standing(person, policy, end).why.because,
        content=agreed,
        said=ahead.said if ahead and ahead.content == agreed else None,
    )
