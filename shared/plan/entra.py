"""What must change in Entra so that one person's account is as desired? Desired minus actual.

Pure. Called by flow after a read, by preview and by drift. Touches only what Instroom manages:
attributes that the policy names, groups that it gives or gave. What others gave is left alone,
but for `applied.strays`, which the caller was let to take; a user principal name follows HR only
where the policy says so and never one that others gave, and a blocked account is kept as it is.

In a change with `values`, the reasons run parallel to them: one for each value, in order.
"""

from __future__ import annotations

from collections.abc import Iterator

from shared.model.account import Applied, EntraAccount, Found
from shared.model.change import Change, Harm, Kind, Plan
from shared.model.desired import ALIVE, DesiredEntra, Reason, State, TargetName, renamed
from shared.plan import active_directory, leaver
from shared.plan.names import is_candidate

type Value = str | bool | None

MANAGER = "manager"
"""The key in `values` of a change, and in `applied.values`, that stands for the manager."""
_NOT_NULLABLE = frozenset({"displayName", "usageLocation"})
"""Graph cannot clear these (Microsoft Graph, "Update user")."""
_LONGEST = {"displayName": 256, "givenName": 64, "surname": 64}
"""Characters that Graph takes (Microsoft Graph, user resource type); a longer name is cut."""
_LIVED = ALIVE | {State.BLOCKED}
_ENDED = frozenset({State.BLOCKED, State.DELETED})
_EMPLOYEE_ID = Reason(rule="employee_id", because="HR's source, number")
_NAME = Reason(rule="names.user_name", because="the first name that is free")
_NEW_NAME = Reason(rule="names.on_rename", because="HR changed what the user name is made of")
_MANAGER = Reason(rule="entra.manager", because="HR's manager.number")
_NO_RULE = Reason(rule="entra.groups", because="no rule gives this group now")
_STRICT = Reason(rule="entra.groups, managed: strict", because="no rule explains this member")


def entra(
    desired: DesiredEntra,
    found: Found[EntraAccount],
    applied: Applied,
    *,
    name: str,
    hold: frozenset[Harm] = frozenset(),
) -> Plan:
    """The ordered changes for one person; those of a held kind of harm are set apart.

    `name` is the user principal name for a new or renamed account, reserved by the caller.
    """
    changes = (*_changes(desired, found, applied, name, hold), *_linked(desired, found))
    if Harm.JOINER in hold and found.account is None and applied.account_id is None:
        # What would follow on the new account waits with it.
        return Plan(target=TargetName.ENTRA, held=changes, obstacles=found.obstacles)
    if Harm.BLOCK in hold and found.account and found.account.enabled:
        # Deleting someone who may not even be blocked would be the greater harm.
        hold |= {Harm.DELETE}
    ours, theirs = _by_master(changes, desired, found.account, applied)
    for_ad = tuple(change for change in theirs if change.harm not in hold)
    return Plan(
        target=TargetName.ENTRA,
        changes=tuple(change for change in ours if change.harm not in hold),
        held=tuple(change for change in (*ours, *theirs) if change.harm in hold),
        for_ad=for_ad,
        tasks=(
            *active_directory.tasks(for_ad, found.account, desired),
            *(() if Harm.BLOCK in hold else leaver.hand_over(desired, found.account)),
        ),
        obstacles={**found.obstacles, **_closed(desired, found.account), **_left(desired, found)},
    )


def _by_master(
    changes: tuple[Change, ...],
    desired: DesiredEntra,
    account: EntraAccount | None,
    applied: Applied,
) -> tuple[tuple[Change, ...], tuple[Change, ...]]:
    """What the cloud takes, and what Active Directory has to do."""
    if account is None and desired.born_in_ad and applied.account_id is None:
        # The rest of it is planned when the account has been synchronised.
        return (), tuple(change for change in changes if change.kind is Kind.CREATE_ACCOUNT)
    if account is None or not account.synced:
        return changes, ()
    return active_directory.parted(changes, account, applied)


def _changes(
    desired: DesiredEntra,
    found: Found[EntraAccount],
    applied: Applied,
    name: str,
    hold: frozenset[Harm],
) -> Iterator[Change]:
    account = found.account
    if desired.state in ALIVE:
        if account is None:
            yield _create(desired, name)
        else:
            yield from _bring_up(desired, account, applied, name, hold)
    elif account is None:
        return
    elif desired.state is State.DELETED and _is_managed(applied):
        yield from _delete(desired, account, applied)
        return
    elif _is_to_be_shut(desired, account, applied):
        yield from _shut(desired, account, applied, name)
    else:
        return
    yield from _manager(desired, account, applied)
    yield from _groups(desired, found, applied)
    if account and not account.deleted:
        yield from leaver.parting(desired, applied)


def has_to_be_renamed(desired: DesiredEntra, account: EntraAccount, applied: Applied) -> bool:
    """Has HR changed the name behind this account's, so that it is none of the candidates now?

    Not when somebody gave the account another name than we did: that was meant.
    """
    name = account.user_principal_name
    return (
        desired.renamed
        and name.casefold() == (applied.login or "").casefold()
        and not is_candidate(name, desired.names, desired.domain, otherwise=desired.employee_id)
    )


def _is_managed(applied: Applied) -> bool:
    """Did we bring this account to where it is? Only then may it ever be deleted.

    Not so when we merely found it by its number, or when somebody took it out of the bin again.
    """
    return applied.account_id is not None and applied.state in _LIVED


def _is_to_be_shut(desired: DesiredEntra, account: EntraAccount, applied: Applied) -> bool:
    """A leaver's account is, and the one that was prepared for someone who will not come."""
    match desired.state:
        case State.BLOCKED:
            return True
        case State.DELETED:
            return not account.deleted
        case _:
            return _is_managed(applied) and not account.deleted


# --- alive -----------------------------------------------------------------------------------


def _create(desired: DesiredEntra, name: str) -> Change:
    named = _named(name)
    given: dict[str, tuple[Value, Reason]] = {
        **{key: (value, _NAME) for key, value in named.items()},
        "displayName": (named["mailNickname"], _NAME),
        "employeeId": (desired.employee_id, _EMPLOYEE_ID),
        "accountEnabled": (desired.state is State.ACTIVE, desired.why),
    }
    for key, wanted in desired.attributes.items():
        if (value := _fitting(key, wanted.value)) is not None:
            given[key] = (value, wanted.reason)
    if desired.born_in_ad:
        given[active_directory.PATH] = (desired.ad_path or None, desired.born_in_ad)
    return _write(Kind.CREATE_ACCOUNT, given)


def _named(name: str) -> dict[str, Value]:
    """The properties that hold a user name."""
    return {"userPrincipalName": name, "mailNickname": name.partition("@")[0]}


def _bring_up(
    desired: DesiredEntra,
    account: EntraAccount,
    applied: Applied,
    name: str,
    hold: frozenset[Harm],
) -> Iterator[Change]:
    if account.deleted:
        yield _restore(desired, account, name)
    moved_back = desired.state is State.PREPARED and applied.state is State.ACTIVE
    if moved_back or desired.state is State.AWAY:
        # The first day was moved into the future, or a leave has begun: behind the door till then.
        yield from _block(desired, account, applied, Harm.BLOCK)
    if name and has_to_be_renamed(desired, account, applied):
        given = {key: (value, _NEW_NAME) for key, value in _named(name).items()}
        yield _write(Kind.RENAME_ACCOUNT, given, Harm.RENAME)
    yield from _set(
        _attributes(desired, account), renamed(applied.names, desired.attributes), hold
    )
    if desired.state is State.ACTIVE and not account.enabled:
        yield Change(kind=Kind.ENABLE_SIGN_IN, reasons=(desired.why,))


def _restore(desired: DesiredEntra, account: EntraAccount, name: str) -> Change:
    """Out of deletedItems; `name` is for the case that somebody has its own name by now."""
    alive = desired.state in ALIVE
    return Change(
        kind=Kind.RESTORE_ACCOUNT,
        values={"userPrincipalName": name} if name else {},
        reasons=(desired.why,),
        # A leaver's account that can sign in comes back only if it may be blocked at once.
        harm=Harm.BLOCK if account.enabled and not alive else None,
    )


def _set(
    given: dict[str, tuple[Value, Reason]], renames: frozenset[str], hold: frozenset[Harm]
) -> Iterator[Change]:
    """One call; when a rename is held, it alone is set apart."""
    new_names = given.keys() & renames
    apart = new_names if Harm.RENAME in hold else frozenset[str]()
    if rest := {key: value for key, value in given.items() if key not in apart}:
        harm = Harm.RENAME if new_names and not apart else None
        yield _write(Kind.SET_ATTRIBUTES, rest, harm)
    if apart:
        names = {key: value for key, value in given.items() if key in apart}
        yield _write(Kind.SET_ATTRIBUTES, names, Harm.RENAME)


def _attributes(desired: DesiredEntra, account: EntraAccount) -> dict[str, tuple[Value, Reason]]:
    given: dict[str, tuple[Value, Reason]] = {}
    for key, wanted in desired.attributes.items():
        value = _fitting(key, wanted.value)
        if (value is None and key in _NOT_NULLABLE) or _is_closed(key, account):
            continue
        has = _value(account.attributes.get(key))
        if value != has and not (wanted.once and has is not None):
            given[key] = (value, wanted.reason)
    if not account.employee_id:
        given["employeeId"] = (desired.employee_id, _EMPLOYEE_ID)
    return given


def _manager(
    desired: DesiredEntra, account: EntraAccount | None, applied: Applied
) -> Iterator[Change]:
    has = account.manager_id if account else None
    if desired.manager_wanted and desired.manager_id:
        if desired.manager_id == has:
            return
        yield _write(Kind.SET_MANAGER, {MANAGER: (desired.manager_id, _MANAGER)})
    elif has and not desired.manager_wanted and MANAGER in applied.values:
        why = _MANAGER if desired.state in ALIVE else desired.why
        yield _write(Kind.CLEAR_MANAGER, {MANAGER: (None, why)})


def _groups(
    desired: DesiredEntra, found: Found[EntraAccount], applied: Applied
) -> Iterator[Change]:
    account = found.account
    has = account.groups if account else frozenset[str]()
    leaving = desired.state not in ALIVE
    for group, reasons in desired.groups.items():
        # Who has left keeps rights for some days by policy, and gets none.
        if group not in has and group not in found.obstacles and not leaving:
            yield Change(kind=Kind.ADD_TO_GROUP, what=group, reasons=reasons)
    if account and account.deleted:
        # A restored account is back in groups that nobody can see now: take all of ours.
        has = frozenset(applied.rights)
    kept = {group.casefold() for group in desired.groups}
    for group in sorted(has & (applied.rights.keys() | applied.strays.keys())):
        # Entra finds a group whatever its case: the policy may have changed no more than that.
        if group.casefold() not in kept and group not in found.obstacles:
            because = _NO_RULE if group in applied.rights else _STRICT
            yield Change(
                kind=Kind.REMOVE_FROM_GROUP,
                what=group,
                reasons=(desired.why if leaving else because,),
                harm=Harm.BLOCK if leaving else Harm.RIGHT,
            )


# --- gone ------------------------------------------------------------------------------------


def _shut(
    desired: DesiredEntra, account: EntraAccount, applied: Applied, name: str
) -> Iterator[Change]:
    if account.deleted:
        yield _restore(desired, account, name)
    yield from _block(desired, account, applied, Harm.BLOCK)


def _block(
    desired: DesiredEntra, account: EntraAccount, applied: Applied, harm: Harm
) -> Iterator[Change]:
    """Refuse sign-in and end what is open; an account that was blocked already is left alone.

    Of one that we left able to sign in the sessions end in any case: we may have been stopped
    between the two, and who blocked it by hand may have left them open.
    """
    waits = account.synced and active_directory.is_blocked_by_cloud_only(account, applied)
    if account.enabled or waits:
        yield Change(kind=Kind.BLOCK_SIGN_IN, reasons=(desired.why,), harm=harm)
    elif account.deleted or account.synced or applied.state is not State.ACTIVE:
        return
    yield Change(kind=Kind.REVOKE_SESSIONS, reasons=(desired.why,), harm=harm)


def _delete(desired: DesiredEntra, account: EntraAccount, applied: Applied) -> Iterator[Change]:
    if account.deleted:
        return
    yield from _block(desired, account, applied, Harm.DELETE)
    yield Change(kind=Kind.DELETE_ACCOUNT, reasons=(desired.why,), harm=Harm.DELETE)


# --- other accounts of the same person --------------------------------------------------------


def _linked(desired: DesiredEntra, found: Found[EntraAccount]) -> Iterator[Change]:
    """They end with the person, and stay as they are when the person comes back."""
    if desired.state not in _ENDED:
        return
    harm = Harm.BLOCK if desired.state is State.BLOCKED else Harm.DELETE
    for account in found.linked:
        if account.enabled and account.on_leave == "block":
            yield Change(
                kind=Kind.BLOCK_LINKED,
                what=f"{account.kind} {account.id}",
                values={"id": account.id},
                reasons=(desired.why,),
                harm=harm,
            )


def _left(desired: DesiredEntra, found: Found[EntraAccount]) -> dict[str, str]:
    """Those that a human is to block."""
    if desired.state not in _ENDED:
        return {}
    return {
        f"linked:{account.id}": f"the linked account {account.kind} {account.id} of somebody who "
        "has left can still sign in: block it by hand (targets.entra.linked: on_leave is report)"
        for account in found.linked
        if account.enabled and account.on_leave == "report"
    }


# --- shared ----------------------------------------------------------------------------------


def _write(kind: Kind, given: dict[str, tuple[Value, Reason]], harm: Harm | None = None) -> Change:
    return Change(
        kind=kind,
        values={key: value for key, (value, _) in given.items()},
        reasons=tuple(reason for _, reason in given.values()),
        harm=harm,
    )


def _value(value: Value) -> Value:
    """Graph knows no empty text: it is no value."""
    return None if value == "" else value


def _fitting(key: str, value: Value) -> Value:
    """The value, cut where Graph would refuse the whole account for a long name."""
    if isinstance(value, str):
        value = value[: _LONGEST.get(key)].rstrip()
    return _value(value)


def _is_closed(key: str, account: EntraAccount | None) -> bool:
    """Does Graph write this property never again, because the account was once synchronised?

    Microsoft Graph, user resource type, onPremisesExtensionAttributes.
    """
    return bool(account and account.was_synced) and key.startswith(active_directory.EXTENSIONS)


def _closed(desired: DesiredEntra, account: EntraAccount | None) -> dict[str, str]:
    """What stands otherwise in a property that is closed, with who can write it."""
    wrong = sorted(
        key.partition(".")[2]
        for key, wanted in desired.attributes.items()
        if account
        and desired.state in ALIVE
        and _is_closed(key, account)
        and _fitting(key, wanted.value) != _value(account.attributes.get(key))
    )
    if not wrong:
        return {}
    return {
        active_directory.EXTENSIONS: "this account was once mastered by Active Directory, and "
        f"Graph never writes its {', '.join(wrong)} again: write it in the Exchange admin center, "
        "or leave it out for them by a choice in the policy"
    }
