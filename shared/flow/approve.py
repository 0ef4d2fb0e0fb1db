"""A human agrees to what the guard holds: exactly what was shown, and nothing that came later."""

from __future__ import annotations

from shared import log
from shared.errors import LostRace, Unsafe
from shared.flow.service import Service
from shared.ledger.batches import Shown
from shared.ledger.history import Told


async def approve(service: Service, shown: Shown, who: str) -> None:
    """Approve a batch as it was shown, and remind of everyone in it.

    Raises Unsafe when the batch changed since: look again before you agree.
    """
    now = service.clock.now()
    told = Told(at=now, what=f"{shown.batch.kind} approved", who=who)
    for member in shown.members:
        key = f"approved|{shown.batch.batch_id}"
        await service.ledger.history.tell(member.person_id, [(key, told)])
    try:
        await service.ledger.batches.approve(shown, who, now)
    except LostRace:
        raise Unsafe(
            f"batch {shown.batch.batch_id} changed since it was shown; look again",
            seen=len(shown.members),
            limit=len(shown.members),
        ) from None
    log.info("approved", batch=shown.batch.batch_id, members=len(shown.members))
    await finish_approvals(service)


async def finish_approvals(service: Service) -> None:
    """Remind of everyone in an approved batch, then close it; a stop in between goes on."""
    async for shown in service.ledger.batches.unfinished():
        if shown.batch.state != "approved":
            continue
        now = service.clock.now()
        for member in shown.members:
            await service.ledger.due.add(now, member.person_id, suffix=service.mint())
        try:
            await service.ledger.batches.close(shown)
        except LostRace:
            continue  # another sweep has closed it
