"""How is an account read and changed in Entra? One change is one call, done twice is done once.

Called by flow through the protocol in target.py; decides nothing. Knows that Graph answers from
replicas: what was just made may not be found for minutes, and its indexes are later still
(Microsoft support, "404 Not Found error when managing objects through Microsoft Graph").
"""

from __future__ import annotations

import asyncio
import secrets
import string
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import stamina

from shared.apply import entra_found, entra_leaver, entra_licences
from shared.apply.entra_account import SELECT, account_from, is_same, present, still_ours, unclear
from shared.apply.entra_groups import GroupBook
from shared.apply.target import Done
from shared.errors import InstroomError, NameTaken, Permanent, Transient, UnknownReply
from shared.model.account import Applied, EntraAccount, Found, LinkedAccount
from shared.model.change import Change, Kind
from shared.model.desired import DesiredEntra, State, TargetName
from shared.vendors.graph import groups, licences, users
from shared.vendors.graph.client import Graph, Json
from shared.vendors.graph.refusals import NotVisible, Refused

YOUNG_SECONDS = 15 * 60
"""So long may Entra hide what was just made."""
LOOK_AGAIN_SECONDS = 60
PASSWORD_LENGTH = 32
_ABOUT_GROUPS = frozenset({Kind.ADD_TO_GROUP, Kind.REMOVE_FROM_GROUP})
_BAD_REQUEST = 400
_FORBIDDEN = 403
_NAMING = frozenset({Kind.CREATE_ACCOUNT, Kind.RENAME_ACCOUNT})
_NEEDED_BY_A_FEDERATED_DOMAIN = "onPremisesImmutableId"


@dataclass
class EntraTarget:
    """Entra ID, read and written for one person at a time."""

    graph: Graph
    monotonic: Callable[[], float] = time.monotonic
    limit_seconds: float = 55.0
    """One change may take several calls; a claim reserves 60 s for it."""
    book: GroupBook | None = None
    """Shared with whoever else asks for groups, when given."""
    _young: dict[str, float] = field(default_factory=dict)
    """When this process made or restored an account."""
    _missed: dict[str, float] = field(default_factory=dict)
    """Since when this process misses an account that the ledger knows."""

    def __post_init__(self) -> None:
        self._book = self.book or GroupBook(self.graph, self.monotonic)

    @property
    def name(self) -> TargetName:
        """Entra."""
        return TargetName.ENTRA

    async def probe(self) -> None:
        """Return when Graph lets the app read accounts and groups; raise with the mend."""
        asked = {
            "User.ReadWrite.All": users.any_visible,
            "Group.ReadBasic.All": groups.any_visible,
        }
        for permission, ask in asked.items():
            try:
                await ask(self.graph)
            except Refused as refused:
                raise Permanent(
                    f"Graph does not let the app read ({refused.refusal}): grant its identity the "
                    f"application permission {permission}, with admin consent",
                    mender="operator",
                ) from refused

    # --- read ------------------------------------------------------------------------------

    async def read(self, desired: DesiredEntra, applied: Applied) -> Found[EntraAccount]:
        """The account by its recorded id, deleted ones too, else by its employeeId."""
        user, deleted, found_by, linked = await self._find(desired, applied)
        ours = dict.fromkeys((*desired.groups, *applied.rights))
        known = await self._book.look_up_all(dict.fromkeys((*ours, *desired.managed)))
        inside, doubled = frozenset[str](), frozenset[str]()
        if user and not deleted:
            ids = {one for group in known.values() for one in (group.id, *group.doubles) if one}
            inside = await users.member_of(self.graph, user["id"], ids)
            doubled = unclear(known, inside, desired, applied)
        obstacles = {
            name: group.obstacle
            for name, group in known.items()
            if group.obstacle
            and (
                name in desired.groups or name in doubled or (name in ours and group.id in inside)
            )
        }
        if user is None:
            return Found(account=None, obstacles=obstacles, linked=linked)
        if desired.licensed:
            obstacles |= entra_licences.lacking(user, {n: known[n] for n in desired.groups})
        has = present(known, inside, desired, applied)
        account = account_from(user, desired, groups=has, deleted=deleted, found_by=found_by)
        mailbox = await entra_leaver.mailbox(self.graph, account, desired)
        account, obstacles = mailbox.on(account), {**obstacles, **mailbox.obstacles}
        return Found(account=account, obstacles=obstacles, linked=linked, unclear=doubled)

    async def _find(
        self, desired: DesiredEntra, applied: Applied
    ) -> tuple[Json | None, bool, str, tuple[LinkedAccount, ...]]:
        """The user, whether it lies in deletedItems, how it was found, and the linked accounts."""
        select = (*SELECT, *users.properties(desired.attributes))
        select += (licences.STATES,) if desired.licensed else ()
        own = applied.account_id
        try:
            if own:
                if user := await users.get(self.graph, own, select):
                    self._missed.pop(own, None)
                    linked = await entra_found.linked_to(self.graph, desired, own)
                    return still_ours(user, desired), False, "", linked
                if user := await users.get_deleted(self.graph, own, select):
                    linked = await entra_found.linked_to(self.graph, desired, own)
                    return user, True, "", linked
                self._refuse_to_miss(applied)
            user, found_by, linked = await entra_found.theirs(
                self.graph, desired, select, is_new=own is None
            )
        except Refused as refused:
            raise _unknown_attribute(refused, desired) from refused
        if user is None and applied.account_id and applied.state is not State.DELETED:
            raise Permanent(
                "the account was removed from Entra for good, and not by Instroom: make one by "
                "hand with this person's employeeId, and it will be taken over",
                mender="operator",
            )
        return user, False, found_by, linked

    def _refuse_to_miss(self, applied: Applied) -> None:
        """Raise Transient while a recorded account may only be late, not gone."""
        account_id, now = str(applied.account_id), self.monotonic()
        if applied.state is State.DELETED and not self._is_young(account_id):
            return
        since = self._missed.setdefault(account_id, now)
        if self._is_young(account_id) or now - since < YOUNG_SECONDS:
            raise Transient(
                "Entra does not show the account yet", retry_after_seconds=LOOK_AGAIN_SECONDS
            )

    # --- do --------------------------------------------------------------------------------

    async def do(self, change: Change, applied: Applied) -> Done:
        """Carry out one change on the account that `applied` names."""
        try:
            async with asyncio.timeout(self.limit_seconds):
                if change.kind is Kind.CREATE_ACCOUNT:
                    return await self._create(change.values)
                if applied.account_id is None:
                    raise ValueError(f"{change.kind} without an account")
                return await self._patiently(change, applied.account_id)
        except TimeoutError as error:
            raise UnknownReply(f"{change.kind}: Entra took too long") from error
        except Refused as refused:
            raise _with_mend(change, refused) from refused

    async def is_blocked(self, account_id: str) -> bool:
        """Look until a replica shows the block, for some seconds."""
        attempts = stamina.retry_context(
            on=NotVisible, attempts=4, timeout=15.0, wait_initial=1.0, wait_max=4.0
        )
        try:
            async for attempt in attempts:
                with attempt:
                    await users.see_blocked(self.graph, account_id)
        except NotVisible:
            return False
        return True

    async def _patiently(self, change: Change, account_id: str) -> Done:
        """Wait some seconds for an account of our own making to be visible everywhere."""
        attempts = stamina.retry_context(
            on=NotVisible,
            attempts=5 if self._is_young(account_id) else 1,
            timeout=20.0,
            wait_initial=1.0,
            wait_max=8.0,
        )
        async for attempt in attempts:
            with attempt:
                return await self._one(change, account_id)
        raise AssertionError("a retry loop either returns or raises")

    async def _one(self, change: Change, account_id: str) -> Done:  # noqa: C901, PLR0912 - a table
        match change.kind:
            case Kind.RESTORE_ACCOUNT:
                return await self._restore(account_id, change.values)
            case Kind.SET_ATTRIBUTES | Kind.RENAME_ACCOUNT:
                await users.change(self.graph, account_id, users.body(change.values))
                login = change.values.get("userPrincipalName")
                return Done(login=str(login) if login else None)
            case Kind.ENABLE_SIGN_IN:
                await users.change(self.graph, account_id, {"accountEnabled": True})
            case Kind.BLOCK_SIGN_IN | Kind.BLOCK_IN_CLOUD:
                return await self._block(change.kind, account_id)
            case Kind.REVOKE_SESSIONS:
                await users.revoke_sessions(self.graph, account_id)
            case Kind.BLOCK_LINKED:
                return await self._block_linked(change)
            case Kind.SET_MANAGER:
                manager_id = str(change.values["manager"])
                await users.set_manager(self.graph, account_id, manager_id)
            case Kind.CLEAR_MANAGER:
                await self._clear_manager(account_id)
            case Kind.ADD_TO_GROUP:
                await self._add(change.what, account_id)
            case Kind.REMOVE_FROM_GROUP:
                await self._remove(change.what, account_id)
            case Kind.DELETE_ACCOUNT:
                await self._delete(account_id)
            case kind if kind in entra_leaver.NEEDS:
                await entra_leaver.carry_out(self.graph, change, account_id)
            case _:
                raise ValueError(f"{change.kind} is no change of Entra's")
        return Done()

    async def _block_linked(self, change: Change) -> Done:
        """Another account of a leaver; one that the app may not touch is left to a human."""
        account_id = str(change.values["id"])
        try:
            await users.change(self.graph, account_id, {"accountEnabled": False}, urgent=True)
            await users.revoke_sessions(self.graph, account_id)
        except NotVisible:
            return Done()
        except Refused as refused:
            return Done(
                by_hand=f"the linked account {change.what} can still sign in: Entra refuses its "
                f"block ({refused.refusal}). It holds an admin role, or Active Directory masters "
                "it: block it by hand, now"
            )
        return Done()

    async def _create(self, values: Mapping[str, str | bool | None]) -> Done:
        """Make the account; the password is nobody's, not even ours."""
        name = str(values["userPrincipalName"])
        profile = {"password": a_password(name), "forceChangePasswordNextSignIn": True}
        body = {**users.body(values), "passwordProfile": profile}
        try:
            user = await users.create(self.graph, body)
        except NameTaken as taken:
            user = await self._own_account_behind(taken, name, str(values["employeeId"]))
        return self._born(user)

    async def _own_account_behind(self, taken: NameTaken, name: str, number: str) -> Json:
        """The holder of the name when it is this person's: a create of ours got no answer.

        Raises NameTaken when it is somebody else's, Transient when nobody can see it yet.
        """
        key = taken.holder_id or (name if taken.field == "userPrincipalName" else None)
        if key is None:
            raise taken
        holder = await users.get(self.graph, key, SELECT)
        if holder is None:
            raise Transient(
                "the name belongs to an account that Entra does not show yet",
                retry_after_seconds=LOOK_AGAIN_SECONDS,
            ) from taken
        if not is_same(holder.get("employeeId"), number):
            raise NameTaken(taken.reason, field=taken.field, holder_id=holder["id"]) from taken
        return holder

    async def _restore(self, account_id: str, values: Mapping[str, str | bool | None]) -> Done:
        """Out of deletedItems, under the other name when somebody has its own by now."""
        other = values.get("userPrincipalName")
        try:
            user = await users.restore(self.graph, account_id)
        except (NameTaken, Refused) as refused:
            # How Graph says that the name is taken is in no document, only that it is refused.
            is_else = isinstance(refused, Refused) and refused.refusal.status != _BAD_REQUEST
            if not other or is_else:
                raise
            user = await users.restore(self.graph, account_id, new_name=str(other))
        except NotVisible:
            live = await users.get(self.graph, account_id, SELECT)
            if live is None:
                raise
            user = live
        return self._born(user)

    async def _block(self, kind: Kind, account_id: str) -> Done:
        """Whether Graph blocks a synchronised account is in no document: either will do."""
        try:
            await users.change(self.graph, account_id, {"accountEnabled": False}, urgent=True)
        except Refused as refused:
            if kind is Kind.BLOCK_SIGN_IN or refused.refusal.status != _BAD_REQUEST:
                raise
            return Done(left_to_ad=True)
        return Done()

    async def _clear_manager(self, account_id: str) -> None:
        try:
            await users.clear_manager(self.graph, account_id)
        except NotVisible:
            # There is none, or the account itself is not visible: only the first is done.
            if await users.get(self.graph, account_id, ("id",)) is None:
                raise

    async def _add(self, name: str, account_id: str) -> None:
        group = await self._book.look_up(name)
        if group.id is None or group.obstacle:
            raise Transient("a group changed since it was read")
        try:
            await groups.add_member(self.graph, group.id, account_id)
        except NotVisible:
            self._book.forget(name)
            raise
        except Refused as refused:
            self._book.forget(name)
            if refused.refusal.says_exists or await self._is_in(group.id, account_id):
                return
            raise

    async def _remove(self, name: str, account_id: str) -> None:
        group = await self._book.look_up(name)
        if group.id is None:
            return
        try:
            await groups.remove_member(self.graph, group.id, account_id)
        except NotVisible:
            # Not a member, or on a replica that does not know the account: look which.
            if await self._is_in(group.id, account_id):
                raise
        except Refused:
            self._book.forget(name)
            raise

    async def _is_in(self, group_id: str, account_id: str) -> bool:
        return bool(await users.member_of(self.graph, account_id, {group_id}))

    async def _delete(self, account_id: str) -> None:
        try:
            await users.delete(self.graph, account_id)
        except NotVisible:
            return

    def _born(self, user: Json) -> Done:
        """Remember that replicas may not know it yet."""
        now = self.monotonic()
        self._young = {k: at for k, at in self._young.items() if now - at < YOUNG_SECONDS}
        self._young[user["id"]] = now
        self._missed.pop(user["id"], None)
        return Done(account_id=user["id"], login=user.get("userPrincipalName"))

    def _is_young(self, account_id: str) -> bool:
        return self.monotonic() - self._young.get(account_id, float("-inf")) < YOUNG_SECONDS


def a_password(name: str) -> str:
    """A random one of four classes that cannot hold the user name (Entra, "Password policies").

    It is sent once and kept nowhere: the first sign-in is by another way, and sets a new one.
    """
    initial = name[:1].casefold()
    classes = (string.ascii_lowercase, string.ascii_uppercase, string.digits, "-_.!#^~")
    fit = ["".join(c for c in letters if c.casefold() != initial) for letters in classes]
    letters = [secrets.choice(each) for each in fit]
    letters += [secrets.choice("".join(fit)) for _ in range(PASSWORD_LENGTH - len(letters))]
    secrets.SystemRandom().shuffle(letters)
    return "".join(letters)


def _is_about_the_domain(change: Change, refused: Refused) -> bool:
    """What stands before the @ always fits, so a refused name is a refused domain."""
    blamed = {"userPrincipalName", _NEEDED_BY_A_FEDERATED_DOMAIN} & {*refused.refusal.properties}
    return bool(blamed) and "userPrincipalName" in change.values


def _unknown_attribute(refused: Refused, desired: DesiredEntra) -> InstroomError:
    if refused.refusal.code != "Request_UnsupportedQuery":
        return refused
    asked = set(users.properties(desired.attributes))
    named = sorted(asked & set(refused.refusal.properties)) or sorted(asked)
    return Permanent(
        f"Graph does not know every attribute under entra.attributes: see {', '.join(named)}",
        mender="policy",
    )


def _with_mend(change: Change, refused: Refused) -> InstroomError:
    """The refusal of a write, with what to do about it; `what` is a group's name."""
    told = f"{change.kind}: Entra refuses ({refused.refusal})"
    if refused.refusal.status == _FORBIDDEN and change.kind in _ABOUT_GROUPS:
        return Permanent(
            f"{told}: the app may not fill group '{change.what}'; use another group, or give the "
            "app the right to",
            mender="operator",
        )
    if refused.refusal.status == _FORBIDDEN and change.kind in entra_leaver.NEEDS:
        return Permanent(
            f"{told}: the account holds an admin role, and a human has to do it; when everybody "
            f"is refused, grant the app's identity {entra_leaver.NEEDS[change.kind]}",
            mender="operator",
        )
    if refused.refusal.status == _FORBIDDEN:
        return Permanent(
            f"{told}: the account holds an admin role or is in a group that can; do it by hand, "
            "or give the app the role Privileged Authentication Administrator. When everybody is "
            "refused, the app lacks a permission",
            mender="operator",
        )
    if change.kind in _NAMING and _is_about_the_domain(change, refused):
        domain = str(change.values["userPrincipalName"]).partition("@")[2]
        return Permanent(
            f"{told}: verify the domain {domain} in Entra, under Custom domain names, or write "
            "another one under organisation.mail_domain or mail_domains in the policy; a domain "
            "that is federated takes no new accounts from here",
            mender="policy",
        )
    if any(code == "InvalidValue" for code, _ in refused.refusal.details):
        return Permanent(f"{told}: the value does not fit", mender="policy")
    return Permanent(told, mender=refused.mender)
