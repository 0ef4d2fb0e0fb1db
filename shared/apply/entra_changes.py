"""What changed in Entra, by Graph's delta queries? Translates pages; decides nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from shared.apply.changes import ChangedAccount, ChangedMember, Page
from shared.apply.entra_account import SELECT, account_from
from shared.model.account import EntraAccount
from shared.model.desired import DesiredEntra
from shared.vendors.graph import delta, users
from shared.vendors.graph.client import Graph, Json

_REMOVED = "@removed"


@dataclass
class EntraChanges:
    """The changes of one tenant."""

    graph: Graph

    async def accounts(
        self, attributes: Collection[str], link: str | None
    ) -> Page[ChangedAccount] | None:
        """See Changes."""
        select = (*SELECT, *users.properties(attributes))
        page = await delta.users(self.graph, select, link)
        if page is None:
            return None
        return Page(tuple(map(_account, page.items)), page.link, is_last=page.is_last)

    async def members(self, link: str | None) -> Page[ChangedMember] | None:
        """See Changes."""
        page = await delta.groups(self.graph, link)
        if page is None:
            return None
        found = tuple(member for group in page.items for member in _members(group))
        return Page(found, page.link, is_last=page.is_last)


def _account(user: Json) -> ChangedAccount:
    if _REMOVED in user:
        return ChangedAccount(user["id"], removed=True)

    def as_account(desired: DesiredEntra) -> EntraAccount:
        read = account_from(user, desired, groups=frozenset(desired.groups), deleted=False)
        return read.model_copy(update={"manager_id": _manager(user, desired.manager_id)})

    told = as_account if "userPrincipalName" in user else None
    return ChangedAccount(user["id"], user.get("employeeId"), as_account=told)


def _manager(user: Json, wanted: str | None) -> str | None:
    """Whoever is named and did not go; of whom nothing is told nothing has changed."""
    if "manager@delta" not in user:
        return wanted
    return next((str(m["id"]) for m in user["manager@delta"] if _REMOVED not in m), None)


def _members(group: Json) -> Iterator[ChangedMember]:
    """Those of one group that came or went; of a group that is gone nobody is told."""
    for each in group.get("members@delta") or ():
        yield ChangedMember(
            group_id=str(group["id"]),
            group_name=str(group.get("displayName") or ""),
            account_id=str(each["id"]),
            removed=_REMOVED in each,
        )
