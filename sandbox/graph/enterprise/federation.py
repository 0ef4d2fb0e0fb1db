"""What Entra's sign-in service publishes of one application: its federation metadata.

Source: Entra, "Federation metadata". Served beside Graph, for the rig has one address. Unsigned,
unlike the real one.
"""

from __future__ import annotations

import base64

from sandbox.graph.tenant import GraphTenant

PATH = "/{tenant}/federationmetadata/2007-06/federationmetadata.xml"
SIGN_IN = "https://login.microsoftonline.com"
_REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
_POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"


def metadata(tenant: GraphTenant, tenant_id: str, app_id: str) -> str | None:
    """The document, or None when there is no such application with an active certificate."""
    signer = tenant.enterprise.active_signer(app_id)
    if tenant_id != tenant.tenant_id or signer is None:
        return None
    certificate = base64.b64encode(signer.der).decode()
    key = (
        '<KeyDescriptor use="signing"><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#">'
        f"<X509Data><X509Certificate>{certificate}</X509Certificate></X509Data></KeyInfo>"
        "</KeyDescriptor>"
    )
    address = f"{SIGN_IN}/{tenant_id}"
    services = "".join(
        f'<SingleSignOnService Binding="{binding}" Location="{address}/saml2"/>'
        for binding in (_REDIRECT, _POST)
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        f'<EntityDescriptor ID="_{app_id}" entityID="https://sts.windows.net/{tenant_id}/"'
        ' xmlns="urn:oasis:names:tc:SAML:2.0:metadata">'
        '<RoleDescriptor xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
        ' xmlns:fed="http://docs.oasis-open.org/wsfed/federation/200706"'
        ' xsi:type="fed:SecurityTokenServiceType"'
        f' protocolSupportEnumeration="http://docs.oasis-open.org/wsfed/federation/200706">{key}'
        "</RoleDescriptor>"
        '<IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">'
        f'{key}<SingleLogoutService Binding="{_REDIRECT}" Location="{address}/saml2"/>{services}'
        "</IDPSSODescriptor></EntityDescriptor>"
    )
