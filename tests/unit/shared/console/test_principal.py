"""Who is signed in is the platform's word, and only while it gives one."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from shared.console.principal import HEADER, NotSignedIn, signed_in

OID = "http://schemas.microsoft.com/identity/claims/objectidentifier"
AMR = "http://schemas.microsoft.com/claims/authnmethodsreferences"


def header(*claims: tuple[str, str], provider: str = "aad", **more: Any) -> dict[str, str]:
    body = {
        "auth_typ": provider,
        "name_typ": "name",
        "role_typ": "rol",
        "claims": [{"typ": typ, "val": val} for typ, val in claims],
        **more,
    }
    return {HEADER: base64.b64encode(json.dumps(body).encode()).decode()}


def test_claims_are_read_by_long_and_short_names() -> None:
    short = signed_in(
        header(("oid", "a1"), ("upn", "b@x.example"), ("groups", "g1"), ("groups", "g2")),
        platform=True,
    )
    long = signed_in(header((OID, "a1"), ("roles", "r1"), ("rol", "r2")), platform=True)

    assert (short.account_id, short.name) == ("a1", "b@x.example, signed in")
    assert short.groups == {"g1", "g2"}
    assert (long.account_id, long.name) == ("a1", "a1, signed in")
    assert long.roles == {"r1", "r2"}


@pytest.mark.parametrize(
    ("claims", "told"),
    [
        ((), None),
        ((("amr", "pwd"),), False),
        (((AMR, "pwd"), (AMR, "mfa")), True),
        (((AMR, "ngcmfa"),), True),
        ((("amr", '["pwd","mfa"]'),), True),
        ((("amr", "notmfa"),), False),
    ],
)
def test_second_factor_is_as_the_sign_in_tells(
    claims: tuple[tuple[str, str], ...], *, told: bool | None
) -> None:
    who = signed_in(header(("oid", "a1"), *claims), platform=True)

    assert who.second_factor is told
    assert not who.at_the_desk


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {HEADER: ""},
        {HEADER: "%%%"},
        {HEADER: base64.b64encode(b"{}").decode()},
        {HEADER: base64.b64encode(b"[" * 90_000).decode()},
        {HEADER: base64.b64encode(b"\xff").decode()},
        header(("oid", "a1"), provider="github"),
        header(("upn", "b@x.example")),
        header(("oid", "a1"), claims=7),
        {"X-MS-CLIENT-PRINCIPAL-ID": "a1"},
    ],
)
def test_nobody_is_signed_in_by_less(headers: dict[str, str]) -> None:
    with pytest.raises(NotSignedIn) as nobody:
        signed_in(headers, platform=True)

    assert nobody.value.platform


def test_header_proves_nothing_while_the_platform_signs_nobody_in() -> None:
    with pytest.raises(NotSignedIn) as nobody:
        signed_in(header(("oid", "a1")), platform=False)

    assert not nobody.value.platform


def test_name_is_one_short_line() -> None:
    long = signed_in(header(("oid", "a1"), ("upn", "x" * 500)), platform=True)
    odd = signed_in(header(("oid", "a1"), ("upn", "two\nlines")), platform=True)

    assert long.name == f"{'x' * 100}, signed in"
    assert odd.name == "a1, signed in"
