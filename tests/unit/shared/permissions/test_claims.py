from __future__ import annotations

import base64
import json

import pytest

from shared.permissions.claims import roles


def token(**claims: object) -> str:
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{payload}.c2ln"


def test_roles_of_the_apps_token_are_read() -> None:
    names = ["User.ReadWrite.All", "Group.ReadBasic.All"]

    assert roles(token(roles=names)) == frozenset(names)


def test_apps_token_without_a_role_has_none() -> None:
    assert roles(token(aud="https://graph.microsoft.com")) == frozenset()


def test_token_of_a_human_says_nothing_of_the_app() -> None:
    assert roles(token(scp="User.Read", roles=["User.ReadWrite.All"])) is None


@pytest.mark.parametrize(
    "opaque", ["", "sandbox", "a.b.c", "e30.bnVsbA.x", "e30.W10.x", "é.é.é", "a.e30", "e30.MQ.x"]
)
def test_token_that_cannot_be_read_means_nothing(opaque: str) -> None:
    assert roles(opaque) in (None, frozenset())
