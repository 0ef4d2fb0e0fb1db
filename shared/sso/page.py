"""What does TOPdesk's administrator do, step by step, with which values? A page, as a value.

TOPdesk has no interface for its login settings, so this half is done by hand. The steps follow
Microsoft Entra's tutorials "Configure TOPdesk - Secure (and - Public) for single sign-on", with
the menu as they name it. Pure: rendered as text for a terminal and as HTML for a browser.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from shared.policy.sso import Realm
from shared.sso.page_words import WORDS, Language, Words
from shared.sso.wanted import Wanted


@dataclass(frozen=True)
class Given:
    """What Entra gave for one door."""

    door: Wanted
    entity_id: str
    """Entra's own, in the metadata."""
    metadata_url: str
    metadata_file: str
    certificate_file: str
    thumbprint: str
    not_after: datetime


@dataclass(frozen=True)
class Step:
    """One thing to do, and the values for it, by the name of their field in TOPdesk."""

    text: str
    values: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Section:
    """One door: its steps in order."""

    title: str
    intro: str
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Page:
    """The whole page, in one language."""

    language: Language
    title: str
    intro: tuple[str, ...]
    sections: tuple[Section, ...]
    afterwards: tuple[str, ...]
    afterwards_title: str
    made: str


def page(
    given: tuple[Given, ...], *, organisation: str, language: Language, now: datetime
) -> Page:
    """The page for every door that stands in Entra."""
    words = WORDS[language]
    ends = min(each.not_after for each in given)
    return Page(
        language=language,
        title=words.title.format(organisation=organisation),
        intro=words.intro,
        sections=tuple(_section(words, each, organisation) for each in given),
        afterwards_title=words.afterwards_title,
        afterwards=tuple(each.format(ends=_day(ends)) for each in words.afterwards),
        made=words.made.format(day=_day(now)),
    )


def text(page: Page) -> str:
    """The page for a terminal, as Markdown."""
    return "\n".join(_lines(page)) + "\n"


def _section(words: Words, given: Given, organisation: str) -> Section:
    door = given.door
    block = "Secure" if door.realm is Realm.SECURE else "Public"
    host = urlsplit(door.reply_url).hostname or ""
    steps = (
        Step(words.open_menu.format(block=block)),
        Step(
            words.compare.format(block=block, door=door.realm),
            (("entityID", door.identifier), ("AssertionConsumerService", door.reply_url)),
        ),
        Step(
            words.add.format(block=block),
            (
                (words.metadata, given.metadata_file),
                (words.or_address, given.metadata_url),
                (words.entity_id, given.entity_id),
                (words.certificate, given.certificate_file),
                (words.private_key, words.empty),
                (words.user_name, door.claim),
                (words.display_name, words.sign_in_with.format(organisation=organisation)),
                (words.endpoint, host),
            ),
        ),
        Step(words.activate),
        Step(words.try_it.format(address=door.sign_on_url, block=block)),
    )
    intro = words.who[door.realm.value].format(
        groups=", ".join(f"'{name}'" for name in door.groups)
    )
    fact = words.facts.format(
        field=door.card_field,
        login=door.login_property,
        thumbprint=given.thumbprint,
        ends=_day(given.not_after),
    )
    return Section(
        title=f"{block}: {words.called[door.realm.value]}", intro=f"{intro} {fact}", steps=steps
    )


def _day(moment: datetime) -> str:
    return f"{moment:%d-%m-%Y}"


def _lines(page: Page) -> Iterator[str]:
    yield from (f"# {page.title}", "", page.made, "")
    for paragraph in page.intro:
        yield from (paragraph, "")
    for section in page.sections:
        yield from (f"## {section.title}", "", section.intro, "")
        for number, step in enumerate(section.steps, 1):
            yield f"{number}. {step.text}"
            width = max((len(name) for name, _ in step.values), default=0)
            yield from (f"     {name:<{width}}  {value}" for name, value in step.values)
        yield ""
    yield from (f"## {page.afterwards_title}", "")
    yield from (f"- {each}" for each in page.afterwards)
