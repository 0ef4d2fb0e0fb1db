"""Real certificates and keys, as Entra makes them for one application: self-signed RSA.

Keys are drawn once a process and reused in the same order, for drawing one takes a tenth of a
second; two certificates of one tenant never share a key.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding

_BITS = 2048
_keys: list[rsa.RSAPrivateKey] = []


@dataclass(frozen=True)
class Signer:
    """A certificate with its private key, which never leaves Entra."""

    key: rsa.RSAPrivateKey
    certificate: x509.Certificate

    @property
    def der(self) -> bytes:
        """The public part."""
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def digest(self) -> bytes:
        """What Entra calls a thumbprint."""
        return self.certificate.fingerprint(SHA1())  # noqa: S303 - a name, no protection

    @property
    def thumbprint(self) -> str:
        """The thumbprint in hexadecimal digits."""
        return self.digest.hex().upper()


def make(number: int, common_name: str, *, start: datetime, end: datetime) -> Signer:
    """The certificate with this number in its tenant."""
    while len(_keys) <= number:
        _keys.append(rsa.generate_private_key(public_exponent=65537, key_size=_BITS))
    key = _keys[number]
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)])
    serial = uuid.uuid5(uuid.NAMESPACE_OID, f"{number}/{common_name}").int >> 1
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(start - timedelta(minutes=5))
        .not_valid_after(end)
        .sign(key, SHA256())
    )
    return Signer(key, certificate)
