"""Tokens live 600 seconds, rotate, and are refreshed neither too early nor twice."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from sandbox.clock import ManualClock
from sandbox.exact.tokens import TOKEN_CALLS_A_DAY

CLIENT = {"client_id": "instroom", "client_secret": "exact-client-secret"}
REDIRECT = "https://app.test/callback"
TOKEN = "/api/oauth2/token"


async def code_of(stranger: httpx.AsyncClient) -> str:
    asked = {"client_id": "instroom", "redirect_uri": REDIRECT, "response_type": "code"}
    answer = await stranger.get("/api/oauth2/auth", params={**asked, "state": "s"})
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    assert query["state"] == ["s"]
    return query["code"][0]


async def exchanged(stranger: httpx.AsyncClient, code: str, **more: str) -> httpx.Response:
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT}
    return await stranger.post(TOKEN, data={**CLIENT, **form, **more})


async def refreshed(stranger: httpx.AsyncClient, token: str, **more: str) -> httpx.Response:
    form = {"grant_type": "refresh_token", "refresh_token": token}
    return await stranger.post(TOKEN, data={**CLIENT, **form, **more})


async def test_code_is_traded_for_tokens_once(stranger: httpx.AsyncClient) -> None:
    code = await code_of(stranger)

    first, again = await exchanged(stranger, code), await exchanged(stranger, code)

    assert "!" in code
    assert first.json()["expires_in"] == "600"
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")


async def test_code_lives_three_minutes(stranger: httpx.AsyncClient, clock: ManualClock) -> None:
    code = await code_of(stranger)
    clock.advance(181)

    assert (await exchanged(stranger, code)).status_code == 400


async def test_code_belongs_to_its_redirect_address(stranger: httpx.AsyncClient) -> None:
    answer = await exchanged(stranger, await code_of(stranger), redirect_uri="https://other.test/")

    assert answer.json()["error"] == "invalid_request"


async def test_refresh_is_refused_before_570_seconds(
    stranger: httpx.AsyncClient, clock: ManualClock
) -> None:
    tokens = (await exchanged(stranger, await code_of(stranger))).json()
    clock.advance(569)

    early = await refreshed(stranger, tokens["refresh_token"])
    clock.advance(1)
    good = await refreshed(stranger, tokens["refresh_token"])

    assert (early.status_code, early.json()["error"]) == (400, "access_denied")
    assert early.headers["reason"].startswith("TooEarlyToRefreshTokens")
    assert good.json()["refresh_token"] != tokens["refresh_token"]


async def test_refresh_token_is_good_for_one_use(
    stranger: httpx.AsyncClient, clock: ManualClock
) -> None:
    tokens = (await exchanged(stranger, await code_of(stranger))).json()
    clock.advance(600)
    await refreshed(stranger, tokens["refresh_token"])
    clock.advance(600)

    old = await refreshed(stranger, tokens["refresh_token"])

    assert (old.status_code, old.json()["error_description"]) == (401, "Old refresh token used.")


async def test_refresh_token_lives_thirty_days(
    stranger: httpx.AsyncClient, clock: ManualClock
) -> None:
    tokens = (await exchanged(stranger, await code_of(stranger))).json()
    clock.advance(30 * 86_400)

    assert (await refreshed(stranger, tokens["refresh_token"])).json()[
        "error"
    ] == "invalid_request"


@pytest.mark.parametrize("inside", [True, False])
async def test_client_may_tell_who_it_is_in_two_ways(
    stranger: httpx.AsyncClient, rig: Any, clock: ManualClock, *, inside: bool
) -> None:
    token = str(rig.tokens.grant()["refresh_token"])
    clock.advance(600)
    form = {"grant_type": "refresh_token", "refresh_token": token}
    basic = httpx.BasicAuth(CLIENT["client_id"], CLIENT["client_secret"])

    answer = await (
        stranger.post(TOKEN, data=form | CLIENT)
        if inside
        else stranger.post(TOKEN, data=form, auth=basic)
    )

    assert answer.status_code == 200


async def test_wrong_client_or_grant_is_refused(stranger: httpx.AsyncClient) -> None:
    assert (await refreshed(stranger, "x", client_secret="y")).json()["error"] == "invalid_client"
    assert (await refreshed(stranger, "x")).json()["error"] == "invalid_grant"
    odd = await refreshed(stranger, "x", grant_type="password")
    assert odd.json()["error"] == "unsupported_grant_type"


async def test_token_calls_of_a_day_are_counted(stranger: httpx.AsyncClient) -> None:
    for _ in range(TOKEN_CALLS_A_DAY):
        await refreshed(stranger, "x")

    assert (await refreshed(stranger, "x")).status_code == 429


async def test_consent_needs_a_known_client(stranger: httpx.AsyncClient) -> None:
    assert (await stranger.get("/api/oauth2/auth", params={"client_id": "x"})).status_code == 400


async def test_access_token_ends(
    exact: httpx.AsyncClient, clock: ManualClock, stranger: httpx.AsyncClient
) -> None:
    params = {"$select": "Code"}
    good = await exact.get("/system/Divisions", params=params)
    clock.advance(600)
    ended = await exact.get("/system/Divisions", params=params)
    without = await stranger.get("/api/v1/123456/system/Divisions", params=params)

    assert [good.status_code, ended.status_code, without.status_code] == [200, 401, 401]
