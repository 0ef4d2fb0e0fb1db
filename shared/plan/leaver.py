"""What is done to a leaver's account once for each leave, and what somebody does by hand? Pure.

Called by `entra` beside it. What was done for this leave is not planned again: somebody who
registers a telephone afterwards, by a way that others opened, keeps it.
"""

from __future__ import annotations

from collections.abc import Iterator

from shared.model.account import Applied, EntraAccount
from shared.model.change import Change, Harm, Kind
from shared.model.desired import DesiredEntra, Reason
from shared.model.task import Place, Task

ONCE = frozenset({Kind.REMOVE_METHODS, Kind.DISABLE_DEVICES, Kind.SET_AUTO_REPLY})
"""What is remembered as done until the person is back."""
TEXT = "automaticRepliesSetting"
SHARED = "shared"
"""What Exchange calls a shared mailbox (Microsoft Graph, mailboxSettings, userPurpose)."""


def parting(desired: DesiredEntra, applied: Applied) -> Iterator[Change]:
    """What was not done yet for this leave; held together with the block."""
    on = desired.parting
    if on is None:
        return
    reply = on.auto_reply_why if on.auto_reply else None
    asked: tuple[tuple[Kind, Reason | None, dict[str, str]], ...] = (
        (Kind.REMOVE_METHODS, on.sign_in_methods, {}),
        (Kind.DISABLE_DEVICES, on.devices, {}),
        (Kind.SET_AUTO_REPLY, reply, {TEXT: on.auto_reply}),
    )
    for kind, why, values in asked:
        if why and kind not in applied.parted:
            yield Change(kind=kind, values=values, reasons=(why,), harm=Harm.BLOCK)


def hand_over(desired: DesiredEntra, account: EntraAccount | None) -> tuple[Task, ...]:
    """Exchange's part, which Graph has no call for; done when the mailbox says it is shared."""
    on = desired.parting
    if on is None or on.hand_over is None or account is None or account.deleted:
        return ()
    if account.mailbox in (None, SHARED):
        return ()  # there is no mailbox, or it was done
    values = {"RecipientTypeDetails": "SharedMailbox"}
    if on.hand_over_to:
        values["FullAccess"] = on.hand_over_to
    return (
        Task(
            place=Place.EXCHANGE,
            what="share the mailbox",
            on={"userPrincipalName": account.user_principal_name},
            values=values,
            why=f"{on.hand_over.rule}: {on.hand_over.because}",
        ),
    )
