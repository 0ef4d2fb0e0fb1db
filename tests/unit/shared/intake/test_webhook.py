from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import Misconfigured
from shared.intake import webhook
from shared.intake.webhook import MAX_BODY, MAX_NUMBERS, Call, Refused
from shared.model.signal import Signal

KEY = b"twenty-four bytes at least"
SECRET = f"whsec_{base64.b64encode(KEY).decode()}"
BODY = b'{"data": {"number": "1042"}}'


def signature(body: bytes, webhook_id: str = "msg_1", moment: str | None = None) -> str:
    content = f"{webhook_id}.{moment or int(time.time())}.".encode() + body
    return f"v1,{base64.b64encode(hmac.new(KEY, content, hashlib.sha256).digest()).decode()}"


def headers(body: bytes, **changes: str) -> dict[str, str]:
    moment = changes.get("webhook-timestamp", str(int(time.time())))
    return {
        "webhook-id": "msg_1",
        "webhook-timestamp": moment,
        "webhook-signature": signature(body, moment=moment),
        **changes,
    }


def check(body: bytes = BODY, given: dict[str, str] | None = None, **changes: Any) -> Call:
    arguments: dict[str, Any] = {"secret": SECRET, "known": "afas", **changes}
    return webhook.check(body, headers(body) if given is None else given, **arguments)


def refused(body: bytes = BODY, given: dict[str, str] | None = None, **changes: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        check(body, given, **changes)
    return caught.value


@pytest.mark.parametrize(
    ("data", "numbers"),
    [
        ({"number": "1042"}, ("1042",)),
        ({"number": 1042}, ("1042",)),
        ({"numbers": ["1", 2, " 3 ", "1"]}, ("1", "2", "3")),
        ({"number": "1", "other": {"deep": []}}, ("1",)),
    ],
)
def test_good_call_names_its_numbers_once(data: object, numbers: tuple[str, ...]) -> None:
    call = check(json.dumps({"type": "person.changed", "data": data}).encode())

    assert call == Call("msg_1", numbers)


def test_header_names_are_told_in_any_case() -> None:
    given = {name.upper(): value for name, value in headers(BODY).items()}

    assert check(BODY, given).numbers == ("1042",)


def test_one_good_signature_among_several_is_enough() -> None:
    """A secret is rotated by signing with both for a while."""
    old = "v1,bm90IG91cnM= v1a,b3RoZXI="
    given = headers(BODY) | {"webhook-signature": f"{old} {signature(BODY)}"}

    assert check(BODY, given).numbers == ("1042",)


def test_unknown_source_is_not_found_before_anything_is_read() -> None:
    assert refused(b"\xff", {}, known=None).status == 404


def test_source_without_a_secret_is_not_found_and_says_so() -> None:
    refusal = refused(BODY, secret=None)

    assert refusal.status == 404
    assert "WEBHOOK_SECRET_AFAS" in refusal.reason


@pytest.mark.parametrize("secret", ["whsec_", "", "whsec_ü", "whsec_a"])
def test_secret_that_is_none_is_our_mistake_and_not_the_senders(secret: str) -> None:
    with pytest.raises(Misconfigured, match="WEBHOOK_SECRET_AFAS"):
        check(secret=secret)


def test_too_large_body_is_refused_unread() -> None:
    assert refused(b" " * (MAX_BODY + 1), {}).status == 413


@pytest.mark.parametrize(
    "changes",
    [
        {"webhook-signature": "v1,bm90IG91cnM="},
        {"webhook-signature": ""},
        {"webhook-signature": "v1"},
        {"webhook-signature": "v1,"},
        {"webhook-signature": "v1,not base64!"},
        {"webhook-signature": "v1,a"},
        {"webhook-signature": "v1,é"},
        {"webhook-signature": "v1,a,b"},
        {"webhook-signature": "  "},
        {"webhook-id": ""},
        {"webhook-id": "msg_2"},
        {"webhook-timestamp": ""},
        {"webhook-timestamp": "0"},
        {"webhook-timestamp": "1e9"},
        {"webhook-timestamp": "inf"},
        {"webhook-timestamp": "-1"},
        {"webhook-timestamp": "nan"},
        {"webhook-timestamp": f"{time.time():.3f}"},
        {"webhook-timestamp": "9" * 400},
        {"webhook-timestamp": "99999999999999"},
        {"webhook-timestamp": "²"},
    ],
)
def test_whoever_cannot_prove_who_he_is_is_refused(changes: dict[str, str]) -> None:
    assert refused(BODY, headers(BODY) | changes).status == 401


@pytest.mark.parametrize("seconds", [-301, 301])
def test_call_of_another_time_is_refused_though_well_signed(seconds: int) -> None:
    given = headers(BODY, **{"webhook-timestamp": str(int(time.time()) + seconds)})

    assert refused(BODY, given).status == 401


@pytest.mark.parametrize("missing", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_missing_header_is_refused(missing: str) -> None:
    given = headers(BODY)
    del given[missing]

    assert refused(BODY, given).status == 401


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"1042"',
        b"{}",
        b'{"data": null}',
        b'{"data": []}',
        b'{"data": {}}',
        b'{"data": {"numbers": []}}',
        b'{"data": {"numbers": "1042"}}',
        b'{"data": {"number": ""}}',
        b'{"data": {"number": "  "}}',
        b'{"data": {"number": null}}',
        b'{"data": {"number": true}}',
        b'{"data": {"number": 1.5}}',
        b'{"data": {"number": {"a": 1}}}',
        b'{"data": {"numbers": ["1", null]}}',
        b'{"data": {"number": "a\\u0000b"}}',
        b'{"data": {"number": "\\ud800"}}',
        json.dumps({"data": {"number": "9" * 65}}).encode(),
        json.dumps({"data": {"numbers": list(range(MAX_NUMBERS + 1))}}).encode(),
        b'{"data": {"number": ' + b"1" * 5000 + b"}}",
        b"[" * 100_000,
        b'{"data":' * 30_000,
        b"\xff\xfe{\x00}\x00",
    ],
    ids=lambda body: repr(body[:40]),
)
def test_signed_nonsense_is_refused_with_a_reason(body: bytes) -> None:
    refusal = refused(body)

    assert refusal.status == 400
    assert refusal.reason


def test_message_id_is_the_same_for_a_replay_and_tells_nothing() -> None:
    said = Signal(source="afas", number="1042")

    first = webhook.message_id(said, "msg_1")

    assert first == webhook.message_id(Signal(source="afas", number="1042"), "msg_1")
    assert first != webhook.message_id(said, "msg_2")
    assert first != webhook.message_id(Signal(source="afas", number="1043"), "msg_1")
    assert "1042" not in first
    assert len(first) <= 128, "Service Bus takes no longer id"


TEXT = st.text(max_size=40)
STAMP = st.one_of(TEXT, st.just(str(int(time.time()))), st.integers().map(str))
SIGN = st.one_of(TEXT, TEXT.map("v1,{}".format), st.binary().map(lambda b: f"v1,{b!r}"))


@given(
    body=st.binary(max_size=200),
    webhook_id=TEXT,
    moment=STAMP,
    sign=SIGN,
    more=st.dictionaries(TEXT, TEXT, max_size=3),
)
def test_a_stranger_gets_nothing_but_a_refusal(
    body: bytes, webhook_id: str, moment: str, sign: str, more: dict[str, str]
) -> None:
    given = {"webhook-id": webhook_id, "webhook-timestamp": moment, "webhook-signature": sign}

    assert refused(body, more | given).status in (400, 401)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT | st.sampled_from(["1", "é"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(TEXT | st.sampled_from(["data", "number", "numbers"]), inner, max_size=4)
    ),
    max_leaves=8,
)
DATA = st.fixed_dictionaries({"data": JSON}) | st.fixed_dictionaries(
    {"data": st.fixed_dictionaries({"number": JSON}) | st.fixed_dictionaries({"numbers": JSON})}
)


@given(body=st.binary(max_size=200) | (JSON | DATA).map(lambda data: json.dumps(data).encode()))
def test_what_hr_signs_is_a_call_or_a_refusal_with_a_reason(body: bytes) -> None:
    answer = _answer(body)

    if isinstance(answer, Refused):
        assert answer.status == 400
        assert answer.reason
        return
    assert answer.numbers
    for number in answer.numbers:
        assert number == number.strip() != ""
        webhook.message_id(Signal(source="afas", number=number), answer.webhook_id)


def _answer(body: bytes) -> Call | Refused:
    try:
        return check(body)
    except Refused as refusal:
        return refusal
