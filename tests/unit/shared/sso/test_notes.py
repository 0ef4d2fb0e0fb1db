from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from shared.errors import Misconfigured
from shared.sso.notes import FileNotes

UNTIL = datetime(2026, 11, 25, 12, tzinfo=UTC)


def test_note_outlives_the_process(tmp_path: Path) -> None:
    FileNotes(tmp_path / "sso" / "begun.json").believe("secure:create", UNTIL)
    FileNotes(tmp_path / "sso" / "begun.json").believe("public:create", UNTIL)

    again = FileNotes(tmp_path / "sso" / "begun.json")
    assert again.believed_until("secure:create") == UNTIL
    assert again.believed_until("public:create") == UNTIL
    assert again.believed_until("another") is None


def test_what_was_refused_is_forgotten_and_nothing_else(tmp_path: Path) -> None:
    notes = FileNotes(tmp_path / "begun.json")
    notes.believe("one", UNTIL)
    notes.believe("two", UNTIL)
    notes.forget("one")

    assert notes.believed_until("one") is None
    assert notes.believed_until("two") == UNTIL


def test_nothing_is_known_before_the_first_note(tmp_path: Path) -> None:
    assert FileNotes(tmp_path / "begun.json").believed_until("one") is None


def test_broken_file_is_told_with_its_mend(tmp_path: Path) -> None:
    path = tmp_path / "begun.json"
    path.write_text("{", encoding="utf-8")

    with pytest.raises(Misconfigured, match="remove it, and run this again"):
        FileNotes(path).believed_until("one")
