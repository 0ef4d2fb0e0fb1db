"""Why has this person a right, or why not, today or on any day? Reads the ledger alone.

Called by the command line. HR and the targets are not asked: what was decided is explained by the
facts it was decided on. `preview` is the one that reads them anew.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from shared.diff import compare
from shared.errors import Misconfigured
from shared.flow import in_bulk
from shared.flow.service import Service
from shared.intake.merge import merge
from shared.ledger.people import Dossier
from shared.model.change import Harm
from shared.model.desired import Desired, Reason, TargetName
from shared.model.hr_field import field_key, same
from shared.model.person import Person
from shared.model.report import Report
from shared.policy import lifecycle
from shared.policy.desired import desired
from shared.policy.explain import Answer, explain
from shared.policy.lifecycle import Standing


@dataclass(frozen=True)
class Left:
    """A right that Instroom gave and that no rule gives any more."""

    target: TargetName
    right: str
    reasons: tuple[Reason, ...]
    """Those it was given for."""


@dataclass(frozen=True)
class Stray:
    """A right that somebody else gave and no rule explains, where the policy looks for it."""

    target: TargetName
    right: str
    since: datetime
    """When it came to light."""
    is_taken: bool
    """`managed: strict`: it goes, when the guard lets it."""


@dataclass(frozen=True)
class Back:
    """A field of HR that the policy writes back to."""

    record: str
    """`source:number`."""
    field: str
    reason: Reason
    stands: bool
    """It says what it should, by our doing or because it did already."""


@dataclass(frozen=True)
class Explanation:
    """Every rule's answer about one person, and what the targets hold by our own memory."""

    person: Person
    at: datetime
    standing: Standing
    answers: tuple[Answer, ...]
    applied: frozenset[tuple[TargetName, str]]
    """The rights that Instroom gave and has not taken."""
    left: tuple[Left, ...]
    strays: tuple[Stray, ...]
    back: tuple[Back, ...]
    held: frozenset[Harm]
    problems: tuple[str, ...]
    """What the targets wait for or cannot give."""


async def explained(
    service: Service, source: str, number: str, *, at: datetime | None = None
) -> Explanation:
    """Explain one person. Raises Misconfigured for somebody about whom nothing was decided."""
    known = await service.ledger.identities.find(source, number)
    dossier = await service.ledger.people.read(known.person_id) if known else None
    if dossier is None or dossier.decision is None:
        raise Misconfigured(
            f"{source}:{number}", "is not known here", "See `instroom people`, or `preview` it"
        )
    decision, now = dossier.decision, at or service.clock.now()
    policy = (await service.active_policy())[1]
    today = now.astimezone(policy.zone).date()
    was = decision.person
    person = merge(
        was.records, today=today, missing=was.missing, stop=was.stop, numbered=was.numbered
    )
    assert person is not None  # noqa: S101 - a decided person has a record
    told: dict[str, object] = {
        "silent_since": was.silent_since,
        "unsponsored": was.unsponsored,
        "exceptions": was.exceptions,
    }
    person = person.model_copy(update=told)
    ties = dossier.with_account(decision.ties)
    want = desired(person, ties, policy, now)
    answers = explain(person, want, policy, now)
    return Explanation(
        person=person,
        at=now,
        standing=lifecycle.standing(person, policy, now),
        answers=answers,
        applied=frozenset(_applied(dossier)),
        left=tuple(_left(dossier, answers)),
        strays=tuple(_strays(dossier, want)),
        back=tuple(_back(dossier, want)),
        held=frozenset(decision.hold),
        problems=tuple(_problems(dossier)),
    )


def _problems(dossier: Dossier) -> Iterable[str]:
    for target in TargetName:
        row = dossier.target(target)
        told = _only_told(target, row.report) if row.report else None
        yield from filter(None, (row.problem, told, in_bulk.told(row)))


def _only_told(name: TargetName, report: Report) -> str:
    return f"nothing is written in {name} ({report.why.rule}: {report.why.because})"


def _applied(dossier: Dossier) -> Iterable[tuple[TargetName, str]]:
    for target in TargetName:
        for right in dossier.target(target).applied.rights:
            yield target, right


def _left(dossier: Dossier, answers: Iterable[Answer]) -> Iterable[Left]:
    wanted = {(answer.target, answer.right) for answer in answers if answer.given}
    for target in TargetName:
        for right, reasons in dossier.target(target).applied.rights.items():
            if (target, right) not in wanted:
                yield Left(target, right, reasons)


def _back(dossier: Dossier, want: Desired) -> Iterable[Back]:
    written = dossier.target(TargetName.HR).applied.written
    for key, record in want.hr.records.items():
        for field, wanted in record.fields.items():
            has = written.get(field_key(key, field))
            stands = bool(wanted.value) and same(field, wanted.value, has)
            yield Back(key, field, wanted.reason, stands)


def _strays(dossier: Dossier, want: Desired) -> Iterable[Stray]:
    for target in TargetName:
        applied = dossier.target(target).applied
        taken = compare.taken(applied, compare.side(want, target))
        for right, since in applied.strays.items():
            yield Stray(target, right, since, right in taken)
