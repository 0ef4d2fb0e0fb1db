"""Small fakes with memory and planned failures; the contract suites keep them honest.

The ledger in flow tests is SQLite in memory and the bus is a list: only sources and targets, whose
real ones need a network, are faked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from build import NOW, POLICY
from fakes_hr import FakeHr
from fakes_passes import FakePasses

from shared.apply.bulk import MOST_BOUND, Bound
from shared.apply.groups import Member
from shared.apply.target import Done
from shared.errors import NameTaken, NotShown, Permanent
from shared.flow.service import Clock, Ledger, Service
from shared.intake.source import Reading
from shared.ledger.rows import Store
from shared.model.account import (
    Applied,
    EntraAccount,
    Found,
    LinkedAccount,
    OperatorCard,
    TopdeskCard,
)
from shared.model.change import Change, Kind
from shared.model.desired import DesiredEntra, DesiredTopdesk, TargetName
from shared.model.event import Event
from shared.model.person import PersonId, Record
from shared.model.signal import Signal
from shared.notices.mail import Letter, Post
from shared.notices.render import Templates
from shared.vendors.topdesk.fields import OPERATOR_FIELDS

type Moment = Callable[[str], None]
"""Called before and after each outside call with its name; raising stops the worker there."""


def undisturbed(_moment: str) -> None:
    """Nothing goes wrong."""


@dataclass
class FakeClock:
    """Calendar, wall and monotonic time, moved together or apart by the test."""

    calendar: datetime = NOW
    elapsed: timedelta = timedelta()

    def now(self) -> datetime:
        return self.calendar

    def wall(self) -> datetime:
        return datetime(2026, 11, 2, 9, 0, tzinfo=UTC) + self.elapsed

    def monotonic(self) -> float:
        return self.elapsed.total_seconds()

    def advance(self, **delta: float) -> None:
        """Let time pass for everybody."""
        self.calendar += timedelta(**delta)
        self.elapsed += timedelta(**delta)

    def as_clock(self) -> Clock:
        return Clock(now=self.now, wall=self.wall, monotonic=self.monotonic)


@dataclass
class FakeSource:
    """HR as a dictionary."""

    people: dict[str, Reading] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)
    name: str = "afas"
    fails: Exception | None = None
    """Raised in the middle of every answer."""

    def put(self, *readings: Reading) -> None:
        """HR now says this."""
        for reading in readings:
            assert reading.number is not None
            self.people[reading.number] = reading
            self.changed.add(reading.number)

    async def everyone(self) -> AsyncIterator[Reading]:
        for at, reading in enumerate(list(self.people.values())):
            if self.fails and at == len(self.people) // 2:
                raise self.fails
            yield reading
        if self.fails:
            raise self.fails

    async def changed_since(self, moment: datetime) -> AsyncIterator[Reading]:
        del moment
        for number in sorted(self.changed):
            if number in self.people:
                yield self.people[number]
        if self.fails:
            raise self.fails
        self.changed.clear()

    async def probe(self) -> None:
        return None

    async def one(self, number: str) -> Reading | None:
        if self.fails:
            raise self.fails
        return self.people.get(number)


@dataclass
class ListBus:
    """The bus as a list of wakes and signals; a test delivers them, twice or never."""

    wakes: list[tuple[TargetName, PersonId, Event]] = field(default_factory=list)
    signals: list[tuple[Signal, str]] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    moment: Moment = undisturbed

    async def wake(self, target: TargetName, person_id: PersonId, event: Event) -> None:
        self.moment("before send")
        self.wakes.append((target, person_id, event))
        self.moment("after send")

    async def signal(self, said: Signal, message_id: str) -> None:
        if message_id not in {known for _, known in self.signals}:
            self.signals.append((said, message_id))

    async def notice(self, notice_id: str) -> None:
        self.moment("before send")
        self.notices.append(notice_id)
        self.moment("after send")


@dataclass
class FakeEntra:
    """Entra as a dictionary of accounts; names are unique, groups known in advance."""

    groups: frozenset[str] = frozenset({"Iedereen", "ICT", "Zorg"})
    made: dict[str, str] = field(default_factory=dict)
    """Groups that the app made, by what they are called among rights, with their names."""
    makings: Counter[str] = field(default_factory=Counter)
    """How often each was made."""
    accounts: dict[str, EntraAccount] = field(default_factory=dict)
    bin: dict[str, EntraAccount] = field(default_factory=dict)
    linked: dict[str, tuple[LinkedAccount, ...]] = field(default_factory=dict)
    """Further accounts of a person, by employee id."""
    privileged: frozenset[str] = frozenset()
    """Those that the app may not touch, by id."""
    calls: Counter[str] = field(default_factory=Counter)
    created: Counter[str] = field(default_factory=Counter)
    """How often an account was created, by employee id."""
    fails: list[Exception | None] = field(default_factory=list)
    """Raised by the next calls to `do`, in order; None lets one through."""
    bind_fails: list[Exception | None] = field(default_factory=list)
    """Raised by the next calls to `bind`."""
    unbindable: set[str] = field(default_factory=set)
    """Accounts that are refused in bulk."""
    doubled: set[str] = field(default_factory=set)
    """Names that several groups have."""
    moment: Moment = undisturbed
    leaves_blocks_to_ad: bool = False
    """It takes no block of an account that Active Directory masters."""
    shows_blocks: bool = True
    replies: dict[str, str] = field(default_factory=dict)
    """What mailboxes answer, by account."""
    refuses: dict[str, Permanent] = field(default_factory=dict)
    """Kinds of change that it will not do."""
    name: TargetName = TargetName.ENTRA

    async def read(self, desired: DesiredEntra, applied: Applied) -> Found[EntraAccount]:
        self.moment("before entra read")
        account = self._find(desired.employee_id, applied.account_id)
        if account is None and not applied.account_id:
            account = self._matching(desired)
        missing = (set(desired.groups) | set(applied.rights)) - self.groups - self.made.keys()
        unclear = applied.rights.keys() & self.doubled
        self.moment("after entra read")
        return Found[EntraAccount](
            account=account,
            obstacles={g: f"group {g} does not exist" for g in sorted(missing)}
            | {g: f"2 groups are named {g}" for g in sorted(unclear)},
            unclear=frozenset(unclear),
            linked=tuple(
                one.model_copy(update={"on_leave": rule.on_leave})
                for rule in desired.linked
                for one in self.linked.get(desired.employee_id, ())
                if one.kind == rule.kind
            ),
        )

    async def do(self, change: Change, applied: Applied) -> Done:
        self.calls[change.kind] += 1
        self.moment(f"before {change.kind}")
        if self.fails and (error := self.fails.pop(0)):
            raise error
        if refused := self.refuses.get(change.kind):
            raise refused
        done = self._do(change, applied)
        self.moment(f"after {change.kind}")
        return done

    async def bind(self, group: str, accounts: Sequence[str]) -> Bound:
        assert 0 < len(accounts) <= MOST_BOUND
        self.calls["bind"] += 1
        self.moment("before bind")
        if self.bind_fails and (error := self.bind_fails.pop(0)):
            raise error
        known = [a for a in accounts if a in self.accounts and a not in self.unbindable]
        for account_id in known:
            account = self.accounts[account_id]
            changed = account.model_copy(update={"groups": account.groups | {group}})
            self.accounts[account_id] = changed
        self.moment("after bind")
        return Bound(
            done=frozenset(known), refused={a: "refused" for a in accounts if a not in known}
        )

    async def probe(self) -> None:
        return None

    async def is_blocked(self, account_id: str) -> bool:
        self.moment("before entra look")
        account = self.accounts.get(account_id)
        self.moment("after entra look")
        return account is None or (self.shows_blocks and not account.enabled)

    def by_number(self, employee_id: str) -> EntraAccount | None:
        return next((a for a in self.accounts.values() if a.employee_id == employee_id), None)

    def _find(self, employee_id: str, account_id: str | None) -> EntraAccount | None:
        if account_id:
            return self.accounts.get(account_id) or self.bin.get(account_id)
        return self.by_number(employee_id)

    def _matching(self, desired: DesiredEntra) -> EntraAccount | None:
        for match in desired.matches:
            for account in self.accounts.values():
                if account.attributes.get(match.by) == match.value:
                    return account.model_copy(update={"found_by": match.by})
        return None

    def _block_linked(self, account_id: str) -> Done:
        if account_id in self.privileged:
            return Done(by_hand=f"the linked account {account_id}: block it by hand")
        self.linked = {
            number: tuple(
                one.model_copy(update={"enabled": one.enabled and one.id != account_id})
                for one in accounts
            )
            for number, accounts in self.linked.items()
        }
        return Done()

    def _do(self, change: Change, applied: Applied) -> Done:  # noqa: C901 - one arm a kind
        if change.kind == Kind.CREATE_ACCOUNT:
            return self._create(change)
        if change.kind == Kind.BLOCK_LINKED:
            return self._block_linked(str(change.values["id"]))
        account_id = applied.account_id
        assert account_id is not None
        if change.kind == Kind.RESTORE_ACCOUNT:
            self.accounts[account_id] = self.bin.pop(account_id).model_copy(
                update={"deleted": False}
            )
            return Done(account_id=account_id)
        account = self.accounts[account_id]
        changes: dict[str, Any] = {}
        match change.kind:
            case Kind.RENAME_ACCOUNT:
                login = str(change.values["userPrincipalName"])
                self._refuse_taken(login, account)
                changes["user_principal_name"] = login
                self.accounts[account_id] = account.model_copy(update=changes)
                return Done(login=login)
            case Kind.SET_ATTRIBUTES:
                changes["attributes"] = {**account.attributes, **change.values}
                if "employeeId" in change.values:
                    changes["employee_id"] = change.values["employeeId"]
            case Kind.ENABLE_SIGN_IN:
                changes["enabled"] = True
            case Kind.BLOCK_SIGN_IN:
                changes["enabled"] = False
            case Kind.BLOCK_IN_CLOUD:
                if self.leaves_blocks_to_ad:
                    return Done(left_to_ad=True)
                changes["enabled"] = False
            case Kind.SET_MANAGER:
                changes["manager_id"] = change.values["manager"]
            case Kind.CLEAR_MANAGER:
                changes["manager_id"] = None
            case Kind.ADD_TO_GROUP:
                changes["groups"] = account.groups | {change.what}
            case Kind.REMOVE_FROM_GROUP:
                changes["groups"] = account.groups - {change.what}
            case Kind.DELETE_ACCOUNT:
                self.bin[account_id] = self.accounts.pop(account_id).model_copy(
                    update={"deleted": True}
                )
                return Done()
            case Kind.REVOKE_SESSIONS | Kind.REMOVE_METHODS | Kind.DISABLE_DEVICES:
                return Done()
            case Kind.SET_AUTO_REPLY:
                self.replies[account_id] = str(change.values["automaticRepliesSetting"])
                return Done()
            case _:
                raise AssertionError(f"not a change of Entra: {change.kind}")
        self.accounts[account_id] = account.model_copy(update=changes)
        return Done()

    def _refuse_taken(self, login: str, renamed: EntraAccount) -> None:
        for account in self.accounts.values():
            same = account.user_principal_name.casefold() == login.casefold()
            if same and account.id != renamed.id:
                raise NameTaken("taken", field="userPrincipalName", holder_id=account.id)

    def _create(self, change: Change) -> Done:
        values = dict(change.values)
        login = str(values.pop("userPrincipalName"))
        number = str(values.pop("employeeId"))
        enabled = bool(values.pop("accountEnabled"))
        values.pop("mailNickname", None)
        for account in self.accounts.values():
            if account.user_principal_name.casefold() == login.casefold():
                if account.employee_id == number:
                    return Done(account_id=account.id, login=login)
                raise NameTaken("taken", field="userPrincipalName", holder_id=account.id)
        self.created[number] += 1
        account_id = f"e{len(self.accounts) + len(self.bin) + 1}"
        self.accounts[account_id] = EntraAccount(
            id=account_id,
            user_principal_name=login,
            enabled=enabled,
            employee_id=number,
            attributes=values,
        )
        return Done(account_id=account_id, login=login)


@dataclass
class FakeGroups:
    """The groups of a FakeEntra; `strangers` are members who are nobody's account here."""

    entra: FakeEntra
    strangers: dict[str, tuple[Member, ...]] = field(default_factory=dict)
    """By group."""
    fails: list[Exception | None] = field(default_factory=list)
    """Raised by the next makings, in order; None lets one through."""
    loses: bool = False
    """The error is raised after the group was made."""

    async def obstacle(self, name: str) -> str | None:
        return None if name in self.entra.groups else f"group {name} does not exist"

    async def find(self, right: str, group_id: str | None) -> str | None:
        self.entra.moment("before group find")
        there = right in self.entra.made
        assert group_id in (None, f"g {right}")
        return f"g {right}" if there else None

    async def make(self, right: str, name: str) -> str:
        self.entra.moment("before group make")
        error = self.fails.pop(0) if self.fails else None
        if error is None or self.loses:
            self.entra.makings[right] += 1
            self.entra.made[right] = name
        if error:
            raise error
        self.entra.moment("after group make")
        return f"g {right}"

    async def rename(self, group_id: str, name: str) -> None:
        self.entra.moment("before group rename")
        self.entra.made[group_id.removeprefix("g ")] = name
        self.entra.moment("after group rename")

    async def members_of(self, group_id: str) -> tuple[Member, ...]:
        return await self.members(group_id.removeprefix("g "))

    async def delete(self, right: str, group_id: str) -> None:
        assert group_id == f"g {right}"
        self.entra.made.pop(right, None)

    async def members(self, name: str) -> tuple[Member, ...]:
        ours = (a for a in self.entra.accounts.values() if name in a.groups)
        known = (Member(id=a.id, kind="person", name=a.user_principal_name) for a in ours)
        return (*known, *self.strangers.get(name, ()))


@dataclass
class FakeTopdesk:
    """TOPdesk as a dictionary of cards."""

    permission_groups: frozenset[str] = frozenset({"Beheerders", "Zorgdesk"})
    tickets: dict[str, Mapping[str, object]] = field(default_factory=dict)
    """By external number."""
    cards: dict[str, TopdeskCard] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)
    created: Counter[str] = field(default_factory=Counter)
    fails: list[Exception | None] = field(default_factory=list)
    moment: Moment = undisturbed
    name: TargetName = TargetName.TOPDESK

    async def read(self, desired: DesiredTopdesk, applied: Applied) -> Found[TopdeskCard]:
        self.moment("before topdesk read")
        card = self.cards.get(applied.account_id or "") or self.by_number(desired.employee_number)
        if card is None and applied.account_id:
            raise NotShown("the recorded card is not shown")
        wanted = set(desired.operator.permission_groups) if desired.operator else set()
        missing = wanted - self.permission_groups
        if card and card.operator:
            card = card.model_copy(update={"operator": _asked(card.operator, desired)})
        self.moment("after topdesk read")
        return Found[TopdeskCard](
            account=card,
            obstacles={g: f"permission group {g} does not exist" for g in sorted(missing)},
        )

    async def do(self, change: Change, applied: Applied) -> Done:
        self.calls[change.kind] += 1
        self.moment(f"before {change.kind}")
        if self.fails and (error := self.fails.pop(0)):
            raise error
        done = self._do(change, applied)
        self.moment(f"after {change.kind}")
        return done

    async def probe(self) -> None:
        return None

    def by_number(self, number: str) -> TopdeskCard | None:
        return next((c for c in self.cards.values() if c.employee_number == number), None)

    def _do(self, change: Change, applied: Applied) -> Done:  # noqa: C901 - one arm a kind
        if change.kind == Kind.CREATE_CARD:
            return self._create(change)
        card = self.cards[applied.account_id or ""]
        operator = card.operator
        changes: dict[str, Any] = {}
        done = Done()
        match change.kind:
            case Kind.UPDATE_CARD | Kind.SCRUB_CARD:
                changes = self._written(card, change)
                if operator and change.kind is Kind.SCRUB_CARD:
                    emptied = {
                        OPERATOR_FIELDS[f]: v
                        for f, v in change.values.items()
                        if f in OPERATOR_FIELDS
                    }
                    changes["operator"] = operator.model_copy(
                        update={"scrubbed": True, "fields": {**operator.fields, **emptied}}
                    )
            case Kind.ARCHIVE_CARD:
                changes["archived"] = True
                if operator:
                    changes["operator"] = operator.model_copy(update={"archived": True})
            case Kind.UNARCHIVE_CARD:
                changes["archived"] = False
            case Kind.CREATE_TICKET:
                if card.archived:
                    raise Permanent("an archived card can call for nothing")
                self.tickets.setdefault(str(change.values["externalNumber"]), change.values)
                return done
            case Kind.CREATE_OPERATOR:
                if operator:
                    raise Permanent("this person has an operator already")
                values = {k: v for k, v in change.values.items() if k != "loginPermission"}
                changes["operator"] = OperatorCard(id=f"o{card.id}", archived=False, fields=values)
                done = Done(operator_id=f"o{card.id}")
            case _:
                assert operator is not None
                changes["operator"] = _operator_after(operator, change)
        self.cards[card.id] = card.model_copy(update=changes)
        return done

    def _create(self, change: Change) -> Done:
        number = str(change.values["employeeNumber"])
        self.created[number] += 1
        card = TopdeskCard(id=f"t{len(self.cards) + 1}", archived=False, employee_number=number)
        self.cards[card.id] = card.model_copy(update=self._written(card, change))
        return Done(account_id=card.id)

    def _written(self, card: TopdeskCard, change: Change) -> dict[str, Any]:
        values = dict(change.values)
        changes: dict[str, Any] = {}
        if "isManager" in values:
            changes["is_manager"] = bool(values.pop("isManager"))
        if "manager" in values:
            changes["manager_id"] = values.pop("manager")
        if "employeeNumber" in values:
            changes["employee_number"] = values.pop("employeeNumber")
        changes["fields"] = {**card.fields, **values}
        return changes


def _asked(operator: OperatorCard, desired: DesiredTopdesk) -> OperatorCard:
    """The card with the fields that somebody asks about; empty is None."""
    of_card = {*desired.card, "employeeNumber"} & OPERATOR_FIELDS.keys()
    names = {OPERATOR_FIELDS[field] for field in of_card}
    return operator.model_copy(update={"fields": {n: operator.fields.get(n) for n in names}})


def _operator_after(operator: OperatorCard, change: Change) -> OperatorCard:
    groups = operator.permission_groups
    match change.kind:
        case Kind.ARCHIVE_OPERATOR:
            return operator.model_copy(update={"archived": True})
        case Kind.UNARCHIVE_OPERATOR:
            return operator.model_copy(update={"archived": False})
        case Kind.UPDATE_OPERATOR:
            values = {k: v for k, v in change.values.items() if k != "loginPermission"}
            marked = operator.scrubbed and values.pop("mainframeLoginName", "") is not None
            fields = {**operator.fields, **values}
            return operator.model_copy(update={"fields": fields, "scrubbed": marked})
        case Kind.ADD_OPERATOR_RIGHT:
            return operator.model_copy(update={"more": operator.more | {change.what}})
        case Kind.REMOVE_OPERATOR_RIGHT:
            return operator.model_copy(update={"more": operator.more - {change.what}})
        case Kind.ADD_PERMISSION_GROUP:
            return operator.model_copy(update={"permission_groups": groups | {change.what}})
        case Kind.REMOVE_PERMISSION_GROUP:
            return operator.model_copy(update={"permission_groups": groups - {change.what}})
        case _:
            raise AssertionError(f"not a change of TOPdesk: {change.kind}")


@dataclass
class FakeMailer:
    """Mail as a list; every account has an address of its own."""

    letters: list[Letter] = field(default_factory=list)
    fails: list[Exception | None] = field(default_factory=list)
    """Raised by the next sends, in order; None lets one through."""
    delivers_all_the_same: bool = False
    """A send that fails has been carried out."""
    moment: Moment = undisturbed
    away: bool = False
    """No account has a mailbox."""

    async def send(self, letter: Letter) -> None:
        self.moment("before mail")
        error = self.fails.pop(0) if self.fails else None
        if error is None or self.delivers_all_the_same:
            self.letters.append(letter)
        if error:
            raise error
        self.moment("after mail")

    async def address(self, account_id: str) -> str | None:
        return None if self.away else f"{account_id}@proef.example"


def with_mail(world: World, folder: Path | None = None) -> FakeMailer:
    """From now on the world can send mail."""
    mailer = FakeMailer()
    post = Post(mailer, "instroom@proef.example", Templates(folder))
    world.service = replace(world.service, post=post)
    return mailer


@dataclass
class World:
    """A whole service over fakes, and the hands that turn it."""

    service: Service
    clock: FakeClock
    hr: FakeSource
    bus: ListBus
    entra: FakeEntra
    topdesk: FakeTopdesk
    told: FakeHr
    """What stands in HR of the account."""


def a_world(store: Store, *, clock: FakeClock, policy: str = POLICY, first_id: int = 1) -> World:
    """A service over this store with an empty HR and empty targets."""
    hr, bus = FakeSource(), ListBus()
    entra, topdesk, told = FakeEntra(), FakeTopdesk(), FakeHr(lambda: hr.people)
    minted = iter(f"{n:08x}{n:024x}" for n in range(first_id, 10**9))
    service = Service(
        ledger=Ledger(store),
        bus=bus,
        clock=clock.as_clock(),
        mint=lambda: next(minted),
        sources={"afas": hr},
        entra=entra,
        bulk=entra,
        topdesk=topdesk,
        groups=FakeGroups(entra),
        writers={"afas": told},
        passes=FakePasses(clock.now),
        policy_text=lambda: policy,
    )
    return World(service, clock, hr, bus, entra, topdesk, told)


def numbers(records: list[Record]) -> list[str]:
    """The numbers of these records."""
    return [record.number for record in records]
