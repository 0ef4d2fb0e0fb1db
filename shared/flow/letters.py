"""What does a notice say now, and to whom? Written from the rows as they are when it is sent.

Called by noticing.py. What is no longer so is not told; what cannot be told yet is told later.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared import log
from shared.errors import Misconfigured
from shared.flow import drift_told, managers, ties, upkept, waiting
from shared.flow.service import Service
from shared.ledger.batches import Shown
from shared.ledger.people import Decision, Dossier
from shared.model.desired import State, TargetName
from shared.model.notice import Cause, NoticeKind
from shared.model.person import PersonId
from shared.notices import causes
from shared.notices.causes import Stand
from shared.notices.made_up import CODE
from shared.notices.mail import Letter, Post
from shared.policy import lifecycle
from shared.policy.choices import pick
from shared.policy.document import Policy
from shared.policy.fields import facts

MOST_NUMBERS = 10
"""So many numbers of people stand in a summary beside one problem."""
SOON = timedelta(minutes=15)
TOMORROW = timedelta(days=1)
_GONE = frozenset({State.BLOCKED, State.DELETED, State.ABSENT})


@dataclass(frozen=True)
class Over:
    """There is nothing to tell any more."""

    why: str


@dataclass(frozen=True)
class Later:
    """It cannot be told yet."""

    why: str
    delay: timedelta


type Written = Letter | Over | Later


async def write(service: Service, post: Post, cause: Cause) -> Written:
    """The letter of this notice, or why there is none. Raises Transient."""
    _, policy = await service.active_policy()
    if cause.kind not in policy.notices.send:
        return Over("the policy no longer sends it")
    match cause.kind:
        case NoticeKind.HELD:
            return await _held(service, post, cause, policy)
        case NoticeKind.PARKED:
            return await _parked(service, post, policy)
        case NoticeKind.EXPIRY:
            said = await upkept.ending_facts(service, policy, cause)
            return _to_operators(post, cause.kind, policy, said, "it was renewed")
        case NoticeKind.UPKEEP:
            said = await upkept.problem_facts(service, policy)
            return _to_operators(post, cause.kind, policy, said, "it was mended")
        case NoticeKind.TASK:
            return await _task(service, post, cause, policy)
        case NoticeKind.DRIFT:
            found = await drift_told.told(service)
            said = drift_told.facts(policy, found) if found else None
            return _to_operators(post, cause.kind, policy, said, "nothing differs any more")
        case _:
            return await _of_a_person(service, post, cause, policy)


def addresses(policy: Policy, *, deputies: bool) -> tuple[str, ...]:
    """Who hears of a held batch: those of the guard that are mail addresses, else operators."""
    named = (*policy.guard.approvers, *(policy.guard.deputies if deputies else ()))
    return tuple(dict.fromkeys(one for one in named if "@" in one)) or policy.notices.operators


def _letter(
    post: Post, kind: NoticeKind, policy: Policy, to: tuple[str, ...], said: Mapping[str, object]
) -> Letter:
    language = policy.notices.language
    subject, text, mistake = post.templates.write_anyhow(kind, language, said)
    if mistake:
        log.warning("template is wrong", reason=mistake)
    return Letter(post.sender, to, subject, text)


# --- to operators ------------------------------------------------------------------------------


async def _held(service: Service, post: Post, cause: Cause, policy: Policy) -> Written:
    shown = await service.ledger.batches.read(cause.about)
    if shown is None or shown.batch.state != "open":
        return Over("it was answered")
    step = int(cause.mark)
    to = addresses(policy, deputies=step > 1)
    if not to:
        return Later("guard.approvers and notices.operators name no mail address", TOMORROW)
    said = held_facts(shown, policy, service.clock.now(), step=step)
    return _letter(post, cause.kind, policy, to, said)


def held_facts(shown: Shown, policy: Policy, now: datetime, *, step: int) -> dict[str, object]:
    """What a template about a held batch may say: counts and causes, nobody by name."""
    waits = waiting.waiting(shown, policy.guard, now)
    return {
        "organisation": policy.organisation.name,
        "batch": shown.batch.batch_id,
        "harm": str(shown.batch.kind),
        "people": waits.people,
        "hours": waits.hours,
        "step": step,
        "deputies": step > 1 and bool(policy.guard.deputies),
        "because": shown.batch.cause,
        "causes": [{"people": len(c.members), "text": c.text} for c in shown.open_causes],
        "seen": shown.fingerprint,
    }


def _to_operators(
    post: Post,
    kind: NoticeKind,
    policy: Policy,
    said: Mapping[str, object] | None,
    over: str,
) -> Written:
    if said is None:
        return Over(over)
    if not policy.notices.operators:
        return Later("notices.operators names no mail address", TOMORROW)
    return _letter(post, kind, policy, policy.notices.operators, said)


async def _parked(service: Service, post: Post, policy: Policy) -> Written:
    found: defaultdict[str, defaultdict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    people = 0
    async for person_id in service.ledger.notices.parked():
        dossier = await service.ledger.people.read(person_id)
        problems = problems_of(dossier)
        if not problems:
            await service.ledger.notices.forget_parked(person_id)
            continue
        people += 1
        for mender, problem in problems:
            found[mender][problem].append(_number(dossier))
    if not people:
        return Over("nobody is parked")
    groups = [
        {
            "mender": mender,
            "people": len({number for numbers in told.values() for number in numbers}),
            "problems": [_problem(text, numbers) for text, numbers in _commonest(told)],
        }
        for mender, told in sorted(found.items())
    ]
    said = {"organisation": policy.organisation.name, "people": people, "groups": groups}
    return _letter(post, NoticeKind.PARKED, policy, policy.notices.operators, said)


async def _task(service: Service, post: Post, cause: Cause, policy: Policy) -> Written:
    dossier = await service.ledger.people.read(PersonId(cause.about))
    row = dossier.target(TargetName.ENTRA)
    if dossier.moved_to or not any(task.cannot_wait for task in row.tasks):
        return Over("it was done")
    if not policy.notices.operators:
        return Later("notices.operators names no mail address", TOMORROW)
    said = {
        "organisation": policy.organisation.name,
        "number": _number(dossier),
        "problem": row.problem or "",
        "tasks": [
            {
                "place": str(task.place),
                "what": task.what,
                "on": dict(task.on),
                "fields": dict(task.values),
                "why": task.why,
                "undone": task.undone,
            }
            for task in row.tasks
        ],
    }
    return _letter(post, cause.kind, policy, policy.notices.operators, said)


def problems_of(dossier: Dossier) -> tuple[tuple[str, str], ...]:
    """Who must mend what before this person goes on."""
    if dossier.moved_to:
        return ()
    of_records = ((r.mender, r.problem) for r in dossier.records.values())
    rows = ((row.mender, name, row.problem) for name, row in dossier.targets.items())
    of_targets = ((mender, f"{name}: {told}") for mender, name, told in rows if told)
    return tuple((who, what) for who, what in (*of_records, *of_targets) if who and what)


def _commonest(told: Mapping[str, list[str]]) -> list[tuple[str, list[str]]]:
    counted = Counter({text: len(numbers) for text, numbers in told.items()})
    return [(text, sorted(told[text])) for text, _ in counted.most_common()]


def _problem(text: str, numbers: list[str]) -> dict[str, object]:
    return {
        "text": text,
        "people": len(numbers),
        "numbers": numbers[:MOST_NUMBERS],
        "more": max(0, len(numbers) - MOST_NUMBERS),
    }


def _number(dossier: Dossier) -> str:
    if dossier.decision:
        return dossier.decision.person.numbered_record.key
    return min(dossier.records, default="somebody")


# --- to managers -------------------------------------------------------------------------------


async def _of_a_person(service: Service, post: Post, cause: Cause, policy: Policy) -> Written:
    dossier = await service.ledger.people.read(PersonId(cause.about))
    decision = dossier.decision
    if decision is None:
        return Over("it is somebody else's now")
    stand = Stand(decision.person, policy, service.clock.now())
    if not causes.still_stands(cause, stand, decision.hold):
        return Over("it is no longer so, or too late to tell")
    applied = dossier.target(TargetName.ENTRA).applied
    if cause.kind == NoticeKind.LEFT and applied.state not in _GONE:
        return Later("the account is not blocked yet", SOON)
    if cause.kind == NoticeKind.JOINER and _is_being_told(dossier, decision, policy):
        return Later("HR is being told of the account first", SOON)
    to = await _manager(service, post, stand, policy)
    if isinstance(to, Later):
        return to
    return about_a_person(post, stand, cause, to, person_facts(dossier, stand, cause))


def about_a_person(
    post: Post, stand: Stand, cause: Cause, to: tuple[str, ...], said: Mapping[str, object]
) -> Letter:
    """A letter from the mailbox that the policy names for this person."""
    policy, contract = stand.policy, causes.primary(stand)
    letter = _letter(post, cause.kind, policy, to, said)
    mailbox = pick(
        policy.notices.sender, facts(stand.person, contract, stand.today, policy.departments)
    )
    return replace(letter, sender=str(mailbox.value)) if mailbox else letter


def _is_being_told(dossier: Dossier, decision: Decision, policy: Policy) -> bool:
    """Is the address on its way to HR, so that self-service works when the mail says so?

    Who is parked, or waits for a system that is down, is not waited for.
    """
    if not any(policy.write_back.part(record.source) for record in decision.person.records):
        return False
    rows = {name: dossier.target(name) for name in (TargetName.ENTRA, TargetName.HR)}
    return any(row.served < decision.wakes(n) and not row.problem for n, row in rows.items())


async def _manager(
    service: Service, post: Post, stand: Stand, policy: Policy
) -> tuple[str, ...] | Later:
    """The manager's address; the operators' for who has none."""
    key = manager_key(stand)
    if key is None:
        return policy.notices.operators or Later("HR names no manager", TOMORROW)
    found = await managers_address(service, post, key, stand)
    return found if isinstance(found, Later) else (found,)


async def managers_address(service: Service, post: Post, key: str, stand: Stand) -> str | Later:
    """Where mail reaches this manager, or who is taken in the place of one who has left."""
    key = await managers.in_place_of(service, key, stand.policy, stand.at) or key
    source, _, number = key.partition(":")
    known = await service.ledger.identities.find(source, number)
    dossier = await service.ledger.people.read(known.person_id) if known else None
    account = dossier.target(TargetName.ENTRA).applied.account_id if dossier else None
    address = await post.mailer.address(account) if account else None
    return address or Later(f"the manager {key} has no account yet", TOMORROW)


def manager_key(stand: Stand) -> str | None:
    """As `source:number`; of somebody who has left the last one."""
    if found := ties.manager_of(stand.person, stand.policy, stand.at):
        return found
    contract = causes.primary(stand)
    if contract is None or not contract.answers_to:
        return None
    key = f"{stand.person.record_of(contract).source}:{contract.answers_to}"
    return None if key in {record.key for record in stand.person.records} else key


async def facts_of(
    service: Service, policy: Policy, kind: NoticeKind, source: str, number: str
) -> dict[str, object]:
    """What a notice would say of this person today. Raises Misconfigured for a stranger."""
    known = await service.ledger.identities.find(source, number)
    dossier = await service.ledger.people.read(known.person_id) if known else None
    if dossier is None or dossier.decision is None:
        raise Misconfigured(f"{source}:{number}", "is not known here", "See `instroom people`")
    stand = Stand(dossier.decision.person, policy, service.clock.now())
    found = person_facts(dossier, stand, Cause(kind=kind, about=dossier.person_id))
    if kind in (NoticeKind.LEAVER, NoticeKind.LEFT) and found["last_day"] is None:
        raise Misconfigured(f"{source}:{number}", "has no last day", "Take somebody who leaves")
    return {**found, **CODE} if kind is NoticeKind.PASS else found


def person_facts(dossier: Dossier, stand: Stand, cause: Cause) -> dict[str, object]:
    """What a template about a person may say."""
    contract = causes.primary(stand)
    known = facts(stand.person, contract, stand.today)
    rules = stand.policy.lifecycle
    runs = lifecycle.spells(stand.person.contracts, rules.bridge_gap_days)
    marked = (r for r in runs if cause.mark in (str(r.first), str(r.last)))
    run = next(marked, runs[-1] if runs else None)
    return {
        "organisation": stand.policy.organisation.name,
        "name": " ".join(known["name.display"].split()),
        "number": stand.person.numbered_record.key,
        "department": known["department.name"] or known["department.code"],
        "job": known["job.name"] or known["job.code"],
        "employer": known["employer.name"] or known["employer.code"],
        "login": dossier.target(TargetName.ENTRA).applied.login or "",
        "manager": manager_key(stand) or "",
        "first_day": run.first if run else None,
        "last_day": run.last if run else None,
        "delete_after_days": rules.delete_after_days,
    }
