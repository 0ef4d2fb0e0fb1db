from __future__ import annotations

from dataclasses import replace

import pytest

from shared.model.desired import Reason
from shared.policy.sso import Sso, SsoRealm
from shared.sso.person import Account, Card, Facts, chain
from shared.sso.wanted import wanted

[DOOR] = wanted(
    Sso(
        topdesk="https://voorbeeld.topdesk.net",
        notify=("beheer@voorbeeld.example",),
        public=SsoRealm(identifier="https://voorbeeld.topdesk.net/1", groups=("Gebruikers",)),
    )
)
WHY = Reason(rule="entra.groups[1] (Gebruikers)", because="for everyone")
ACCOUNT = Account(enabled=True, login="kim@voorbeeld.example", groups={"Gebruikers"})
CARD = Card(archived=False, login="KIM@voorbeeld.example")
FACTS = Facts({"Gebruikers": (WHY,)}, ACCOUNT, CARD)


def test_whole_chain_lets_a_person_in() -> None:
    links = chain(DOOR, FACTS)

    assert all(link.holds for link in links)
    assert links[0].told == (
        "the policy gives group 'Gebruikers' (entra.groups[1] (Gebruikers): for everyone)"
    )


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        (replace(FACTS, rights={}), "the policy gives none of the groups 'Gebruikers'"),
        (replace(FACTS, account=None), "there is no Entra account"),
        (replace(FACTS, account=replace(ACCOUNT, enabled=False)), "the account is disabled"),
        (replace(FACTS, account=replace(ACCOUNT, groups=())), "in none of these groups"),
        (replace(FACTS, account=replace(ACCOUNT, login=None)), "has no userPrincipalName"),
        (replace(FACTS, card=None), "there is no person card in TOPdesk"),
        (replace(FACTS, card=replace(CARD, archived=True)), "the person card is archived"),
        (replace(FACTS, card=replace(CARD, login=None)), "has no tasLoginName"),
        (replace(FACTS, card=replace(CARD, login="k@x.example")), "is another name than"),
    ],
)
def test_broken_link_is_told(facts: Facts, words: str) -> None:
    broken = [link.told for link in chain(DOOR, facts) if not link.holds]

    assert len(broken) == 1
    assert words in broken[0]


def test_no_login_name_is_ever_printed() -> None:
    links = chain(DOOR, replace(FACTS, card=replace(CARD, login="ander@voorbeeld.example")))

    assert not any("@voorbeeld" in link.told for link in links)
