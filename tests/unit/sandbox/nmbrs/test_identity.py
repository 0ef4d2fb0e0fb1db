"""Does the identity server grant as the vendor's documents say?"""

from __future__ import annotations

import base64
import hashlib
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from unit.sandbox.nmbrs.conftest import Visitor

from sandbox.nmbrs.environment import CLIENT_ID, CLIENT_SECRET


async def test_consent_sends_back_code_and_state(visitor: Visitor) -> None:
    answer = await visitor.http.get("/connect/authorize", params=visitor.asking())

    sent = parse_qs(urlsplit(answer.headers["location"]).query)
    assert answer.status_code == 302
    assert sent["state"] == ["st"]
    assert sent["code"]


@pytest.mark.parametrize("scope", ["openid company.info.read", ""])
async def test_openid_and_nothing_are_refused(visitor: Visitor, scope: str) -> None:
    answer = await visitor.http.get("/connect/authorize", params=visitor.asking(scope))

    assert "error=invalid_scope" in answer.headers["location"]


@pytest.mark.parametrize(
    "wrong", [{"client_id": "other"}, {"redirect_uri": "https://evil.example/"}]
)
async def test_unregistered_asker_is_sent_nowhere(visitor: Visitor, wrong: dict[str, str]) -> None:
    answer = await visitor.http.get("/connect/authorize", params=visitor.asking(**wrong))

    assert answer.status_code == 400
    assert "location" not in answer.headers


async def test_code_is_good_once(visitor: Visitor) -> None:
    code = await visitor.code()
    first, second = await visitor.by_code(code), await visitor.by_code(code)

    assert first.json()["expires_in"] == 3600
    assert second.json()["error"] == "invalid_grant"


async def test_code_lives_five_minutes(visitor: Visitor) -> None:
    code = await visitor.code()
    visitor.clock.advance(300)

    assert (await visitor.by_code(code)).json()["error"] == "invalid_grant"


async def test_challenge_wants_its_verifier(visitor: Visitor) -> None:
    digest = hashlib.sha256(b"v" * 43).digest()
    challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    wrong, right = [await visitor.code(code_challenge=challenge) for _ in range(2)]

    assert (await visitor.by_code(wrong)).status_code == 400
    assert (await visitor.by_code(right, code_verifier="v" * 43)).status_code == 200


async def test_refreshing_gives_another_token_each_time(visitor: Visitor) -> None:
    first = (await visitor.by_code(await visitor.code())).json()["refresh_token"]
    second = (await visitor.refresh(first)).json()["refresh_token"]
    third = await visitor.refresh(second)

    assert third.status_code == 200
    assert len({first, second, third.json()["refresh_token"]}) == 3


async def test_second_use_ends_the_consent(visitor: Visitor) -> None:
    first = (await visitor.by_code(await visitor.code())).json()["refresh_token"]
    second = (await visitor.refresh(first)).json()["refresh_token"]

    assert (await visitor.refresh(first)).json()["error"] == "invalid_grant"
    assert (await visitor.refresh(second)).json()["error"] == "invalid_grant"


async def test_refresh_token_lives_thirty_days(visitor: Visitor) -> None:
    token = (await visitor.by_code(await visitor.code())).json()["refresh_token"]
    visitor.clock.advance(30 * 86_400)

    assert (await visitor.refresh(token)).status_code == 400


async def test_without_offline_access_there_is_no_refresh_token(visitor: Visitor) -> None:
    answer = await visitor.by_code(await visitor.code("company.info.read"))

    assert "refresh_token" not in answer.json()


async def test_basic_wants_both_halves_encoded(visitor: Visitor) -> None:
    async def with_basic(text: str) -> int:
        header = f"Basic {base64.b64encode(text.encode()).decode()}"
        form = {"grant_type": "refresh_token", "refresh_token": "x"}
        answer = await visitor.http.post(
            "/connect/token", data=form, headers={"Authorization": header}
        )
        return str(answer.json()["error"]) == "invalid_grant"

    assert await with_basic(f"{CLIENT_ID}:{quote(CLIENT_SECRET, safe='')}")
    assert not await with_basic(f"{CLIENT_ID}:wrong")


async def test_revoked_consent_is_over(visitor: Visitor) -> None:
    token = (await visitor.by_code(await visitor.code())).json()["refresh_token"]
    await visitor.http.post("/connect/revocation", data={"token": token})

    assert (await visitor.refresh(token)).json()["error"] == "invalid_grant"


async def test_discovery_names_the_paths(visitor: Visitor) -> None:
    told = (await visitor.get("/.well-known/openid-configuration")).json()

    assert told["token_endpoint"].endswith("/connect/token")


async def test_other_grants_are_not_given(visitor: Visitor) -> None:
    answer = await visitor.token(grant_type="client_credentials")

    assert answer.json()["error"] == "unsupported_grant_type"
