"""What is missing or wrong of Exact Online and of exports is told before anything is read."""

from __future__ import annotations

import pytest

from shared import settings, settings_check

EXACT = {
    "HR_SOURCES": "exact",
    "EXACT_CLIENT_ID": "app",
    "EXACT_CLIENT_SECRET": "s3cret",
    "EXACT_DIVISIONS": "123456",
}


def told(**changes: str) -> list[str]:
    """The problems of Exact and CSV, as an operator reads them."""
    read = settings.read({**EXACT, **changes})
    return [
        str(problem)
        for problem in settings_check.problems(read)
        if problem.what.startswith(("EXACT", "CSV", "WEBHOOK", "HR_SOURCES"))
    ]


def test_exact_with_all_its_settings_is_fine() -> None:
    assert told() == []


@pytest.mark.parametrize("name", ["EXACT_CLIENT_ID", "EXACT_CLIENT_SECRET", "EXACT_DIVISIONS"])
def test_setting_that_is_missing_is_named(name: str) -> None:
    (problem,) = told(**{name: ""})

    assert problem.startswith(f"{name}: is not set. Give it ")


@pytest.mark.parametrize(
    ("written", "divisions"),
    [
        ("123456", ((123456, ""),)),
        (" 123456=A , 234567=B ", ((123456, "A"), (234567, "B"))),
        ("123456,234567=B", ((123456, ""), (234567, "B"))),
        ("123456,", ((123456, ""),)),
    ],
)
def test_divisions_are_read_with_their_prefixes(
    written: str, divisions: tuple[tuple[int, str], ...]
) -> None:
    assert settings.read({**EXACT, "EXACT_DIVISIONS": written}).divisions_of_exact == divisions
    assert told(EXACT_DIVISIONS=written) == []


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("all", "cannot be read"),
        ("123456=A,x", "cannot be read"),
        ("123456=A B", "cannot be read"),
        ("123456=much too long", "cannot be read"),
        ("123456,234567", "several divisions need a prefix each"),
        ("123456=A,234567=A", "several divisions need a prefix each"),
        ("123456=A,123456=B", "several divisions need a prefix each"),
    ],
)
def test_divisions_that_cannot_be_told_apart_are_refused(written: str, problem: str) -> None:
    (found,) = told(EXACT_DIVISIONS=written)

    assert problem in found
    assert "123456=A,234567=B" in found


def test_secret_of_exacts_webhook_is_as_exact_gave_it() -> None:
    assert told(WEBHOOK_SECRET_EXACT="not base64 at all") == []
    assert len(told(WEBHOOK_SECRET_AFAS="not base64 at all")) == 1


def test_exports_need_a_folder() -> None:
    (problem,) = told(HR_SOURCES="csv")

    assert problem.startswith("CSV_FOLDER: is not set.")
