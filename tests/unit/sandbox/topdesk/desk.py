"""A client of the TOPdesk rig for its tests: the raw API, and short ways to make cards."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from sandbox.clock import ManualClock
from sandbox.topdesk import TopdeskTenant, make_app

PERSON = "application/x.topdesk-person-v2+json"
PERSONS = "application/x.topdesk-collection-person-v2+json"
GROUPS = "application/x.topdesk-collection-person-group-v2+json"
JSON = "application/json"
SAMPLES = Path(__file__).parents[3] / "samples"
NOWHERE = "00000000-0000-4000-8000-000000000000"

type Json = dict[str, Any]


def sample(name: str) -> Any:
    """A published payload, from `tests/samples`."""
    return json.loads((SAMPLES / f"topdesk-{name}.json").read_text(encoding="utf-8"))


class Desk:
    """Calls on one tenant, with the API account's credentials unless told otherwise."""

    def __init__(self, **seeds: Any) -> None:
        self.clock = ManualClock()
        self.tenant = TopdeskTenant.seeded(self.clock, **seeds)
        self.app = make_app(self.tenant, username="instroom", app_password="app-password")
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=self.app),
            base_url="https://voorbeeld.topdesk.example",
            auth=("instroom", "app-password"),
        )

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        accept: str = JSON,
        params: Mapping[str, Any] | None = None,
    ) -> httpx.Response:
        """One call below `/tas/api`."""
        return await self.client.request(
            method,
            f"/tas/api{path}",
            params=params,
            headers={"accept": accept},
            **({} if body is None else {"json": body}),
        )

    async def get(self, path: str, *, accept: str = JSON, **params: Any) -> httpx.Response:
        """A read; the parameters are the query."""
        return await self.call("GET", path, accept=accept, params=params)

    async def control(self, method: str, path: str, body: Any = None) -> Json:
        """A call on the rig's own door."""
        url = f"/_sandbox/topdesk{path}"
        reply = await self.client.request(method, url, json=body if body is not None else {})
        answer: Json = reply.raise_for_status().json()
        return answer

    def id_of(self, table: str, name: str) -> str:
        """The id of a seeded row."""
        return str(self.tenant.by_name(table, name)["id"])

    def ref(self, table: str, name: str) -> dict[str, str]:
        """A lookup on a seeded row."""
        return {"id": self.id_of(table, name)}

    @property
    def branch(self) -> dict[str, str]:
        """A lookup on the first branch."""
        return {"id": next(iter(self.tenant.table("branches")))}

    @property
    def reason(self) -> dict[str, str]:
        """A body that archives."""
        return self.ref("archiving-reasons", "Persoon uit organisatie")

    async def person(self, **given: Any) -> Json:
        """A person card, made through v2."""
        body = {"surName": "Jansen", "branch": self.branch, **given}
        reply = await self.call("POST", "/persons", body, accept=PERSON)
        assert reply.status_code == 201, reply.text
        card: Json = reply.json()
        return card

    async def operator(self, person: Json | None = None, **given: Any) -> Json:
        """An operator card on that person, or on a new one."""
        person = person or await self.person()
        linked = {"linkedPerson": {"id": person["id"]}, "branch": self.branch}
        body = {"surName": person["surName"], **linked, **given}
        reply = await self.call("POST", "/operators", body)
        assert reply.status_code == 201, reply.text
        card: Json = reply.json()
        return card

    async def archive(self, kind: str, card: Json) -> httpx.Response:
        """Archive with a reason."""
        return await self.call("PATCH", f"/{kind}/id/{card['id']}/archive", self.reason)

    async def unarchive(self, kind: str, card: Json) -> httpx.Response:
        """Un-archive."""
        return await self.call("PATCH", f"/{kind}/id/{card['id']}/unarchive")

    def archived(self, table: str, card: Json) -> bool:
        """Is that card archived, by what the tenant holds?"""
        return bool(self.tenant.table(table)[card["id"]]["archived"])


def messages(reply: httpx.Response) -> list[str]:
    """The texts of an error in its usual shape."""
    return [problem["message"] for problem in reply.json()]
