from __future__ import annotations

from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import NameTaken, Permanent, TargetDown
from shared.vendors.topdesk.answers import Fault, faults, refusal

TAKEN = "The given login name of this {} already exists but it must be unique."


def answer(status: int, body: Any = None, **headers: str) -> httpx.Response:
    if isinstance(body, str | bytes):
        return httpx.Response(status, content=body, headers=headers)
    return httpx.Response(status, json=body) if body is not None else httpx.Response(status)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ([{"message": "one"}, {"message": "two"}], (Fault("one"), Fault("two"))),
        ({"message": "alone"}, (Fault("alone"),)),
        (
            [{"errorCode": "value_too_long", "appliesTo": ["name"], "errorMessage": "long"}],
            (Fault("long", "value_too_long", ("name",)),),
        ),
        (
            {"errorCode": "duplicate_value", "appliesTo": "name", "errorMessage": "twice"},
            (Fault("twice", "duplicate_value", ("name",)),),
        ),
        (
            {"errors": [{"errorCode": "value_mandatory"}]},
            (
                Fault(
                    "value_mandatory",
                ),
            ),
        ),
        ("plain text", (Fault("plain text"),)),
        ('"text in JSON"', (Fault("text in JSON"),)),
        (
            [{"message": 'The field "isCaller" does not exist.'}],
            (Fault('The field "isCaller" does not exist.', "", ("isCaller",)),),
        ),
        (None, ()),
        ([], ()),
        ([{"other": 1}, 7, None], ()),
    ],
)
def test_every_shape_of_error_body_is_read(body: Any, expected: tuple[Fault, ...]) -> None:
    said = faults(answer(400, body))

    assert [(f.text, f.fields) for f in said] == [(f.text, f.fields) for f in expected]


def test_a_code_comes_along() -> None:
    body = [{"errorCode": "value_too_long", "appliesTo": ["name"], "errorMessage": "long"}]

    assert faults(answer(400, body))[0].code == "value_too_long"


def test_a_web_page_says_nothing() -> None:
    page = httpx.Response(502, html="<html>a wall of markup</html>")

    assert faults(page) == ()


@given(
    st.recursive(
        st.none() | st.integers() | st.text(),
        lambda s: (
            st.lists(s)
            | st.dictionaries(
                st.sampled_from(["message", "errors", "errorCode", "appliesTo", "errorMessage"]), s
            )
        ),
    )
)
def test_no_body_is_too_strange_to_read(body: Any) -> None:
    assert isinstance(refusal(httpx.Response(400, json=body), "try"), Permanent)


@given(st.binary())
def test_no_bytes_are_too_strange_to_read(body: bytes) -> None:
    assert isinstance(refusal(answer(400, body), "try"), Permanent)


def test_an_archived_api_account_stops_everything_and_says_whom_to_ask() -> None:
    error = refusal(answer(401, [{"message": "User removed or archived"}]), "list persons")

    assert isinstance(error, TargetDown)
    assert "TOPdesk administrator" in error.reason
    assert "removed or archived" in error.reason


def test_bad_credentials_name_the_settings() -> None:
    error = refusal(answer(401), "list persons")

    assert isinstance(error, TargetDown)
    assert "TOPDESK_APP_PASSWORD" in error.reason


def test_a_missing_right_is_told_with_topdesk_s_own_words() -> None:
    error = refusal(answer(403, [{"message": "No permission to create persons"}]), "make a card")

    assert isinstance(error, Permanent)
    assert "No permission to create persons" in error.reason
    assert error.mender == "target"


def test_a_redirect_is_not_topdesk() -> None:
    assert isinstance(refusal(answer(302), "list persons"), TargetDown)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (
            [{"message": TAKEN.format("person")}],
            "tasLoginName",
        ),
        (
            [{"message": TAKEN.format("operator")}],
            "loginName",
        ),
        (
            [{"errorCode": "duplicate_value", "appliesTo": ["tasLoginName"], "errorMessage": "x"}],
            "tasLoginName",
        ),
    ],
)
def test_a_login_name_in_use_is_a_taken_name(body: Any, field: str) -> None:
    error = refusal(answer(400, body), "make a person card")

    assert isinstance(error, NameTaken)
    assert error.field == field


def test_a_duplicate_of_something_else_is_no_taken_name() -> None:
    body = {"errorCode": "duplicate_value", "appliesTo": ["name"], "errorMessage": "twice"}

    assert not isinstance(refusal(answer(400, body), "make a department"), NameTaken)


def test_mandatory_passwords_are_explained() -> None:
    text = "No password was provided, but passwords are set to be mandatory for persons."
    error = refusal(answer(400, [{"message": text}]), "make a person card")

    assert isinstance(error, Permanent)
    assert "Password mandatory" in error.reason


def test_nothing_that_was_sent_comes_back_in_a_message() -> None:
    sent = {"surName": "Boer", "manager": {"id": "7d9a"}, "rows": [{"x": "Sanne"}], "no": "Jo"}
    body = [{"message": "Cannot take BOER, Sanne or 7d9a"}]
    error = refusal(answer(400, body), "make a person card", sent)

    assert isinstance(error, Permanent)
    assert error.reason.endswith("(400: Cannot take ..., ... or ...)")
