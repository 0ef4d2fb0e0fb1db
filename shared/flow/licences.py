"""Will everybody who comes find a seat? A step of the daily upkeep; nobody is touched.

Entra gives the licences of a group when somebody becomes a member, and says nothing when there is
no seat. So before the day comes it is counted who will get into a group that carries one, and who
gives a seat back: by the ledger, the active policy and the calendar.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import datetime, timedelta

from shared.apply.licences import Licences
from shared.flow.at_once import in_order
from shared.flow.service import Service
from shared.flow.standing import wanted
from shared.ledger.people import Dossier
from shared.model.desired import TargetName
from shared.model.licence import Licence, Turn, shortage
from shared.model.person import PersonId
from shared.model.upkeep import Looked
from shared.policy.document import Policy

SHOWN = 5
"""So many people are named, by number; the rest are counted."""
type Carried = Mapping[str, tuple[str, ...]]
"""Group to the ids of its licences."""


async def look(service: Service) -> Looked:
    """Whether seats run out within the days that the policy looks ahead, and what to do then."""
    _, policy = await service.active_policy()
    if not policy.licences.watch or service.licences is None:
        return Looked(said="nobody asked for it: licences.watch is false")
    carried = await _carried(service.licences, policy)
    if not carried:
        return Looked(said="no group of the policy carries a licence")
    now = service.clock.now()
    until = now + timedelta(days=policy.licences.look_ahead_days)
    turns: dict[str, list[Turn]] = defaultdict(list)
    async for dossier in _everybody(service):
        for sku, turn in _turns(dossier, policy, carried, now, until):
            turns[sku].append(turn)
    bought = {each.id: each for each in await service.licences.bought()}
    told = [_told(bought.get(sku), sku, carried, some) for sku, some in sorted(turns.items())]
    return Looked(
        said=f"counted the seats of {len(carried)} groups until {until:%d-%m-%Y}",
        problems=tuple(filter(None, told)),
    )


async def _carried(licences: Licences, policy: Policy) -> Carried:
    names = dict.fromkeys(rule.group for rule in policy.entra.groups)
    found = {name: await licences.carried_by(name) for name in names}
    return {name: skus for name, skus in found.items() if skus}


async def _everybody(service: Service) -> AsyncIterator[Dossier]:
    people = dict[PersonId, None]()
    for source in sorted(service.sources):
        async for known in service.ledger.identities.everyone(source):
            people[known.person_id] = None
    async for dossier in in_order(people, service.ledger.people.read):
        yield dossier


def _turns(
    dossier: Dossier, policy: Policy, carried: Carried, now: datetime, until: datetime
) -> Iterator[tuple[str, Turn]]:
    """When this person needs a seat more, or gives one back: at each moment of their calendar."""
    decision, row = dossier.decision, dossier.target(TargetName.ENTRA)
    if decision is None:
        return
    has = _seats(set(row.applied.rights) - row.pending, carried)
    moment: datetime | None = now
    while moment and moment <= until:
        then = wanted(dossier, decision.model_copy(update={"as_of": moment}), policy)
        needs = _seats(then.entra.groups, carried)
        day, number = moment.astimezone(policy.zone).date(), decision.person.primary_record.key
        yield from ((sku, Turn(day, number, 1)) for sku in sorted(needs - has))
        yield from ((sku, Turn(day, number, -1)) for sku in sorted(has - needs))
        has, moment = needs, then.next_moment


def _seats(groups: set[str] | Mapping[str, object], carried: Carried) -> frozenset[str]:
    return frozenset(sku for group in groups for sku in carried.get(group, ()))


def _told(licence: Licence | None, sku: str, carried: Carried, turns: list[Turn]) -> str | None:
    """The shortage of one licence as a sentence with its mend; None when there are seats."""
    free = licence.free if licence else 0
    lack = shortage(free, turns)
    if lack is None:
        return None
    name = licence.name if licence else sku
    groups = ", ".join(f"'{group}'" for group, skus in carried.items() if sku in skus)
    people = ", ".join(lack.numbers[:SHOWN])
    more = f" and {len(lack.numbers) - SHOWN} more" if len(lack.numbers) > SHOWN else ""
    seats = "1 seat" if lack.lacks == 1 else f"{lack.lacks} seats"
    return (
        f"licence {name} (group {groups}): {max(free, 0)} free now, and from "
        f"{lack.day:%d-%m-%Y} {seats} too few for {people}{more}. Buy {seats} or free them "
        "before that day; the people get everything else"
    )
