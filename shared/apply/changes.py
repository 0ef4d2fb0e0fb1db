"""What must a system tell of changes that nobody asked us for? The protocol that drift reads with.

Entra's is beside it. A page is read, looked at and let go: nobody holds a directory in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Protocol

from shared.model.account import EntraAccount
from shared.model.desired import DesiredEntra
from shared.model.right import folded


@dataclass(frozen=True)
class ChangedAccount:
    """An account that was made, changed or removed, by whomever."""

    id: str
    employee_id: str | None = None
    removed: bool = False
    as_account: Callable[[DesiredEntra], EntraAccount] | None = None
    """As a plan compares it, its groups, and a manager who is not told of, taken to be as they
    should. None: removed, or too little is told to compare it."""


@dataclass(frozen=True)
class ChangedMember:
    """Somebody who came into a group or went out of it."""

    group_id: str
    group_name: str
    account_id: str
    removed: bool

    @property
    def names(self) -> frozenset[str]:
        """What a policy may call the group, folded: Entra finds one whatever its case."""
        return frozenset({folded(self.group_id), folded(self.group_name)})


@dataclass(frozen=True)
class Page[T]:
    """Some of it, and what to ask next."""

    items: tuple[T, ...]
    link: str
    is_last: bool
    """There is no more for now; `link` asks for what comes after."""


class Changes(Protocol):
    """What changed since a link; without one everything. None: that link is good no more."""

    async def accounts(
        self, attributes: Collection[str], link: str | None
    ) -> Page[ChangedAccount] | None:
        """Accounts, with these attributes."""
        ...

    async def members(self, link: str | None) -> Page[ChangedMember] | None:
        """Members of groups."""
        ...
