"""Who can put many accounts into one group at once? The protocol of bulk memberships.

flow/binding.py hands over what has waited; the implementation decides nothing and says of each
account what became of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from shared.model.frozen import Frozen

MOST_BOUND = 20
"""References in one request (Microsoft Graph, "Add members")."""


class Bound(Frozen):
    """What became of each account that was handed over."""

    done: frozenset[str] = frozenset()
    """They are members now, or were already."""
    refused: Mapping[str, str] = {}
    """Account to why not."""


class Bulk(Protocol):
    """One target's memberships, many at a time."""

    async def bind(self, group: str, accounts: Sequence[str]) -> Bound:
        """Make these accounts, at most `MOST_BOUND`, members of this group; twice is once.

        `group` is what the policy calls it. One who is refused stops none of the others. Raises
        Transient or TargetDown when it cannot be known now what became of them.
        """
        ...
