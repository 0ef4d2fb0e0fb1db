from __future__ import annotations

import pytest
from typer.testing import CliRunner

from shared.cli import app


def said(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["notice", *words])
    return result.exit_code, result.output


@pytest.mark.parametrize(
    ("language", "subject"),
    [
        ("nl", "Subject: Sanne van Dijk begint op 4 januari 2027\n"),
        ("en", "Subject: Sanne van Dijk begins on 4 January 2027\n"),
    ],
)
def test_preview_shows_made_up_facts_without_any_service(language: str, subject: str) -> None:
    code, told = said("preview", "joiner", "--language", language)

    assert (code, told[: len(subject)]) == (0, subject)


def test_preview_in_an_unknown_language_is_refused() -> None:
    code, told = said("preview", "joiner", "--language", "fr")

    assert code == 2
    assert "say nl or en" in told
