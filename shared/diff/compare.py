"""What does a new decision mean for a person: an event, who must look, and what may hurt?

Called by flow.decide with what was decided before and what is decided now. Knows no clock and no
ledger. Absence is not leaving: only what policy made of HR's dates counts here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from shared.model.account import Applied
from shared.model.change import Harm
from shared.model.desired import (
    ALIVE,
    Desired,
    DesiredEntra,
    DesiredHr,
    DesiredTopdesk,
    Reason,
    State,
    TargetName,
    Wanted,
    renamed,
)
from shared.model.event import Event
from shared.model.harm import Loss
from shared.model.right import folded, is_filter, is_strict

OPERATOR_CARD = "the operator card"
"""Stands among the rights in TOPdesk for the card itself."""
LOGIN = "userPrincipalName"
"""Stands among the names in Entra for the user name, where the policy lets it follow HR."""
type Want = DesiredEntra | DesiredTopdesk | DesiredHr
_GONE = frozenset({State.BLOCKED, State.DELETED})


def side(desired: Desired, target: TargetName) -> Want:
    """The part of a desired state that is about one target."""
    match target:
        case TargetName.ENTRA:
            return desired.entra
        case TargetName.TOPDESK:
            return desired.topdesk
        case TargetName.HR:
            return desired.hr


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
    ours: dict[str, object] = {
        "manager_id": None,
        "managed": {},
        "only_told": None,
        "adopts": True,
    }
    others: dict[str, object] = {
        **ours,
        "is_manager": False,
        "waits_for_account": False,
        "card": {},
        "tickets": {},
    }
    accounts: dict[str, object] = {**ours, "matches": (), "linked": ()}
    return desired.entra.model_copy(update=accounts), desired.topdesk.model_copy(update=others)


def touched(before: Desired | None, after: Desired) -> frozenset[TargetName]:
    """The targets in which something else is desired than before.

    Someone of whom nothing was decided and for whom no account is wanted touches none.
    """
    if before is None:
        return frozenset(name for name in TargetName if side(after, name).state in ALIVE)
    return frozenset(name for name in TargetName if side(before, name) != side(after, name))


@dataclass(frozen=True)
class Stand:
    """What someone has in one target: applied there, or decided for it."""

    state: State
    has_account: bool
    rights: frozenset[str] = frozenset()
    names: Mapping[str, str | bool | None] = field(default_factory=dict)
    has_new_login: bool = False
    """The user name was decided to follow HR."""


def taken(was: Applied, want: Want) -> Mapping[str, datetime]:
    """What somebody else gave and is to be taken: strays of what is managed strictly.

    In TOPdesk only from who is at work: of anybody else's operator card nothing is left anyway.
    """
    if isinstance(want, DesiredTopdesk) and want.state is not State.ACTIVE:
        return {}
    kept = set(map(folded, rights(want)))
    return {
        right: since
        for right, since in was.strays.items()
        if is_strict(want.managed, right) and folded(right) not in kept
    }


def applied(was: Applied, strays: Collection[str] = ()) -> Stand:
    """What was applied, or is about to be; with what another's hand added and is to be taken."""
    return Stand(
        state=was.state,
        has_account=was.account_id is not None or was.state in ALIVE,
        rights=frozenset(key for key in (*was.rights, *strays) if not is_filter(key))
        | ({OPERATOR_CARD} if was.is_operator else frozenset()),
        names=was.names,
    )


FOUND = Stand(state=State.ABSENT, has_account=True)
"""An account that is there and not ours: it need not be made, and we have put nothing into it."""


def decided(held: Collection[Harm], want: Want, strays: Collection[str] = ()) -> Stand:
    """What had been decided, with the harm taken off that is held.

    `strays` came to light after that: nobody had decided yet that they go.
    Names that are held back are not in the decision: what was applied knows them.
    """
    state = without(held, want.state)
    alive = want.state in ALIVE and state in ALIVE
    return Stand(
        state=state,
        has_account=state in ALIVE,
        rights=frozenset(k for k in (*rights(want), *strays) if alive and not is_filter(k)),
        names=names(want) if alive and Harm.RENAME not in held else {},
        has_new_login=_has_new_login(want) and Harm.RENAME not in held,
    )


def rights(want: Want) -> Mapping[str, tuple[Reason, ...]]:
    """Every right that someone should have in a target and would miss, with its reasons."""
    if isinstance(want, DesiredEntra):
        return want.groups
    if isinstance(want, DesiredHr) or want.operator is None:
        return {}
    losable = {key: why for key, why in want.operator.rights.items() if not is_filter(key)}
    return {**losable, OPERATOR_CARD: (want.operator.reason,)}


def names(want: Want) -> Mapping[str, str | bool | None]:
    """What should be written of what is made of the person's name."""
    return {key: wanted.value for key, wanted in attributes(want).items() if wanted.is_name}


def attributes(want: Want) -> Mapping[str, Wanted]:
    """The attributes of an account, the fields of a card or of records in HR."""
    match want:
        case DesiredEntra():
            return want.attributes
        case DesiredTopdesk():
            return want.card
        case DesiredHr():
            return want.values


def absent(want: Want) -> Want:
    """The same person while a human has not agreed to an account: nothing is made."""
    if isinstance(want, DesiredEntra):
        return want.model_copy(update={"state": State.ABSENT, "groups": {}, "manager_id": None})
    waits = {"state": State.ABSENT, "waits_for_account": False}
    if isinstance(want, DesiredHr):
        return want.model_copy(update=waits)
    nothing: dict[str, object] = {
        "operator": None,
        "is_manager": False,
        "manager_id": None,
        "tickets": {},
    }
    return want.model_copy(update=nothing | waits)


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
    if Harm.JOINER in held:
        return State.ABSENT
    if Harm.BLOCK in held:
        return State.ACTIVE
    if Harm.DELETE in held and state == State.DELETED:
        return State.BLOCKED
    return state


def harms(
    baseline: Mapping[TargetName, Collection[Stand]], after: Desired
) -> Mapping[Harm, tuple[Loss, ...]]:
    """Each kind of harm in the decision `after`, with what is lost in which target.

    The baseline of a target holds what was applied there and what had been decided for it,
    holds taken off: harm against either of them counts. It is empty for someone who never had
    anything there.
    """
    found: dict[Harm, tuple[Loss, ...]] = {}
    for target, stands in baseline.items():
        for kind, what in _hurt(stands, side(after, target)).items():
            loss = Loss(target=target, what=tuple(sorted(what)))
            found[kind] = (*found.get(kind, ()), loss)
    return found


def _hurt(stands: Collection[Stand], want: Want) -> dict[Harm, frozenset[str]]:
    """Each kind of harm in one target, with what is lost by name; what is only told hurts none."""
    if want.only_told:
        return {}
    found = {kind: frozenset[str]() for was in stands for kind in harm(was.state, want.state)}
    if want.state not in ALIVE:
        return found
    kept = {right.casefold() for right in rights(want)}
    lost = frozenset(r for was in stands for r in was.rights if r.casefold() not in kept)
    # Only who is at work has an operator card: losing it with the sign-in is part of the block.
    if lost and (isinstance(want, DesiredEntra) or want.state is State.ACTIVE):
        found[Harm.RIGHT] = lost
    if changed := frozenset().union(*(_changed(was, want) for was in stands)):
        found[Harm.RENAME] = changed
    if not any(was.has_account for was in stands):
        found[Harm.JOINER] = frozenset()
    return found


def _changed(was: Stand, want: Want) -> frozenset[str]:
    """What is made of the name and gets another value."""
    follows = was.has_account and _has_new_login(want) and not was.has_new_login
    return renamed(was.names, attributes(want)) | ({LOGIN} if follows else frozenset())


def _has_new_login(want: Want) -> bool:
    return isinstance(want, DesiredEntra) and want.renamed
