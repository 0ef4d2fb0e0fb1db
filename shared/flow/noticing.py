"""Who must hear of it, once? Notices are meant by decisions and the sweep, and sent by `notify`.

What is to be told is written down first, if it never was. Only who moves the row to *sending*
sends; a lost reply, or a stop after the sending began, leaves it *unknown* and shown, because
`sendMail` has no idempotency key. What was surely not sent waits and is tried again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial

from shared import log
from shared.errors import LostRace, Misconfigured, Permanent, Transient, UnknownReply
from shared.flow import letters, waiting
from shared.flow.letters import Later, Over
from shared.flow.service import LEASE, Service
from shared.ledger.history import Told
from shared.ledger.notices import Kept
from shared.model.notice import ABOUT_A_PERSON, Cause, NoticeKind
from shared.model.person import PersonId
from shared.notices.mail import Letter
from shared.policy.document import Policy

SENDING = timedelta(minutes=5)
"""Longer than one send can take: who is not back then has stopped."""
RETRY = timedelta(minutes=1)
RETRY_CAP = timedelta(hours=1)
GIVEN_UP_AFTER = timedelta(days=14)
FILLED_AFTER = timedelta(minutes=5)
"""A mass leave is one mail: so long people may join a batch before it is told."""
MORNING = 7
"""From this hour on, local time, operators hear who is parked."""


async def intend(service: Service, *found: Cause) -> None:
    """Write down what is to be told, if it never was; the next sweep sends it on its way."""
    for cause in found if service.post else ():
        if await service.ledger.notices.intend(cause, service.clock.now()):
            log.info("notice", notice=cause.notice_id, kind=cause.kind)


async def look(service: Service) -> None:
    """Send on its way what waits, and see what became of what was being sent."""
    if service.post is None:
        return
    _, policy = await service.active_policy()
    local = service.clock.now().astimezone(policy.zone)
    told = policy.notices
    if NoticeKind.PARKED in told.send and told.operators and local.hour >= MORNING:
        await intend(service, Cause(kind=NoticeKind.PARKED, about=str(local.date())))
    await _intend_held(service, policy)
    kept = [one async for one in service.ledger.notices.unfinished()]
    for one in kept:
        with suppress(LostRace):  # its sender, or another sweep, was first
            await _look(service, one)


async def _intend_held(service: Service, policy: Policy) -> None:
    """A batch is told once it has had time to fill, and again at each step of the policy."""
    if NoticeKind.HELD not in policy.notices.send or not letters.addresses(policy, deputies=True):
        return
    now = service.clock.now()
    async for batch in service.ledger.batches.open_ones():
        if now - batch.opened_at >= FILLED_AFTER:
            step = str(waiting.step_of(batch, policy.guard, now))
            cause = Cause(kind=NoticeKind.HELD, about=batch.batch_id, mark=step)
            await intend(service, cause)


async def _look(service: Service, kept: Kept) -> None:
    notice, now = kept.notice, service.clock.now()
    if notice.state == "waiting" and notice.due_at <= now:
        await service.ledger.notices.save(kept, due_at=now + LEASE)
        with suppress(Transient):  # the bus is away: the lease leads back
            await service.bus.notice(notice.notice_id)
    until = notice.sending_until
    if notice.state == "sending" and until and until < service.clock.wall():
        await _unknown(service, kept, "the process stopped while it was being sent")


async def notify(service: Service, notice_id: str) -> None:
    """Send one notice, if it is still to be sent. Returning is the end of the message."""
    kept = await service.ledger.notices.read(notice_id)
    if kept is None or kept.notice.state != "waiting" or service.post is None:
        return
    with suppress(LostRace):  # another one sends it
        try:
            written = await letters.write(service, service.post, kept.notice.cause)
        except (Transient, Permanent) as error:
            await _failed(service, kept, error)
            return
        match written:
            case Over(why):
                await service.ledger.notices.save(kept, state="dropped", problem=why)
            case Later(why, delay):
                await again(service, kept, why, delay)
            case Letter():
                await send(service, kept, partial(_ready, written))


async def _ready(letter: Letter) -> Letter:
    return letter


async def send(service: Service, kept: Kept, make: Callable[[], Awaitable[Letter]]) -> None:
    """Make the letter and send it, as its only sender. Raises LostRace when that is another.

    What `make` raises ends it as a failed send does: UnknownReply leaves it unknown.
    """
    assert service.post  # noqa: S101 - asked by whoever writes letters
    until = service.clock.wall() + SENDING
    kept = await service.ledger.notices.save(kept, state="sending", sending_until=until)
    try:
        await service.post.mailer.send(await make())
    except UnknownReply as error:
        await _unknown(service, kept, error.reason)
    except (Transient, Permanent) as error:
        await _failed(service, kept, error)
    else:
        await _tell(service, kept.notice.cause)
        await service.ledger.notices.save(kept, state="sent", problem="", sending_until=None)
        log.info("notice sent", notice=kept.notice.notice_id, kind=kept.notice.cause.kind)


async def _tell(service: Service, cause: Cause) -> None:
    """The audit of whom it is about."""
    if cause.kind in ABOUT_A_PERSON:
        person_id = PersonId(cause.about)
        decision = (await service.ledger.people.read(person_id)).decision
        wakes = sum(decision.wake.values()) if decision else 0
        told = Told(at=service.clock.now(), what=f"notice sent: {cause.kind}")
        await service.ledger.history.tell(
            person_id, [(f"{wakes:08d}|notice|{cause.notice_id}", told)]
        )


async def _unknown(service: Service, kept: Kept, why: str) -> None:
    await service.ledger.notices.save(kept, state="unknown", problem=why, sending_until=None)
    log.warning("notice unknown", notice=kept.notice.notice_id, reason=why)


async def _failed(service: Service, kept: Kept, error: Transient | Permanent) -> None:
    refused = isinstance(error, Permanent)
    await again(service, kept, error.reason, _backoff(kept, error), refused=refused)


async def again(
    service: Service, kept: Kept, why: str, delay: timedelta, *, refused: bool = False
) -> None:
    """It was not sent: a moment brings it back, until it is too old to matter."""
    now = service.clock.now()
    given_up = now - kept.notice.created_at > GIVEN_UP_AFTER
    await service.ledger.notices.save(
        kept,
        state="failed" if given_up else "waiting",
        due_at=now + delay,
        attempt=kept.notice.attempt + 1,
        refused=refused,
        problem=why,
        sending_until=None,
    )
    log.warning("notice waits", notice=kept.notice.notice_id, reason=why)


def _backoff(kept: Kept, error: Transient | Permanent) -> timedelta:
    if isinstance(error, Permanent):
        return RETRY_CAP  # a role that was just given takes up to two hours to show
    asked = timedelta(seconds=error.retry_after_seconds or 0)
    return max(asked, min(RETRY_CAP, RETRY * (1 << min(kept.notice.attempt, 6))))


# --- what operators see and say -------------------------------------------------------------


async def refusal(service: Service) -> str | None:
    """Why mail is refused; None when none is."""
    found = [one.notice async for one in service.ledger.notices.unfinished()]
    return next((notice.problem for notice in found if notice.refused), None)


async def unsent(service: Service) -> str | None:
    """How many notices nobody knows to have arrived: a sentence for health, or nothing."""
    states = Counter([one.notice.state async for one in service.ledger.notices.unfinished()])
    told = [f"{states[state]} {state}" for state in ("unknown", "failed") if states[state]]
    if not told:
        return None
    return f"notices that may not have arrived: {', '.join(told)}; see `instroom notice list`"


async def send_again(service: Service, notice_id: str) -> None:
    """An operator knows that it did not arrive: let it be sent. Raises Misconfigured, LostRace."""
    kept = await _stuck(service, notice_id)
    now = service.clock.now()
    await service.ledger.notices.save(
        kept, state="waiting", due_at=now, created_at=now, attempt=0, problem=""
    )


async def drop(service: Service, notice_id: str) -> None:
    """An operator knows that it arrived, or need not. Raises Misconfigured, LostRace."""
    kept = await _stuck(service, notice_id)
    await service.ledger.notices.save(kept, state="dropped", problem="dropped by an operator")


async def _stuck(service: Service, notice_id: str) -> Kept:
    async for kept in service.ledger.notices.unfinished():
        if kept.notice.notice_id.startswith(notice_id) and kept.notice.state != "sending":
            return kept
    raise Misconfigured(
        f"notice {notice_id}", "there is none that waits", "See `instroom notice list`"
    )
