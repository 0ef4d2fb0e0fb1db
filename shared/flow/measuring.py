"""How is it going, for those who watch? Levels at each sweep, and how long a change took.

Only says: nothing is decided by it, and nothing here may keep a sweep from its work.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from shared.flow.at_once import in_order
from shared.flow.letters import problems_of
from shared.flow.service import LEASE, Service
from shared.flow.work import Work
from shared.ledger.due import Entry
from shared.model.harm import Batch
from shared.telemetry import measures
from shared.telemetry.measures import Measure

PARKED_EVERY_MINUTES = 15


def took(work: Work[Any, Any], now: datetime) -> None:
    """How long it took from HR to done; from the decision, when a date or a human brought it."""
    decided = work.decision.as_of
    read = [record.observed_at for record in work.dossier.records.values()]
    brought = [at for at in read if decided - LEASE <= at <= decided]
    began = max(brought, default=decided)
    measures.took(Measure.LATENCY, max(0.0, (now - began).total_seconds()), target=work.name)


async def look(service: Service, due: Sequence[Entry]) -> None:
    """Say who is due, what is held and how long ago HR was read. `due`: the oldest first."""
    now = service.clock.now()
    oldest = (now - due[0].moment).total_seconds() if due else 0.0
    measures.stands_at(Measure.DUE, len({entry.person_id for entry in due}))
    measures.stands_at(Measure.OLDEST, oldest)
    _held([batch async for batch in service.ledger.batches.open_ones()], now)
    if now.minute % PARKED_EVERY_MINUTES == 0:
        await _parked(service)
    for source in service.asked:
        cursor, _ = await service.ledger.cursors.read(source)
        if cursor.changed_until:
            silent = (now - cursor.changed_until).total_seconds()
            measures.stands_at(Measure.UNREAD, silent, source=source)


async def _parked(service: Service) -> None:
    """Each of them is read: more seldom than all the rest."""
    register = [person async for person in service.ledger.notices.parked()]
    dossiers = in_order(register, service.ledger.people.read)
    parked = [True async for one in dossiers if problems_of(one)]
    measures.stands_at(Measure.PARKED, len(parked))


def _held(batches: Sequence[Batch], now: datetime) -> None:
    people: dict[str, int] = defaultdict(int)
    for batch in batches:
        people[batch.kind] += batch.members
    for kind, count in people.items():
        measures.stands_at(Measure.HELD, count, kind=kind)
    ages = [(now - batch.opened_at).total_seconds() for batch in batches]
    measures.stands_at(Measure.HELD_OLDEST, max(ages, default=0.0))
