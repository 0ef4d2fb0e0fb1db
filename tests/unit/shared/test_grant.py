from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from shared.errors import Permanent, TargetDown, Transient, UnknownReply
from shared.grant import GrantGone, Provider, TokenEndpoint, basic

PROVIDER = Provider(
    name="nmbrs",
    authorize_url="https://id.example/connect/authorize",
    token_url="https://id.example/connect/token",
    client_id="PartnerApp_Instroom_x1",
    client_secret="s*cr$t/+",
    scope="offline_access employee.info.read",
    pkce=True,
)
GOOD = {"access_token": "a1", "refresh_token": "r1", "expires_in": 3600}


class Server:
    """An authorization server that answers one thing and remembers what it was asked."""

    def __init__(self, answer: httpx.Response | Callable[[], httpx.Response]) -> None:
        self.answer = answer
        self.seen: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request)
        return self.answer() if callable(self.answer) else self.answer

    def form(self) -> dict[str, list[str]]:
        return parse_qs(self.seen[-1].content.decode())


def endpoint(server: Server, provider: Provider = PROVIDER) -> TokenEndpoint:
    return TokenEndpoint(provider, httpx.MockTransport(server))


def refusing(status: int, error: str, **more: str) -> httpx.Response:
    return httpx.Response(status, json={"error": error, **more})


async def test_refreshing_sends_the_token_as_a_form_under_basic() -> None:
    server = Server(httpx.Response(200, json=GOOD))

    grant = await endpoint(server).refresh("r0")

    assert (grant.access, grant.refresh, grant.lifetime_seconds) == ("a1", "r1", 3600.0)
    assert server.form() == {"grant_type": ["refresh_token"], "refresh_token": ["r0"]}
    sent = server.seen[0].headers["authorization"]
    decoded = base64.b64decode(sent.removeprefix("Basic ")).decode()
    assert decoded == "PartnerApp_Instroom_x1:s%2Acr%24t%2F%2B"


async def test_client_may_go_in_the_body() -> None:
    server = Server(httpx.Response(200, json=GOOD))

    await endpoint(server, replace(PROVIDER, secret_in_body=True)).refresh("r0")

    assert server.form()["client_secret"] == ["s*cr$t/+"]
    assert "authorization" not in server.seen[0].headers


async def test_exchange_proves_the_challenge_of_the_address() -> None:
    server = Server(httpx.Response(200, json=GOOD))
    address = PROVIDER.consent_address("http://127.0.0.1:1/x", state="st", verifier="v" * 43)
    asked = parse_qs(urlsplit(address).query)

    await endpoint(server).exchange("c", redirect="http://127.0.0.1:1/x", verifier="v" * 43)

    digest = hashlib.sha256(("v" * 43).encode()).digest()
    assert asked["code_challenge"] == [base64.urlsafe_b64encode(digest).decode().rstrip("=")]
    assert asked["scope"] == ["offline_access employee.info.read"]
    assert server.form()["code_verifier"] == ["v" * 43]
    assert server.form()["redirect_uri"] == asked["redirect_uri"]


async def test_a_spent_token_is_gone() -> None:
    server = Server(refusing(400, "invalid_grant", error_description="spent r0"))

    with pytest.raises(GrantGone) as refused:
        await endpoint(server).refresh("r0")
    assert refused.value.mender == "operator"
    assert "r0" not in str(refused.value)
    assert len(server.seen) == 1


async def test_codes_of_the_provider_count_as_gone() -> None:
    server = Server(refusing(401, "unauthorized_client", error_description="Old refresh token"))
    exact = replace(PROVIDER, gone=frozenset({"invalid_grant", "unauthorized_client"}))

    with pytest.raises(GrantGone):
        await endpoint(server, exact).refresh("r0")


async def test_a_wrong_client_names_its_settings() -> None:
    server = Server(refusing(400, "invalid_client"))

    with pytest.raises(Permanent, match="NMBRS_CLIENT_SECRET") as refused:
        await endpoint(server).refresh("r0")
    assert refused.value.mender == "settings"


async def test_refreshing_too_early_is_a_matter_of_time() -> None:
    server = Server(refusing(400, "access_denied", error_description="token not expired"))

    with pytest.raises(Transient, match="access_denied"):
        await endpoint(server).refresh("r0")


@pytest.mark.parametrize("status", [500, 502, 503])
async def test_an_error_of_the_server_is_never_repeated(status: int) -> None:
    server = Server(httpx.Response(status))

    with pytest.raises(UnknownReply):
        await endpoint(server).refresh("r0")
    assert len(server.seen) == 1


async def test_a_lost_reply_is_never_repeated() -> None:
    def lose() -> httpx.Response:
        raise httpx.ReadError("cut")

    server = Server(lose)

    with pytest.raises(UnknownReply):
        await endpoint(server).refresh("r0")
    assert len(server.seen) == 1


async def test_a_server_out_of_reach_is_tried_again() -> None:
    def refuse() -> httpx.Response:
        raise httpx.ConnectError("refused")

    server = Server(refuse)

    with pytest.raises(TargetDown):
        await endpoint(server).refresh("r0")
    assert len(server.seen) > 1


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b'{"access_token":""}', b'{"access_token":7}']
)
async def test_an_answer_without_a_token_is_unknown(body: bytes) -> None:
    with pytest.raises(UnknownReply):
        await endpoint(Server(httpx.Response(200, content=body))).refresh("r0")


@pytest.mark.parametrize(
    ("said", "seconds"),
    [(600, 600), ("600", 600), (None, 30), ("soon", 30), (-5, 30), ("nan", 30), ("inf", 30)],
)
async def test_lifetime_is_read_in_any_form(said: object, seconds: float) -> None:
    server = Server(httpx.Response(200, json={**GOOD, "expires_in": said}))

    assert (await endpoint(server).refresh("r0")).lifetime_seconds == seconds


async def test_an_odd_error_code_is_not_repeated_in_the_message() -> None:
    server = Server(refusing(400, "r0 is <b>bad</b>"))

    with pytest.raises(Transient, match="no error code") as refused:
        await endpoint(server).refresh("r0")
    assert "r0" not in str(refused.value)


def test_no_secret_shows() -> None:
    assert "s*cr$t" not in repr(PROVIDER)


def test_both_halves_of_basic_are_encoded() -> None:
    assert base64.b64decode(basic("a:b", "c*d").removeprefix("Basic ")) == b"a%3Ab:c%2Ad"


class Rotating:
    """A client secret that somebody changed at the vendor and in the vault."""

    def __init__(self, *values: str) -> None:
        self.values = list(values)

    async def value(self, *, rejected: str | None = None) -> str:
        if rejected == self.values[0] and len(self.values) > 1:
            self.values.pop(0)
        return self.values[0]


async def test_client_secret_that_was_rotated_is_looked_up_and_sent_again() -> None:
    """Nothing was spent: the client was refused, not the token."""
    answers = iter([refusing(401, "invalid_client"), httpx.Response(200, json=GOOD)])
    server = Server(lambda: next(answers))
    provider = replace(PROVIDER, client_secret=Rotating("old", "new"), secret_in_body=True)

    assert (await endpoint(server, provider).refresh("r0")).access == "a1"
    assert server.form()["client_secret"] == ["new"]
    assert server.form()["refresh_token"] == ["r0"]


async def test_client_secret_that_is_still_the_same_is_sent_once() -> None:
    server = Server(refusing(401, "invalid_client"))
    provider = replace(PROVIDER, client_secret=Rotating("old"))

    with pytest.raises(Permanent, match="NMBRS_CLIENT_SECRET"):
        await endpoint(server, provider).refresh("r0")
    assert len(server.seen) == 1
