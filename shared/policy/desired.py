"""What should this person have in Entra, TOPdesk and HR at `as_of`, and why? The heart of policy.

A pure function of the person's facts, their ties, the policy and one moment; preview, explain,
serve and forecast all call this one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from shared.errors import Permanent
from shared.model.desired import (
    ALIVE,
    Desired,
    DesiredEntra,
    DesiredTopdesk,
    Entry,
    Operator,
    Reason,
    State,
    TargetName,
    Wanted,
)
from shared.model.person import Contract, Person, Ties
from shared.model.right import RightKind, called, generated
from shared.policy import lifecycle
from shared.policy.choices import Choice, Pick, pick
from shared.policy.desired_hr import hr
from shared.policy.document import EMPLOYEE_ID_LENGTH, Policy
from shared.policy.exceptions import operator_with_exceptions, with_exceptions
from shared.policy.fields import ACCOUNT_FIELDS, LOGIN, Facts, fill, names_in
from shared.policy.generated import NAME_LENGTH
from shared.policy.ground import Ground, ground
from shared.policy.leaver import Left
from shared.policy.naming import naming
from shared.policy.tickets import tickets


def desired(person: Person, ties: Ties, policy: Policy, as_of: datetime) -> Desired:
    """Everything this person should have at `as_of` (aware), each part with its reason.

    Raises Permanent when HR's facts give no usable number or name.
    """
    on, number = ground(person, policy, as_of), employee_id(person, policy)
    turned = lifecycle.turned(person, policy, on.standing, as_of)
    today = as_of.astimezone(policy.zone).date()
    left = Left(person, on.standing.state, on.standing.day, today)
    return Desired(
        entra=_entra(policy, on, ties, number, left),
        topdesk=_topdesk(policy, on, ties, number, turned),
        hr=hr(policy, person, on, ties),
        next_moment=lifecycle.next_moment(person, policy, as_of),
    )


def employee_id(person: Person, policy: Policy) -> str:
    """The number that Entra and TOPdesk know this person by. Raises Permanent when too long."""
    record = person.numbered_record
    number = policy.employee_id.get(record.source, "{number}").replace("{number}", record.number)
    if len(number) > EMPLOYEE_ID_LENGTH:
        raise Permanent(
            f"{record.key}: employeeId would have {len(number)} characters, Entra takes "
            f"{EMPLOYEE_ID_LENGTH}; shorten employee_id.{record.source} in the policy",
            mender="policy",
        )
    return number


def _entra(policy: Policy, on: Ground, ties: Ties, number: str, left: Left) -> DesiredEntra:
    standing, known = on.standing, on.known
    alive = standing.state in ALIVE
    keeps = alive or left.keeps_rights(policy.leaver)
    made, names = _generated(policy, on)
    called = naming(policy, known[0], ties.named_for)
    return DesiredEntra(
        state=standing.state,
        why=standing.why,
        employee_id=number,
        attributes=_attributes(policy, known[0]),
        groups=_groups(policy, on, made) if keeps else {},
        generated=names if keeps else {},
        managed=policy.entra.looked_at(),
        manager_id=ties.manager_account_id if alive else None,
        manager_wanted=alive and bool(_manager(standing.contracts)) and not ties.no_manager,
        names=called.names,
        domain=called.domain,
        named_for=called.named_for if alive else {},
        renamed=alive and called.renamed,
        only_told=policy.targets.only_told(TargetName.ENTRA, known),
        adopts=policy.targets.entra.adopt == "adopt",
        matches=policy.targets.matches(known[0]),
        linked=policy.targets.linked(known[0]),
        born_in_ad=policy.active_directory.born_in_ad(known[0]),
        ad_path=policy.active_directory.unit(known[0]),
        manager_dn=ties.manager_dn if alive else None,
        parting=left.parting(policy.leaver, known[0], ties.heir),
        licensed=alive and policy.licences.watch,
    )


def _attributes(policy: Policy, known: Facts) -> dict[str, Wanted]:
    """What follows HR, and what is written once: that renames nobody."""
    wanted = _filled("entra.attributes", policy.entra.attributes, known)
    once = {"once": True, "is_name": False}
    return {
        key: one.model_copy(update=once) if key in policy.entra.set_once else one
        for key, one in wanted.items()
    }


def _topdesk(policy: Policy, on: Ground, ties: Ties, number: str, turned: date) -> DesiredTopdesk:
    standing, known = on.standing, on.known
    alive, active = standing.state in ALIVE, standing.state == State.ACTIVE
    with_login = {**known[0], LOGIN: ties.login or ""}
    # Without an account yet, a field made of the login is left as it is rather than emptied.
    card = {
        field: choices
        for field, choices in policy.topdesk.card.items()
        if ties.login or not _needs_account(pick(choices, known[0]))
    }
    return DesiredTopdesk(
        state=standing.state,
        why=standing.why,
        employee_number=number,
        card=_filled("topdesk.card", card, with_login),
        entries=_entries(policy, known[0]),
        tickets=tickets(policy.topdesk.tickets, standing.state, known, turned),
        # An operator can act at once, also without single sign-on: not before the first day.
        operator=_operator(policy, on) if active else None,
        managed=policy.topdesk.looked_at(),
        is_manager=alive and ties.is_manager,
        manager_id=ties.manager_card_id if alive else None,
        archive_reason=policy.topdesk.archive_reason,
        removed={field: text or None for field, text in policy.topdesk.removed.items()},
        waits_for_account=alive and not ties.login and len(card) < len(policy.topdesk.card),
        only_told=policy.targets.only_told(TargetName.TOPDESK, known),
        adopts=policy.targets.topdesk.adopt == "adopt",
    )


def _manager(contracts: Sequence[Contract]) -> str | None:
    return next((c.answers_to for c in contracts if c.answers_to), None)


def _needs_account(picked: Pick[str | bool] | None) -> bool:
    template = picked.value if picked else None
    return isinstance(template, str) and bool(ACCOUNT_FIELDS & set(names_in(template)))


def _filled(
    place: str, attributes: Mapping[str, Sequence[Choice]], known: Facts
) -> dict[str, Wanted]:
    """Every attribute by the choice that holds for the primary contract."""
    return {
        field: _wanted(f"{place}.{field}", pick(choices, known), known)
        for field, choices in attributes.items()
    }


def _wanted(rule: str, picked: Pick[str | bool] | None, known: Facts) -> Wanted:
    if picked is None:
        # Level, not edge: what an earlier employer's choice had put there may not stay.
        return Wanted(value=None, reason=Reason(rule=rule, because="none of its choices holds"))
    template = picked.value
    return Wanted(
        value=template if isinstance(template, bool) else fill(template, known),
        reason=Reason(rule=f"{rule}{picked.place}", because=_origin(picked)),
        is_name=isinstance(template, str)
        and any(name.startswith("name.") for name in names_in(template)),
    )


def _origin(picked: Pick[str | bool]) -> str:
    names = names_in(picked.value) if isinstance(picked.value, str) else ()
    source = f"HR's {', '.join(names)}" if names else ""
    return "; ".join(filter(None, (picked.because, source))) or "the same for everyone"


def _generated(
    policy: Policy, on: Ground
) -> tuple[Mapping[str, tuple[Reason, ...]], Mapping[str, str]]:
    """The groups of Instroom's own making with the reasons, and what each should be called."""
    rights: dict[str, tuple[Reason, ...]] = {}
    names: dict[str, str] = {}
    for place, rule in enumerate(policy.entra.generated):
        for known, because in on.holding(rule):
            code, name = fill(rule.key, known), fill(rule.group, known)
            if code and name:
                right = generated(rule.name, code)
                reason = Reason(rule=f"entra.generated[{place}] ({rule.name})", because=because)
                rights[right] = (*rights.get(right, ()), reason)
                names.setdefault(right, name[:NAME_LENGTH].rstrip())
    return rights, names


def _groups(
    policy: Policy, on: Ground, made: Mapping[str, tuple[Reason, ...]]
) -> Mapping[str, tuple[Reason, ...]]:
    rights: dict[str, tuple[Reason, ...]] = dict(made)
    for place, rule in enumerate(policy.entra.groups):
        reason = on.reason(rule, f"entra.groups[{place}]", rule.group)
        if reason:
            rights[rule.group] = (*rights.get(rule.group, ()), reason)
    return with_exceptions(rights, (e for e in on.exceptions if e.target is TargetName.ENTRA))


def _entries(policy: Policy, known: Facts) -> dict[str, Entry]:
    """How the rows of lists that this card names come about."""
    found = ((field, policy.topdesk.lookup(field)) for field in policy.topdesk.card)
    return {
        field: Entry(make=how.missing == "create", code=fill(how.code, known))
        for field, how in found
        if how.missing == "create" or how.code
    }


def _operator(policy: Policy, on: Ground) -> Operator | None:
    groups: dict[str, tuple[Reason, ...]] = {}
    more: dict[str, tuple[Reason, ...]] = {}
    first: Reason | None = None
    for place, rule in enumerate(policy.topdesk.operators):
        reason = on.reason(rule, f"topdesk.operators[{place}]", rule.label)
        if reason is None:
            continue
        first = first or reason
        for kind, name in rule.rights():
            rights = groups if kind is RightKind.PERMISSION_GROUP else more
            key = called(kind, name)
            rights[key] = (*rights.get(key, ()), reason)
    given = Operator(permission_groups=groups, more=more, reason=first) if first else None
    return operator_with_exceptions(given, on.exceptions)
