"""What is kept for TOPdesk's administrator: the pages, Entra's metadata and the certificates.

Called after a set-up and a rotation. All of it is public; nothing secret leaves Entra.
"""

from __future__ import annotations

import base64
import textwrap
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from shared.sso.found import Certificate, thumbprint_of
from shared.sso.look import Published
from shared.sso.page import Given, page
from shared.sso.page_html import html
from shared.sso.page_words import Language
from shared.sso.wanted import Wanted


def keep(door: Wanted, signing: Certificate, told: Published, folder: Path) -> Given:
    """Write the metadata and the certificate of one door; what the page needs of them."""
    folder.mkdir(parents=True, exist_ok=True)
    metadata = folder / f"{door.realm}-metadata.xml"
    metadata.write_bytes(told.document)
    certificate = folder / f"{door.realm}.cer"
    shown = {thumbprint_of(der): der for der in told.provider.certificates}
    _write_certificate(certificate, shown[signing.thumbprint])
    return Given(
        door=door,
        entity_id=told.provider.entity_id,
        metadata_url=told.url,
        metadata_file=metadata.name,
        certificate_file=certificate.name,
        thumbprint=signing.thumbprint,
        not_after=signing.not_after,
    )


def keep_pages(
    given: Sequence[Given], organisation: str, folder: Path, now: datetime
) -> tuple[Path, ...]:
    """Write the page in both languages."""
    written = []
    for language in Language:
        made = page(tuple(given), organisation=organisation, language=language, now=now)
        path = folder / f"topdesk.{language}.html"
        path.write_text(html(made), encoding="utf-8")
        written.append(path)
    return tuple(written)


def keep_next(door: Wanted, certificate: Certificate, folder: Path) -> Path | None:
    """Write the certificate that is to follow; None when Entra does not give it."""
    if certificate.der is None:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{door.realm}-next.cer"
    _write_certificate(path, certificate.der)
    return path


def _write_certificate(path: Path, der: bytes) -> None:
    """As PEM, which every administrator's tools open."""
    body = "\n".join(textwrap.wrap(base64.b64encode(der).decode(), 64))
    path.write_text(
        f"-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n", encoding="ascii"
    )
