"""Bring one person's cards in TOPdesk up to date, a change at a time. Called by flow.

TOPdesk has no conditional writes, no idempotency keys and no unique employee number, and answers
400 to what was done already: so every change reads first. A create looks for the number, unless
that is what a read has just done.
Decides nothing; which cards are meant is found in topdesk_cards.py.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

from shared.apply.target import Done
from shared.apply.topdesk_cards import BRANCH, Cards, card_of, choose, lacking
from shared.errors import Permanent, Transient, UnknownReply
from shared.model.account import Applied, Found, TopdeskCard
from shared.model.change import Change, Kind
from shared.model.desired import DesiredTopdesk, Entry, TargetName
from shared.model.right import RightKind, parted
from shared.vendors.topdesk.fields import (
    EMPLOYEE_NUMBER,
    LIMITS,
    LOGIN_PERMISSION,
    LOOKUPS,
    MARK_FIELD,
    OPERATOR_FIELDS,
    OPERATOR_REMOVED,
    REMOVED_MARK,
    Value,
    folded,
    too_long,
)
from shared.vendors.topdesk.lookups import (
    ARCHIVING_REASON,
    DEPARTMENT,
    LOCATION,
    Lookups,
)
from shared.vendors.topdesk.operators import OperatorRow
from shared.vendors.topdesk.persons import Ref, Written
from shared.vendors.topdesk.tenant import Tenant
from shared.vendors.topdesk.tickets import Tickets

JUST_NOW_SECONDS = 30.0
"""So long may a create rely on the read before it; below what a claim reserves for one change."""


class TopdeskTarget:
    """TOPdesk over REST as a target: persons, and the operator cards linked to them."""

    def __init__(self, tenant: Tenant, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._tenant = tenant
        self._monotonic = monotonic
        self._lookups = Lookups(tenant, monotonic=monotonic)
        self._cards = Cards(tenant, self._lookups)
        self._persons = self._cards.persons
        self._operators = self._cards.operators
        self._tickets = Tickets(tenant)
        self._absent: dict[str, float] = {}
        """When a read found no card with this number."""
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @property
    def name(self) -> TargetName:
        """TOPdesk."""
        return TargetName.TOPDESK

    async def read(self, desired: DesiredTopdesk, applied: Applied) -> Found[TopdeskCard]:
        """The person card by its recorded id, else by the employee number, and its operator.

        Raises Permanent when several cards have the number, and when the recorded card is not
        shown and no other has the number; Transient or TargetDown when it cannot be known now.
        """
        found = await self._cards.read(desired, applied)
        if found.account is None:
            self._note_absent(desired.employee_number)
        return found

    async def probe(self) -> None:
        """Return when TOPdesk lets Instroom's operator in and list persons; see Target."""
        await self._tenant.product_version()
        await self._tenant.generation()

    async def do(self, change: Change, applied: Applied) -> Done:
        """Carry out one change; both cards of a person are in one hand at a time."""
        # A new card has no id yet; its number is as good.
        hand = applied.account_id or str(change.values.get(EMPLOYEE_NUMBER))
        async with self._turn(hand):
            try:
                return await self._do(change, applied)
            except Permanent as refused:
                if "cannot be found" not in refused.reason or not self._lookups.forget():
                    raise
            # An id of yesterday: TOPdesk's lists were changed since we read them.
            return await self._do(change, applied)

    @asynccontextmanager
    async def _turn(self, hand: str) -> AsyncIterator[None]:
        """An archive and a change of rights at one moment leave an operator half of each."""
        turn = self._turns.setdefault(hand, asyncio.Lock())
        async with turn:
            yield

    async def _do(self, change: Change, applied: Applied) -> Done:
        match change.kind:
            case Kind.CREATE_CARD:
                return await self._create(change)
            case Kind.UPDATE_CARD:
                await self._update(card_of(applied), change)
            case Kind.CREATE_TICKET:
                await self._ticket(change, card_of(applied))
            case Kind.TIE_ENTRY:
                await self._tie(change)
            case Kind.ARCHIVE_CARD:
                await self._archive(card_of(applied), change.what)
            case Kind.UNARCHIVE_CARD:
                return await self._unarchive(card_of(applied))
            case Kind.SCRUB_CARD:
                await self._scrub(card_of(applied), change, applied)
            case _:
                return await self._do_to_operator(change, applied)
        return Done()

    async def _do_to_operator(self, change: Change, applied: Applied) -> Done:
        match change.kind:
            case Kind.CREATE_OPERATOR:
                return await self._create_operator(card_of(applied), change)
            case Kind.UPDATE_OPERATOR:
                return await self._update_operator(change, applied)
            case Kind.ARCHIVE_OPERATOR:
                return await self._archive_operator(applied, change.what)
            case Kind.UNARCHIVE_OPERATOR:
                return await self._unarchive_operator(applied)
            case Kind.ADD_PERMISSION_GROUP | Kind.REMOVE_PERMISSION_GROUP:
                return await self._linking(
                    RightKind.PERMISSION_GROUP, change.what, change.kind, applied
                )
            case Kind.ADD_OPERATOR_RIGHT | Kind.REMOVE_OPERATOR_RIGHT:
                return await self._right(change, applied)
            case _:
                raise ValueError(f"TOPdesk knows no change '{change.kind}'")

    async def _create(self, change: Change) -> Done:
        _refuse_what_is_too_long(change.values)
        number = str(change.values.get(EMPLOYEE_NUMBER) or "")
        known_absent = self._was_absent_just_now(number)
        for person in () if known_absent else await self._cards.with_number(number):
            if person.archived:
                raise UnknownReply(
                    "an archived card with the number has come to light: read again"
                )
            await self._update(person.id, change)
            return Done(account_id=person.id)
        created = await self._persons.create(await self._resolved(change, None))
        return Done(account_id=created.id)

    def _note_absent(self, number: str) -> None:
        now = self._monotonic()
        still = {n: at for n, at in self._absent.items() if now - at < JUST_NOW_SECONDS}
        self._absent = {**still, number: now}

    def _was_absent_just_now(self, number: str) -> bool:
        """Has a read just told? Good for one create: whatever repeats it must look again."""
        at = self._absent.pop(number, float("-inf"))
        return self._monotonic() - at < JUST_NOW_SECONDS

    async def _update(self, card_id: str, change: Change) -> None:
        _refuse_what_is_too_long(change.values)
        await self._persons.update(card_id, await self._resolved(change, card_id))

    async def _ticket(self, change: Change, card_id: str) -> None:
        """Make a ticket once. A refused one is the caller's to tell: nothing else waits for it."""
        values = {field: str(value) for field, value in change.values.items()}
        kind, ids = values.pop("kind"), dict[str, str]()
        if await self._tickets.find(kind, values["externalNumber"]):
            return
        if template := values.pop("template", None):
            ids["template"] = await self._tickets.template(template)
        if group := values.pop("operatorGroup", None):
            ids["operatorGroup"] = await self._row(RightKind.OPERATOR_GROUP, group)
        if values.pop("assets", None):
            lines = [f"- {name}" for name in await self._tickets.assets(card_id)]
            values["request"] = "\n".join([values.get("request", ""), *lines]).strip()
        await self._tickets.create(kind, card_id, values, ids)

    async def _tie(self, change: Change) -> None:
        code, name = change.entries[change.what].code, change.values[change.what]
        if code and isinstance(name, str):
            await self._lookups.tie(change.what, name, code)

    async def _archive(self, card_id: str, reason: str) -> None:
        if not (await self._cards.shown(card_id)).archived:
            await self._persons.archive(card_id, await self._reason(reason))

    async def _unarchive(self, card_id: str) -> Done:
        """Both cards are read again: newer products bring the operator along."""
        person = await self._cards.shown(card_id)
        if not person.archived:
            return Done()
        operators = await self._operators.of_person(card_id, person.employee_number)
        await self._persons.unarchive(card_id)
        if (await self._cards.shown(card_id)).archived:
            raise Transient("TOPdesk un-archived a person card and shows it archived still")
        revived = await self._revived(operators)
        return Done(operator_id=revived[0] if revived else None)

    async def _scrub(self, card_id: str, change: Change, applied: Applied) -> None:
        """Empty both cards; an archived one takes no changes and comes back for the moment.

        Whatever happens in between, they are archived again. The person is back while the
        operator is, so that bringing back the one never revives the other.
        """
        person = await self._cards.shown(card_id)
        operators = await self._operators.of_person(card_id, person.employee_number)
        operator = choose(operators, applied)
        reason_id = await self._reason(change.what)
        if person.archived:
            await self._persons.unarchive(card_id)
        try:
            await self._update(card_id, change)
            if operator:
                await self._scrub_operator(operator.id, change.values)
        finally:
            for operator_id in await self._revived(operators):
                await self._operators.archive(operator_id, reason_id)
            await self._persons.archive(card_id, reason_id)

    async def _scrub_operator(self, operator_id: str, values: Mapping[str, Value]) -> None:
        operator = await self._operators.by_id(operator_id)
        if operator and operator.archived:
            await self._operators.unarchive(operator_id)
        same_here = {OPERATOR_FIELDS[f]: v for f, v in values.items() if f in OPERATOR_FIELDS}
        emptied = {
            **dict.fromkeys(OPERATOR_REMOVED),
            **same_here,
            LOGIN_PERMISSION: False,
            MARK_FIELD: REMOVED_MARK,
        }
        await self._operators.update(operator_id, emptied)

    async def _create_operator(self, card_id: str, change: Change) -> Done:
        _refuse_what_is_too_long(change.values)
        person = await self._cards.shown(card_id)
        rows = await self._operators.of_person(card_id, person.employee_number)
        if standing := choose(rows, Applied()):
            if standing.archived:
                await self._operators.unarchive(standing.id)
            return Done(operator_id=standing.id)
        values = await self._resolved(change, card_id)
        created = await self._operators.create(
            card_id, {**values, EMPLOYEE_NUMBER: person.employee_number}
        )
        return Done(operator_id=created.id)

    async def _update_operator(self, change: Change, applied: Applied) -> Done:
        _refuse_what_is_too_long(change.values)
        operator = await self._cards.operator_of(applied)
        values = await self._resolved(change, card_of(applied))
        await self._operators.update(operator.id, values)
        return Done(operator_id=operator.id)

    async def _archive_operator(self, applied: Applied, reason: str) -> Done:
        operator = await self._cards.operator_of(applied)
        if not operator.archived:
            await self._operators.archive(operator.id, await self._reason(reason))
        return Done(operator_id=operator.id)

    async def _unarchive_operator(self, applied: Applied) -> Done:
        operator = await self._cards.operator_of(applied)
        if operator.archived:
            await self._operators.unarchive(operator.id)
        return Done(operator_id=operator.id)

    async def _right(self, change: Change, applied: Applied) -> Done:
        """A task is a tick on the card; everything else hangs on it."""
        kind, name = parted(change.what)
        if kind is not RightKind.TASK:
            return await self._linking(kind, name, change.kind, applied)
        operator = await self._cards.operator_of(applied)
        wants = change.kind is Kind.ADD_OPERATOR_RIGHT
        if (operator.value(name) is True) is not wants:
            await self._operators.update(operator.id, {name: wants})
        return Done(operator_id=operator.id)

    async def _linking(self, kind: RightKind, name: str, how: Kind, applied: Applied) -> Done:
        """Give or take a group or filter; what is so already is not asked for again."""
        operator_id = applied.operator_id or (await self._cards.operator_of(applied)).id
        has = await self._operators.linked(kind, operator_id)
        held = {folded(held): row_id for held, row_id in has.items()}
        wants = how in (Kind.ADD_PERMISSION_GROUP, Kind.ADD_OPERATOR_RIGHT)
        row_id = held.get(folded(name))
        if wants and row_id is None:
            await self._operators.link(kind, operator_id, await self._row(kind, name))
        elif not wants and row_id is not None:
            await self._operators.unlink(kind, operator_id, row_id)
        return Done(operator_id=operator_id)

    # --- what several of them need ---------------------------------------------------------------

    async def _resolved(self, change: Change, card_id: str | None) -> Written:
        """The values with every lookup by its id here; what TOPdesk lacks is made, if it may."""
        written: dict[str, Value | Ref] = dict(change.values)
        for field, value in change.values.items():
            if field in LOOKUPS and isinstance(value, str):
                written[field] = await self._looked_up(field, value, change, card_id)
        return written

    async def _looked_up(self, field: str, name: str, change: Change, card_id: str | None) -> Ref:
        if field == DEPARTMENT and self._tenant.habits.departments_are_text:
            return Ref(name, "")
        if field == LOCATION:
            branch_id = await self._branch_id(change.values.get(BRANCH), card_id)
            found = await self._lookups.find(field, name, branch_id=branch_id)
        else:
            how = change.entries.get(field, Entry())
            found = await self._lookups.entry(field, name, code=how.code, make=how.make)
        if found is None:
            raise Permanent(lacking(field, name))
        return Ref(name, found)

    async def _branch_id(self, branch: Value, card_id: str | None) -> str | None:
        """Of the branch being written, else of the card's: a location belongs to one."""
        if isinstance(branch, str):
            return await self._lookups.find(BRANCH, branch)
        return (await self._cards.shown(card_id, BRANCH)).ref(BRANCH) if card_id else None

    async def _revived(self, before: list[OperatorRow]) -> list[str]:
        """Which of those that were archived are so no longer?"""
        archived = [operator.id for operator in before if operator.archived]
        now = [await self._operators.by_id(operator_id) for operator_id in archived]
        return [operator.id for operator in now if operator and not operator.archived]

    async def _reason(self, name: str) -> str | None:
        """The archiving reason's id; none when the policy names none."""
        if not name:
            return None
        found = await self._lookups.find(ARCHIVING_REASON, name)
        if found is None:
            raise Permanent(lacking(ARCHIVING_REASON, name), mender="policy")
        return found

    async def _row(self, kind: RightKind, name: str) -> str:
        found = await self._lookups.find(kind, name)
        if found is None:
            raise Permanent(lacking(kind, name), mender="policy")
        return found


def _refuse_what_is_too_long(values: Mapping[str, Value]) -> None:
    """Raise Permanent: what may be cut was cut by the plan, the rest would be another value."""
    for field, value in values.items():
        if too_long(field, value):
            raise Permanent(
                f"{field} has {len(str(value))} characters, TOPdesk takes {LIMITS[field]}; "
                "shorten it in HR",
                mender="hr",
            )
