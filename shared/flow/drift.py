"""What was changed behind our back? Reads what Entra says has changed, and looks at whom it meets.

Called by the timer. A page is read, looked at and let go, and the link to the next is kept: a run
that ends in the middle goes on where it was. What we wrote ourselves comes by as well: an account
that is as it should be needs no second look. Decides nothing about people: a heal wakes the
person, and the plan does the rest. Deletes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from shared import log
from shared.apply.changes import ChangedAccount, ChangedMember, Changes
from shared.errors import Permanent
from shared.flow import drifted
from shared.flow.at_once import all_of
from shared.flow.drifted import Seen
from shared.flow.naming import EMPLOYEE_ID
from shared.flow.noticing import intend
from shared.flow.service import Service
from shared.ledger.drift import DriftCursor, Orphan
from shared.model.desired import State, TargetName
from shared.model.notice import Cause, NoticeKind
from shared.model.person import PersonId
from shared.model.right import folded
from shared.policy.document import Policy

LONGEST = timedelta(minutes=4)
"""A run ends after so long and the next goes on: a host ends a function after ten minutes."""
HEALING = timedelta(hours=1)
"""So long it is looked whether what was put right stands."""
BETWEEN = timedelta(minutes=15)
"""About so often it is looked."""
MOST_AGAIN = 1000
"""So many are read again in a run: a mistake of many thousands must not take up all of it."""
_ACCOUNTS, _MEMBERS = "accounts", "members"


@dataclass
class Looked:
    """What one run came to."""

    accounts: int = 0
    members: int = 0
    found: int = 0
    healed: int = 0
    restarted: bool = False
    """Changes of accounts were missed, so everybody's is looked at."""

    def add(self, seen: Seen) -> None:
        """Count one look."""
        self.found += seen is not Seen.RIGHT
        self.healed += seen is Seen.HEALED


async def drift(service: Service) -> Looked:
    """Look at everything that has changed since the last run. Raises LostRace, Transient."""
    looked = Looked()
    if service.changes is None:
        return looked
    _, policy = await service.active_policy()
    ends = service.clock.monotonic() + LONGEST.total_seconds()
    await _look_again(service, looked)
    await _accounts(service, service.changes, policy, looked, ends)
    await _members(service, service.changes, policy, looked, ends)
    await _tell(service, policy)
    log.info("drift", accounts=looked.accounts, found=looked.found, healed=looked.healed)
    return looked


async def _look_again(service: Service, looked: Looked) -> None:
    """At whom an earlier run could not see, and whether what was found still is: some in turn."""
    now = service.clock.now()
    again = {person_id: version async for person_id, version in service.ledger.drift.to_look_at()}
    open_ones = [
        one.person_id
        async for one in service.ledger.drift.found()
        if not one.healed or now - one.seen_at < HEALING
    ]
    turn = int(now.timestamp()) // int(BETWEEN.total_seconds()) * MOST_AGAIN
    begin = turn % max(1, len(open_ones))
    people = [*dict.fromkeys([*again, *open_ones[begin:], *open_ones[:begin]])][:MOST_AGAIN]
    for seen in await all_of(_seen_again(service, one, again.get(one)) for one in people):
        looked.add(seen)


async def _seen_again(service: Service, person_id: PersonId, version: str | None) -> Seen:
    seen = await drifted.look(service, person_id)
    if version:
        await service.ledger.drift.looked_at(person_id, version)
    return seen


# --- accounts ----------------------------------------------------------------------------------


async def _accounts(
    service: Service, changes: Changes, policy: Policy, looked: Looked, ends: float
) -> None:
    cursor, version = await service.ledger.drift.cursor(_ACCOUNTS)
    select = tuple(sorted(policy.entra.attributes))
    if cursor.select != select:
        cursor = DriftCursor(select=select)
    while True:
        page = await changes.accounts(select, cursor.link)
        if page is None:
            cursor, looked.restarted = _restarted(cursor), True
            continue
        for seen in await all_of(
            _account(service, policy, item, thorough=cursor.thorough) for item in page.items
        ):
            looked.add(seen)
        looked.accounts += len(page.items)
        cursor = _moved(cursor, page.link, is_last=page.is_last)
        version = await service.ledger.drift.move(_ACCOUNTS, cursor, version)
        if page.is_last or service.clock.monotonic() > ends:
            return


async def _account(
    service: Service, policy: Policy, item: ChangedAccount, *, thorough: bool
) -> Seen:
    person_id = await _whose(service, item)
    if person_id is None:
        await _nobodys(service, policy, item)
        return Seen.RIGHT
    seen = await drifted.look(service, person_id, None if thorough else item)
    if item.removed and seen is Seen.RIGHT:
        await _let_go(service, person_id, item.id)
    return seen


async def _let_go(service: Service, person_id: PersonId, account_id: str) -> None:
    """Whose it was need not be known of an account that we deleted; a restored one comes anew."""
    applied = (await service.ledger.people.read(person_id)).target(TargetName.ENTRA).applied
    if applied.account_id != account_id or applied.state is State.DELETED:
        await service.ledger.drift.forget_owner(account_id)


async def _whose(service: Service, item: ChangedAccount) -> PersonId | None:
    """Whose account it is, if we made it or took it over."""
    known = await service.ledger.drift.owner(item.id)
    if known or not item.employee_id:
        return known
    owner = await service.ledger.names.owner(EMPLOYEE_ID, item.employee_id)
    dossier = await service.ledger.people.read(owner) if owner else None
    if dossier is None or dossier.target(TargetName.ENTRA).applied.account_id != item.id:
        return None
    await service.ledger.drift.note_owner(item.id, dossier.person_id)
    return dossier.person_id


async def _nobodys(service: Service, policy: Policy, item: ChangedAccount) -> None:
    """An account with a number that HR gives to nobody is listed, and no more than that."""
    number = item.employee_id
    if item.removed or not number or await _is_known(service, policy, number):
        await service.ledger.drift.forget_orphan(item.id)
        return
    orphan = Orphan(account_id=item.id, employee_id=number, seen_at=service.clock.now())
    await service.ledger.drift.note_orphan(orphan)


async def orphans(service: Service) -> list[Orphan]:
    """Every account that carries a number which is nobody's, as of now."""
    _, policy = await service.active_policy()
    found = []
    async for orphan in service.ledger.drift.orphans():
        if await _is_known(service, policy, orphan.employee_id):
            await service.ledger.drift.forget_orphan(orphan.account_id)
        else:
            found.append(orphan)
    return found


async def _is_known(service: Service, policy: Policy, employee_id: str) -> bool:
    """Does any source have somebody with this number?"""
    for source in service.sources:
        pattern = policy.employee_id.get(source, "{number}")
        before, _, after = pattern.partition("{number}")
        fits = re.fullmatch(f"{re.escape(before)}(.+){re.escape(after)}", employee_id)
        if fits and await service.ledger.identities.find(source, fits[1]):
            return True
    return False


# --- memberships -------------------------------------------------------------------------------


async def _members(
    service: Service, changes: Changes, policy: Policy, looked: Looked, ends: float
) -> None:
    cursor, version = await service.ledger.drift.cursor(_MEMBERS)
    ours = frozenset(folded(rule.group) for rule in policy.entra.groups)
    made = {
        one.group_id: one.right
        async for one, _ in service.ledger.groups.everything()
        if one.group_id
    }
    ours |= frozenset(map(folded, made.values()))
    while True:
        page = await changes.members(cursor.link)
        if page is None:
            cursor = _restarted(cursor)
            await _look_at_everybody(service, looked)
            continue
        if cursor.known:
            # The first round tells who is in a group, not who came.
            told = (_as_we_call_it(each, made) for each in page.items)
            mine = [each for each in told if each.names & ours]
            for seen in await all_of(_member(service, each) for each in mine):
                looked.add(seen)
            looked.members += len(mine)
        cursor = _moved(cursor, page.link, is_last=page.is_last)
        version = await service.ledger.drift.move(_MEMBERS, cursor, version)
        if page.is_last or service.clock.monotonic() > ends:
            return


def _as_we_call_it(item: ChangedMember, made: Mapping[str, str]) -> ChangedMember:
    """A group of our own making by its name among rights: its name in Entra follows HR."""
    right = made.get(item.group_id)
    return replace(item, group_name=right) if right else item


async def _member(service: Service, item: ChangedMember) -> Seen:
    person_id = await service.ledger.drift.owner(item.account_id)
    if person_id is None:
        return Seen.RIGHT
    return await drifted.look_at_member(service, person_id, item)


async def _look_at_everybody(service: Service, looked: Looked) -> None:
    """Who went out of a group meanwhile is seen only on the account: begin with those anew."""
    if not looked.restarted:
        cursor, version = await service.ledger.drift.cursor(_ACCOUNTS)
        await service.ledger.drift.move(_ACCOUNTS, _restarted(cursor), version)
        looked.restarted = True


def _restarted(cursor: DriftCursor) -> DriftCursor:
    if cursor.link is None:
        raise Permanent("Entra refuses to begin telling changes", mender="operator")
    log.warning("drift begins anew", reason="the link had grown too old: everybody is looked at")
    return DriftCursor(select=cursor.select, thorough=True)


def _moved(cursor: DriftCursor, link: str, *, is_last: bool) -> DriftCursor:
    known, thorough = cursor.known or is_last, cursor.thorough and not is_last
    return cursor.model_copy(update={"link": link, "known": known, "thorough": thorough})


async def _tell(service: Service, policy: Policy) -> None:
    """One mail a day, when there is something that is only told."""
    if NoticeKind.DRIFT not in policy.notices.send or not policy.notices.operators:
        return
    if any([not one.healed async for one in service.ledger.drift.found()]):
        today = service.clock.now().astimezone(policy.zone).date()
        await intend(service, Cause(kind=NoticeKind.DRIFT, about=str(today)))
