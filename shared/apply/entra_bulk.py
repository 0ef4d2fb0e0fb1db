"""How do many accounts get into one group of Entra at once? Twenty a request, else one by one.

Called by flow/binding.py. A request is all or nothing: one who is a member already, or is not
there, and nobody is added (Microsoft Graph, "Add members"). So after a refusal, as after a lost
reply, it is looked up who is in: reading costs none of the quota of writes.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from shared.apply.bulk import Bound
from shared.apply.entra_groups import GroupBook
from shared.errors import UnknownReply
from shared.vendors.graph import groups, users
from shared.vendors.graph.client import Graph
from shared.vendors.graph.refusals import NotVisible, Refused

TRIED_ALONE = 2
"""When so many are refused by themselves, one after the other, it is the group that refuses."""
LIMIT_SECONDS = 200.0
"""Below the life of the claim on the rows that wait."""


@dataclass
class EntraBulk:
    """The groups of one tenant, filled many at a time."""

    graph: Graph
    monotonic: Callable[[], float] = time.monotonic
    book: GroupBook | None = None
    """Shared with whoever else asks for groups, when given."""

    def __post_init__(self) -> None:
        self._book = self.book or GroupBook(self.graph, self.monotonic)

    async def bind(self, group: str, accounts: Sequence[str]) -> Bound:
        """Make these accounts members; see the protocol in bulk.py."""
        known = await self._book.look_up(group)
        if known.id is None or known.obstacle:
            return Bound(refused=dict.fromkeys(accounts, known.obstacle or "it is not there"))
        try:
            async with asyncio.timeout(LIMIT_SECONDS):
                return await self._bind(known.id, tuple(accounts))
        except TimeoutError as error:
            raise UnknownReply("a group took too long to fill") from error

    async def _bind(self, group_id: str, accounts: tuple[str, ...]) -> Bound:
        try:
            await groups.add_members(self.graph, group_id, accounts)
        except (NotVisible, Refused):
            inside = await self._inside(group_id, accounts)
        else:
            return Bound(done=frozenset(accounts))
        left = tuple(account for account in accounts if account not in inside)
        if inside and left:
            rest = await self._bind(group_id, left)
            return Bound(done=inside | rest.done, refused=rest.refused)
        refused = await self._one_by_one(group_id, left)
        return Bound(done=frozenset(accounts) - refused.keys(), refused=refused)

    async def _inside(self, group_id: str, accounts: tuple[str, ...]) -> frozenset[str]:
        """Those who are members, as far as Entra shows it yet."""
        has = await asyncio.gather(*(self._is_in(group_id, account) for account in accounts))
        return frozenset(a for a, is_in in zip(accounts, has, strict=True) if is_in)

    async def _is_in(self, group_id: str, account: str) -> bool:
        try:
            return bool(await users.member_of(self.graph, account, {group_id}))
        except NotVisible:
            return False

    async def _one_by_one(self, group_id: str, accounts: tuple[str, ...]) -> Mapping[str, str]:
        """Add each; answers who was refused, with the reason."""
        refused: dict[str, str] = {}
        for at, account in enumerate(accounts):
            try:
                await groups.add_member(self.graph, group_id, account)
            except Refused as error:
                if error.refusal.says_exists:
                    continue  # a replica that did not show it
                refused[account] = error.reason
            except NotVisible as error:
                refused[account] = error.reason
            if len(refused) == at + 1 == TRIED_ALONE:
                return dict.fromkeys(accounts, refused[account])
        return refused
