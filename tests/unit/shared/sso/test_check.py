from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from shared.policy.sso import Sso, SsoRealm
from shared.sso.check import Finding, Level, Member, Seen, check
from shared.sso.found import Application, Assignment, Certificate, Found, Group, Principal
from shared.sso.wanted import wanted
from shared.vendors.saml import ServiceProvider

NOW = datetime(2026, 11, 25, tzinfo=UTC)
METADATA = "https://voorbeeld.topdesk.net/saml-metadata/1/metadata"
SSO = Sso(
    topdesk="https://voorbeeld.topdesk.net",
    notify=("beheer@voorbeeld.example",),
    secure=SsoRealm(
        identifier="https://voorbeeld.topdesk.net/saml-metadata/1",
        groups=("Behandelaars",),
        metadata_url=METADATA,
    ),
)
[DOOR] = wanted(SSO)
PRINCIPAL = Principal(
    id="p",
    enabled=True,
    mode="saml",
    sign_on_url=DOOR.sign_on_url,
    logout_url=None,
    assignment_required=True,
    notify=DOOR.notify,
    tags=(DOOR.tag,),
    active="AA",
    role_id="r",
    certificates=(Certificate("AA", NOW + timedelta(days=400), "k"),),
    assignments=(Assignment("g", "Group", "Behandelaars", "r"),),
    claims_id="c",
    claims_name=DOOR.claims_name,
    claims_definition=DOOR.claims_definition,
)
FOUND = Found(
    template_id="t",
    application=Application("a", "app", "TOPdesk - Secure", (DOOR.identifier,), (DOOR.reply_url,)),
    principal=PRINCIPAL,
    own_claims_id="c",
    own_claims_definition=DOOR.claims_definition,
    groups={"Behandelaars": Group("g")},
)
KIM = Member("1042", enabled=True, login="Kim@voorbeeld.example")
SEEN = Seen(
    topdesk=ServiceProvider(DOOR.identifier, (DOOR.reply_url,)),
    members={"Behandelaars": (KIM,)},
    nested={"Behandelaars": 0},
    cards={"kim@voorbeeld.example": "1042"},
)


def told(found: Found = FOUND, seen: Seen = SEEN) -> list[Finding]:
    """What is not in order, but for the metadata that these tests do not have."""
    return [
        each
        for each in check(DOOR, found, seen, NOW)
        if each.level is not Level.OK and "Entra's metadata" not in each.what
    ]


def ending(days: float) -> Found:
    certificate = Certificate("AA", NOW + timedelta(days=days), "k")
    return replace(FOUND, principal=replace(PRINCIPAL, certificates=(certificate,)))


def test_door_in_order_has_nothing_to_tell() -> None:
    assert told() == []


@pytest.mark.parametrize(
    ("days", "level", "words"),
    [
        (61.5, None, ""),
        (60.5, Level.NOTICE, "in 60 days (within 60)"),
        (31, Level.NOTICE, "in 31 days (within 60)"),
        (30, Level.NOTICE, "in 30 days (within 30)"),
        (8, Level.NOTICE, "in 8 days (within 30)"),
        (7, Level.WRONG, "in 7 days (within 7)"),
        (0.5, Level.WRONG, "in 0 days (within 7)"),
        (-0.5, Level.WRONG, "the signing certificate ended on 24-11-2026"),
    ],
)
def test_end_of_a_certificate_is_told_louder_as_it_comes(
    days: float, level: Level | None, words: str
) -> None:
    found = told(ending(days))

    assert [each.level for each in found] == ([level] if level else [])
    assert all(words in each.what and "sso rotate" in each.mend for each in found)


def test_value_that_differs_is_told_with_the_command_that_mends_it() -> None:
    changed = replace(FOUND, principal=replace(PRINCIPAL, assignment_required=False))
    [finding] = told(changed)

    assert finding.level is Level.WRONG
    assert "appRoleAssignmentRequired" in finding.what
    assert "instroom sso setup" in finding.mend


def test_application_that_is_switched_off_is_told() -> None:
    [finding] = told(replace(FOUND, principal=replace(PRINCIPAL, enabled=False)))

    assert "switched off" in finding.what


def test_other_entity_id_and_reply_url_of_topdesk_are_told() -> None:
    theirs = ServiceProvider("https://x.topdesk.net/1", ("https://x.topdesk.net/verify",))
    findings = told(seen=replace(SEEN, topdesk=theirs))

    assert [f.mend.split()[4] for f in findings] == [
        "sso.secure.identifier,",
        "sso.secure.reply_url,",
    ]


def test_metadata_of_topdesk_that_cannot_be_read_is_told() -> None:
    [finding] = told(seen=replace(SEEN, topdesk=None, topdesk_problem="answers 404"))

    assert "TOPdesk's metadata cannot be read: answers 404" in finding.what


def test_empty_group_and_nested_groups_are_told() -> None:
    findings = told(seen=replace(SEEN, members={}, nested={"Behandelaars": 2}))

    assert "is empty: nobody can sign in" in findings[0].what
    assert "holds 2 other groups, whose members cannot sign in" in findings[1].what


def test_who_else_is_assigned_is_told_by_kind() -> None:
    others = (Assignment("u", "User", "Iemand", "r"), Assignment("x", "Group", "Iets", "r"))
    assigned = (*PRINCIPAL.assignments, *others)
    [finding] = told(replace(FOUND, principal=replace(PRINCIPAL, assignments=assigned)))

    assert finding.level is Level.NOTICE
    assert "1 group(s), 1 user(s)" in finding.what
    assert "Iemand" not in finding.what


def test_login_names_are_compared_without_case() -> None:
    findings = check(DOOR, FOUND, SEEN, NOW)

    assert "1 of 1 people can sign in" in [each.what for each in findings]


@pytest.mark.parametrize(
    ("member", "words"),
    [
        (replace(KIM, enabled=False), "1042: account disabled"),
        (replace(KIM, login=None), "1042: the account has no userPrincipalName"),
        (replace(KIM, login="k@x.example"), "1042: no card in use has their login name"),
    ],
)
def test_person_who_cannot_sign_in_is_told_by_number(member: Member, words: str) -> None:
    findings = told(seen=replace(SEEN, members={"Behandelaars": (member,)}))

    assert any(words in each.what for each in findings)


def test_cards_outside_the_groups_are_told() -> None:
    cards = {"kim@voorbeeld.example": "1042", "oud@voorbeeld.example": "7", "beheer": ""}
    [finding] = told(seen=replace(SEEN, cards=cards))

    assert finding.level is Level.NOTICE
    assert finding.what.startswith("7 and 1 card(s) without employee number: a login name and not")


def test_many_people_are_counted_not_listed() -> None:
    crowd = tuple(Member(f"{n:04}", enabled=False, login="x") for n in range(50))
    findings = told(seen=replace(SEEN, members={"Behandelaars": crowd}))

    assert "0019 and 30 more: account disabled" in findings[0].what


def test_topdesk_that_cannot_be_asked_is_told_and_the_rest_goes_on() -> None:
    [finding] = told(seen=replace(SEEN, cards=None, cards_problem="TOPdesk is away"))

    assert "were not compared: TOPdesk is away" in finding.what
