"""How does somebody get in for the first time? The protocol of whatever gives out a pass.

flow says for whom and remembers who asked; what carries it out is `entra_passes`. The code is in
the answer and nowhere else: whoever prints, logs or stores an answer shows stars.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from pydantic import SecretStr

from shared.model.frozen import Frozen


class Terms(Frozen):
    """What a pass should be like."""

    minutes: int
    once: bool
    after_use: bool = False
    """Also when the earlier one was used: then the first sign-in has been."""


class Issued(Frozen):
    """A pass that can be used now."""

    code: SecretStr
    until: datetime


class Passes(Protocol):
    """Gives out passes for accounts that were made here."""

    async def issue(self, account_id: str, terms: Terms) -> Issued:
        """A new pass; one that was there before cannot be used any more.

        One that was used is the end of it, unless the terms say otherwise: Permanent.

        Raises UnknownReply when there may be one that nobody has seen, Transient when there is
        none, Permanent with the mend when there will be none until somebody acts.
        """
        ...

    async def probe(self, terms: Terms) -> None:
        """Return when passes on these terms can be given out; else raise, with the mend."""
        ...
