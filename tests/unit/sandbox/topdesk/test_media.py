from __future__ import annotations

import pytest

from sandbox.topdesk import media

BOTH = (media.JSON, media.PERSONS)


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (media.PERSONS, media.PERSONS),
        (media.JSON, media.JSON),
        ("application/json; charset=utf-8", media.JSON),
        ("*/*", media.JSON),
        ("", media.JSON),
        ("application/*", media.JSON),
        (f"{media.JSON};q=0.5, {media.PERSONS}", media.PERSONS),
        (f"{media.PERSONS};q=0, {media.JSON}", media.JSON),
        (media.PERSONS.upper(), media.PERSONS),
        (media.PERSON, None),
        ("text/html", None),
        ("application/json;q=zero", None),
    ],
)
def test_accept_chooses_a_generation(accept: str, expected: str | None) -> None:
    assert media.choose(accept, BOTH) == expected
