"""Which values should stand on a person's cards in TOPdesk, and how is a write of them planned?

The parts that the plans of both cards share. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator

from shared.model.change import Change, Harm, Kind
from shared.model.desired import DesiredTopdesk, Reason
from shared.vendors.topdesk.fields import EMPLOYEE_NUMBER, Value, fit

type Given = dict[str, tuple[Value, Reason]]
"""A value to write for each field, with the reason for it."""

_NUMBER = Reason(rule="employee_id", because="HR's source, number")


def wanted_of(desired: DesiredTopdesk) -> Given:
    """What the person card should hold, as it can hold it."""
    card: Given = {
        field: (fit(field, wanted.value), wanted.reason) for field, wanted in desired.card.items()
    }
    # The number is how the card is found again: no policy can leave it out or make it another.
    return {**card, EMPLOYEE_NUMBER: (desired.employee_number, _NUMBER)}


def write(kind: Kind, given: Given, harm: Harm | None = None, what: str = "") -> Change:
    """One call that writes these; `values` and `reasons` run parallel."""
    return Change(
        kind=kind,
        what=what,
        values={field: value for field, (value, _) in given.items()},
        reasons=tuple(reason for _, reason in given.values()),
        harm=harm,
    )


def update(
    kind: Kind, given: Given, renames: frozenset[str], hold: frozenset[Harm]
) -> Iterator[Change]:
    """One call; when a rename is held, it alone is set apart."""
    new_names = given.keys() & renames
    apart = new_names if Harm.RENAME in hold else frozenset[str]()
    if rest := {field: value for field, value in given.items() if field not in apart}:
        harm = Harm.RENAME if new_names and not apart else None
        yield write(kind, rest, harm)
    if apart:
        names = {field: value for field, value in given.items() if field in apart}
        yield write(kind, names, Harm.RENAME)
