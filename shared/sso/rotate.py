"""A second certificate beside the one that signs: prepared, made active, and the old one retired.

Three steps with a human between them, for TOPdesk must know the new certificate before Entra
signs with it, and has no interface to be told by. Each is a plan like any other.
"""

from __future__ import annotations

from shared.errors import Permanent
from shared.model.change import Change, Kind, Plan
from shared.model.desired import Reason, TargetName
from shared.sso.found import Certificate, Found, Principal

SECOND = "second"
"""What the note of a rotation is about: another than that of the first set-up."""


def prepare(found: Found) -> Plan:
    """Make a certificate that lasts longer than the active one, unless there is one."""
    principal = _principal(found)
    if newer(principal):
        return _plan()
    why = Reason(rule="sso.certificate_days", because="TOPdesk is to know it before Entra uses it")
    return _plan(Change(kind=Kind.ADD_CERTIFICATE, what=SECOND, reasons=(why,)))


def activate(found: Found, thumbprint: str) -> Plan:
    """Sign with this certificate from now on."""
    principal = _principal(found)
    if principal.active == thumbprint:
        return _plan()
    if thumbprint not in {each.thumbprint for each in principal.certificates}:
        raise Permanent(
            f"there is no certificate {thumbprint}: `instroom sso rotate` names the one to "
            "activate",
            mender="operator",
        )
    why = Reason(rule="sso.certificate_days", because="TOPdesk was told of it")
    return _plan(Change(kind=Kind.ACTIVATE_CERTIFICATE, what=thumbprint, reasons=(why,)))


def retire(found: Found) -> Plan:
    """Take away every certificate that ends before the active one."""
    principal = _principal(found)
    signing = principal.signing
    if signing is None:
        raise Permanent("no certificate is active: run `instroom sso setup`", mender="operator")
    why = Reason(rule="sso.certificate_days", because="nobody signs with it any more")
    return _plan(
        *(
            Change(kind=Kind.RETIRE_CERTIFICATE, what=each.thumbprint, reasons=(why,))
            for each in principal.certificates
            if each.not_after < signing.not_after
        )
    )


def newer(principal: Principal) -> Certificate | None:
    """The certificate that was prepared to follow the active one, if there is one."""
    signing = principal.signing
    first = principal.certificates[0] if principal.certificates else None
    if signing is None or first is None or first.not_after <= signing.not_after:
        return None
    return first


def _principal(found: Found) -> Principal:
    if found.principal is None or found.principal.signing is None:
        raise Permanent(
            "single sign-on is not set up yet: run `instroom sso setup`", mender="operator"
        )
    return found.principal


def _plan(*changes: Change) -> Plan:
    return Plan(target=TargetName.ENTRA, changes=changes)
