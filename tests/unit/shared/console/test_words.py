from __future__ import annotations

from dataclasses import fields
from string import Formatter
from typing import Any

import pytest

from shared.console.words import DUTCH, ENGLISH, Words, words


@pytest.mark.parametrize(
    ("wish", "language"),
    [
        ("", "nl"),
        ("nl", "nl"),
        ("en-GB,en;q=0.9", "en"),
        ("nl-NL,nl;q=0.9,en;q=0.8", "nl"),
        ("en;q=0.3, nl;q=0.5", "nl"),
        ("de-DE,de;q=0.9,en;q=0.5", "en"),
        ("fr", "nl"),
        ("en;q=x", "nl"),
        ("*", "nl"),
    ],
)
def test_language_is_the_one_that_the_browser_likes_best(wish: str, language: str) -> None:
    assert words(wish).language == language


def test_both_languages_fill_in_the_same_names() -> None:
    def names(said: Words) -> dict[str, Any]:
        texts = {f.name: getattr(said, f.name) for f in fields(said)}
        sentences = {key: text for key, text in texts.items() if isinstance(text, str)}
        return {
            key: sorted(name for _, name, _, _ in Formatter().parse(text) if name)
            for key, text in sentences.items()
        }

    assert names(DUTCH) == names(ENGLISH)
    assert DUTCH.refused.keys() == ENGLISH.refused.keys()
