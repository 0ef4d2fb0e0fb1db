"""What must Active Directory do about an account that it masters, in its own words? Pure.

Called by `entra` beside it. Graph refuses what Active Directory masters, and the next
synchronisation undoes a block in the cloud; so each change goes to whoever masters it, and what
is Active Directory's becomes a task with exact values.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from shared.model.account import Applied, EntraAccount
from shared.model.change import Change, Kind
from shared.model.desired import DesiredEntra
from shared.model.task import Place, Task

type Value = str | bool | None

EXTENSIONS = "onPremisesExtensionAttributes"
PATH = "path"
"""Stands among the values of a create for the organisational unit."""
_NAMES: Mapping[str, str] = {
    "employeeId": "employeeID",
    "userPrincipalName": "userPrincipalName",
    "mailNickname": "mailNickname",
    "displayName": "displayName",
    "givenName": "givenName",
    "surname": "sn",
    "jobTitle": "title",
    "department": "department",
    "companyName": "company",
    "employeeType": "employeeType",
    "officeLocation": "physicalDeliveryOfficeName",
    "mobilePhone": "mobile",
    "businessPhones": "telephoneNumber",
    "faxNumber": "facsimileTelephoneNumber",
    "mail": "mail",
    "preferredLanguage": "preferredLanguage",
    "city": "l",
    "state": "st",
    "country": "co",
    "postalCode": "postalCode",
    "streetAddress": "streetAddress",
    "employeeHireDate": "msDS-cloudExtensionAttribute1",
    "manager": "manager",
    PATH: "path",
}
"""Graph's property to the attribute of Active Directory that it is synchronised from (Microsoft
Learn, "Microsoft Entra Connect Sync: Attributes synchronized to Microsoft Entra ID"; the hire
date, "How to synchronize attributes for Lifecycle workflows", where another attribute may have
been chosen). What is not here is the cloud's own."""
_SAM_LENGTH = 20
"""Microsoft Learn, Active Directory schema, "SAM-Account-Name attribute"."""
_DISABLED = "ACCOUNTDISABLE (0x2) set"
_ENABLED = "ACCOUNTDISABLE (0x2) not set"
_WHOLLY = frozenset(
    {
        Kind.RENAME_ACCOUNT,
        Kind.SET_MANAGER,
        Kind.CLEAR_MANAGER,
        Kind.RESTORE_ACCOUNT,
        Kind.DELETE_ACCOUNT,
    }
)
_DOES: Mapping[Kind, str] = {
    Kind.CREATE_ACCOUNT: "create account",
    Kind.SET_ATTRIBUTES: "set attributes",
    Kind.RENAME_ACCOUNT: "change user name",
    Kind.ENABLE_SIGN_IN: "enable account",
    Kind.BLOCK_SIGN_IN: "disable account",
    Kind.SET_MANAGER: "set manager",
    Kind.CLEAR_MANAGER: "clear manager",
    Kind.RESTORE_ACCOUNT: "restore account",
    Kind.DELETE_ACCOUNT: "delete account",
}
_URGENT = frozenset({Kind.BLOCK_SIGN_IN, Kind.ENABLE_SIGN_IN, Kind.CREATE_ACCOUNT})


def parted(
    changes: Iterable[Change], account: EntraAccount, applied: Applied
) -> tuple[tuple[Change, ...], tuple[Change, ...]]:
    """Of an account that Active Directory masters: what the cloud takes, and what is for it.

    Attributes of the cloud's own come last: should Graph refuse them, the rest was done.
    """
    ours: list[Change] = []
    last: list[Change] = []
    for_ad: list[Change] = []
    refused = applied.cloud_block is not None and applied.cloud_block.refused
    for change in changes:
        match change.kind:
            case Kind.SET_ATTRIBUTES:
                here, there = _by_master(change, applied)
                last += here
                for_ad += there
            case Kind.BLOCK_SIGN_IN:
                for_ad.append(change)
                if account.enabled and not refused:
                    ours.append(change.model_copy(update={"kind": Kind.BLOCK_IN_CLOUD}))
            case Kind.REVOKE_SESSIONS:
                if account.enabled and not refused:
                    ours.append(change)
            case Kind.ENABLE_SIGN_IN if is_blocked_by_cloud_only(account, applied):
                ours.append(change)
            case Kind.ENABLE_SIGN_IN:
                for_ad.append(change)
            case kind if kind in _WHOLLY:
                for_ad.append(change)
            case _:
                ours.append(change)
    return (*ours, *last), tuple(for_ad)


def is_blocked_by_cloud_only(account: EntraAccount, applied: Applied) -> bool:
    """Is it ours alone that this account cannot sign in, as far as anybody knows?

    A synchronisation after our block that left it standing has brought Active Directory's own.
    """
    block = applied.cloud_block
    if block is None or block.refused or account.enabled:
        return False
    synced_at = account.on_premises.synced_at
    return synced_at is None or synced_at <= block.at


def tasks(
    for_ad: Iterable[Change], account: EntraAccount | None, desired: DesiredEntra
) -> tuple[Task, ...]:
    """What is for Active Directory, in its own words and with exact values."""
    on = _where(account, desired) if account else {}
    return tuple(
        Task(
            place=Place.ACTIVE_DIRECTORY,
            what=_DOES[change.kind],
            on=on,
            values=_values(change, desired),
            why="; ".join(dict.fromkeys(f"{r.rule}: {r.because}" for r in change.reasons)),
            urgent=change.kind in _URGENT,
        )
        for change in for_ad
    )


def _by_master(change: Change, applied: Applied) -> tuple[list[Change], list[Change]]:
    """A change of attributes as up to two: the cloud's own, and Active Directory's."""
    why = dict(zip(change.values, change.reasons, strict=True))
    theirs = [key for key in change.values if _attribute(key) or key in applied.left_to_ad]
    ours = [key for key in change.values if key not in theirs]
    here, there = (
        [
            change.model_copy(
                update={
                    "values": {key: change.values[key] for key in keys},
                    "reasons": tuple(why[key] for key in keys),
                }
            )
        ]
        if keys
        else []
        for keys in (ours, theirs)
    )
    return here, there


def _attribute(key: str) -> str | None:
    """What Active Directory calls it; None for what is not its own."""
    outer, _, inner = key.partition(".")
    return inner if outer == EXTENSIONS else _NAMES.get(key)


def _where(account: EntraAccount, desired: DesiredEntra) -> dict[str, str]:
    known = account.on_premises
    found = {
        "sAMAccountName": known.sam,
        "distinguishedName": known.dn,
        "domain": known.domain,
        "userPrincipalName": account.user_principal_name,
        "employeeID": account.employee_id or desired.employee_id,
    }
    return {key: value for key, value in found.items() if value}


def _values(change: Change, desired: DesiredEntra) -> dict[str, str]:
    match change.kind:
        case Kind.BLOCK_SIGN_IN:
            return {"userAccountControl": _DISABLED}
        case Kind.ENABLE_SIGN_IN:
            return {"userAccountControl": _ENABLED}
        case Kind.SET_MANAGER:
            known = desired.manager_dn
            return {"manager": known or f"the account with Entra's object id {_id(change)}"}
        case Kind.CREATE_ACCOUNT:
            return _of_a_new_one(change, desired)
        case Kind.RESTORE_ACCOUNT | Kind.DELETE_ACCOUNT:
            return {}
        case _:
            return {_attribute(k) or k: _text(v) for k, v in change.values.items()}


def _of_a_new_one(change: Change, desired: DesiredEntra) -> dict[str, str]:
    named = ((_attribute(key), value) for key, value in change.values.items())
    given = {key: _text(value) for key, value in named if key and value is not None}
    enabled = change.values["accountEnabled"]
    return {
        "sAMAccountName": str(change.values["mailNickname"])[:_SAM_LENGTH].rstrip("."),
        "userAccountControl": _ENABLED if enabled else _DISABLED,
        **given,
        **({"manager": desired.manager_dn} if desired.manager_dn else {}),
    }


def _text(value: Value) -> str:
    return "" if value is None else str(value)


def _id(change: Change) -> Value:
    return next(iter(change.values.values()))
