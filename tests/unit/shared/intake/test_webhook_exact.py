"""Exact Online signs Content as sent; nothing else comes in, and rubbish is answered with 4xx."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.exact import signed
from shared.intake.webhook import MAX_BODY, Call, Refused, message_id
from shared.intake.webhook_exact import check
from shared.model.signal import Signal

SECRET = "app-center-secret"
GUID = "3f0a7c1e-0000-4000-8000-000000100234"
CONTENT: dict[str, Any] = {
    "Topic": "Employees",
    "ClientId": "instroom",
    "Division": 123456,
    "Action": "Update",
    "Key": GUID,
    "ExactOnlineEndpoint": f"https://start.exactonline.nl/api/v1/123456/payroll/Employees({GUID})",
    "EventCreatedOn": "2026-11-02T09:00:00.000",
}


def checked(body: bytes, *, secret: str | None = SECRET, known: str | None = "exact") -> Call:
    return check(body, {}, secret=secret, known=known)


def by_hand(content: str, *, code: str | None = None) -> bytes:
    made = hmac.new(SECRET.encode(), content.encode(), hashlib.sha256).hexdigest().upper()
    return f'{{"Content":{content},"HashCode":"{code or made}"}}'.encode()


def refused(body: bytes, **given: Any) -> Refused:
    with pytest.raises(Refused) as refusal:
        checked(body, **given)
    return refusal.value


def test_good_call_names_the_employee_by_key() -> None:
    assert checked(signed(CONTENT, SECRET)).numbers == (f"123456/Employees/{GUID}",)


def test_content_counts_as_sent_not_as_read() -> None:
    odd = '{ "Topic":"Employees" ,"Division":123456,"Key":"' + GUID + '","Naam":"Zo\\u00eb" }'

    assert len(checked(by_hand(odd)).numbers) == 1
    again = json.dumps(json.loads(odd), ensure_ascii=False)
    code = json.loads(by_hand(odd))["HashCode"]
    assert refused(by_hand(again, code=code)).status == 401


def test_content_may_hold_what_looks_like_the_end() -> None:
    tricky = {**CONTENT, "Action": 'x","HashCode":"' + "0" * 64}

    assert len(checked(signed(tricky, SECRET)).numbers) == 1


def test_body_with_blanks_between_its_parts_is_read() -> None:
    content = json.dumps(CONTENT)
    code = hmac.new(SECRET.encode(), content.encode(), hashlib.sha256).hexdigest().upper()

    body = f'{{"Content": {content}, "HashCode": "{code}"}}\n'.encode()

    assert len(checked(body).numbers) == 1


def test_empty_call_is_how_exact_tries_an_address() -> None:
    assert checked(b"") == Call("", ())


@pytest.mark.parametrize("topic", ["Accounts", "Items", None, 7])
def test_topic_that_concerns_nobody_names_nobody(topic: object) -> None:
    assert checked(signed({**CONTENT, "Topic": topic}, SECRET)).numbers == ()


def test_same_content_is_the_same_message_to_the_queue() -> None:
    first, again = checked(signed(CONTENT, SECRET)), checked(signed(CONTENT, SECRET))
    later = checked(signed({**CONTENT, "EventCreatedOn": "2026-11-02T09:00:01.000"}, SECRET))

    ids = {
        message_id(Signal(source="exact", number=GUID), one.webhook_id) for one in (first, again)
    }
    assert len(ids) == 1
    assert later.webhook_id != first.webhook_id


_GOOD = signed(CONTENT, SECRET)
_CODE = json.loads(_GOOD)["HashCode"]


@pytest.mark.parametrize(
    "body",
    [
        signed(CONTENT, "another secret"),
        _GOOD.replace(b"123456", b"654321", 1),
        _GOOD.replace(_CODE.encode(), base64.b64encode(bytes.fromhex(_CODE))),
        _GOOD.replace(_CODE.encode(), b"0" * 64),
        _GOOD[:-1],
        _GOOD + b"x",
        b'{"HashCode":"' + _CODE.encode() + b'","Content":{}}',
        b"{}",
        b"\xff\xfe",
        b"null",
    ],
)
def test_call_that_is_not_exacts_is_refused(body: bytes) -> None:
    assert refused(body).status == 401


@pytest.mark.parametrize(
    "content",
    [
        "[]",
        "nonsense",
        "[" * 100_000,
        json.dumps({**CONTENT, "Key": "1042"}),
        json.dumps({**CONTENT, "Key": None}),
        json.dumps({**CONTENT, "Division": "x"}),
        json.dumps({"Topic": "Employees"}),
    ],
    ids=lambda content: content[:12],
)
def test_signed_call_that_names_nobody_is_a_bad_request(content: str) -> None:
    assert refused(by_hand(content)).status == 400


def test_source_or_secret_that_is_not_set_up_is_not_found() -> None:
    assert refused(_GOOD, known=None).status == 404
    told = refused(_GOOD, secret=None)
    assert (told.status, "WEBHOOK_SECRET_EXACT is not set" in told.reason) == (404, True)
    assert refused(b"", secret=None).status == 404


def test_body_that_is_too_large_is_refused_unread() -> None:
    assert refused(b"x" * (MAX_BODY + 1)).status == 413


@given(st.binary(max_size=300))
def test_whatever_comes_is_refused_with_4xx(noise: bytes) -> None:
    for body in (noise, b'{"Content":' + noise, _GOOD[:40] + noise + _GOOD[40:]):
        status = _status(body)
        assert status is None or 400 <= status < 500


def _status(body: bytes) -> int | None:
    try:
        checked(body)
    except Refused as refusal:
        return refusal.status
    return None
