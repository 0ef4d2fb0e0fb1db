"""How is one change of single sign-on carried out in Entra? Called by `setup` and `rotate`.

Done already counts as done. Decides nothing; what Graph refuses becomes a sentence that says who
mends it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from shared.errors import Permanent
from shared.model.change import Change, Kind
from shared.sso.found import Application, Found, Principal
from shared.sso.plan import NO_P1, SEPARATOR
from shared.sso.wanted import Wanted
from shared.vendors.graph import applications
from shared.vendors.graph.client import Graph, Json
from shared.vendors.graph.refusals import NotVisible, Refused

FORBIDDEN = 403
_LISTS = frozenset({"notificationEmailAddresses", "tags"})
_NEEDED = {
    Kind.LET_SIGN_IN: "AppRoleAssignment.ReadWrite.All",
    Kind.CREATE_CLAIMS: "Policy.ReadWrite.ApplicationConfiguration",
    Kind.SET_CLAIMS: "Policy.ReadWrite.ApplicationConfiguration",
    Kind.ASSIGN_CLAIMS: "Policy.ReadWrite.ApplicationConfiguration",
}
_OTHERWISE = "Application.ReadWrite.All"


async def do(graph: Graph, change: Change, wanted: Wanted, found: Found, now: datetime) -> None:
    """Carry out one change on what was found.

    Raises NotVisible when Entra does not know yet what the change is about, UnknownReply when it
    may have happened, Permanent when somebody must mend something first.
    """
    try:
        await _do(graph, change, wanted, found, now)
    except Refused as refused:
        if refused.refusal.says_exists and change.kind in {Kind.LET_SIGN_IN, Kind.ASSIGN_CLAIMS}:
            return
        raise _told(change, refused, found) from refused


async def _do(graph: Graph, change: Change, wanted: Wanted, found: Found, now: datetime) -> None:
    match change.kind:
        case Kind.CREATE_APPLICATION:
            await applications.instantiate(graph, found.template_id, change.what)
        case Kind.SET_SIGN_ON:
            values = {key: _wire(key, value) for key, value in change.values.items()}
            await applications.change_principal(graph, _principal(found).id, values)
        case Kind.SET_ADDRESSES:
            await applications.change_application(
                graph, _application(found).id, _addresses(change)
            )
        case Kind.ADD_CERTIFICATE:
            end = (now + timedelta(days=wanted.certificate_days)).astimezone(UTC)
            name = f"CN={wanted.template} SSO"
            await applications.add_certificate(
                graph, _principal(found).id, name, f"{end:%Y-%m-%dT%H:%M:%SZ}"
            )
        case Kind.ACTIVATE_CERTIFICATE:
            values = {"preferredTokenSigningKeyThumbprint": _thumbprint(change)}
            await applications.change_principal(graph, _principal(found).id, values)
        case Kind.RETIRE_CERTIFICATE:
            key_id = _key_id(found, change.what)
            await applications.remove_certificate(graph, _principal(found).id, key_id)
        case Kind.LET_SIGN_IN:
            principal, group = _principal(found), found.groups[change.what]
            await applications.assign(graph, principal.id, str(group.id), principal.role_id)
        case _:
            await _do_claims(graph, change, wanted, found)


async def _do_claims(graph: Graph, change: Change, wanted: Wanted, found: Found) -> None:
    match change.kind:
        case Kind.CREATE_CLAIMS:
            await applications.create_claims(graph, change.what, wanted.claims_definition)
        case Kind.SET_CLAIMS:
            await applications.change_claims(graph, _own_claims(found), wanted.claims_definition)
        case Kind.ASSIGN_CLAIMS:
            await applications.assign_claims(graph, _principal(found).id, _own_claims(found))
        case _:
            raise AssertionError(change.kind)


def _told(change: Change, refused: Refused, found: Found) -> Permanent:
    if refused.refusal.status == FORBIDDEN:
        scope = _NEEDED.get(change.kind, _OTHERWISE)
        return Permanent(
            f"Entra does not let you '{change.kind}': sign in as somebody who is at least Cloud "
            f"Application Administrator, and let a Global Administrator consent to {scope}",
            mender="operator",
        )
    if change.kind is Kind.LET_SIGN_IN and found.has_p1 is not True:
        return Permanent(
            f"Entra does not let group '{change.what}' sign in ({refused.refusal}); probably "
            f"{NO_P1}",
            mender="operator",
        )
    return Permanent(f"Entra refuses '{change.kind}': {refused.reason}", mender=refused.mender)


def _wire(key: str, value: str | bool | None) -> object:  # noqa: FBT001 - a value of any kind
    return str(value).split(SEPARATOR) if key in _LISTS else value


def _addresses(change: Change) -> Json:
    body: Json = {}
    if "identifierUris" in change.values:
        body["identifierUris"] = [change.values["identifierUris"]]
    if "redirectUris" in change.values:
        body["web"] = {"redirectUris": [change.values["redirectUris"]]}
    return body


def _application(found: Found) -> Application:
    if found.application is None:
        raise NotVisible("the application is not known yet")
    return found.application


def _principal(found: Found) -> Principal:
    if found.principal is None:
        raise NotVisible("the service principal is not known yet")
    return found.principal


def _own_claims(found: Found) -> str:
    if found.own_claims_id is None:
        raise NotVisible("the claims policy is not known yet")
    return found.own_claims_id


def _key_id(found: Found, thumbprint: str) -> str:
    certificates = _principal(found).certificates
    return next(each.key_id for each in certificates if each.thumbprint == thumbprint)


def _thumbprint(change: Change) -> str:
    if not change.what:
        raise NotVisible("the certificate is not known yet")
    return change.what
