"""What is an Entra account made of, from Graph's JSON and the groups asked about? Pure.

Called by entra.py after it has read.
"""

from __future__ import annotations

from collections.abc import Mapping

from shared.apply.entra_groups import Group
from shared.errors import Permanent
from shared.model.account import Applied, EntraAccount, OnPremises
from shared.model.desired import DesiredEntra, State
from shared.vendors.graph import users
from shared.vendors.graph.client import Json

SELECT = (
    "id",
    "userPrincipalName",
    "accountEnabled",
    "employeeId",
    "onPremisesSyncEnabled",
    "onPremisesDistinguishedName",
    "onPremisesSamAccountName",
    "onPremisesDomainName",
    "onPremisesSecurityIdentifier",
    "onPremisesLastSyncDateTime",
    "proxyAddresses",
)
"""What every read of an account asks for."""


def account_from(
    user: Json,
    desired: DesiredEntra,
    *,
    groups: frozenset[str],
    deleted: bool,
    found_by: str = "",
) -> EntraAccount:
    """The account with what the plan compares, and nothing else."""
    enabled = user.get("accountEnabled")
    if enabled is None:
        # deletedItems may not tell: assume what makes the plan set it right.
        enabled = desired.state is not State.ACTIVE
    return EntraAccount(
        id=user["id"],
        # In deletedItems the name is prefixed with the id, so that it is free.
        user_principal_name=user["userPrincipalName"].removeprefix(user["id"].replace("-", "")),
        enabled=enabled,
        deleted=deleted,
        synced=bool(user.get("onPremisesSyncEnabled")),
        was_synced=_was_synced(user),
        on_premises=OnPremises(
            dn=user.get("onPremisesDistinguishedName"),
            sam=user.get("onPremisesSamAccountName"),
            domain=user.get("onPremisesDomainName"),
            synced_at=user.get("onPremisesLastSyncDateTime"),
        ),
        employee_id=user.get("employeeId"),
        addresses=users.addresses(user),
        attributes=users.attributes(user, desired.attributes),
        groups=groups,
        manager_id=(user.get("manager") or {}).get("id"),
        found_by=found_by,
    )


def _was_synced(user: Json) -> bool:
    """False says so (Graph, user resource type); null leaves it to what Active Directory left."""
    said = user.get("onPremisesSyncEnabled")
    return said is False or (said is None and bool(user.get("onPremisesSecurityIdentifier")))


def present(
    known: Mapping[str, Group], inside: frozenset[str], desired: DesiredEntra, applied: Applied
) -> frozenset[str]:
    """The names of the groups they are in.

    A group that has several names counts once: as desired, else as given, else as it is looked
    at. Otherwise the old name would take away what the new one gives. One of which the members
    are not ours to change is only told where a rule gives it.
    """
    names: dict[str | None, str] = {}
    for name in (*desired.groups, *applied.rights, *desired.managed):
        names.setdefault(known[name].id, name)
    ours = {*desired.groups, *applied.rights}
    return frozenset(
        name
        for name, group in known.items()
        if group.id in inside
        and (name in desired.groups or names[group.id] == name)
        and (name in ours or not group.obstacle)
    )


def unclear(
    known: Mapping[str, Group], inside: frozenset[str], desired: DesiredEntra, applied: Applied
) -> frozenset[str]:
    """Of the groups that were given, those that have a double by now, if they are in one of them.

    Not when a rule gives one of them by its id: then it is clear which was meant.
    """
    by_id = {known[name].id for name in desired.groups}
    return frozenset(
        name
        for name in applied.rights
        if known[name].doubles & inside and not known[name].doubles & by_id
    )


def still_ours(user: Json, desired: DesiredEntra) -> Json:
    """Raise Permanent when somebody gave the recorded account to another person."""
    number = user.get("employeeId")
    if number and not is_same(number, desired.employee_id):
        raise Permanent(
            "the account carries another employeeId than HR's: put it right in Entra",
            mender="operator",
        )
    return user


def is_same(number: str | None, other: str) -> bool:
    """Is it the same employeeId? Graph's own comparison ignores case too."""
    return (number or "").casefold() == other.casefold()
