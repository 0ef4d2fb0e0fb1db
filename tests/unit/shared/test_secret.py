"""A secret that is rotated while we run is taken up; a vault that is away stops nobody."""

from __future__ import annotations

from dataclasses import dataclass, field

import httpx
import pytest

from shared.errors import InstroomError, Misconfigured, TargetDown
from shared.secret import AGAIN_SECONDS, KEPT_SECONDS, Presented, Vaulted
from shared.vendors.afas import Afas
from shared.vendors.nmbrs import Nmbrs
from shared.vendors.topdesk.tenant import credentials

DOWN = TargetDown("Key Vault cannot be reached")
FORBIDDEN = Misconfigured("KEY_VAULT_URL", "may not read", "Give it the role")


@dataclass
class Shelf:
    """Where the secret lies, with a clock beside it."""

    holds: str | InstroomError = "old"
    looks: int = 0
    at: float = 1000.0
    secret: Vaulted = field(init=False)

    def __post_init__(self) -> None:
        self.secret = Vaulted("AFAS_TOKEN", self.read, monotonic=lambda: self.at)

    async def read(self) -> str:
        self.looks += 1
        if isinstance(self.holds, InstroomError):
            raise self.holds
        return self.holds


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


async def test_a_secret_is_looked_up_once(shelf: Shelf) -> None:
    assert shelf.looks == 0
    assert [await shelf.secret.value() for _ in range(3)] == ["old"] * 3
    assert shelf.looks == 1


async def test_a_rotated_secret_is_taken_up_within_the_hour(shelf: Shelf) -> None:
    await shelf.secret.value()
    shelf.holds = "new"
    shelf.at += KEPT_SECONDS - 1
    assert await shelf.secret.value() == "old"
    shelf.at += 1

    assert await shelf.secret.value() == "new"


async def test_a_refused_secret_is_looked_up_again(shelf: Shelf) -> None:
    await shelf.secret.value()
    shelf.holds = "new"
    shelf.at += AGAIN_SECONDS

    assert await shelf.secret.value(rejected="old") == "new"


async def test_what_another_task_took_up_meanwhile_is_given(shelf: Shelf) -> None:
    shelf.holds = "new"
    await shelf.secret.value()

    assert await shelf.secret.value(rejected="old") == "new"
    assert shelf.looks == 1


async def test_refusals_do_not_storm_the_vault(shelf: Shelf) -> None:
    for _ in range(100):
        await shelf.secret.value(rejected="old")

    assert shelf.looks == 1


async def test_what_was_read_last_is_used_while_the_vault_is_away(
    shelf: Shelf, caplog: pytest.LogCaptureFixture
) -> None:
    await shelf.secret.value()
    shelf.holds = DOWN
    shelf.at += KEPT_SECONDS

    assert [await shelf.secret.value() for _ in range(5)] == ["old"] * 5
    assert shelf.looks == 2
    assert "secret not read setting=AFAS_TOKEN" in caplog.text


async def test_what_was_never_read_is_told_and_soon_tried_again(shelf: Shelf) -> None:
    shelf.holds = FORBIDDEN
    for _ in range(3):
        with pytest.raises(Misconfigured, match="Give it the role"):
            await shelf.secret.value()
    assert shelf.looks == 1
    shelf.holds = "old"
    shelf.at += AGAIN_SECONDS

    assert await shelf.secret.value() == "old"


# --- on a request ----------------------------------------------------------------------------


async def test_a_call_refused_by_a_rotated_password_is_made_again(shelf: Shelf) -> None:
    await shelf.secret.value()
    shelf.holds = "new"
    shelf.at += AGAIN_SECONDS
    auth = Presented(shelf.secret, credentials("instroom"))
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["authorization"])
        right = httpx.BasicAuth("instroom", "new")._auth_header
        return httpx.Response(200 if seen[-1] == right else 401)

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer), auth=auth) as client:
        answers = [await client.get("https://desk.example/") for _ in range(2)]

    assert [one.status_code for one in answers] == [200, 200]
    assert len(seen) == 3


async def test_a_plain_password_that_is_refused_is_sent_once() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.headers["authorization"])
        return httpx.Response(401)

    afas = Afas("https://afas.example", "geheim", httpx.MockTransport(answer))
    with pytest.raises(TargetDown, match="AFAS_TOKEN"):
        await afas.fields("View")

    assert len(asked) == 1


async def test_whom_the_vault_refuses_nobody_is_served_at(shelf: Shelf) -> None:
    """As with a refused password: people wait, and burn no attempts."""
    shelf.holds = FORBIDDEN
    afas = Afas("https://afas.example", shelf.secret, httpx.MockTransport(_never))

    with pytest.raises(TargetDown, match="Give it the role"):
        await afas.fields("View")


async def test_the_key_of_nmbrs_is_looked_up_again_too(shelf: Shelf) -> None:
    await shelf.secret.value()
    shelf.holds = "new"
    shelf.at += AGAIN_SECONDS
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["x-subscription-key"])
        return httpx.Response(401 if seen[-1] == "old" else 200, json={"data": []})

    nmbrs = Nmbrs("https://n.example", shelf.secret, httpx.Auth(), httpx.MockTransport(answer))
    with pytest.raises(TargetDown, match="NMBRS_SUBSCRIPTION_KEY"):
        await nmbrs.companies()

    assert await nmbrs.companies() == []
    assert seen == ["old", "new"]


def _never(request: httpx.Request) -> httpx.Response:
    raise AssertionError(f"a call without its secret: {request.url}")
