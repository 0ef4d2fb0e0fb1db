"""In which words? Plain text from Jinja2 templates, each overridable by a file of the customer's.

A template is `nl/held.txt`: a line `Subject: ...`, an empty line, the text. Templates run in
Jinja2's sandbox, and a name that no template may use is an error, never an empty place. `problems`
renders them all with made-up facts, so that a mistake is told before there is anything to send.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Literal

from jinja2 import FileSystemLoader, StrictUndefined, TemplateError, TemplateSyntaxError
from jinja2.sandbox import SandboxedEnvironment

from shared.errors import Misconfigured
from shared.model.notice import NoticeKind
from shared.notices.made_up import SAMPLES

type Language = Literal["nl", "en"]
type Facts = Mapping[str, object]

LANGUAGES: tuple[Language, ...] = ("nl", "en")
OWN = Path(__file__).parent / "templates"
_SUBJECT = "Subject:"
_MONTHS: Mapping[Language, tuple[str, ...]] = {
    "nl": (
        *("januari", "februari", "maart", "april", "mei", "juni", "juli"),
        *("augustus", "september", "oktober", "november", "december"),
    ),
    "en": (
        *("January", "February", "March", "April", "May", "June", "July"),
        *("August", "September", "October", "November", "December"),
    ),
}
_MISTAKES = (TemplateError, ArithmeticError, LookupError, OSError, TypeError, ValueError)
"""What a template may raise while it is read or filled."""


class Templates:
    """Instroom's own templates, and before them those of `folder` when one is named."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder
        self._own = _environment(OWN)
        self._first = _environment(folder, OWN) if folder else self._own

    def write(self, kind: NoticeKind, language: Language, facts: Facts) -> tuple[str, str]:
        """Subject and text; raises Misconfigured for a template that cannot be filled."""
        return self._written(self._first, kind, language, facts)

    def write_anyhow(
        self, kind: NoticeKind, language: Language, facts: Facts
    ) -> tuple[str, str, Misconfigured | None]:
        """The same, by Instroom's own template when the customer's is broken, with the mistake."""
        try:
            return (*self.write(kind, language, facts), None)
        except Misconfigured as error:
            return (*self._written(self._own, kind, language, facts), error)

    def problems(self) -> Iterator[Misconfigured]:
        """What is wrong with any template, told with its file."""
        if self.folder and not self.folder.is_dir():
            yield Misconfigured(
                "NOTICE_TEMPLATES", "there is no such folder", "Deploy it, or leave it out"
            )
        for language in LANGUAGES:
            for kind in NoticeKind:
                try:
                    self.write(kind, language, SAMPLES[kind])
                except Misconfigured as error:
                    yield error

    def _written(
        self, environment: SandboxedEnvironment, kind: NoticeKind, language: Language, facts: Facts
    ) -> tuple[str, str]:
        name = f"{language}/{kind}.txt"
        words = {**facts, "day": lambda day: spoken(day, language)}
        try:
            text = environment.get_template(name).render(words)
        except TemplateSyntaxError as error:
            raise _wrong(name, f"line {error.lineno}: {error.message}") from None
        except _MISTAKES as error:
            raise _wrong(name, str(error) or type(error).__name__) from None
        first, _, rest = text.strip().partition("\n")
        if not first.startswith(_SUBJECT) or not first.removeprefix(_SUBJECT).strip():
            raise _wrong(name, "does not begin with a line `Subject: ...`")
        return first.removeprefix(_SUBJECT).strip(), rest.strip() + "\n"


def spoken(day: date, language: Language) -> str:
    """A day as people write it: 4 januari 2027."""
    return f"{day.day} {_MONTHS[language][day.month - 1]} {day.year}"


def _environment(*folders: Path) -> SandboxedEnvironment:
    return SandboxedEnvironment(
        loader=FileSystemLoader(folders),
        undefined=StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _wrong(name: str, problem: str) -> Misconfigured:
    mend = "Mend it; until then Instroom's own template is sent"
    return Misconfigured(f"template {name}", problem, mend)
