"""Which rights has a SCIM user, and how is one given or taken? Called by apply/scim.py.

A right is a group by its name, or a value of `roles` or `entitlements`. Groups are never made.
"""

from __future__ import annotations

import json
from typing import Any

from shared.errors import Permanent, Transient
from shared.vendors.scim.attributes import (
    Attribute,
    Row,
    changed,
    entries,
    has_listed,
    listed,
    part,
    shows_group,
)
from shared.vendors.scim.directory import GROUP, PERSON, Directory


class Rights:
    """The groups, roles and entitlements of one SCIM service."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    async def has(self, user: Row | None, right: str) -> bool:
        """Does the user have it?"""
        name, wanted = listed(right)
        if user is None or name:
            return user is not None and has_listed(user, name, wanted)
        if shows_group(user, wanted):
            return True
        user_id = str(part(user, "id"))
        return any(_is_member(group, user_id) for group in await self._groups(wanted))

    async def lacking(self, right: str) -> str | None:
        """Why this right cannot be given; None when it can."""
        name, wanted = listed(right)
        if name:
            return None
        if not (await self._directory.habits()).groups:
            return (
                f"the SCIM service has no groups, so none '{wanted}'; write it as 'role:{wanted}' "
                "or 'entitlement:...' in the policy"
            )
        match len(await self._groups(wanted)):
            case 0:
                return (
                    f"the SCIM service has no group '{wanted}'; make it there, or name another "
                    "one in the policy"
                )
            case 1:
                return None
            case several:
                return (
                    f"the SCIM service has the group '{wanted}' {several} times; rename all but "
                    "one there"
                )

    async def give(self, user: Row, right: str) -> None:
        """Give it, if the user has not got it. Raises Permanent when the service lacks it."""
        name, wanted = listed(right)
        if name:
            if not has_listed(user, name, wanted):
                await self._list(user, name, wanted, wants=True)
            return
        groups, user_id = await self._groups(wanted), str(part(user, "id"))
        if len(groups) != 1:
            if lack := await self.lacking(right):
                raise Permanent(lack, mender="policy")
            raise Transient("the groups at the SCIM service are being changed just now")
        if not _is_member(groups[0], user_id):
            await self._membership(groups[0], user_id, wants=True)

    async def take(self, user: Row, right: str) -> None:
        """Take it, if the user has it: out of every group of the name, should there be several."""
        name, wanted = listed(right)
        if name:
            if has_listed(user, name, wanted):
                await self._list(user, name, wanted, wants=False)
            return
        user_id = str(part(user, "id"))
        for group in await self._groups(wanted):
            if _is_member(group, user_id):
                await self._membership(group, user_id, wants=False)

    async def _groups(self, name: str) -> list[Row]:
        """The groups of this name, with their members."""
        if not (await self._directory.habits()).groups:
            return []
        return [
            await self._with_members(group)
            for group in await self._directory.find(GROUP, "displayName", name)
        ]

    async def _with_members(self, group: Row) -> Row:
        """A list may leave the members out; the group itself shows them."""
        if part(group, "members"):
            return group
        return await self._directory.get(GROUP, str(part(group, "id"))) or group

    async def _list(self, user: Row, name: str, wanted: str, *, wants: bool) -> None:
        has = [one for one in entries(user, name) if _spelt(one).casefold() == wanted.casefold()]
        op: dict[str, Any] = {"op": "add", "path": name, "value": [{"value": wanted}]}
        if not wants:
            op = {"op": "remove", "path": f"{name}[value eq {_quoted(_spelt(has[0]))}]"}
        doing = f"change the {name} of a user"
        if not await self._directory.patch(PERSON, user, [op], doing):
            kept: list[dict[str, Any]] = [
                dict(one) for one in entries(user, name) if one not in has
            ]
            kept += [{"value": wanted}] * wants
            body = changed(user, {Attribute(name): kept or None})
            await self._directory.put(PERSON, user, body, doing)

    async def _membership(self, group: Row, user_id: str, *, wants: bool) -> None:
        """By the member's id: `remove` of `members` alone takes everybody out (3.5.2.2)."""
        op: dict[str, Any] = {"op": "add", "path": "members", "value": [{"value": user_id}]}
        if not wants:
            op = {"op": "remove", "path": f"members[value eq {_quoted(user_id)}]"}
        doing = "change the members of a group"
        if not await self._directory.patch(GROUP, group, [op], doing):
            members = [dict(one) for one in entries(group, "members")]
            body = {key: said for key, said in group.items() if key.casefold() not in _REPLACED}
            kept = [one for one in members if _spelt(one) != user_id]
            body["members"] = kept + [{"value": user_id}] * wants
            await self._directory.put(GROUP, group, body, doing)


_REPLACED = frozenset({"members", "meta"})


def _spelt(one: Row) -> str:
    return str(part(one, "value") or "")


def _is_member(group: Row, user_id: str) -> bool:
    return any(_spelt(one) == user_id for one in entries(group, "members"))


def _quoted(text: str) -> str:
    """A text in a filter is written as in JSON (RFC 7644, 3.4.2.2)."""
    return json.dumps(text, ensure_ascii=False)
