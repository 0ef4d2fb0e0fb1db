"""Of what exactly does a human say yes or no? A fingerprint of the facts and of what is lost.

The same facts of which policy makes the same are the same content, also when a rule that has
nothing to do with it was edited in between. Called by flow; pure.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

from shared.model.change import Harm
from shared.model.desired import Desired, TargetName
from shared.model.harm import Loss
from shared.model.person import Person
from shared.policy.document import Policy


def of_harm(
    kind: Harm, person: Person, policy: Policy, after: Desired, losses: Iterable[Loss]
) -> str:
    """What an approval or a rejection of this harm is for."""
    match kind:
        case Harm.BLOCK | Harm.DELETE:
            return of_end(kind, person, policy)
        case Harm.RIGHT:
            return _hash(kind, person, (f"{t} {what}" for t, what in _each(losses)))
        case Harm.RENAME:
            values = (f"{t} {key} {_value(after, t, key)}" for t, key in _each(losses))
            return _hash(kind, person, values)
        case Harm.JOINER:
            return _hash(kind, person, ())


def of_end(kind: Harm, person: Person, policy: Policy) -> str:
    """The same for an end, today's or a coming one: the rules, not the day they are asked on."""
    return _hash(kind, person, [policy.lifecycle.model_dump_json()])


def _each(losses: Iterable[Loss]) -> Iterator[tuple[TargetName, str]]:
    return ((loss.target, what) for loss in losses for what in loss.what)


def _value(after: Desired, target: TargetName, key: str) -> str | bool | None:
    wanted = after.entra.attributes if target == TargetName.ENTRA else after.topdesk.card
    # What is no attribute is the user name: its candidates stand for it.
    return wanted[key].value if key in wanted else " ".join(after.entra.names)


def _hash(kind: Harm, person: Person, effect: Iterable[str]) -> str:
    """The records in an order of their own: which of them is the primary one may change."""
    records = sorted(record.model_dump_json() for record in person.records)
    # What an exception takes is among the effects, and it makes no other harm another one.
    rest = person.model_dump_json(exclude={"records", "exceptions"})
    parts = [kind, *records, rest, *effect]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
