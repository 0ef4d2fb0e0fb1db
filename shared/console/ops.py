"""What does the operations API show? The same as the command line, as JSON.

Thin: each view asks the flow and spells out the answer. People stand here by number; no name, no
address and no value of a person's data is in any answer.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import date, datetime, time
from typing import Any

from shared import flow
from shared.errors import Misconfigured
from shared.flow import ahead, by_hand
from shared.flow.letters import problems_of
from shared.flow.service import Service
from shared.flow.standing import wanted
from shared.flow.stop import whose
from shared.flow.waiting import waiting
from shared.ledger.batches import Cause, Shown
from shared.ledger.people import Dossier
from shared.model.desired import Reason, TargetName
from shared.model.harm import Said

type Json = dict[str, Any]
type View = Callable[[Service, tuple[str, ...], Mapping[str, str]], Awaitable[Json]]

MOST_PEOPLE = 5000


async def held(service: Service, _path: tuple[str, ...], _query: Mapping[str, str]) -> Json:
    """What waits for a human, by cause, with the mark that an answer must carry."""
    shown = [one async for one in service.ledger.batches.unfinished()]
    if not shown:
        return {"batches": []}
    _, policy = await service.active_policy()
    now = service.clock.now()
    return {
        "four_eyes": policy.guard.four_eyes,
        "batches": [
            {
                "batch": one.batch.batch_id,
                "kind": one.batch.kind,
                "because": one.batch.cause,
                "since": one.batch.opened_at.isoformat(),
                "hours": waiting(one, policy.guard, now).hours,
                "seen": one.fingerprint,
                "causes": [_cause(cause) for cause in one.causes],
            }
            for one in shown
        ],
    }


async def forecast(service: Service, _path: tuple[str, ...], query: Mapping[str, str]) -> Json:
    """Who will lose their sign-in until a day."""
    until = day_of(query.get("until", ""))
    coming = await ahead.forecast(service, until)
    return {
        "until": until.isoformat(),
        "seen": ahead.seen(coming),
        "people": [
            {
                "person": one.number,
                "out_from": one.day.isoformat(),
                "because": one.why,
                "agreed": one.is_agreed,
            }
            for one in coming
        ],
    }


async def people(service: Service, path: tuple[str, ...], query: Mapping[str, str]) -> Json:
    """Everybody, one person, or why one has what he has and what would change."""
    match path:
        case ():
            return await _everybody(service)
        case (key,):
            return await _person(service, key)
        case (key, "explain"):
            return await _explained(service, key, await _moment(service, query))
        case (key, "preview"):
            return await _previewed(service, key, await _moment(service, query))
        case _:
            raise Misconfigured("/".join(path), "is no view of people", "See docs/ops-api.md")


async def tasks(service: Service, _path: tuple[str, ...], _query: Mapping[str, str]) -> Json:
    """What somebody has to do by hand, without a value: those stand in `instroom ad tasks`."""
    return {
        "tasks": [
            {
                "person": one.number,
                "place": one.task.place,
                "task": one.task.what,
                "fields": sorted(one.task.values),
                "urgent": one.task.urgent,
                "since": one.task.since.isoformat() if one.task.since else None,
                "undone": one.task.undone,
                "waits": one.problem,
                "because": one.task.why,
            }
            async for one in by_hand.all_open(service)
        ]
    }


async def answered(service: Service, batch: str, word: str, body: Json, who: str) -> Json:
    """Say yes or no to exactly what was shown; what stands then. Raises NotAsShown, Unsafe."""
    if batch == "coming" and word == "approve":
        until = day_of(str(body.get("until", "")))
        coming = await ahead.forecast(service, until)
        if ahead.seen(coming) != body["seen"]:
            again = "Look at the forecast again"
            raise flow.NotAsShown(f"the ends until {until}", "changed since you saw them", again)
        said = await ahead.agree(service, coming, who)
        return _stands("coming", len(said), said)
    shown, cause = await flow.as_shown(service, batch, body["seen"], body.get("cause"))
    if word == "approve":
        said = await flow.approve(service, shown, who, cause=cause)
    else:
        said = await flow.reject(service, shown, who, body["reason"], cause=cause)
    return _stands(batch, _people_in(shown, cause), said)


VIEWS: Mapping[str, View] = {
    "held": held,
    "forecast": forecast,
    "people": people,
    "tasks": tasks,
}


def day_of(text: str) -> date:
    """The day that was written. Raises Misconfigured."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Misconfigured("the day", "is none", "Write it as 2026-12-31") from None


def _people_in(shown: Shown, cause: Cause | None) -> int:
    return len(cause.members if cause else shown.waiting)


def _stands(batch: str, count: int, said: tuple[Said, ...]) -> Json:
    final = all(one.is_final for one in said)
    word = said[0].answer if said else "nothing"
    return {"batch": batch, "people": count, "answer": word, "final": final}


def _cause(cause: Cause) -> Json:
    return {
        "number": cause.number,
        "cause": cause.text,
        "seen": cause.fingerprint,
        "said": cause.said.answer if cause.said else None,
        "people": [
            {
                "person": member.number,
                "before": member.before,
                "after": member.after,
                "loses": {loss.target: list(loss.what) for loss in member.losses},
            }
            for member in cause.members
        ],
    }


async def _everybody(service: Service) -> Json:
    found: list[Json] = []
    for source in service.sources:
        async for known in service.ledger.identities.everyone(source):
            if len(found) == MOST_PEOPLE:
                return {"people": found, "more": True}
            dossier = await service.ledger.people.read(known.person_id)
            found.append({"person": f"{source}:{known.number}", **await _state(service, dossier)})
    return {"people": found, "more": False}


async def _person(service: Service, key: str) -> Json:
    source, number = await whose(service, key)
    known = await service.ledger.identities.find(source, number)
    if known is None:
        raise Misconfigured(f"{source}:{number}", "is not known here", "Ask /api/ops/people")
    dossier = await service.ledger.people.read(known.person_id)
    told = [line async for line in service.ledger.history.of(known.person_id)]
    return {
        "person": f"{source}:{number}",
        "id": known.person_id,
        **await _state(service, dossier),
        "rights": {
            name: {
                right: [_reason(reason) for reason in reasons]
                for right, reasons in dossier.target(name).applied.rights.items()
            }
            for name in TargetName
        },
        "history": [
            {"at": line.at.isoformat(), "who": line.who, "what": line.what} for line in told
        ],
    }


async def _state(service: Service, dossier: Dossier) -> Json:
    decision, should = dossier.decision, "erased" if dossier.erased else None
    if decision:
        policy = await service.policy(decision.policy)
        should = wanted(dossier, decision, policy).entra.state
    return {
        "should_be": should,
        "is": {name: dossier.target(name).applied.state for name in TargetName},
        "seen_blocked": _seen(dossier),
        "stopped": dossier.stop is not None,
        "held": sorted(decision.hold) if decision else [],
        "waits_for": [{"who": who, "what": what} for who, what in problems_of(dossier)],
    }


def _seen(dossier: Dossier) -> Json | None:
    """When a fresh read showed the last block in Entra, and how long after its decision."""
    seen = dossier.target(TargetName.ENTRA).applied.blocked
    return {"at": seen.at.isoformat(), "after_seconds": seen.seconds} if seen else None


async def _explained(service: Service, key: str, at: datetime | None) -> Json:
    source, number = await whose(service, key)
    told = await flow.explained(service, source, number, at=at)
    return {
        "person": f"{source}:{number}",
        "at": told.at.isoformat(),
        "state": told.standing.state,
        "why": _reason(told.standing.why),
        "rights": [
            {
                "target": one.target,
                "right": one.right,
                "rule": one.rule,
                "given": one.given,
                "has": (one.target, one.right) in told.applied,
                "because": one.because,
            }
            for one in told.answers
        ],
        "held": sorted(told.held),
        "problems": list(told.problems),
    }


async def _previewed(service: Service, key: str, at: datetime | None) -> Json:
    source, number = await whose(service, key)
    shown = await flow.preview(service, source, number, at=at)
    return {
        "person": f"{source}:{number}",
        "at": shown.at.isoformat(),
        "state": shown.desired.entra.state,
        "harms": sorted(shown.harms),
        "plans": [
            {
                "target": plan.target,
                "changes": [
                    {"change": str(change), "why": [_reason(r) for r in change.reasons]}
                    for change in plan.changes
                ],
                "cannot": list(plan.obstacles.values()),
            }
            for plan in shown.plans
        ],
    }


async def _moment(service: Service, query: Mapping[str, str]) -> datetime | None:
    """The day that `on` names, at noon; None without."""
    if "on" not in query:
        return None
    _, policy = await service.active_policy()
    return datetime.combine(day_of(query["on"]), time(12), tzinfo=policy.zone)


def _reason(reason: Reason) -> Json:
    return {"rule": reason.rule, "because": reason.because}
