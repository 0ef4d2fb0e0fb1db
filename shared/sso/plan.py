"""What must change in Entra so that one of TOPdesk's doors is as the policy says?

Pure: wanted minus found. Called by `instroom sso plan` and, before each round, by `setup`. Touches
one application of each template; who else may sign in, other certificates and the application's
name are left alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from shared.model.change import Change, Kind, Plan
from shared.model.desired import Reason, TargetName
from shared.sso.found import Found, Principal, carries
from shared.sso.wanted import Wanted

type Value = str | bool | None

MAKERS = frozenset({Kind.CREATE_APPLICATION, Kind.ADD_CERTIFICATE, Kind.CREATE_CLAIMS})
"""Doing one of these twice makes two: `setup` notes it first and waits until it shows."""
HIDDEN = "HideApp"
"""The tag that takes an application out of My Apps (Microsoft Entra, "Hide an application")."""
SEPARATOR = ", "
"""Between the parts of a list in a change's values: no address, tag or mail address holds it."""
NO_P1 = (
    "the tenant has no Microsoft Entra ID P1, and without it no group can be assigned: get P1 "
    "(it is in Microsoft 365 E3 and Business Premium), then run this again"
)


def plan(wanted: Wanted, found: Found) -> Plan:
    """The ordered changes; nothing when the door is as wanted."""
    obstacles = {
        group: each.problem for group, each in found.groups.items() if each.problem is not None
    }
    if found.has_p1 is False and any(c.kind is Kind.LET_SIGN_IN for c in _groups(wanted, found)):
        obstacles["P1"] = NO_P1
    if problem := _foreign_claims(wanted, found.principal):
        obstacles["claims"] = problem
    return Plan(
        target=TargetName.ENTRA, changes=tuple(_changes(wanted, found)), obstacles=obstacles
    )


def _changes(wanted: Wanted, found: Found) -> Iterator[Change]:
    if found.application is None:
        reason = _reason(wanted, "application", f"made from the gallery's '{wanted.template}'")
        yield Change(kind=Kind.CREATE_APPLICATION, what=wanted.application, reasons=(reason,))
    # The mode comes first: an identifier outside the tenant's domains is for SAML alone.
    yield from _sign_on(wanted, found.principal)
    yield from _addresses(wanted, found)
    yield from _certificate(wanted, found.principal)
    yield from _claims(wanted, found)
    yield from _groups(wanted, found)


def _sign_on(wanted: Wanted, principal: Principal | None) -> Iterator[Change]:
    tags = principal.tags if principal else ()
    values: dict[str, Value] = {
        "preferredSingleSignOnMode": "saml",
        "loginUrl": wanted.sign_on_url,
        "appRoleAssignmentRequired": True,
        "notificationEmailAddresses": SEPARATOR.join(wanted.notify),
        "tags": SEPARATOR.join(_tags(wanted, tags)),
    }
    has: dict[str, Value] = {}
    if principal:
        has = {
            "preferredSingleSignOnMode": principal.mode,
            "loginUrl": principal.sign_on_url,
            "logoutUrl": principal.logout_url,
            "appRoleAssignmentRequired": principal.assignment_required,
            "notificationEmailAddresses": SEPARATOR.join(principal.notify),
            "tags": SEPARATOR.join(tags),
        }
    if wanted.logout_url:
        values["logoutUrl"] = wanted.logout_url
    yield from _written(Kind.SET_SIGN_ON, wanted, values, has)


def _tags(wanted: Wanted, tags: tuple[str, ...]) -> tuple[str, ...]:
    """Entra's own tags stay; ours and the one that hides are set."""
    ours = {wanted.tag, HIDDEN}
    kept = [tag for tag in tags if tag not in ours]
    new = [wanted.tag] if wanted.my_apps else [wanted.tag, HIDDEN]
    as_was = set(tags) == {*kept, *new}
    return tags if as_was else (*kept, *new)


def _addresses(wanted: Wanted, found: Found) -> Iterator[Change]:
    values: dict[str, Value] = {
        "identifierUris": wanted.identifier,
        "redirectUris": wanted.reply_url,
    }
    has: dict[str, Value] = {}
    if found.application:
        has = {
            "identifierUris": SEPARATOR.join(found.application.identifiers),
            "redirectUris": SEPARATOR.join(found.application.reply_urls),
        }
    yield from _written(Kind.SET_ADDRESSES, wanted, values, has)


def _certificate(wanted: Wanted, principal: Principal | None) -> Iterator[Change]:
    certificates = principal.certificates if principal else ()
    if not certificates:
        yield Change(
            kind=Kind.ADD_CERTIFICATE,
            reasons=(_reason(wanted, "certificate_days", f"for {wanted.certificate_days} days"),),
        )
    if not principal or not principal.signing:
        yield Change(
            kind=Kind.ACTIVATE_CERTIFICATE,
            what=certificates[0].thumbprint if certificates else "",
            reasons=(_reason(wanted, "certificate_days", "one that is not active signs nothing"),),
        )


def _claims(wanted: Wanted, found: Found) -> Iterator[Change]:
    principal = found.principal
    if not found.claims_known:
        return
    if principal and _is_carried(wanted, principal.claims_definition):
        return
    why = _reason(wanted, "claim", f"the login name is the account's {wanted.login_property}")
    if found.own_claims_id is None:
        yield Change(kind=Kind.CREATE_CLAIMS, what=wanted.claims_name, reasons=(why,))
    elif not _is_carried(wanted, found.own_claims_definition):
        yield Change(kind=Kind.SET_CLAIMS, what=wanted.claims_name, reasons=(why,))
    if not principal or principal.claims_id is None:
        yield Change(kind=Kind.ASSIGN_CLAIMS, what=wanted.claims_name, reasons=(why,))


def _foreign_claims(wanted: Wanted, principal: Principal | None) -> str | None:
    """Somebody else's claims policy, which lacks the login name: not ours to replace."""
    if principal is None or principal.claims_id is None:
        return None
    ours = principal.claims_name == wanted.claims_name
    if ours or _is_carried(wanted, principal.claims_definition):
        return None
    return (
        f"the application has the claims policy '{principal.claims_name}', which does not put "
        f"{wanted.login_property} into {wanted.claim}: add it there, or unassign that policy"
    )


def _is_carried(wanted: Wanted, definition: str) -> bool:
    return carries(definition, claim=wanted.claim, source=wanted.login)


def _groups(wanted: Wanted, found: Found) -> Iterator[Change]:
    principal = found.principal
    has = {(a.principal_id, a.role_id) for a in principal.assignments} if principal else set()
    for name in wanted.groups:
        group = found.groups[name]
        if group.problem is None and (not principal or (group.id, principal.role_id) not in has):
            reason = _reason(wanted, "groups", "its direct members may sign in")
            yield Change(kind=Kind.LET_SIGN_IN, what=name, reasons=(reason,))


_KEYS = {
    "preferredSingleSignOnMode": ("", "TOPdesk speaks SAML"),
    "loginUrl": ("sign_on_url", "where My Apps sends people"),
    "logoutUrl": ("logout_url", "where people are signed out"),
    "appRoleAssignmentRequired": ("groups", "nobody else may sign in"),
    "notificationEmailAddresses": ("notify", "who is warned of a certificate's end"),
    "tags": ("my_apps", "Instroom's mark, and what My Apps shows"),
    "identifierUris": ("identifier", "TOPdesk's entity id"),
    "redirectUris": ("reply_url", "where Entra sends the answer"),
}
_GENERAL = frozenset({"notify", "claim", "certificate_days"})


def _written(
    kind: Kind, wanted: Wanted, values: Mapping[str, Value], has: Mapping[str, Value]
) -> Iterator[Change]:
    """One change for all values that differ, with a reason for each, in order."""
    differing = {key: value for key, value in values.items() if has.get(key) != value}
    if differing:
        reasons = tuple(_reason(wanted, *_KEYS[key]) for key in differing)
        yield Change(kind=kind, values=differing, reasons=reasons)


def _reason(wanted: Wanted, key: str, because: str) -> Reason:
    place = "" if key in _GENERAL else f".{wanted.realm}"
    return Reason(rule=f"sso{place}.{key}".rstrip("."), because=because)
