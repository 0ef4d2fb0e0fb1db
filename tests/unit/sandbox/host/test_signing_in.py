"""The rig's App Service: takes off what nobody else may say, and says who is signed in."""

from __future__ import annotations

import base64
import json

from sandbox.host.signing_in import NOBODY, Platform, from_settings

FORGED = {"x-ms-client-principal": "forged", "x-ms-client-principal-name": "x", "accept": "a"}
USER = "oid=1&name=b%40x.example&groups=g&roles=r&roles=s&amr=mfa"


def test_without_authentication_headers_pass_as_they_come() -> None:
    assert NOBODY.signed(FORGED) == FORGED


def test_with_it_forged_headers_are_taken_off() -> None:
    assert Platform(on=True).signed(FORGED) == {"accept": "a"}


def test_user_of_the_call_wins_over_the_setting() -> None:
    platform = from_settings({"WEBSITE_AUTH_ENABLED": "True", "SANDBOX_USER": "oid=0"})

    given = platform.signed({**FORGED, "x-sandbox-user": USER})

    said = json.loads(base64.b64decode(given["x-ms-client-principal"]))
    assert [claim["val"] for claim in said["claims"]] == ["1", "b@x.example", "g", "r", "s", "mfa"]
    assert given["x-ms-client-principal-name"] == "b@x.example"
    assert "x-sandbox-user" not in given
    assert platform.signed({"accept": "a"})["x-ms-client-principal-id"] == "0"
    assert platform.signed({"x-sandbox-user": ""}) == {}
