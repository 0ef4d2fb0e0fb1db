"""A human agrees to what the guard holds: exactly what was shown, and nothing that came later."""

from __future__ import annotations

from datetime import datetime

from shared import log
from shared.errors import LostRace, Unsafe
from shared.flow.service import Service
from shared.ledger.batches import Shown
from shared.ledger.history import Told
from shared.model.harm import Batch


async def approve(service: Service, shown: Shown, who: str) -> None:
    """Approve a batch as it was shown, and remind of everyone in it.

    Raises Unsafe when the batch changed since: look again before you agree.
    """
    try:
        await service.ledger.batches.approve(shown, who, service.clock.now())
    except LostRace:
        raise Unsafe(
            f"batch {shown.batch.batch_id} changed since it was shown; look again",
            seen=len(shown.members),
            limit=len(shown.members),
        ) from None
    log.info("approved", batch=shown.batch.batch_id, members=len(shown.members))
    await finish_approvals(service)


async def finish_approvals(service: Service) -> None:
    """Tell the audit and remind of everyone in an approved batch, then close it.

    A stop in between goes on with the next sweep.
    """
    async for shown in service.ledger.batches.unfinished():
        if shown.batch.state != "approved":
            continue
        now = service.clock.now()
        for member in shown.members:
            await service.ledger.history.tell(member.person_id, [_told(shown.batch, now)])
            await service.ledger.due.add(now, member.person_id, suffix=service.mint())
        try:
            await service.ledger.batches.close(shown)
        except LostRace:
            continue  # another sweep has closed it


def _told(batch: Batch, now: datetime) -> tuple[str, Told]:
    at, who = batch.approved_at or now, batch.approved_by or "unknown"
    return f"approved|{batch.batch_id}", Told(at=at, what=f"{batch.kind} approved", who=who)
