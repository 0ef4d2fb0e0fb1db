"""An administrator deleted somebody's card in TOPdesk by hand: may Instroom forget it?

A card that TOPdesk does not show may as well be hidden by a filter of the API account, and a
second card for somebody who has one is worse than a parked person. Nothing but a human's word
tells the two apart: this is where it is given. Called by the command line.
"""

from __future__ import annotations

from shared import log
from shared.errors import LostRace, Misconfigured, NotShown
from shared.flow.service import Service
from shared.flow.standing import wanted
from shared.ledger.history import Told
from shared.ledger.people import Dossier
from shared.model.account import Applied
from shared.model.desired import TargetName
from shared.model.person import PersonId


async def forget_card(service: Service, source: str, number: str, *, who: str) -> str:
    """Forget the recorded card, whose id is answered, and look at the person anew at once.

    Who should have a card gets a new one; of who has left nothing is left to do. Raises
    Misconfigured for somebody unknown or without a recorded card, and when TOPdesk shows it.
    """
    known = await service.ledger.identities.find(source, number)
    if known is None:
        raise Misconfigured(
            f"{source}:{number}", "is not known here", "See `instroom people` for the numbers"
        )
    while True:
        dossier = await service.ledger.people.read(known.person_id)
        card_id = await _gone(service, dossier, f"{source}:{number}")
        now = service.clock.now()
        told = Told(at=now, what=f"topdesk: person card {card_id} is forgotten", who=who)
        place = f"{now:%Y%m%dT%H%M%S.%f}"
        await _tell(service, known.person_id, dossier, place, told)
        await service.ledger.due.add(now, known.person_id, suffix=service.mint())
        row = dossier.target(TargetName.TOPDESK).model_copy(
            update={
                "applied": Applied(),
                "trying": None,
                "claim": None,
                "due_at": now,
                "problem": None,
                "mender": None,
            }
        )
        try:
            await service.ledger.people.save(dossier, TargetName.TOPDESK, row)
        except LostRace:
            continue
        log.warning("card forgotten", person=known.person_id)
        return card_id


async def _gone(service: Service, dossier: Dossier, key: str) -> str:
    """The id of the recorded card, which TOPdesk does not show: by id, nor by number."""
    applied = dossier.target(TargetName.TOPDESK).applied
    if dossier.decision is None or applied.account_id is None:
        raise Misconfigured(key, "has no card in TOPdesk that is recorded", "Nothing to forget")
    policy = await service.policy(dossier.decision.policy)
    desired = wanted(dossier, dossier.decision, policy).topdesk
    try:
        await service.topdesk.read(desired, applied)
    except NotShown:
        return applied.account_id
    raise Misconfigured(
        key,
        "has a card that TOPdesk shows, by its id or its number",
        "Nothing was forgotten; see `instroom people` for what it waits for",
    )


async def _tell(
    service: Service, person_id: PersonId, dossier: Dossier, place: str, told: Told
) -> None:
    wakes = sum(dossier.decision.wake.values()) if dossier.decision else 0
    await service.ledger.history.tell(person_id, [(f"{wakes:08d}|~forget {place}", told)])
