"""Which groups are there, and who is in them? The protocol of whatever answers about groups.

flow asks about the groups that the policy names; what answers in Entra is `entra_groups`.
"""

from __future__ import annotations

from typing import Literal, Protocol

from shared.model.frozen import Frozen

type Kind = Literal["person", "guest", "group", "application", "device"]


class Member(Frozen):
    """Something that is a direct member of a group."""

    id: str
    kind: Kind
    """What the directory says it is: people are accounts of the organisation's own."""
    name: str
    """As an administrator knows it: a user principal name, or the display name."""


class Groups(Protocol):
    """The groups of one directory, by the name or id that the policy uses."""

    async def obstacle(self, name: str) -> str | None:
        """Why members of this group cannot be changed here, with the mend; None when they can."""
        ...

    async def find(self, right: str, group_id: str | None) -> str | None:
        """The id of the group that we made for this right: by its id, else by its mark."""
        ...

    async def make(self, right: str, name: str) -> str:
        """Make it, with its mark; answers the id. Raises UnknownReply when it may be there."""
        ...

    async def rename(self, group_id: str, name: str) -> None:
        """Give it another display name."""
        ...

    async def members_of(self, group_id: str) -> tuple[Member, ...]:
        """The direct members of the group with this id; none when it is gone."""
        ...

    async def delete(self, right: str, group_id: str) -> None:
        """Delete a group of our own making. Raises Permanent when it does not carry our mark."""
        ...

    async def members(self, name: str) -> tuple[Member, ...]:
        """Its direct members. Raises Permanent when there is no such group, or several."""
        ...
