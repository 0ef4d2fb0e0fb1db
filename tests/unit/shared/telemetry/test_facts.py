from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.model.change import Kind
from shared.telemetry import facts


def test_facts_travel_under_one_name_each() -> None:
    said = facts.attributes({"target": "entra", "status": 201, "template": "/users/{id}"})

    assert said == {
        "instroom.target": "entra",
        "http.response.status_code": 201,
        "url.template": "/users/{id}",
    }


def test_a_word_of_ours_stays_a_word() -> None:
    assert facts.attributes({"kind": Kind.CREATE_CARD}) == {"instroom.kind": "create_person_card"}


def test_a_fact_that_nobody_agreed_on_is_refused() -> None:
    with pytest.raises(KeyError, match="user_name"):
        facts.attributes({"user_name": "x"})


@pytest.mark.parametrize(
    "text",
    ["Kim de Vries", "kim@voorbeeld.example", "/users?$filter=x", "Zoë", "", "a\nb", "x" * 201],
)
def test_what_may_be_a_name_an_address_or_a_query_is_blotted_out(text: str) -> None:
    assert facts.attributes({"event": text}) == {"instroom.event": "?"}


@given(st.text())
def test_no_text_with_a_space_an_at_or_a_query_ever_leaves(text: str) -> None:
    said = facts.plain(text)

    assert not set(said[1:]) & set(" @?&%\n\t")
    assert said.isascii()
