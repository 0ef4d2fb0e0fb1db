"""What must happen in TOPdesk so that one person's cards are as they should be? Pure.

Called by flow, preview and drift with what policy wants and what the target read. Touches only
what Instroom manages: the fields that `desired` names and the card it recorded or found by number;
the operator card on top of it is planned in topdesk_operator.py. There is no delete in TOPdesk:
blocked is archived, deleted is archived with login names and contact data emptied.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from shared.model.account import Applied, Found, TopdeskCard
from shared.model.change import Change, Harm, Kind, Plan
from shared.model.desired import (
    ALIVE,
    DesiredTopdesk,
    Reason,
    State,
    renamed,
)
from shared.plan.topdesk_held import set_apart
from shared.plan.topdesk_operator import archive, operator_changes, strip
from shared.plan.topdesk_tickets import ticket_changes
from shared.plan.topdesk_values import Given, update, wanted_of, write
from shared.vendors.topdesk.fields import (
    EMPLOYEE_NUMBER,
    IS_MANAGER,
    MANAGER,
    MARK_FIELD,
    REMOVED,
    REMOVED_MARK,
    Value,
    about,
    fit,
    same,
)

_IS_MANAGER = Reason(rule="topdesk.is_manager", because="who is somebody's manager in HR")
_MANAGER = Reason(rule="topdesk.manager", because="HR's manager.number")
_RETURNED = Reason(rule="topdesk.removal", because="the card is in use again")


def topdesk(
    desired: DesiredTopdesk,
    found: Found[TopdeskCard],
    applied: Applied,
    *,
    hold: frozenset[Harm] = frozenset(),
) -> Plan:
    """The ordered changes for one person; those of a held kind of harm are set apart.

    `values` and `reasons` of a card's change run parallel: one reason for each value, in order.
    """
    planned = _changes(desired, found, applied, hold)
    changes = tuple(_with_entries(change, desired) for change in planned)
    return set_apart(changes, found, applied, hold)


def _changes(
    desired: DesiredTopdesk,
    found: Found[TopdeskCard],
    applied: Applied,
    hold: frozenset[Harm],
) -> Iterator[Change]:
    card = found.account
    if desired.state in ALIVE:
        yield from _ties(desired, found)
        if card is None:
            yield _create(desired, found.obstacles)
        else:
            yield from _bring_up(desired, card, found.obstacles, applied, hold)
        yield from operator_changes(desired, card, found.obstacles, applied, hold)
        yield from ticket_changes(desired, applied)
    elif card is not None:
        recorded = applied.account_id is not None
        if desired.state is not State.ABSENT or recorded:
            yield from _block(desired, card, applied)
        # A card of someone long gone, that we never managed, is left as it lies.
        if desired.state is State.DELETED and recorded:
            yield from _scrub(desired, card)


def _with_entries(change: Change, desired: DesiredTopdesk) -> Change:
    entries = {f: entry for f, entry in desired.entries.items() if f in change.values}
    return change.model_copy(update={"entries": entries}) if entries else change


def _ties(desired: DesiredTopdesk, found: Found[TopdeskCard]) -> Iterator[Change]:
    """First of all: who is moved to a renamed department stays where they are."""
    for field in sorted(found.loose):
        given = desired.card[field]
        yield Change(
            kind=Kind.TIE_ENTRY,
            what=field,
            values={field: fit(field, given.value)},
            reasons=(given.reason,),
        )


# --- alive ---------------------------------------------------------------------------------


def _create(desired: DesiredTopdesk, obstacles: Mapping[str, str]) -> Change:
    given: Given = {
        field: (value, reason)
        for field, (value, reason) in wanted_of(desired).items()
        # Without its branch a card cannot be made: sending it brings the refusal to light.
        if value is not None and (about(field) not in obstacles or field == "branch")
    }
    if desired.is_manager:
        given[IS_MANAGER] = (True, _IS_MANAGER)
    if desired.manager_id:
        given[MANAGER] = (desired.manager_id, _MANAGER)
    return write(Kind.CREATE_CARD, given)


def _bring_up(
    desired: DesiredTopdesk,
    card: TopdeskCard,
    obstacles: Mapping[str, str],
    applied: Applied,
    hold: frozenset[Harm],
) -> Iterator[Change]:
    if card.archived:
        yield Change(kind=Kind.UNARCHIVE_CARD, reasons=(desired.why,))
    given = {
        **_fields_that_differ(desired, card, obstacles),
        **_managing_that_differs(desired, card, applied),
    }
    if card.scrubbed:
        given[MARK_FIELD] = (None, _RETURNED)
    yield from update(Kind.UPDATE_CARD, given, renamed(applied.names, desired.card), hold)


def _fields_that_differ(
    desired: DesiredTopdesk, card: TopdeskCard, obstacles: Mapping[str, str]
) -> Given:
    wanted = {
        field: given
        for field, given in wanted_of(desired).items()
        if about(field) not in obstacles
    }
    has = {**card.fields, EMPLOYEE_NUMBER: card.employee_number}
    differing = {
        field: (value, reason)
        for field, (value, reason) in wanted.items()
        if not same(field, value, has.get(field))
    }
    if "branch" in differing and "location" in wanted:
        # A location belongs to a branch: one of the same name is another one there.
        differing["location"] = wanted["location"]
    return differing


def _managing_that_differs(desired: DesiredTopdesk, card: TopdeskCard, applied: Applied) -> Given:
    given: Given = {}
    if desired.is_manager and not card.is_manager:
        given[IS_MANAGER] = (True, _IS_MANAGER)
    elif card.is_manager and not desired.is_manager and applied.is_manager:
        given[IS_MANAGER] = (False, _IS_MANAGER)
    if desired.manager_id and desired.manager_id != card.manager_id:
        given[MANAGER] = (desired.manager_id, _MANAGER)
    elif card.manager_id and not desired.manager_id and MANAGER in applied.values:
        given[MANAGER] = (None, _MANAGER)
    return given


# --- gone ------------------------------------------------------------------------------------


def _block(desired: DesiredTopdesk, card: TopdeskCard, applied: Applied) -> Iterator[Change]:
    """Archive both cards, whoever made the operator: the human behind it has left."""
    active = card.operator if card.operator and not card.operator.archived else None
    if active:
        # An archived operator comes back with whatever it still has: everything is taken first.
        yield from strip(active.rights, desired.why, Harm.BLOCK)
    if not card.archived:
        # An archived card can call for nothing.
        yield from ticket_changes(desired, applied, Harm.BLOCK)
    if active:
        yield archive(desired, desired.why, Harm.BLOCK)
    if not card.archived:
        yield Change(
            kind=Kind.ARCHIVE_CARD,
            what=desired.archive_reason,
            reasons=(desired.why,),
            harm=Harm.BLOCK,
        )


def _scrub(desired: DesiredTopdesk, card: TopdeskCard) -> Iterator[Change]:
    """Empty both cards in one change: an archived one has to come back for the moment."""
    left: dict[str, Value] = {
        field: value
        for field, value in {**dict.fromkeys(REMOVED), **desired.removed}.items()
        if not same(field, value, card.fields.get(field))
    }
    if left or not card.scrubbed or not (card.operator is None or card.operator.scrubbed):
        yield Change(
            kind=Kind.SCRUB_CARD,
            what=desired.archive_reason,
            values={**left, MARK_FIELD: REMOVED_MARK},
            reasons=(desired.why,),
            harm=Harm.DELETE,
        )
