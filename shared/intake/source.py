"""What must an HR system offer to feed the flow? The protocol of this room.

A source reads; it never decides. A row it cannot read is a BadRecord in its place in the stream,
and never stops the others.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Protocol

from shared.model.person import BadRecord, Record

type Reading = Record | BadRecord


class Source(Protocol):
    """One HR system."""

    @property
    def name(self) -> str:
        """The source's name in settings, policy and ledger: `afas`."""
        ...

    def everyone(self) -> AsyncIterator[Reading]:
        """Everybody HR shows, in any order; each number once.

        Raises Transient when the answer cannot be completed: a short, repeated or failing page
        is never the end of the list.
        """
        ...

    def changed_since(self, moment: datetime) -> AsyncIterator[Reading]:
        """Whoever may have changed since `moment` (aware); too many is fine, too few is not."""
        ...

    async def one(self, number: str) -> Reading | None:
        """This person now; None when HR does not show them."""
        ...

    async def probe(self) -> None:
        """Return when HR answers and shows all that intake needs; else raise, with the mend."""
        ...
