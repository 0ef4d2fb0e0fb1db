from __future__ import annotations

import re
from dataclasses import fields
from datetime import UTC, datetime
from string import Formatter

import pytest

from shared.policy.sso import Sso, SsoRealm
from shared.sso.found import Certificate
from shared.sso.page import Given, Page, page, text
from shared.sso.page_html import html
from shared.sso.page_words import WORDS, Language, Words
from shared.sso.rotate_words import steps
from shared.sso.wanted import wanted

NOW = datetime(2026, 11, 25, tzinfo=UTC)
SSO = Sso(
    topdesk="https://voorbeeld.topdesk.net",
    notify=("beheer@voorbeeld.example",),
    secure=SsoRealm(identifier="https://voorbeeld.topdesk.net/saml/1", groups=("Behandelaars",)),
    public=SsoRealm(identifier="https://voorbeeld.topdesk.net/saml/2", groups=("Gebruikers",)),
)
GIVEN = tuple(
    Given(
        door=door,
        entity_id="https://sts.windows.net/t/",
        metadata_url=f"https://login.example/t/metadata?appid={door.realm}",
        metadata_file=f"{door.realm}-metadata.xml",
        certificate_file=f"{door.realm}.cer",
        thumbprint=f"AB{number}",
        not_after=datetime(2029, 11, 24 - number, tzinfo=UTC),
    )
    for number, door in enumerate(wanted(SSO))
)


def made(language: Language, organisation: str = "Gemeente Voorbeeld") -> Page:
    return page(GIVEN, organisation=organisation, language=language, now=NOW)


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("form", [text, html])
def test_every_value_that_topdesk_asks_for_is_on_the_page(
    language: Language, form: object
) -> None:
    assert callable(form)
    shown = form(made(language))

    for given in GIVEN:
        door = given.door
        for value in (
            door.identifier,
            door.reply_url,
            door.claim,
            door.card_field,
            given.entity_id,
            given.metadata_url,
            given.metadata_file,
            given.certificate_file,
            given.thumbprint,
            *door.groups,
        ):
            assert value in shown


@pytest.mark.parametrize("language", Language)
def test_steps_of_both_doors_are_the_same_and_in_order(language: Language) -> None:
    secure, public = made(language).sections

    assert len(secure.steps) == len(public.steps) == 5
    assert [[name for name, _ in step.values] for step in secure.steps] == [
        [name for name, _ in step.values] for step in public.steps
    ]


@pytest.mark.parametrize("language", Language)
def test_no_placeholder_is_left(language: Language) -> None:
    assert re.findall(r"\{\w+\}", html(made(language)).partition("<body>")[2]) == []


def test_the_first_certificate_to_end_is_the_one_that_is_spoken_of() -> None:
    assert "23-11-2029" in made(Language.ENGLISH).afterwards[3]


def test_both_languages_say_the_same_of_the_same() -> None:
    """Every sentence has the same things to fill in, and lists are as long; Dutch adds a note."""
    dutch, english = WORDS[Language.DUTCH], WORDS[Language.ENGLISH]

    assert len(dutch.afterwards) == len(english.afterwards)
    assert len(dutch.intro) == len(english.intro) + 1
    for field in fields(Words):
        assert _filled(getattr(dutch, field.name)) == _filled(getattr(english, field.name))


def _filled(words: object) -> set[str]:
    return {
        name for _, name, _, _ in Formatter().parse(str(words)) if name and name.isidentifier()
    }


def test_names_with_signs_of_html_stay_text() -> None:
    shown = html(made(Language.DUTCH, "A & B <script>"))

    assert "<script>" not in shown
    assert "A &amp; B &lt;script&gt;" in shown


def test_page_of_one_door_has_one_section() -> None:
    only = page(GIVEN[:1], organisation="X", language=Language.DUTCH, now=NOW)

    assert [section.title for section in only.sections] == ["Secure: het behandelaarsgedeelte"]


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("kept", ["sso/secure-next.cer", None])
def test_steps_of_a_rotation_name_everything_in_both_languages(
    language: Language, kept: str | None
) -> None:
    certificate = Certificate("AB12", datetime(2029, 11, 24, tzinfo=UTC), "k")

    told = steps(wanted(SSO)[0], certificate, kept, language)

    for said in ("AB12", "24-11-2029", "--activate AB12", "rotate secure --retire", "SAML login"):
        assert said in told
    assert kept is None or kept in told
    assert "{" not in told
