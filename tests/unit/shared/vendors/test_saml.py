from __future__ import annotations

import base64

import httpx
import pytest

from shared.errors import InstroomError, Permanent, TargetDown
from shared.vendors import saml
from shared.vendors.saml import Publisher

MD = "urn:oasis:names:tc:SAML:2.0:metadata"
DS = "http://www.w3.org/2000/09/xmldsig#"


def key(certificate: bytes, use: str = 'use="signing"') -> str:
    text = base64.encodebytes(certificate).decode()
    return (
        f'<KeyDescriptor {use}><KeyInfo xmlns="{DS}"><X509Data>'
        f"<X509Certificate>\n{text}</X509Certificate></X509Data></KeyInfo></KeyDescriptor>"
    )


def metadata(inner: str, entity: str = "https://idp.example/") -> bytes:
    return (
        f'<EntityDescriptor xmlns="{MD}" entityID="{entity}">{inner}</EntityDescriptor>'.encode()
    )


def idp(inner: str) -> bytes:
    return metadata(f"<IDPSSODescriptor>{inner}</IDPSSODescriptor>")


def test_identity_provider_is_read() -> None:
    post = '<SingleSignOnService Binding="urn:x:HTTP-POST" Location="https://idp.example/post"/>'
    redirect = (
        '<SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"'
        ' Location="https://idp.example/redirect"/>'
    )
    read = saml.identity_provider(idp(key(b"one") + post + redirect))

    assert read.entity_id == "https://idp.example/"
    assert read.sign_in_url == "https://idp.example/redirect"
    assert read.sign_out_url is None
    assert read.certificates == (b"one",)


def test_only_keys_that_sign_count_and_each_once() -> None:
    keys = key(b"one") + key(b"one") + key(b"two", "") + key(b"three", 'use="encryption"')

    assert saml.identity_provider(idp(keys)).certificates == (b"one", b"two")


def test_service_provider_is_read() -> None:
    services = "".join(
        f'<AssertionConsumerService Location="https://sp.example/{n}"/>' for n in (1, 2)
    )
    read = saml.service_provider(
        metadata(f"<SPSSODescriptor>{services}</SPSSODescriptor>", "https://sp.example/")
    )

    assert read.entity_id == "https://sp.example/"
    assert read.reply_urls == ("https://sp.example/1", "https://sp.example/2")


def test_byte_order_mark_does_no_harm() -> None:
    assert saml.identity_provider(b"\xef\xbb\xbf" + idp("")).certificates == ()


@pytest.mark.parametrize(
    ("document", "error", "words"),
    [
        (b"<html><body>Sign in", TargetDown, "no XML"),
        ("<EntityDescriptor/>".encode("utf-16"), TargetDown, "no XML"),
        (b"<html/>", Permanent, "no SAML metadata"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>', Permanent, "declares a document type"),
        (metadata("<SPSSODescriptor/>"), Permanent, "no identity provider"),
        (idp(key(b"x").replace("</X509", "*</X509")), Permanent, "no base64"),
    ],
)
def test_what_is_no_metadata_is_refused(
    document: bytes, error: type[InstroomError], words: str
) -> None:
    with pytest.raises(error, match=words):
        saml.identity_provider(document)


async def test_metadata_of_one_application_is_asked_for() -> None:
    asked: list[httpx.URL] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url)
        return httpx.Response(200, content=b"<x/>")

    publisher = Publisher(httpx.MockTransport(answer))
    document = await publisher.of_application("https://login.example", "t1", "a1")
    await publisher.close()

    assert document == b"<x/>"
    assert str(asked[0]) == saml.metadata_url("https://login.example", "t1", "a1")


async def test_refusal_is_told_with_its_address() -> None:
    publisher = Publisher(httpx.MockTransport(lambda _: httpx.Response(404)))

    with pytest.raises(Permanent, match=r"https://sp\.example/metadata answers 404"):
        await publisher.at("https://sp.example/metadata")
    await publisher.close()
