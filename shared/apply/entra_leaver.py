"""How are a leaver's sign-in methods, devices and mailbox changed? Each done twice is done once.

Called by entra.py for what is done once for each leave; decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from html import escape

from shared.errors import Permanent, Transient
from shared.model.account import EntraAccount
from shared.model.change import Change, Kind
from shared.model.desired import DesiredEntra
from shared.vendors.graph import leaving
from shared.vendors.graph.client import Graph
from shared.vendors.graph.refusals import Refused

_FORBIDDEN = 403
_OF_ONE = frozenset({400, _FORBIDDEN})
"""Refusals that say nothing of the other methods: each type has a permission of its own."""
NEEDS: Mapping[Kind, str] = {
    Kind.REMOVE_METHODS: "UserAuthenticationMethod.Read.All and the UserAuthMethod permissions "
    "that `instroom permissions show` lists",
    Kind.DISABLE_DEVICES: "Device.ReadWrite.All",
    Kind.SET_AUTO_REPLY: "MailboxSettings.ReadWrite",
}
"""What the app needs for each, when everybody is refused."""


@dataclass(frozen=True)
class Mailbox:
    """What a mailbox is for, or why that is not known."""

    purpose: str | None = None
    obstacles: Mapping[str, str] = field(default_factory=dict)

    def on(self, account: EntraAccount) -> EntraAccount:
        """The account with it."""
        return account.model_copy(update={"mailbox": self.purpose})


async def mailbox(graph: Graph, account: EntraAccount, desired: DesiredEntra) -> Mailbox:
    """Asked only of who has to hand it over. A refusal stands in the way of nothing else.

    Nor does a mailbox that does not answer now, of somebody who can still sign in. Raises
    Transient for the others: they are read again soon.
    """
    on = desired.parting
    if on is None or on.hand_over is None or account.deleted:
        return Mailbox()
    try:
        return Mailbox(await leaving.mailbox_purpose(graph, account.id))
    except Refused as refused:
        told = (
            f"Graph does not show the mailbox that is to be handed over ({refused.refusal}): "
            "grant the app's identity the application permission MailboxSettings.ReadWrite"
        )
        return Mailbox(obstacles={"mailbox": told})
    except Transient as error:
        if not account.enabled:
            raise
        told = f"whether the mailbox was handed over is not known ({error.reason}): it is looked "
        return Mailbox(obstacles={"mailbox": f"{told}at again"})


async def carry_out(graph: Graph, change: Change, account_id: str) -> None:
    """One of the changes that `NEEDS` names. Raises Refused, Permanent and what rest raises."""
    match change.kind:
        case Kind.REMOVE_METHODS:
            await remove_methods(graph, account_id)
        case Kind.DISABLE_DEVICES:
            await disable_devices(graph, account_id)
        case _:
            await set_auto_reply(graph, account_id, str(change.values["automaticRepliesSetting"]))


async def remove_methods(graph: Graph, account_id: str) -> None:
    """Take away every method but the password.

    Entra keeps the default one while there are others, so what is refused is tried again when
    the rest has gone. Raises Permanent when something is left; Refused when it is for want of a
    right, after the rest has gone.
    """
    found = [one for one in await leaving.methods(graph, account_id) if one[0] != leaving.PASSWORD]
    refused = None
    while found:
        left, refused = await _delete_some(graph, account_id, found)
        if refused is None or len(left) == len(found):
            _refuse_left(left, refused)
            return
        found = left


async def _delete_some(
    graph: Graph, account_id: str, found: Iterable[tuple[str, str]]
) -> tuple[list[tuple[str, str]], Refused | None]:
    """Those that are left, and the refusal to tell: one for want of a right before others."""
    left: list[tuple[str, str]] = []
    last: Refused | None = None
    for kind, method_id in found:
        try:
            if await leaving.delete_method(graph, account_id, kind, method_id):
                continue
        except Refused as refused:
            if refused.refusal.status not in _OF_ONE:
                raise
            last = last if last and last.refusal.status == _FORBIDDEN else refused
        left.append((kind, method_id))
    return left, last


def _refuse_left(left: list[tuple[str, str]], refused: Refused | None) -> None:
    if not left:
        return
    if refused and refused.refusal.status == _FORBIDDEN:
        raise refused
    kinds = ", ".join(sorted({kind for kind, _ in left}))
    raise Permanent(
        f"sign-in methods are left ({kinds}): remove them in Entra under the user's "
        "Authentication methods",
        mender="operator",
    ) from refused


async def disable_devices(graph: Graph, account_id: str) -> None:
    """Disable what is registered to them or owned by them.

    One that is refused keeps none of the others; raises the last Refused after they were done.
    """
    last: Refused | None = None
    for device_id in sorted(await leaving.enabled_devices(graph, account_id)):
        try:
            await leaving.disable_device(graph, device_id)
        except Refused as refused:
            last = refused
    if last:
        raise last


async def set_auto_reply(graph: Graph, account_id: str, text: str) -> None:
    """The mailbox answers with these lines; without a mailbox nothing has to."""
    lines = "<br>".join(escape(line) for line in text.splitlines())
    await leaving.set_auto_reply(graph, account_id, f"<html><body>{lines}</body></html>")
