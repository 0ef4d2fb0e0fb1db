"""What Entra signs is what TOPdesk can verify with the metadata that a set-up kept.

The response is synthetic, signed with the private key that the rig holds for the application; the
verifier is signxml's, which knows nothing of either.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from contract.sso.sso_stage import BASE, PUBLIC, SECURE, SsoStage
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from lxml import etree
from signxml.algorithms import SignatureMethod
from signxml.exceptions import InvalidSignature
from signxml.signer import XMLSigner
from signxml.verifier import SignatureConfiguration, VerifyResult, XMLVerifier

from sandbox.graph.enterprise.signing import Signer
from shared.sso import files, look, rotate
from shared.sso.check import Level
from shared.sso.found import Found
from shared.sso.look import Eyes
from shared.sso.setup import converge
from shared.sso.wanted import Wanted
from shared.vendors import saml
from shared.vendors.saml import Publisher

SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
LOGIN = BASE.removesuffix("/v1.0")


def assertion(door: Wanted, issuer: str, login: str) -> Any:
    """An assertion as Entra issues one: about whom, for whom, sent where."""
    text = f"""<Assertion xmlns="{SAML}" ID="_a1" Version="2.0"
        IssueInstant="2026-11-02T09:00:00Z">
      <Issuer>{issuer}</Issuer>
      <Subject><SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">
        <SubjectConfirmationData Recipient="{door.reply_url}"/></SubjectConfirmation></Subject>
      <Conditions><AudienceRestriction><Audience>{door.identifier}</Audience>
        </AudienceRestriction></Conditions>
      <AttributeStatement><Attribute Name="{door.claim}">
        <AttributeValue>{login}</AttributeValue></Attribute></AttributeStatement>
    </Assertion>"""
    return etree.fromstring(text)


def signed(signer: Signer, element: Any) -> bytes:
    key = signer.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    certificate = signer.certificate.public_bytes(Encoding.PEM).decode()
    xml_signer = XMLSigner(
        signature_algorithm=SignatureMethod.RSA_SHA256,
        c14n_algorithm="http://www.w3.org/2001/10/xml-exc-c14n#",
    )
    whole = xml_signer.sign(element, key=key, cert=certificate, reference_uri="_a1")
    return bytes(etree.tostring(whole))


def verified(response: bytes, metadata: bytes) -> Any:
    """As TOPdesk would: with the certificates of the metadata, whatever the answer brings."""
    for der in saml.identity_provider(metadata).certificates:
        pem = _pem(der)
        config = SignatureConfiguration(expect_references=1)
        found = XMLVerifier().verify(
            response, x509_cert=pem, id_attribute="ID", expect_config=config
        )
        assert isinstance(found, VerifyResult)
        return found.signed_xml
    raise AssertionError("no certificate in the metadata")


def _pem(der: bytes) -> str:
    from cryptography.x509 import load_der_x509_certificate  # noqa: PLC0415 - only here

    return load_der_x509_certificate(der).public_bytes(Encoding.PEM).decode()


def eyes(stage: SsoStage) -> Eyes:
    desk = stage.desk()
    return Eyes(desk.graph, Publisher(stage.wire), LOGIN, None)


async def kept(stage: SsoStage, door: Wanted, found: Found, folder: Path) -> bytes:
    """The metadata as the set-up leaves it for TOPdesk."""
    with_eyes = eyes(stage)
    told = await look.published_with_active(with_eyes, door, found, stage.desk().sleep)
    await with_eyes.publisher.close()
    assert found.principal
    assert found.principal.signing
    given = files.keep(door, found.principal.signing, told, folder)
    return (folder / given.metadata_file).read_bytes()


def signer_of(stage: SsoStage, found: Found) -> Signer:
    assert found.application
    signer = stage.tenant.enterprise.active_signer(found.application.app_id)
    assert signer
    return signer


@pytest.mark.parametrize("door", [SECURE, PUBLIC], ids=lambda door: str(door.realm))
async def test_answer_of_entra_is_verified_with_the_kept_metadata(
    stage: SsoStage, door: Wanted, tmp_path: Path
) -> None:
    found = await stage.setup(door)
    metadata = await kept(stage, door, found, tmp_path)
    issuer = saml.identity_provider(metadata).entity_id
    answer = assertion(door, issuer, "kim@voorbeeld.example")

    read = verified(signed(signer_of(stage, found), answer), metadata)

    assert found.application
    assert (
        read.findtext(f"{{{SAML}}}Issuer") == f"https://sts.windows.net/{stage.tenant.tenant_id}/"
    )
    assert read.findtext(f".//{{{SAML}}}Audience") == found.application.identifiers[0]
    recipient = read.find(f".//{{{SAML}}}SubjectConfirmationData")
    assert recipient is not None
    assert recipient.get("Recipient") == found.application.reply_urls[0]
    assert read.findtext(f".//{{{SAML}}}AttributeValue") == "kim@voorbeeld.example"


async def test_answer_for_the_other_door_is_refused(stage: SsoStage, tmp_path: Path) -> None:
    secure, public = await stage.setup(SECURE), await stage.setup(PUBLIC)
    metadata = await kept(stage, SECURE, secure, tmp_path)
    answer = signed(signer_of(stage, public), assertion(SECURE, "x", "y"))

    with pytest.raises(InvalidSignature):
        verified(answer, metadata)


async def test_changed_answer_is_refused(stage: SsoStage, tmp_path: Path) -> None:
    found = await stage.setup(SECURE)
    metadata = await kept(stage, SECURE, found, tmp_path)
    answer = signed(signer_of(stage, found), assertion(SECURE, "x", "kim@voorbeeld.example"))

    with pytest.raises(Exception, match="Digest mismatch"):
        verified(answer.replace(b"kim@", b"baas@"), metadata)


async def test_after_a_rotation_the_old_metadata_verifies_nothing(
    stage: SsoStage, tmp_path: Path
) -> None:
    """Which is why TOPdesk must be told before Entra begins to sign with another one."""
    found = await stage.setup(SECURE)
    old = await kept(stage, SECURE, found, tmp_path)
    stage.clock.advance(86400)
    following = await converge(stage.desk(), SECURE, rotate.prepare)
    assert following.principal
    new = following.principal.certificates[0].thumbprint
    found = await converge(stage.desk(), SECURE, lambda found: rotate.activate(found, new))
    answer = signed(signer_of(stage, found), assertion(SECURE, "x", "y"))

    verified(answer, await kept(stage, SECURE, found, tmp_path))
    with pytest.raises(InvalidSignature):
        verified(answer, old)


async def test_kept_certificate_is_the_one_that_signs(stage: SsoStage, tmp_path: Path) -> None:
    found = await stage.setup(SECURE)
    await kept(stage, SECURE, found, tmp_path)

    assert (tmp_path / "secure.cer").read_text() == _pem(signer_of(stage, found).der)


async def test_check_of_a_finished_setup_misses_only_people(stage: SsoStage) -> None:
    await stage.setup(SECURE)
    with_eyes = eyes(stage)
    findings = await look.checked(with_eyes, SECURE, stage.clock.now())
    await with_eyes.publisher.close()

    assert [f.what for f in findings if f.level is Level.WRONG] == [
        "group 'TOPdesk behandelaars' is empty: nobody can sign in through it"
    ]
