"""A human says yes or no to what the guard holds: to exactly what was shown, and nothing later."""

from __future__ import annotations

import re
from collections.abc import Callable

from shared import log
from shared.errors import LostRace, Misconfigured, Unsafe
from shared.flow.service import Service
from shared.guard import answers
from shared.ledger.batches import Cause, Shown
from shared.ledger.history import Told
from shared.model.desired import Reason
from shared.model.harm import Batch, Said, Signature

type Answer = Callable[[Cause], Said]
_BATCH = re.compile(r"[a-z]+-[0-9]+")


class NotAsShown(Misconfigured):
    """What waits is not what the human has seen, so the answer is not for it."""


async def as_shown(
    service: Service, batch: str, seen: str, number: int | None
) -> tuple[Shown, Cause | None]:
    """The batch, or one cause of it, if it still is what the human has seen.

    Raises Misconfigured when there is no such batch, NotAsShown when it is another by now.
    """
    shown = await service.ledger.batches.read(batch) if _BATCH.fullmatch(batch) else None
    if shown is None or shown.batch.state == "closed" or not (number or shown.open_causes):
        raise Misconfigured(batch, "is not open", "See `instroom held`")
    if number is None:
        if shown.fingerprint != seen:
            raise NotAsShown(batch, "changed since you saw it", "See `instroom held` again")
        return shown, None
    cause = next((one for one in shown.causes if one.number == number), None)
    if cause is None or cause.fingerprint != seen:
        what = f"{batch}, cause {number}"
        raise NotAsShown(what, "changed since you saw it", "See `instroom held` again")
    return shown, cause


async def approve(
    service: Service, shown: Shown, who: str, *, cause: Cause | None = None
) -> tuple[Said, ...]:
    """Agree to all that waits in a batch as it was shown, or to one cause in it.

    Answers what stands for each cause: with four eyes the first of two only signs. A cause that
    was rejected is approved by naming it. Raises Unsafe when the batch changed since, when nothing
    waits in it, or when the same human agrees twice.
    """
    by = Signature(who=who, at=service.clock.now())
    _, policy = await service.active_policy()
    return await _say(
        service,
        shown,
        cause,
        lambda one: answers.agree(
            one.said, seen=one.fingerprint, by=by, four_eyes=policy.guard.four_eyes
        ),
    )


async def reject(
    service: Service, shown: Shown, who: str, reason: str, *, cause: Cause | None = None
) -> tuple[Said, ...]:
    """Say no to all that waits in a batch as it was shown, or to one cause in it.

    The harm stays off for as long as it is exactly that. Raises Unsafe like `approve`.
    """
    by = Signature(who=who, at=service.clock.now())
    return await _say(
        service,
        shown,
        cause,
        lambda one: answers.refuse(seen=one.fingerprint, by=by, reason=reason),
    )


async def _say(
    service: Service, shown: Shown, cause: Cause | None, answer: Answer
) -> tuple[Said, ...]:
    if cause and cause.said and cause.said.answer == "approved":
        raise _unsafe(shown, f"that cause of {shown.batch.batch_id} was approved already")
    asked = (cause,) if cause else shown.open_causes
    if not asked:
        raise _unsafe(shown, f"nothing waits in {shown.batch.batch_id}")
    said = {one.text: answer(one) for one in asked}
    while True:
        try:
            await service.ledger.batches.say(shown, said)
            break
        except LostRace:
            shown = await _still_so(service, shown, asked)
    for one in said.values():
        log.info("answered", batch=shown.batch.batch_id, answer=one.answer)
    await finish_answers(service)
    return tuple(said.values())


async def _still_so(service: Service, shown: Shown, asked: tuple[Cause, ...]) -> Shown:
    """The batch as it is now, when it still holds what was shown: a reminder may have passed."""
    now = await service.ledger.batches.read(shown.batch.batch_id)
    same = {(one.text, one.fingerprint, one.said) for one in now.causes} if now else set()
    if now is None or not {(one.text, one.fingerprint, one.said) for one in asked} <= same:
        raise _unsafe(
            shown, f"batch {shown.batch.batch_id} changed since it was shown; look again"
        )
    return now


def _unsafe(shown: Shown, reason: str) -> Unsafe:
    return Unsafe(reason, seen=len(shown.members), limit=len(shown.members))


async def finish_answers(service: Service) -> None:
    """Tell the audit of every answer, remind of everyone who was approved, and close what is over.

    A stop in between goes on with the next sweep.
    """
    async for shown in service.ledger.batches.unfinished():
        new = [cause for cause in shown.causes if cause.is_decided and not _is_told(cause)]
        for cause in new:
            await _tell(service, shown.batch, cause)
        told = {
            cause.text: cause.said.model_copy(update={"told": True}) for cause in new if cause.said
        }
        try:
            if told:
                await service.ledger.batches.say(shown, told)
        except LostRace:
            continue  # the next sweep tells it again, which leaves one line


def _is_told(cause: Cause) -> bool:
    return cause.said is not None and cause.said.told


async def _tell(service: Service, batch: Batch, cause: Cause) -> None:
    said = cause.said
    if said is None:
        return
    line = Told(
        at=said.by[-1].at,
        what=f"{batch.kind} {said.answer}" + (f": {said.reason}" if said.reason else ""),
        who=said.who,
        reasons=(Reason(rule=batch.batch_id, because=cause.text),),
    )
    for member in cause.members:
        key = f"{said.answer}|{batch.batch_id}"
        await service.ledger.history.tell(member.person_id, [(key, line)])
        if said.answer == "approved":
            now = service.clock.now()
            await service.ledger.due.add(now, member.person_id, suffix=service.mint())
