"""What must an HR system offer to feed the flow? The protocol of this room.

A source reads; it never decides. A row it cannot read is a BadRecord in its place in the stream,
and never stops the others.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from shared.model.person import BadRecord, Record

type Reading = Record | BadRecord


@dataclass(frozen=True, slots=True)
class Unread:
    """Someone HR shows, whose rows have not been looked into: most are as they were."""

    number: str
    mark: str
    """Another one whenever the rows change, or the way in which they are read."""
    read: Callable[[], Reading]
    """What the rows say."""


type Sighting = Reading | Unread
"""What a source may show of someone. A source with few people reads them at once."""


class Source(Protocol):
    """One HR system."""

    @property
    def name(self) -> str:
        """The source's name in settings, policy and ledger: `afas`."""
        ...

    def everyone(self) -> AsyncIterator[Sighting]:
        """Everybody HR shows, in any order; each number once.

        Raises Transient when the answer cannot be completed: a short, repeated or failing page
        is never the end of the list.
        """
        ...

    def changed_since(self, moment: datetime) -> AsyncIterator[Sighting]:
        """Whoever may have changed since `moment` (aware); too many is fine, too few is not."""
        ...

    async def one(self, number: str) -> Sighting | None:
        """This person now; None when HR does not show them."""
        ...

    async def probe(self) -> None:
        """Return when HR answers and shows all that intake needs; else raise, with the mend."""
        ...
