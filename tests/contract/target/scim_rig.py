"""A SCIM service in this process: scim2-server's own application, and the manners of others."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import httpx
from scim2_models import ResourceType, ScimProvider, UnauthorizedException
from scim2_server.applications.asgi import ASGIApplication
from scim2_server.memory import AsyncInMemoryStorage, InMemoryStorage
from scim2_server.requests import ScimRequest
from scim2_server.utils import (
    load_default_resource_types,
    load_default_schemas,
    load_default_service_provider_config,
)

from sandbox.faults import ConnectionLost, Faults, FaultyApp
from shared.apply.scim import ScimTarget
from shared.vendors.scim.directory import Directory

BASE = "https://scim.example/scim/v2"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

type Answer = Callable[[httpx.Request, httpx.Response], httpx.Response]
type Refusal = Callable[[httpx.Request], httpx.Response | None]


def refused(status: int, scim_type: str = "", detail: str = "refused") -> httpx.Response:
    """An error as RFC 7644, 3.12 writes it: the status is text."""
    body = {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
        "status": str(status),
        "detail": detail,
        **({"scimType": scim_type} if scim_type else {}),
    }
    return httpx.Response(status, json=body, headers={"content-type": "application/scim+json"})


@dataclass
class Transport(httpx.AsyncBaseTransport):
    """Before the application, what another service would refuse; after it, how it would answer."""

    app: Any
    refusals: list[Refusal] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    calls: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._inner = httpx.ASGITransport(app=self.app, root_path="/scim")

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.calls.append((request.method, request.url.path.removeprefix("/scim/v2")))
        for refuses in self.refusals:
            if (no := refuses(request)) is not None:
                return no
        try:
            response = await self._inner.handle_async_request(request)
        except ConnectionLost as lost:
            raise httpx.ReadError("the line was cut", request=request) from lost
        await response.aread()
        for answers in self.answers:
            response = answers(request, response)
        return response


class Guarded(ASGIApplication):
    """scim2-server behind a bearer token (RFC 7644, 2)."""

    token = ""

    def check_auth(self, request: ScimRequest) -> None:
        if request.header("Authorization") != f"Bearer {self.token}":
            raise UnauthorizedException


class Remembering(InMemoryStorage):
    """Knows how many users carried one number at one moment."""

    most = 0

    def create(self, resource_type: ResourceType, resource: Any) -> Any:
        made = super().create(resource_type, resource)
        numbers = [one.external_id for one in self.resources if one.external_id]
        self.most = max([self.most, *(numbers.count(number) for number in numbers)])
        return made


@cache
def described(config: tuple[tuple[str, bool], ...], types: tuple[str, ...]) -> ScimProvider:
    """What the service says of itself; made once, for its models take their time."""
    made = load_default_service_provider_config()
    for feature, supported in config:
        getattr(made, feature).supported = supported
    served = [one for one in load_default_resource_types().values() if one.name in types]
    return ScimProvider.from_discovery(load_default_schemas().values(), served, config=made)


@dataclass
class Rig:
    """One service with the target under test in front of it."""

    config: Mapping[str, bool] = field(default_factory=dict)
    types: tuple[str, ...] = ("User", "Group")
    groups: tuple[str, ...] = ("Een", "Twee", "Drie")
    faults: Faults = field(default_factory=Faults)
    token: str = "secret"
    page: int = 0
    """So many rows a page, however many are asked for; 0 for as many."""

    def __post_init__(self) -> None:
        provider = described(tuple(self.config.items()), self.types)
        self.storage = Remembering()
        app: Any = Guarded(AsyncInMemoryStorage(self.storage), provider)
        app.token = self.token
        self.transport = Transport(FaultyApp(app, self.faults))
        if self.page:
            self.transport.refusals.append(self._small_pages)
        self.client = httpx.AsyncClient(
            transport=self.transport,
            base_url=BASE,
            headers={"Authorization": "Bearer secret"},
        )
        self.raw = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app, root_path="/scim"),
            base_url=BASE,
            headers={"Authorization": f"Bearer {self.token}"},
        )
        self._types = {one.name: one for one in provider.resource_types}
        self._models = {name: provider.model_for(one) for name, one in self._types.items()}
        for name in self.groups if "Group" in self.types else ():
            self.add("Group", {"schemas": [GROUP], "displayName": name})
        self.fresh()

    def _small_pages(self, request: httpx.Request) -> None:
        if "count" in request.url.params:
            request.url = request.url.copy_merge_params({"count": self.page})

    def fresh(self) -> ScimTarget:
        """As another process would begin: nothing is known of the service yet."""
        self.target = ScimTarget(Directory(self.client, concurrency=4))
        return self.target

    def add(self, kind: str, values: Mapping[str, Any]) -> str:
        """Made by somebody else."""
        model: Any = self._models[kind]
        return str(self.storage.create(self._types[kind], model.model_validate(values)).id)

    def rows(self, kind: str) -> list[dict[str, Any]]:
        """All resources of a kind, as stored."""
        found = (
            one for one in self.storage.resources if one.meta and one.meta.resource_type == kind
        )
        return [json.loads(one.model_dump_json(by_alias=True, exclude_none=True)) for one in found]

    def users(self) -> list[dict[str, Any]]:
        return self.rows("User")

    def members(self) -> dict[str, list[str]]:
        """Of each group, the ids of its members."""
        return {
            group["displayName"]: sorted(one["value"] for one in group.get("members", []))
            for group in self.rows("Group")
        }

    def writes(self) -> list[tuple[str, str]]:
        """The calls that change something."""
        return [call for call in self.transport.calls if call[0] != "GET"]

    def seen(self) -> object:
        """Users and memberships, without ids and moments."""
        names = {user["id"]: user["userName"] for user in self.users()}
        users = sorted(_named(user, names) for user in self.users())
        members = {
            group: sorted(names.get(one, "gone") for one in ids)
            for group, ids in self.members().items()
        }
        return users, members


def _named(user: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """The user as text, lists without order, and whoever it points at by name."""
    said = {key: value for key, value in user.items() if key not in ("id", "meta")}
    for key, value in said.items():
        if isinstance(value, list):
            said[key] = sorted(value, key=json.dumps)
    text = json.dumps(said, sort_keys=True)
    for key, name in names.items():
        text = text.replace(key, name)
    return text
