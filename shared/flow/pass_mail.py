"""The manager gets a joiner's pass by mail, where the policy says so: made and sent in one step.

Meant when the account can sign in, sent by `notify`. Only who moves the notice to *sending* asks
for the pass, so it is issued once however often that is retried; a lost answer of either system
leaves it *unknown* and shown. The code goes from Entra's answer into the mail and nowhere else.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

from shared.errors import LostRace, Transient
from shared.flow import first_sign_in, letters, noticing
from shared.flow.collectable import Waiting
from shared.flow.first_sign_in import NotCollected, collect_pass
from shared.flow.letters import TOMORROW, Later
from shared.flow.service import Service
from shared.flow.work import Work
from shared.ledger.notices import Kept
from shared.model.account import Applied
from shared.model.collector import Collector
from shared.model.desired import DesiredEntra, State
from shared.model.notice import Cause, NoticeKind
from shared.model.person import PersonId
from shared.notices.causes import Stand
from shared.notices.mail import Letter, Post
from shared.notices.render import spoken
from shared.policy.document import Policy
from shared.policy.first_sign_in import By

BY_MAIL = Collector(name="Instroom, for a mail to the manager", at_the_desk=True)
_AGAIN = "the mail with the earlier one was not sent"


async def intend(work: Work[Any, Any], applied: Applied) -> None:
    """The account can sign in: if its first sign-in waits, the manager is to get the pass."""
    want, service = work.want, work.service
    if work.policy.first_sign_in.by is not By.MAIL or not isinstance(want, DesiredEntra):
        return
    if not applied.state is want.state is State.ACTIVE:
        return
    row = await service.ledger.first_sign_ins.read(work.dossier.person_id)
    if row is None or row[0].stage != "open":
        return
    mark = row[0].opened_at.isoformat()
    about = work.dossier.person_id
    await noticing.intend(service, Cause(kind=NoticeKind.PASS, about=about, mark=mark))


async def notify(service: Service, notice_id: str) -> None:
    """Send one notice of any kind. Returning is the end of the message."""
    kept = await service.ledger.notices.read(notice_id)
    if kept is None or kept.notice.cause.kind is not NoticeKind.PASS:
        await noticing.notify(service, notice_id)
        return
    if kept.notice.state != "waiting" or service.post is None:
        return
    with suppress(LostRace):  # another one sends it
        await _pass(service, service.post, kept)


async def _pass(service: Service, post: Post, kept: Kept) -> None:
    _, rules = await service.active_policy()
    try:
        waiting = await _waiting(service, kept, rules)
    except NotCollected as error:
        await service.ledger.notices.save(kept, state="dropped", problem=str(error))
        return
    decision = waiting.dossier.decision
    assert decision is not None  # noqa: S101 - who waits was decided about
    stand = Stand(decision.person, rules, service.clock.now())
    to = await _manager(service, post, stand)
    if not waiting.ready:
        to = Later("the account cannot sign in yet", letters.SOON)
    if isinstance(to, Later):
        await noticing.again(service, kept, to.why, to.delay)
        return
    await noticing.send(service, kept, partial(_letter, service, post, kept, waiting, stand, to))


async def _waiting(service: Service, kept: Kept, rules: Policy) -> Waiting:
    """Raises NotCollected when there is nothing to mail."""
    if rules.first_sign_in.by is not By.MAIL:
        raise NotCollected("off", "the policy no longer mails passes")
    person_id = PersonId(kept.notice.cause.about)
    waiting = await first_sign_in.waiting_for(service, person_id, BY_MAIL, rules)
    if not waiting.is_new and waiting.collection.who != BY_MAIL.name:
        raise NotCollected("again", "somebody collected the pass")
    return waiting


async def _manager(service: Service, post: Post, stand: Stand) -> str | Later:
    """Never anybody else: who has no manager is helped at the desk."""
    key = letters.manager_key(stand)
    if key is None:
        return Later("HR names no manager: collect the pass at the desk", TOMORROW)
    return await letters.managers_address(service, post, key, stand)


async def _letter(
    service: Service, post: Post, kept: Kept, waiting: Waiting, stand: Stand, to: str
) -> Letter:
    """Ask for the pass and write it down for the manager. Raises what asking raises."""
    person_id, said = waiting.person_id, stand.policy.first_sign_in
    try:
        collected = await collect_pass(service, person_id, BY_MAIL, reason=_AGAIN)
    except NotCollected as error:
        raise Transient(str(error)) from None
    until = collected.issued.until.astimezone(stand.policy.zone)
    language = stand.policy.notices.language
    told = {
        **letters.person_facts(waiting.dossier, stand, kept.notice.cause),
        "code": collected.issued.code.get_secret_value(),
        "until": f"{spoken(until.date(), language)} {until:%H:%M}",
        "once": said.once,
    }
    return replace(letters.about_a_person(post, stand, kept.notice.cause, (to,), told), keep=False)
