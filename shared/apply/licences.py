"""Which licences are there, and which groups carry one? The protocol of whatever answers that."""

from __future__ import annotations

from typing import Protocol

from shared.model.licence import Licence

NOT_GIVEN = "licence of "
"""Before the group, in the name of what stands in the way of a licence."""


class Licences(Protocol):
    """The licences of one directory; they are only read."""

    async def bought(self) -> tuple[Licence, ...]:
        """Every licence, with its seats. Raises Permanent when the app may not see them."""
        ...

    async def carried_by(self, group: str) -> tuple[str, ...]:
        """Ids of the licences that members of this group get; none when there is no such group."""
        ...
