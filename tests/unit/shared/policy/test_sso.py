from __future__ import annotations

import pytest

from shared.errors import Misconfigured
from shared.policy.load import load
from shared.policy.sso import Realm
from shared.sso.wanted import wanted

POLICY = """\
version: 1
organisation: {name: Gemeente Voorbeeld, mail_domain: voorbeeld.example}
entra:
  groups:
    - group: Behandelaars
sso:
  topdesk: https://voorbeeld.topdesk.net/
  notify: [beheer@voorbeeld.example]
  secure:
    identifier: https://voorbeeld.topdesk.net/saml-metadata/1
    groups:
      - Behandelaars
"""


def refused(text: str) -> str:
    with pytest.raises(Misconfigured) as error:
        load(text)
    return str(error.value)


def test_what_is_left_out_is_as_microsoft_documents_it() -> None:
    sso = load(POLICY).sso
    assert sso
    [door] = wanted(sso)

    assert (door.realm, door.template) == (Realm.SECURE, "TOPdesk - Secure")
    assert door.reply_url == "https://voorbeeld.topdesk.net/tas/secure/login/verify"
    assert door.sign_on_url == "https://voorbeeld.topdesk.net"
    assert door.application == "TOPdesk - Secure"
    assert door.claim.endswith("/claims/name")


def test_group_that_no_rule_fills_is_refused_with_its_line() -> None:
    told = refused(POLICY.replace("      - Behandelaars", "      - Behandelaar"))

    assert "line 12: sso.secure.groups.0: no rule of entra.groups fills 'Behandelaar'" in told


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("https://voorbeeld.topdesk.net/\n", "voorbeeld.topdesk.net\n", "write it with https://"),
        ("https://voorbeeld.topdesk.net/\n", "http://voorbeeld.topdesk.net\n", "with https://"),
        ("topdesk.net/\n", "topdesk.net/tas\n", "is written without a path"),
        ("[beheer@voorbeeld.example]", "[beheer]", "sso.notify.0"),
        ("[beheer@voorbeeld.example]", "[]", "sso.notify"),
        ("    identifier: https://voorbeeld.topdesk.net/saml-metadata/1\n", "", "is missing"),
        ("  secure:", "  secured:", "did you mean 'secure'?"),
    ],
)
def test_mistake_is_told(old: str, new: str, words: str) -> None:
    assert old in POLICY
    assert words in refused(POLICY.replace(old, new))


def test_policy_may_say_nothing_of_single_sign_on() -> None:
    assert load(POLICY.partition("sso:")[0]).sso is None
