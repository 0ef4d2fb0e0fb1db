"""Service principals: sign-on mode, addresses, tags and the certificates that sign.

Source: Graph v1.0, "Update servicePrincipal", "servicePrincipal: addTokenSigningCertificate".
Adding a certificate twice makes two. The public key is shown to who selects `keyCredentials` of
one principal, the private one to nobody.
"""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

from sandbox.graph import bodies, refusals
from sandbox.graph.call import Call
from sandbox.graph.enterprise import found, signing
from sandbox.graph.enterprise.schema import PRINCIPAL
from sandbox.graph.tenant import format_moment
from sandbox.graph.wire import Json, Reply

LONGEST = timedelta(days=3 * 366)
DEFAULT = timedelta(days=3 * 365)
MODES = frozenset({"saml", "password", "oidc", "notSupported"})
_CREDENTIALS = frozenset({"keyCredentials", "passwordCredentials"})
_PREFERRED = "preferredTokenSigningKeyThumbprint"


def read_all(call: Call) -> Reply:
    """GET /servicePrincipals; keys are never in a list."""
    reply = found.page(call, call.tenant.enterprise.principals, PRINCIPAL, None)
    assert isinstance(reply.body, dict)  # noqa: S101 - narrows the type
    for each in reply.body["value"]:
        _hide_keys(each)
    return reply


def read(call: Call) -> Reply:
    """GET /servicePrincipals/{id}."""
    principal = found.one(call, call.tenant.enterprise.principals, "principal")
    reply = found.single(call, principal, PRINCIPAL)
    assert isinstance(reply.body, dict)  # noqa: S101 - narrows the type
    if "keyCredentials" not in call.request.query.get("$select", ""):
        _hide_keys(reply.body)
    return reply


def update(call: Call) -> Reply:
    """PATCH /servicePrincipals/{id} -> 204."""
    enterprise, body = call.tenant.enterprise, call.request.json()
    enterprise.check_may("applications")
    before = found.to_write(call, enterprise.principals, "principal")
    changes = bodies.checked(body, PRINCIPAL, bindings=_CREDENTIALS)
    after = before | changes
    if changes.get("preferredSingleSignOnMode") not in {None, *MODES}:
        raise refusals.invalid_value("preferredSingleSignOnMode", "ServicePrincipal")
    for name in _CREDENTIALS & body.keys():
        after[name] = _kept(before, name, body[name])
    preferred = changes.get(_PREFERRED)
    if preferred and preferred not in _thumbprints(call, after):
        raise refusals.invalid_value(_PREFERRED, "ServicePrincipal")
    enterprise.principals.put(after["id"], after)
    return Reply(204, ids=(after["id"],), changed=bodies.changed_names(before, after))


def add_certificate(call: Call) -> Reply:
    """POST /servicePrincipals/{id}/addTokenSigningCertificate -> 200, the public part."""
    enterprise, body = call.tenant.enterprise, call.request.json()
    enterprise.check_may("applications")
    principal = found.to_write(call, enterprise.principals, "principal")
    if body.keys() - {"displayName", "endDateTime"}:
        raise refusals.invalid_property(min(body.keys() - {"displayName", "endDateTime"}))
    name = str(body.get("displayName", ""))
    if not name.startswith("CN="):
        raise refusals.invalid_value("displayName", "ServicePrincipal")
    start = call.tenant.clock.now()
    end = _end(body.get("endDateTime"), start)
    number = enterprise.certificates_made
    signer = signing.make(number, name.removeprefix("CN="), start=start, end=end)
    enterprise.signers.setdefault(principal["id"], []).append(signer)
    public = _credential(call, signer, name, usage="Verify", kind="AsymmetricX509Cert")
    private = _credential(call, signer, name, usage="Sign", kind="X509CertAndPassword")
    password = {
        "customKeyIdentifier": public["customKeyIdentifier"],
        "displayName": name,
        "endDateTime": public["endDateTime"],
        "keyId": private["keyId"],
        "startDateTime": public["startDateTime"],
    }
    after = {
        **principal,
        "keyCredentials": [*principal["keyCredentials"], {**private, "key": None}, public],
        "passwordCredentials": [*principal["passwordCredentials"], password],
    }
    enterprise.principals.put(principal["id"], after)
    shown = {**public, "thumbprint": signer.thumbprint}
    context = call.context("microsoft.graph.selfSignedCertificate")
    return Reply(200, context | shown, ids=(principal["id"],), changed=("keyCredentials",))


def _end(text: object, start: datetime) -> datetime:
    if text is None:
        return start + DEFAULT
    try:
        end = datetime.fromisoformat(str(text)).astimezone(UTC)
    except ValueError as error:
        raise refusals.invalid_value("endDateTime", "ServicePrincipal") from error
    if not start < end <= start + LONGEST:
        raise refusals.invalid_value("endDateTime", "ServicePrincipal")
    return end


def _credential(call: Call, signer: signing.Signer, name: str, *, usage: str, kind: str) -> Json:
    return {
        "customKeyIdentifier": base64.b64encode(signer.digest).decode(),
        "displayName": name,
        "endDateTime": format_moment(signer.certificate.not_valid_after_utc),
        "key": base64.b64encode(signer.der).decode(),
        "keyId": call.tenant.new_id("key"),
        "startDateTime": format_moment(signer.certificate.not_valid_before_utc),
        "type": kind,
        "usage": usage,
    }


def _kept(before: Json, name: str, written: object) -> list[Json]:
    """Credentials can be left out of the list, which removes them; new ones cannot be put in."""
    if not isinstance(written, list):
        raise refusals.invalid_value(name, "ServicePrincipal")
    by_id = {each["keyId"]: each for each in before[name]}
    for each in written:
        if not isinstance(each, dict) or each.get("keyId") not in by_id:
            raise refusals.invalid_value(name, "ServicePrincipal")
    return [by_id[each["keyId"]] for each in written]


def _thumbprints(call: Call, principal: Json) -> set[str]:
    kept = {each["customKeyIdentifier"] for each in principal["keyCredentials"]}
    return {
        signer.thumbprint
        for signer in call.tenant.enterprise.signers.get(principal["id"], ())
        if base64.b64encode(signer.digest).decode() in kept
    }


def _hide_keys(shown: Json) -> None:
    if shown.get("keyCredentials"):
        shown["keyCredentials"] = [{**each, "key": None} for each in shown["keyCredentials"]]
