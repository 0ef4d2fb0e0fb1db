"""Which policy decides? The first file activates itself; a new valid one at the next due tick.

An invalid file is never activated and the last good policy decides on. Activation moves the
pointer and reminds of everyone; the guard protects at each decision. The pointer row remembers how
far the reminding got, so a stop in between goes on.
"""

from __future__ import annotations

from contextlib import suppress

from shared import log
from shared.errors import LostRace
from shared.flow.service import Service
from shared.ledger.pack import key_of
from shared.ledger.policies import Active
from shared.policy.load import load, policy_hash

NOTE_EVERY = 250
"""So many reminders between two notes of how far activation has come."""


async def ensure_active(service: Service) -> None:
    """See that some policy decides: an empty ledger activates the file at once.

    Raises Misconfigured when there is none and the file is no policy.
    """
    active, _ = await service.ledger.policies.active()
    if active is None:
        with suppress(LostRace):  # another one was first: then there is one
            await activate(service)


async def activate(service: Service) -> bool:
    """Activate the policy file if it is new and valid; answers whether it was.

    Raises Misconfigured when the file is no policy, LostRace when another activation ran.
    """
    await _go_on_waking(service)
    text = service.policy_text()
    new = policy_hash(text)
    active, version = await service.ledger.policies.active()
    if active and active.policy == new:
        return False
    load(text, name=service.policy_name)
    await service.ledger.policies.keep(new, text)
    pointer = Active(policy=new, since=service.clock.now(), still_to_wake=active is not None)
    await service.ledger.policies.point(pointer, version)
    log.info("policy activated", policy=new)
    await _go_on_waking(service)
    return True


async def _go_on_waking(service: Service) -> None:
    """Remind of everyone whom the active policy has not decided on yet. Raises LostRace."""
    active, version = await service.ledger.policies.active()
    if active is None or not active.still_to_wake:
        return
    woken = 0
    for source in sorted(service.sources):
        async for known in service.ledger.identities.everyone(source):
            place = f"{source}|{key_of(known.number)}"
            if place <= active.woken_until:
                continue
            now = service.clock.now()
            await service.ledger.due.add(now, known.person_id, suffix=service.mint())
            woken += 1
            if woken % NOTE_EVERY == 0:
                active = active.model_copy(update={"woken_until": place})
                version = await service.ledger.policies.point(active, version)
    finished = active.model_copy(update={"still_to_wake": False})
    await service.ledger.policies.point(finished, version)
