"""What does the flow work with? Its rooms, handed over once by wiring or by a test.

Nothing here is built at import, and nothing here decides.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Protocol

from shared import log
from shared.apply.bulk import Bulk
from shared.apply.changes import Changes
from shared.apply.first_sign_in import Passes
from shared.apply.groups import Groups
from shared.apply.hr import HrTarget, HrWriter
from shared.apply.licences import Licences
from shared.apply.listing import Listing
from shared.apply.target import Accounts, Target
from shared.bus.publish import Publisher
from shared.errors import Misconfigured
from shared.intake import push
from shared.intake.source import Source
from shared.ledger.batches import Batches
from shared.ledger.calls import Calls
from shared.ledger.cursors import Cursors
from shared.ledger.drift import DriftRows
from shared.ledger.due import Due
from shared.ledger.erasures import Erasures
from shared.ledger.first_sign_ins import FirstSignIns
from shared.ledger.groups import MadeGroups
from shared.ledger.harms import Harms
from shared.ledger.history import History
from shared.ledger.identities import Identities
from shared.ledger.journal import Journal
from shared.ledger.matches import Matches
from shared.ledger.measures import Measures
from shared.ledger.names import Names
from shared.ledger.notices import Notices
from shared.ledger.pending import Pending
from shared.ledger.people import People
from shared.ledger.policies import Policies
from shared.ledger.relations import Relations
from shared.ledger.rows import Store
from shared.ledger.upkeep import UpkeepRows
from shared.model.account import Applied, Found, HrRecords, TopdeskCard
from shared.model.change import Harm, Plan
from shared.model.desired import DesiredHr, DesiredTopdesk, TargetName
from shared.model.harm import Waiting
from shared.notices.mail import Post
from shared.plan.topdesk import topdesk as over_rest
from shared.policy.document import Policy
from shared.policy.load import load


class TopdeskPlan(Protocol):
    """How desired and found become changes, by the interface that TOPDESK_INTERFACE names."""

    def __call__(
        self,
        desired: DesiredTopdesk,
        found: Found[TopdeskCard],
        applied: Applied,
        *,
        hold: frozenset[Harm] = frozenset(),
    ) -> Plan:
        """The ordered changes for one person; those of a held kind of harm are set apart."""
        ...


LEASE = timedelta(minutes=15)
"""Longer than any writer can live: what is unfinished after it belongs to nobody."""


@dataclass(frozen=True)
class Ledger:
    """All that the ledger holds, over one store."""

    store: Store

    @cached_property
    def people(self) -> People:
        """One partition a person."""
        return People(self.store)

    @cached_property
    def identities(self) -> Identities:
        """HR number to person."""
        return Identities(self.store)

    @cached_property
    def matches(self) -> Matches:
        """Which numbers may be one human."""
        return Matches(self.store)

    @cached_property
    def names(self) -> Names:
        """Names once given."""
        return Names(self.store)

    @cached_property
    def due(self) -> Due:
        """Who must be looked at, and when."""
        return Due(self.store)

    @cached_property
    def relations(self) -> Relations:
        """Managers, reports and those who wait."""
        return Relations(self.store)

    @cached_property
    def harms(self) -> Harms:
        """What the guard let through and holds."""
        return Harms(self.store)

    @cached_property
    def batches(self) -> Batches:
        """What waits for a human."""
        return Batches(self.store)

    @cached_property
    def policies(self) -> Policies:
        """Every policy that was active."""
        return Policies(self.store)

    @cached_property
    def cursors(self) -> Cursors:
        """How far each source was read."""
        return Cursors(self.store)

    @cached_property
    def groups(self) -> MadeGroups:
        """Groups of our own making."""
        return MadeGroups(self.store)

    @cached_property
    def calls(self) -> Calls:
        """When calls that brought facts were first heard of."""
        return Calls(self.store)

    @cached_property
    def pending(self) -> Pending:
        """Memberships that wait to be bound in bulk."""
        return Pending(self.store)

    @cached_property
    def first_sign_ins(self) -> FirstSignIns:
        """Who waits for a first sign-in."""
        return FirstSignIns(self.store)

    @cached_property
    def measures(self) -> Measures:
        """How far the roll-out was, day by day."""
        return Measures(self.store)

    @cached_property
    def notices(self) -> Notices:
        """Which mail is meant, sent or unknown."""
        return Notices(self.store)

    @cached_property
    def erasures(self) -> Erasures:
        """Who was erased, and who may be."""
        return Erasures(self.store)

    @cached_property
    def history(self) -> History:
        """The audit."""
        return History(self.store)

    @cached_property
    def journal(self) -> Journal:
        """The audit by day, and its seals."""
        return Journal(self.store)

    @cached_property
    def drift(self) -> DriftRows:
        """What was changed behind our back."""
        return DriftRows(self.store)

    @cached_property
    def upkeep(self) -> UpkeepRows:
        """What is looked after once a day."""
        return UpkeepRows(self.store)


@dataclass(frozen=True)
class Clock:
    """Calendar time for the domain, wall time for claims and leases; both aware, UTC."""

    now: Callable[[], datetime]
    wall: Callable[[], datetime]
    monotonic: Callable[[], float] = time.monotonic


async def write_log(waits: Waiting) -> None:
    """Say in the log that a batch waits, where an alert may look for it; never who is meant."""
    log.warning(
        "held batch waits",
        batch=waits.batch,
        kind=waits.kind,
        people=waits.people,
        hours=waits.hours,
        step=waits.step,
        deputies="yes" if waits.deputies else "no",
    )


@dataclass(frozen=True)
class Service:
    """The rooms of the flow, joined."""

    ledger: Ledger
    bus: Publisher
    clock: Clock
    mint: Callable[[], str]
    """A new opaque id: for people, claims, batches and due entries."""
    sources: Mapping[str, Source]
    entra: Accounts
    topdesk: Target[DesiredTopdesk, TopdeskCard]
    groups: Groups
    passes: Passes
    policy_text: Callable[[], str]
    """The policy file as deployed; only activation reads it."""
    policy_name: str = "policy.yaml"
    writers: Mapping[str, HrWriter] = field(default_factory=dict)
    """HR systems that can be told of accounts, by source."""
    plan_topdesk: TopdeskPlan = over_rest
    """What has to be done in TOPdesk; another plan when a SCIM service stands in its place."""
    announce: Callable[[Waiting], Awaitable[None]] = write_log
    """How a reminder of a held batch reaches the log, and so the alerts."""
    licensed: Callable[[], Awaitable[Mapping[str, bool] | None]] | None = None
    """Which permission groups of TOPdesk are paid for, if it tells."""
    changes: Changes | None = None
    """What tells of changes in Entra; None where nothing does."""
    licences: Licences | None = None
    """Who knows which groups carry licences, and what is left of these."""
    bulk: Bulk | None = None
    """Who puts many accounts into a group of Entra at once; None: each is added by itself."""
    post: Post | None = None
    """What mail is sent with; None when there is no mailbox to send from."""
    listings: Mapping[TargetName, Listing] = field(default_factory=dict)
    """What lists everybody, in the targets that can."""
    _loaded: dict[str, Policy] = field(default_factory=dict, repr=False)

    @cached_property
    def hr(self) -> Target[DesiredHr, HrRecords]:
        """The HR systems as a target."""
        return HrTarget(self.writers)

    @property
    def asked(self) -> tuple[str, ...]:
        """The sources that have to be read; who pushes is never asked."""
        return tuple(name for name in self.sources if name != push.NAME)

    async def policy(self, policy_hash: str) -> Policy:
        """A policy of the ledger by its hash. Raises Misconfigured when it was never kept."""
        if policy_hash not in self._loaded:
            text = await self.ledger.policies.text(policy_hash)
            if text is None:
                raise Misconfigured(
                    "ledger", f"policy {policy_hash} is missing", "Restore the table"
                )
            self._loaded[policy_hash] = load(text, name=f"policy {policy_hash}")
        return self._loaded[policy_hash]

    async def active_policy(self) -> tuple[str, Policy]:
        """The hash and the rules that decide now. Raises Misconfigured when there are none."""
        active, _ = await self.ledger.policies.active()
        if active is None:
            raise Misconfigured(
                self.policy_name, "no policy has been activated yet", "Mend the file; see doctor"
            )
        return active.policy, await self.policy(active.policy)
