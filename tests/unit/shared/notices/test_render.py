from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from shared.errors import Misconfigured
from shared.model.notice import NoticeKind
from shared.notices.made_up import SAMPLES
from shared.notices.render import LANGUAGES, OWN, Language, Templates, spoken


def overridden(folder: Path, text: str, *, name: str = "nl/joiner.txt") -> Templates:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    return Templates(folder)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", NoticeKind)
def test_every_notice_has_words_in_every_language(kind: NoticeKind, language: Language) -> None:
    subject, text = Templates().write(kind, language, SAMPLES[kind])

    assert 10 < len(subject) < 100
    assert "\n" not in subject
    assert not re.search(r"[{}%]|None|\n\n\n", text)


def test_our_own_templates_have_no_mistake() -> None:
    assert list(Templates().problems()) == []


def test_held_notice_carries_the_lines_that_answer_it() -> None:
    _, text = Templates().write(NoticeKind.HELD, "nl", SAMPLES[NoticeKind.HELD])

    assert "  instroom held\n" in text
    assert "  instroom approve block-1 --seen 614f8ce6\n" in text
    assert "  38: last day 2026-12-31\n" in text


@pytest.mark.parametrize(("language", "said"), [("nl", "1 maart 2027"), ("en", "1 March 2027")])
def test_days_are_written_as_people_do(language: Language, said: str) -> None:
    assert spoken(date(2027, 3, 1), language) == said


def test_a_file_of_the_customer_wins(tmp_path: Path) -> None:
    templates = overridden(tmp_path, "Subject: Hoi {{ name }}\n\nTot {{ day(first_day) }}!")

    written = templates.write(NoticeKind.JOINER, "nl", SAMPLES[NoticeKind.JOINER])

    assert written == ("Hoi Sanne van Dijk", "Tot 4 januari 2027!\n")
    assert list(templates.problems()) == []
    assert "work" in templates.write(NoticeKind.MOVER, "en", SAMPLES[NoticeKind.MOVER])[0]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Subject: {{ nam }}\n", "'nam' is undefined"),
        ("Subject: x\n{% if name %}", "line 2"),
        ("Beste {{ name }}", "does not begin with a line `Subject: ...`"),
        ("Subject: {{ 1 / 0 }}", "division by zero"),
        ("Subject: {{ name.__class__.__mro__ }}", "unsafe"),
        ("Subject: {{ first_day + 'x' }}", "unsupported operand"),
    ],
)
def test_a_mistake_is_told_with_its_file_and_does_not_stop_the_mail(
    tmp_path: Path, text: str, says: str
) -> None:
    templates = overridden(tmp_path, text)

    (told,) = list(templates.problems())
    subject, _, mistake = templates.write_anyhow(
        NoticeKind.JOINER, "nl", SAMPLES[NoticeKind.JOINER]
    )

    assert str(told).startswith("template nl/joiner.txt: ")
    assert says in str(told)
    assert subject == "Sanne van Dijk begint op 4 januari 2027"
    assert str(mistake) == str(told)


def test_a_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "nl").mkdir()
    (tmp_path / "nl" / "left.txt").write_bytes(b"\xff\xfe\x00")

    with pytest.raises(Misconfigured, match=re.escape("template nl/left.txt")):
        Templates(tmp_path).write(NoticeKind.LEFT, "nl", SAMPLES[NoticeKind.LEFT])


def test_a_folder_that_is_not_there_is_told() -> None:
    (told,) = list(Templates(OWN / "nowhere").problems())

    assert str(told).startswith("NOTICE_TEMPLATES: there is no such folder")
