"""A Nmbrs of forty people, and a client that may or may not come in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from sandbox.clock import ManualClock
from sandbox.nmbrs import Firm, make_app
from sandbox.nmbrs.environment import CLIENT_ID, CLIENT_SECRET, REDIRECTS, SUBSCRIPTION_KEY
from sandbox.world import Answers, World

SCOPES = (
    "offline_access company.info.read employee.info.read employee.employment.read "
    "employee.payment.read employee.orgstructure.read"
)
FIRMS = (
    Firm(1, "Voorbeeld B.V.", ("DIR", "BV", "ICT", "PZ", "RU")),
    Firm(2, "Voorbeeld Zorg B.V.", ("SO",)),
)


class Visitor:
    """Somebody who speaks to the rig by the documents alone."""

    def __init__(self, clock: ManualClock, **settings: Any) -> None:
        self.clock = clock
        self.world = World.generate(1, 40, date(2026, 11, 2), clock=clock)
        self.answers = Answers()
        app = make_app(self.world, clock=clock, answers=self.answers, **settings)
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://nmbrs.test"
        )

    async def code(self, scope: str = SCOPES, **asked: str) -> str:
        answer = await self.http.get("/connect/authorize", params=self.asking(scope, **asked))
        return parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]

    def asking(self, scope: str = SCOPES, **asked: str) -> dict[str, str]:
        return {
            "response_type": "code",
            "client_id": CLIENT_ID,
            "redirect_uri": REDIRECTS[0],
            "scope": scope,
            "state": "st",
            **asked,
        }

    async def token(self, **form: str) -> httpx.Response:
        client = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
        return await self.http.post("/connect/token", data={**client, **form})

    async def by_code(self, code: str, **more: str) -> httpx.Response:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECTS[0]}
        return await self.token(**{**form, **more})

    async def refresh(self, token: str) -> httpx.Response:
        return await self.token(grant_type="refresh_token", refresh_token=token)

    async def enter(self, scope: str = SCOPES) -> dict[str, Any]:
        """Consent, and send the token from now on."""
        answer: dict[str, Any] = (await self.by_code(await self.code(scope))).json()
        self.http.headers["Authorization"] = f"Bearer {answer['access_token']}"
        self.http.headers["X-Subscription-Key"] = SUBSCRIPTION_KEY
        return answer

    async def get(self, path: str, **query: Any) -> httpx.Response:
        return await self.http.get(path, params=query)

    async def company(self, number: int = 1) -> str:
        """The id of a company."""
        (debtor,) = (await self.get("/api/debtors")).json()["data"]
        rows = (await self.get(f"/api/debtors/{debtor['debtorId']}/companies")).json()["data"]
        return next(str(row["companyId"]) for row in rows if row["number"] == number)

    async def employees(self, kind: str = "", **query: Any) -> httpx.Response:
        """A list of the first company."""
        company = await self.company()
        path = f"/api/companies/{company}/employees"
        return await self.get(f"{path}/{kind}" if kind else path, **query)

    async def settings(self, **changes: Any) -> None:
        (await self.http.patch("/_sandbox/nmbrs", json=changes)).raise_for_status()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def visitor(clock: ManualClock) -> AsyncIterator[Visitor]:
    visitor = Visitor(clock, firms=FIRMS)
    yield visitor
    await visitor.http.aclose()


@pytest.fixture
async def guest(visitor: Visitor) -> Visitor:
    """A visitor who was let in."""
    await visitor.enter()
    return visitor
