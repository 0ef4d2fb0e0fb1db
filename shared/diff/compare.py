"""What does a new decision mean for a person: an event, who must look, and what may hurt?

Called by flow.decide with what was decided before and what is decided now. Knows no clock and no
ledger. Absence is not leaving: only what policy made of HR's dates counts here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from shared.model.change import Harm
from shared.model.desired import ALIVE, Desired, DesiredEntra, DesiredTopdesk, State, TargetName
from shared.model.event import Event

_GONE = frozenset({State.BLOCKED, State.DELETED})


def side(desired: Desired, target: TargetName) -> DesiredEntra | DesiredTopdesk:
    """The part of a desired state that is about one target."""
    match target:
        case TargetName.ENTRA:
            return desired.entra
        case TargetName.TOPDESK:
            return desired.topdesk


def event(before: Desired | None, after: Desired) -> Event:
    """The lifecycle word for going from one decision to the next."""
    was = before.entra.state if before else State.ABSENT
    now = after.entra.state
    if was in ALIVE and now in _GONE | {State.ABSENT}:
        return Event.LEAVER
    if was in _GONE and now in ALIVE:
        return Event.RETURNER
    if was not in ALIVE and now in ALIVE:
        return Event.JOINER
    moved = now in ALIVE and (before is None or _own(before) != _own(after))
    return Event.MOVER if moved else Event.UNCHANGED


def _own(desired: Desired) -> tuple[DesiredEntra, DesiredTopdesk]:
    """What is about the person, without what other people and other targets contribute."""
    ours = {"manager_id": None}
    others: dict[str, object] = {
        "manager_id": None,
        "is_manager": False,
        "waits_for_account": False,
        "card": {},
    }
    return desired.entra.model_copy(update=ours), desired.topdesk.model_copy(update=others)


def touched(before: Desired | None, after: Desired) -> frozenset[TargetName]:
    """The targets in which something else is desired than before.

    Someone of whom nothing was decided and for whom no account is wanted touches none.
    """
    if before is None:
        return frozenset(name for name in TargetName if side(after, name).state in ALIVE)
    return frozenset(name for name in TargetName if side(before, name) != side(after, name))


def harm(was: State, will: State) -> frozenset[Harm]:
    """What hurts when an account goes from one state to another.

    PREPARED takes the sign-in of someone who was active; leaving before the first day takes what
    was prepared. Deleting what was still alive blocks it too: both must be let through.
    """
    kinds = set()
    if (was == State.ACTIVE and will != State.ACTIVE) or (was in ALIVE and will not in ALIVE):
        kinds.add(Harm.BLOCK)
    if will == State.DELETED and was in ALIVE | {State.BLOCKED}:
        kinds.add(Harm.DELETE)
    return frozenset(kinds)


def without(held: Collection[Harm], state: State) -> State:
    """The state that was decided, with the harm taken off that is held."""
    if Harm.BLOCK in held:
        return State.ACTIVE
    if Harm.DELETE in held and state == State.DELETED:
        return State.BLOCKED
    return state


def harms(
    baseline: Mapping[TargetName, Iterable[State]], after: Desired
) -> Mapping[Harm, tuple[TargetName, ...]]:
    """Each kind of harm in the decision `after`, with the targets in which it would happen.

    The baseline of a target holds what was applied there and what had been decided for it,
    holds taken off: harm against either of them counts.
    """
    found: dict[Harm, tuple[TargetName, ...]] = {}
    for target, states in baseline.items():
        will = side(after, target).state
        for kind in frozenset().union(*(harm(was, will) for was in states)):
            found[kind] = (*found.get(kind, ()), target)
    return found
