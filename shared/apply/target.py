"""What must a system offer to be provisioned? The protocol of this room.

flow reads the account, plans, and hands over one change at a time; a target decides nothing.
"""

from __future__ import annotations

from typing import Protocol

from shared.model.account import Applied, EntraAccount, Found
from shared.model.change import Change
from shared.model.desired import DesiredEntra, TargetName
from shared.model.frozen import Frozen


class Done(Frozen):
    """What a change made known; None leaves what is recorded as it is."""

    account_id: str | None = None
    login: str | None = None
    operator_id: str | None = None
    by_hand: str = ""
    """What a human must do in its place, when the target refuses just this."""
    left_to_ad: bool = False
    """The target refused it: only Active Directory can do it."""


class Target[D, A](Protocol):
    """One system, read and written for one person at a time.

    D is what should be there (DesiredEntra, DesiredTopdesk), A what is (EntraAccount,
    TopdeskCard).
    """

    @property
    def name(self) -> TargetName:
        """Which target this is."""
        ...

    async def read(self, desired: D, applied: Applied) -> Found[A]:
        """Find the account: by the recorded id, else by its number; None when there is none.

        Asks about what `desired` and `applied.rights` name and nothing else. Raises Permanent
        when the number has several accounts or the recorded one is not ours any more, Transient
        when it cannot be known now; a recorded account that the target does not show is never
        None.
        """
        ...

    async def do(self, change: Change, applied: Applied) -> Done:
        """Carry out one change on the account `applied` names; done already counts as done.

        Raises NameTaken when a unique value is in use, UnknownReply when it may have happened,
        Transient or TargetDown when it did not, Permanent when it never will.
        """
        ...

    async def probe(self) -> None:
        """Return when the target answers this app; else raise, with the mend. Reads only."""
        ...


class Accounts(Target[DesiredEntra, EntraAccount], Protocol):
    """Entra: a target where a block can be seen to stand."""

    async def is_blocked(self, account_id: str) -> bool:
        """Look again, for seconds if need be: can this account not sign in? A fact, not a memory.

        Entra answers from replicas, so a change that was taken is not yet one that holds.
        """
        ...
