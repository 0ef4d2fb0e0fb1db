"""A receiver of account webhooks has lost what it was told: tell it again.

Called by the command line. What was told is only our own memory (apply/hr_facts.py); once it is
forgotten, the next look at the person says the same facts anew, under a new message id.
"""

from __future__ import annotations

from datetime import datetime

from shared import log
from shared.errors import LostRace, Misconfigured
from shared.flow.service import Service
from shared.intake import push
from shared.ledger.history import Told
from shared.ledger.identities import Identity
from shared.ledger.people import TargetRow
from shared.model.desired import TargetName
from shared.model.hr_field import FACTS, field_key


async def tell_again(service: Service, number: str | None, *, who: str) -> int:
    """Let the system that pushes be told of this person again, of everybody without a number.

    Answers how many people that is. Raises Misconfigured when it was told of nobody.
    """
    if number is not None:
        known = await service.ledger.identities.find(push.NAME, number)
        told = int(known is not None and await _forget(service, known, number, who))
    else:
        told = 0
        async for known in service.ledger.identities.everyone(push.NAME):
            told += await _forget(service, known, known.number, who)
    if not told:
        raise Misconfigured(
            f"{push.NAME}:{number}" if number else push.NAME,
            "was told of no account, so there is nothing to say again",
            "It needs write_back.push in the policy; see `instroom people`",
        )
    log.info("told again", people=told)
    return told


async def _forget(service: Service, known: Identity, number: str, who: str) -> bool:
    """Whether there was anything to forget. The reminder comes first: a stop loses nobody."""
    keys = {field_key(f"{push.NAME}:{number}", field) for field in FACTS}
    while True:
        dossier = await service.ledger.people.read(known.person_id)
        row = dossier.target(TargetName.HR)
        if not keys & row.applied.written.keys():
            return False
        now = service.clock.now()
        told = Told(at=now, what="hr: is told of the account again", who=who)
        wakes = sum(dossier.decision.wake.values()) if dossier.decision else 0
        line = f"{wakes:08d}|~tell again {now:%Y%m%dT%H%M%S.%f}"
        await service.ledger.history.tell(known.person_id, [(line, told)])
        await service.ledger.due.add(now, known.person_id, suffix=service.mint())
        try:
            await service.ledger.people.save(dossier, TargetName.HR, _without(row, keys, now))
        except LostRace:
            continue
        return True


def _without(row: TargetRow, keys: set[str], now: datetime) -> TargetRow:
    """The row of whoever was told nothing, to be looked at now."""
    written = {key: value for key, value in row.applied.written.items() if key not in keys}
    applied = row.applied.model_copy(update={"written": written})
    return row.model_copy(
        update={"applied": applied, "due_at": now, "problem": None, "mender": None}
    )
