"""How do Entra, TOPdesk and HR differ to the flow? In their part of desired, and in their plan.

provision.py treats every target alike; what is different between them is in these two values.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from shared.apply.target import Target
from shared.errors import Mender
from shared.flow.service import Service
from shared.model.account import Applied, EntraAccount, Found, HrRecords, TopdeskCard
from shared.model.change import Harm, Kind, Plan
from shared.model.desired import (
    Desired,
    DesiredEntra,
    DesiredHr,
    DesiredTopdesk,
    Reason,
    State,
)
from shared.plan import entra as plan_entra
from shared.plan import hr as plan_hr
from shared.plan.names import address

_NOT_BEFORE_OTHERS = frozenset(
    {Kind.CREATE_ACCOUNT, Kind.RESTORE_ACCOUNT, Kind.ENABLE_SIGN_IN, Kind.BLOCK_SIGN_IN}
)
type Want = DesiredEntra | DesiredTopdesk | DesiredHr
type Account = EntraAccount | TopdeskCard | HrRecords


@dataclass(frozen=True)
class Lane[D: Want, A: Account]:
    """One target as the flow sees it."""

    target: Target[D, A]
    wanted: Callable[[Desired], D]
    plan: Callable[[D, Found[A], Applied, str, frozenset[Harm]], Plan]
    """Desired, found, applied, the name for a create, and the harm that is held."""
    rights: Callable[[D], Mapping[str, tuple[Reason, ...]]]
    has: Callable[[A], frozenset[str]]
    """The rights that an account was seen to have, whoever gave them."""
    is_blocked: Callable[[str], Awaitable[bool]] | None = None
    """Does a fresh look at this account show that it cannot sign in? None: it cannot be seen."""
    mender: Mender = "policy"
    """Who takes obstacles away."""
    goes_on: bool = False
    """Its changes do not build on each other: the rest is done when one is refused."""


def entra_lane(service: Service) -> Lane[DesiredEntra, EntraAccount]:
    """Entra ID."""
    return Lane(
        target=service.entra,
        wanted=lambda desired: _findable(desired.entra),
        plan=lambda want, found, applied, name, hold: plan_entra.entra(
            want, found, applied, name=name, hold=hold
        ),
        rights=lambda want: want.groups,
        has=lambda account: account.groups,
        is_blocked=service.entra.is_blocked,
    )


def _findable(want: DesiredEntra) -> DesiredEntra:
    """The same, with the addresses by which an account may be found written as names are."""
    if not want.matches:
        return want
    matches = tuple(one.model_copy(update={"value": address(one.value)}) for one in want.matches)
    return want.model_copy(update={"matches": matches})


def topdesk_lane(service: Service) -> Lane[DesiredTopdesk, TopdeskCard]:
    """TOPdesk, or the SCIM service that stands in its place."""
    return Lane(
        target=service.topdesk,
        wanted=lambda desired: desired.topdesk,
        plan=lambda want, found, applied, _name, hold: service.plan_topdesk(
            want, found, applied, hold=hold
        ),
        rights=lambda want: want.operator.rights if want.operator else {},
        has=lambda card: card.operator.rights if card.operator else frozenset(),
    )


def hr_lane(service: Service) -> Lane[DesiredHr, HrRecords]:
    """The HR systems, which are told of the account."""
    return Lane(
        target=service.hr,
        wanted=lambda desired: desired.hr,
        plan=lambda want, found, applied, _name, hold: plan_hr.hr(want, found, applied, hold=hold),
        rights=lambda _want: {},
        has=lambda _records: frozenset(),
        mender="hr",
        goes_on=True,
    )


def reached(want: Want, was: State, plan: Plan) -> State:
    """The state that stands after a plan was carried out; what is held or not ours was not."""
    held = {change.harm for change in plan.held}
    others = {change.kind for change in (*plan.for_ad, *plan.refused)}
    if Harm.BLOCK in held or _NOT_BEFORE_OTHERS & others:
        return was
    if Kind.DELETE_ACCOUNT in others:
        return State.BLOCKED
    if Harm.DELETE in held and want.state == State.DELETED:
        return State.BLOCKED
    return want.state
