"""How is a Temporary Access Pass given out in Entra? Earlier ones first taken away.

An account has at most one that can be used, and documents differ on what a second one does: it
replaces the first, or is refused. Called by flow through the protocol in first_sign_in.py.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import SecretStr

from shared.apply.first_sign_in import Issued, Terms
from shared.errors import InstroomError, Permanent, Transient, UnknownReply
from shared.vendors.graph import passes, users
from shared.vendors.graph.client import Graph, Json
from shared.vendors.graph.refusals import NotVisible, Refused

WHERE = "in Entra under Authentication methods, Temporary Access Pass"
USED = "the earlier pass was used to sign in: from here on only the service desk gives another"
_FORBIDDEN = 403


@dataclass(frozen=True)
class EntraPasses:
    """Temporary Access Passes of one tenant."""

    graph: Graph
    limit_seconds: float = 55.0

    async def issue(self, account_id: str, terms: Terms) -> Issued:
        """Take away what is there, and make one."""
        try:
            async with asyncio.timeout(self.limit_seconds):
                before = await passes.of(self.graph, account_id)
                if not terms.after_use and any(map(_was_used, before)):
                    raise Permanent(USED, mender="operator")
                for old in before:
                    await passes.delete(self.graph, account_id, old)
                made = await passes.create(
                    self.graph, account_id, minutes=terms.minutes, once=terms.once
                )
        except TimeoutError as error:
            raise UnknownReply("the pass: Entra took too long") from error
        except NotVisible as error:
            raise Transient(
                "Entra does not show the account yet; try again in a minute"
            ) from error
        except Refused as refused:
            raise await self._with_mend(refused, terms) from refused
        return _issued(made)

    async def probe(self, terms: Terms) -> None:
        """Look at the policy, then whether the app may read anybody's passes."""
        try:
            told = await passes.policy(self.graph)
        except Refused as refused:
            raise _not_permitted(refused, "Policy.Read.AuthenticationMethod") from refused
        if problem := _problem(told, terms):
            raise problem
        anybody = await users.any_id(self.graph)
        try:
            if anybody:
                await passes.of(self.graph, anybody)
        except NotVisible:
            return
        except Refused as refused:
            raise _not_permitted(refused, "UserAuthMethod-TAP.ReadWrite.All") from refused

    async def _with_mend(self, refused: Refused, terms: Terms) -> InstroomError:
        """What stands in the way: the policy when it can be read and does not fit, or Graph."""
        try:
            problem = _problem(await passes.policy(self.graph), terms)
        except InstroomError:
            problem = None  # without the right to read it, Graph's own answer is all there is
        if problem:
            return problem
        if refused.refusal.status == _FORBIDDEN:
            return _not_permitted(refused, "UserAuthMethod-TAP.ReadWrite.All")
        told = f"Entra refuses a pass ({refused.refusal}): see that passes are on, {WHERE}"
        return Permanent(told, mender="operator")


def _was_used(old: Json) -> bool:
    """Graph, "temporaryAccessPassAuthenticationMethod resource type": methodUsabilityReason."""
    return str(old.get("methodUsabilityReason", "")).casefold() == "onetimeused"


def _issued(made: Json) -> Issued:
    """The answer to a create; a pass that this person cannot use is none."""
    if not made.get("isUsable", True):
        raise Permanent(
            f"Entra made a pass that cannot be used ({made.get('methodUsabilityReason')}): add "
            f"this person to its targets, {WHERE}",
            mender="operator",
        )
    start = datetime.fromisoformat(made["startDateTime"])
    until = start + timedelta(minutes=made["lifetimeInMinutes"])
    return Issued(code=SecretStr(made["temporaryAccessPass"]), until=until)


def _problem(told: Json, terms: Terms) -> Permanent | None:
    """What the tenant's policy has against these terms, with the mend."""
    if told.get("state") != "enabled":
        return Permanent(f"passes are switched off: switch them on {WHERE}", mender="operator")
    least, most = told["minimumLifetimeInMinutes"], told["maximumLifetimeInMinutes"]
    if not least <= terms.minutes <= most:
        return Permanent(
            f"first_sign_in.lifetime_minutes is {terms.minutes}, and Entra allows {least} to "
            f"{most}: change either of the two, the latter {WHERE}",
            mender="policy",
        )
    if told.get("isUsableOnce") and not terms.once:
        return Permanent(
            f"Entra allows one-time passes only: set first_sign_in.once to true, or change that "
            f"{WHERE}",
            mender="policy",
        )
    return None


def _not_permitted(refused: Refused, permission: str) -> Permanent:
    return Permanent(
        f"Graph does not let the app do this ({refused.refusal}): grant its identity the "
        f"application permission {permission}, with admin consent",
        mender="operator",
    )
