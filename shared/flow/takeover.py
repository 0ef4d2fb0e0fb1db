"""Whose is what is there already? Both sides of a target compared, before anything is taken over.

Called by the command line. Reads each target as a stream and keeps of each account no more than
whose it may be; decides nothing and writes nothing. It says of each person what provisioning
would find, by the same rules, and of each account whose it is.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from shared.apply.listing import Seen
from shared.diff import compare
from shared.flow.everybody import dossiers
from shared.flow.lanes import entra_lane
from shared.flow.service import Service
from shared.flow.standing import wanted
from shared.ledger.people import Dossier
from shared.model.desired import ALIVE, DesiredEntra, DesiredTopdesk, Linked, TargetName
from shared.policy.conditions import matches

NUMBER = {TargetName.ENTRA: "employeeId", TargetName.TOPDESK: "employeeNumber"}
KNOWN = "taken over or made by Instroom"


class Side(StrEnum):
    """What one line of the comparison says."""

    MATCHED = "matched"
    DOUBTFUL = "doubtful"
    NO_ACCOUNT = "person without account"
    NO_PERSON = "account without person"
    LINKED = "linked account"
    LEFT = "has left, account is active"


@dataclass(frozen=True, slots=True)
class Finding:
    """One person, one account, or both."""

    side: Side
    person: str = ""
    account: str = ""
    """Its id."""
    name: str = ""
    how: str = ""
    """By what it was matched, or why it is doubtful."""


@dataclass(slots=True)
class _Someone:
    """A person, and the accounts that may be theirs."""

    key: str
    number: str
    alive: bool
    account_id: str | None
    linked: tuple[Linked, ...] = ()
    by: tuple[str, ...] = ()
    """The properties of the policy's match, best first."""
    hits: dict[str, list[Seen]] = field(default_factory=dict)
    """By the property that led to them."""


@dataclass
class _Index:
    """People by what an account may carry of them; in lower case."""

    by_id: dict[str, _Someone] = field(default_factory=dict)
    by_number: dict[str, list[_Someone]] = field(default_factory=dict)
    by_value: dict[tuple[str, str], list[_Someone]] = field(default_factory=dict)
    by_convention: dict[tuple[str, str], tuple[_Someone, Linked]] = field(default_factory=dict)
    people: list[_Someone] = field(default_factory=list)

    def add(self, one: _Someone, want: DesiredEntra | DesiredTopdesk) -> None:
        """Take one person in."""
        self.people.append(one)
        if one.account_id:
            self.by_id[one.account_id] = one
        self.by_number.setdefault(one.number.casefold(), []).append(one)
        if not isinstance(want, DesiredEntra):
            return
        for match in want.matches:
            place = (match.by, match.value.casefold())
            self.by_value.setdefault(place, []).append(one)
        for rule in want.linked:
            if not set(rule.value) & set("*?"):
                self.by_convention[rule.by, rule.value.casefold()] = (one, rule)


async def compared(service: Service, target: TargetName) -> AsyncIterator[Finding]:
    """Every finding in one target that can be listed."""
    index = await _index(service, target)
    async for account in service.listings[target].everyone():
        if found := _placed(index, account, target):
            yield found
    claimed = _claims(index)
    for one in index.people:
        for found in _concluded(one, claimed):
            yield found


async def _index(service: Service, target: TargetName) -> _Index:
    index = _Index()
    async for dossier in dossiers(service):
        await _add(service, index, dossier, target)
    return index


async def _add(service: Service, index: _Index, dossier: Dossier, target: TargetName) -> None:
    decision = dossier.decision
    if decision is None:
        return
    every = wanted(dossier, decision, await service.policy(decision.policy))
    want = entra_lane(service).wanted(every) if target is TargetName.ENTRA else every.topdesk
    one = _Someone(
        key=decision.person.primary_record.key,
        number=want.employee_id if isinstance(want, DesiredEntra) else want.employee_number,
        alive=compare.side(every, target).state in ALIVE,
        account_id=dossier.target(target).applied.account_id,
        linked=want.linked if isinstance(want, DesiredEntra) else (),
        by=tuple(m.by for m in want.matches) if isinstance(want, DesiredEntra) else (),
    )
    index.add(one, want)


def _placed(index: _Index, account: Seen, target: TargetName) -> Finding | None:
    """Put an account with those whose it may be; a finding when it is nobody's, or linked."""
    if known := index.by_id.get(account.id):
        known.hits.setdefault(KNOWN, []).append(account)
        return None
    numbered = index.by_number.get(account.number.casefold(), []) if account.number else []
    if linked := _linked(index, account, numbered):
        one, rule = linked
        return _finding(Side.LINKED, one, account, how=rule.kind)
    fits = [(NUMBER[target], one) for one in numbered]
    if not fits and account.is_person:
        fits = _by_value(index, account)
    for how, one in fits:
        one.hits.setdefault(how, []).append(account)
    if fits or not (account.active and account.is_person):
        return None
    return Finding(Side.NO_PERSON, account=account.id, name=account.name)


def _linked(
    index: _Index, account: Seen, numbered: Iterable[_Someone]
) -> tuple[_Someone, Linked] | None:
    values = {**account.properties, NUMBER[TargetName.ENTRA]: account.number}
    for name, value in values.items():
        if found := index.by_convention.get((name, value.casefold())):
            return found
    for one in numbered:
        for rule in one.linked:
            if matches(values.get(rule.by, ""), rule.value):
                return one, rule
    return None


def _by_value(index: _Index, account: Seen) -> list[tuple[str, _Someone]]:
    return [
        (name, one)
        for name, value in account.properties.items()
        for one in index.by_value.get((name, value.casefold()), [])
    ]


def _claims(index: _Index) -> Mapping[str, int]:
    """How many people each account would be found for."""
    claims: dict[str, int] = {}
    for one in index.people:
        for account in _first(one)[1]:
            claims[account.id] = claims.get(account.id, 0) + 1
    return claims


def _first(one: _Someone) -> tuple[str, list[Seen]]:
    """What provisioning would find first, and how."""
    for how in (KNOWN, *NUMBER.values(), *one.by):
        if hits := one.hits.get(how):
            return how, hits
    return "", []


def _concluded(one: _Someone, claimed: Mapping[str, int]) -> Iterator[Finding]:
    how, hits = _first(one)
    if doubt := _doubt(how, hits, claimed):
        yield from (_finding(Side.DOUBTFUL, one, account, how=doubt) for account in hits)
    elif hits and one.alive:
        yield _finding(Side.MATCHED, one, hits[0], how=how)
    elif hits and hits[0].active and how != KNOWN:
        yield _finding(Side.LEFT, one, hits[0], how=how)
    elif not hits and one.alive:
        yield Finding(Side.NO_ACCOUNT, person=one.key)
    left = (account for other, found in one.hits.items() if other != how for account in found)
    for account in left:
        if not claimed.get(account.id) and account.active:
            told = f"fits {one.key}, who has another one"
            yield Finding(Side.NO_PERSON, account=account.id, name=account.name, how=told)


def _doubt(how: str, hits: list[Seen], claimed: Mapping[str, int]) -> str:
    """Why it may be another one; by the rules of apply/entra_found.py."""
    if not hits or how == KNOWN:
        return ""
    if len(hits) > 1:
        return f"one of {len(hits)} that fit by {how}"
    (account,) = hits
    if claimed[account.id] > 1:
        return f"fits {claimed[account.id]} people by {how}"
    if how in NUMBER.values():
        return ""
    if account.number:
        return f"fits by {how}, and carries another employeeId"
    return "" if account.active else f"fits by {how}, and is blocked"


def _finding(side: Side, one: _Someone, account: Seen, *, how: str) -> Finding:
    return Finding(side, one.key, account.id, account.name, how)
