"""What do both sides of SAML publish of themselves? Metadata, fetched and read.

SAML 2.0 Metadata (OASIS, saml-metadata-2.0-os), sections 2.4.3 and 2.4.4: the identity provider's
certificates and addresses, the service provider's entity id and where it takes answers. Entra
signs its document, but a page over TLS from Entra's own address is what is trusted here.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from xml.etree import ElementTree as ET

import httpx

from shared.errors import Permanent, TargetDown
from shared.rest import Rest

LOGIN_PATH: Final = "/{tenant}/federationmetadata/2007-06/federationmetadata.xml"
"""Entra, "Federation metadata": with `?appid=` the certificates of one application."""
_MD = "{urn:oasis:names:tc:SAML:2.0:metadata}"
_DS = "{http://www.w3.org/2000/09/xmldsig#}"
_REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"


@dataclass(frozen=True)
class IdentityProvider:
    """Entra, as it tells TOPdesk of itself."""

    entity_id: str
    sign_in_url: str
    sign_out_url: str | None
    certificates: tuple[bytes, ...]
    """DER, of what may sign answers."""


@dataclass(frozen=True)
class ServiceProvider:
    """TOPdesk, as it tells Entra of itself."""

    entity_id: str
    reply_urls: tuple[str, ...]


def identity_provider(document: bytes) -> IdentityProvider:
    """Read an identity provider's metadata. Raises Permanent when it is none."""
    root = _root(document)
    role = root.find(f"{_MD}IDPSSODescriptor")
    if role is None:
        raise Permanent("the metadata tells of no identity provider")
    return IdentityProvider(
        entity_id=root.get("entityID", ""),
        sign_in_url=_location(role, "SingleSignOnService") or "",
        sign_out_url=_location(role, "SingleLogoutService"),
        certificates=tuple(dict.fromkeys(_certificates(role))),
    )


def service_provider(document: bytes) -> ServiceProvider:
    """Read a service provider's metadata. Raises Permanent when it is none."""
    root = _root(document)
    role = root.find(f"{_MD}SPSSODescriptor")
    if role is None:
        raise Permanent("the metadata tells of no service provider")
    services = role.findall(f"{_MD}AssertionConsumerService")
    return ServiceProvider(
        entity_id=root.get("entityID", ""),
        reply_urls=tuple(each.get("Location", "") for each in services),
    )


class Publisher:
    """Who publishes metadata: any address, for it is written in a policy."""

    def __init__(self, transport: httpx.AsyncBaseTransport | None = None) -> None:
        timeout = httpx.Timeout(30, connect=5)
        self._client = httpx.AsyncClient(timeout=timeout, transport=transport)
        self._rest = Rest(self._client, name="metadata", concurrency=2)

    async def of_application(self, login_url: str, tenant_id: str, app_id: str) -> bytes:
        """What Entra publishes of one application. Raises Permanent, Transient, TargetDown."""
        return await self._get(
            f"{login_url}{LOGIN_PATH}", at={"tenant": tenant_id}, params={"appid": app_id}
        )

    async def at(self, url: str) -> bytes:
        """What lies at this address. Raises Permanent, Transient, TargetDown."""
        return await self._get(url.replace("{", "%7B").replace("}", "%7D"))

    async def close(self) -> None:
        """Give the connections back."""
        await self._client.aclose()

    async def _get(
        self,
        url: str,
        *,
        at: dict[str, str] | None = None,
        params: dict[str, str | int] | None = None,
    ) -> bytes:
        response = await self._rest.call("GET", url, at=at, params=params)
        if not response.is_success:
            raise Permanent(f"{url} answers {response.status_code}")
        return response.content


def metadata_url(login_url: str, tenant_id: str, app_id: str) -> str:
    """The address that TOPdesk can read Entra's metadata from."""
    return f"{login_url}{LOGIN_PATH.format(tenant=tenant_id)}?appid={app_id}"


def _root(document: bytes) -> ET.Element:
    """The root of a document that declares no types: those are how XML does harm."""
    try:
        text = document.decode("utf-8-sig")
        declares = "<!DOCTYPE" in text or "<!ENTITY" in text
        root = None if declares else ET.fromstring(text)  # noqa: S314 - as above
    except (UnicodeDecodeError, ET.ParseError) as error:
        raise TargetDown("what came is no XML: a sign-in page, or an error page") from error
    if root is None:
        raise Permanent("the metadata declares a document type, which no metadata needs")
    if root.tag != f"{_MD}EntityDescriptor":
        raise Permanent("what came is XML, but no SAML metadata")
    return root


def _location(role: ET.Element, service: str) -> str | None:
    """The address for the redirect binding, else the first there is."""
    found = role.findall(f"{_MD}{service}")
    best = [each for each in found if each.get("Binding") == _REDIRECT] or found
    return best[0].get("Location") if best else None


def _certificates(role: ET.Element) -> Iterator[bytes]:
    for key in role.findall(f"{_MD}KeyDescriptor"):
        if key.get("use") in (None, "signing"):
            for each in key.iter(f"{_DS}X509Certificate"):
                try:
                    yield base64.b64decode("".join((each.text or "").split()), validate=True)
                except binascii.Error as error:
                    raise Permanent("a certificate in the metadata is no base64") from error
