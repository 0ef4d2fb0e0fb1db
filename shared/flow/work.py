"""One worker's hold on one person in one target: what it knows, and how it writes that down.

Shared by provision.py, which acts, and finish.py, which concludes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.errors import Permanent
from shared.flow.lanes import Account, Lane, Want
from shared.flow.service import Service
from shared.ledger.history import Told
from shared.ledger.people import Decision, Dossier, TargetRow
from shared.model.account import EntraAccount, Found, Wrote
from shared.model.change import Change, Kind
from shared.model.desired import TargetName
from shared.policy.document import Policy

_ORDER = tuple(Kind)


@dataclass
class Work[D: Want, A: Account]:
    """One worker's hold on one person in one target; `dossier` moves on with each write."""

    service: Service
    lane: Lane[D, A]
    worker: str
    dossier: Dossier
    decision: Decision
    policy: Policy
    want: D
    began: TargetRow
    """The row as it was when the work began: its login is what others have seen."""
    done: dict[str, Change]
    """What was carried out, by its place in the audit; also under an earlier decision."""
    unsure: Change | None = None
    """Sent, and no answer came."""
    deadline: float = 0.0
    login: str | None = None
    refusals: dict[str, Permanent] = field(default_factory=dict)
    """What came of changes that the target would not do, by their key; the rest went on."""
    left_to_ad: bool = False
    """Entra left a block in the cloud to Active Directory."""
    refused: frozenset[str] = frozenset()
    stopped: Mapping[str, Wrote] = field(default_factory=dict)
    """What somebody else keeps changing back, and is left to them."""
    by_hand: Mapping[str, str] = field(default_factory=dict)
    """What the target refused and a human must do, by its key."""

    @property
    def name(self) -> TargetName:
        """Which target it is about."""
        return self.lane.target.name

    @property
    def row(self) -> TargetRow:
        """The target row as last written."""
        return self.dossier.target(self.name)

    @property
    def wake(self) -> int:
        """The wake that was read together with the facts; no later one counts as served."""
        return self.decision.wakes(self.name)

    async def save(self, row: TargetRow, decision: Decision | None = None) -> None:
        """Write the target row. Raises LostRace."""
        people = self.service.ledger.people
        self.dossier = await people.save(self.dossier, self.name, row, decision)


def place(work: Work[Any, Any], change: Change) -> str:
    """Where the audit tells this change: behind its decision, in the order of the kinds."""
    wakes = sum(work.decision.wake.values())
    return f"{wakes:08d}|{work.name}|{_ORDER.index(change.kind):02d}|{change.what}"


async def tell(
    work: Work[Any, Any], changes: Mapping[str, Change], begun: str = "", also: str = ""
) -> None:
    """Write the audit of these changes; what was begun is told again when it is done."""
    at = work.service.clock.now()
    lines = [
        (key, Told(at=at, what=f"{begun}{work.name}: {change}", reasons=change.reasons))
        for key, change in changes.items()
    ]
    if also:
        wakes = sum(work.decision.wake.values())
        lines.append((f"{wakes:08d}|{work.name}|seen", Told(at=at, what=f"{work.name}: {also}")))
    await work.service.ledger.history.tell(work.dossier.person_id, lines)


def account_id(found: Found[Any]) -> str | None:
    """The id of what was found, if anything was."""
    return found.account.id if found.account else None


def login_of(found: Found[Any]) -> str | None:
    """The user principal name of a found Entra account."""
    return found.account.user_principal_name if isinstance(found.account, EntraAccount) else None
