"""Which users and groups does a SCIM service have, and how are they changed? Called by apply/scim.

What the service offers is asked once (RFC 7644, 4) and respected: without PATCH everything that
was read is PUT back with the change in it, without filters every page is read. A service that
says one thing and does another is believed by what it does.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

import httpx
from pydantic import ValidationError
from scim2_models import (
    EnterpriseUser,
    Group,
    PatchOp,
    Resource,
    ResourceType,
    ScimPolicy,
    ScimProvider,
    User,
)

from shared.errors import Permanent, TargetDown, UnknownReply
from shared.vendors.scim.attributes import USER, Row, entries, part
from shared.vendors.scim.wire import Refused, Wire, answered

PERSON: Final = User
GROUP: Final = Group
_GROUP_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:Group"
_WHOLE: Final[Mapping[Any, type[Resource[Any]]]] = {PERSON: User[EnterpriseUser], GROUP: Group}
"""With the extension that is ours to write."""
_PAGE = 100
_MOST_PAGES = 1000
_LENIENT = ScimPolicy(unknown=ScimPolicy.Unknown.keep)

type Kind = type[Resource[Any]]


class Stale(Exception):
    """Somebody changed the resource since it was read (412): read it again."""


@dataclass
class Habits:
    """What the service offers, as it said and as it turned out."""

    patches: bool = True
    filters: bool = True
    tags: bool = False
    """It keeps versions: a write says which one it is about."""
    groups: bool = True
    """It has a collection of groups."""
    plain: set[Kind] = field(default_factory=set)
    """Collections that refused a filter all the same."""


class Directory:
    """One SCIM service."""

    def __init__(self, client: httpx.AsyncClient, *, concurrency: int) -> None:
        self._wire = Wire(client, concurrency=concurrency)
        self._base = str(client.base_url).rstrip("/")
        self._habits: Habits | None = None
        self._once = asyncio.Lock()

    async def habits(self) -> Habits:
        """What the service offers: asked once. Raises ours when it cannot be known now."""
        async with self._once:
            if self._habits is None:
                self._habits = await self.discover()
            return self._habits

    async def discover(self) -> Habits:
        """Ask what the service offers. One that does not tell is taken to offer the usual."""
        types = await self._described("/ResourceTypes", "list its resource types")
        listed = [self._endpoint(one) for one in entries(types, "Resources")]
        endpoints = {schema: where for schema, where in listed if where}
        self._wire.provider = ScimProvider(
            models=[User, EnterpriseUser, Group],
            resource_types=[
                _type(_WHOLE[kind], endpoints.get(schema.casefold()))
                for kind, schema in ((PERSON, USER), (GROUP, _GROUP_SCHEMA))
            ],
            policy=_LENIENT,
        )
        told = await self._described("/ServiceProviderConfig", "tell what it offers")
        return Habits(
            patches=_supported(told, "patch", otherwise=True),
            filters=_supported(told, "filter", otherwise=True),
            tags=_supported(told, "etag", otherwise=False),
            groups=_GROUP_SCHEMA.casefold() in endpoints if endpoints else True,
        )

    async def _described(self, path: str, doing: str) -> Row:
        """What it says of itself; empty when it says nothing."""
        try:
            return await answered(doing, _object(self._wire, path))
        except Refused as refused:
            if refused.is_unknown or refused.is_about_the_verb:
                return {}
            raise refused.ours(doing) from refused

    def address(self, user_id: str) -> str:
        """Where a user is (`$ref`)."""
        return f"{self._base}{self._url(PERSON, user_id)}"

    async def get(self, kind: Kind, key: str) -> Row | None:
        """The resource by its id; None when the service has none such."""
        await self.habits()
        doing = f"show a {_word(kind)}"
        try:
            return await answered(doing, self._wire.query(kind, _id(key))) or None
        except Refused as refused:
            if refused.is_unknown:
                return None
            raise refused.ours(doing) from refused

    async def find(self, kind: Kind, name: str, wanted: str) -> list[Row]:
        """All resources whose attribute has this value, whatever its case."""
        habits = await self.habits()
        rows: list[Row] | None = None
        if habits.filters and kind not in habits.plain:
            try:
                rows = await self._pages(
                    kind, f"{name} eq {json.dumps(wanted, ensure_ascii=False)}"
                )
            except Refused as refused:
                if refused.is_unknown:
                    # For nobody some answer 404; so does an address that is none of SCIM's.
                    await self.first()
                    return []
                if not refused.is_about_filters:
                    raise refused.ours(f"find a {_word(kind)} by {name}") from refused
                habits.plain.add(kind)
        if rows is None:
            rows = await self.everything(kind)
        # A service may take no notice of a filter and show everybody.
        return [row for row in rows if str(part(row, name) or "").casefold() == wanted.casefold()]

    async def everything(self, kind: Kind) -> list[Row]:
        """Every resource of the kind, page by page."""
        try:
            return await self._pages(kind, None)
        except Refused as refused:
            raise refused.ours(f"list its {_word(kind)}s") from refused

    async def _pages(self, kind: Kind, filters: str | None) -> list[Row]:
        """By what each page held, not by what was asked for (RFC 7644, 3.4.2.4)."""
        found: list[Row] = []
        asked = {"filter": filters} if filters else {}
        for _ in range(_MOST_PAGES):
            params = {**asked, "startIndex": len(found) + 1, "count": _PAGE}
            doing = f"list its {_word(kind)}s"
            answer = await answered(doing, self._wire.query(kind, query_parameters=params))
            page = entries(answer, "Resources")
            if found and page and part(page[0], "id") == part(found[0], "id"):
                raise TargetDown("the SCIM service gives the same page again and again")
            found += page
            total = part(answer, "totalResults")
            if not page or not isinstance(total, int) or len(found) >= total:
                return found
        raise TargetDown(f"the SCIM service does not come to the end of its {_word(kind)}s")

    async def first(self) -> None:
        """Ask for one user: does the token open anything? Raises ours."""
        await self.habits()
        doing = "list its users"
        asked = self._wire.query(PERSON, query_parameters={"startIndex": 1, "count": 1})
        try:
            await answered(doing, asked)
        except Refused as refused:
            if refused.is_unknown:
                raise TargetDown(
                    "the SCIM service has no users where we ask for them (404); check that "
                    "SCIM_URL is the address before /Users"
                ) from refused
            raise refused.ours(doing) from refused

    async def create(self, body: Mapping[str, Any]) -> Row:
        """The new user, as shown. Raises NameTaken, UnknownReply when it may have been made."""
        await self.habits()
        doing = "create a user"
        try:
            made = await answered(doing, self._wire.create(PERSON, dict(body)))
        except Refused as refused:
            raise refused.ours(doing) from refused
        if not part(made, "id"):
            raise UnknownReply("the SCIM service created a user and does not say which")
        return made

    async def patch(
        self, kind: Kind, row: Row, operations: Sequence[Mapping[str, Any]], doing: str
    ) -> bool:
        """Change what was read; False when the service knows no PATCH. Raises Stale, ours."""
        habits = await self.habits()
        if not habits.patches:
            return False
        key, message = str(part(row, "id")), _message(kind, operations, doing)
        try:
            await answered(
                doing,
                self._wire.modify(kind, _id(key), message, headers=_version(row, habits)),
            )
        except Refused as refused:
            if refused.is_about_the_verb:
                habits.patches = False
                return False
            raise _changed_meanwhile(refused) or refused.ours(doing) from refused
        return True

    async def put(self, kind: Kind, row: Row, body: Mapping[str, Any], doing: str) -> None:
        """Put back all that was read, with the change in it. Raises Stale, ours."""
        habits = await self.habits()
        try:
            await answered(
                doing,
                self._wire.replace(
                    kind,
                    dict(body),
                    check_request_payload=False,
                    url=self._url(kind, str(part(row, "id"))),
                    headers=_version(row, habits),
                ),
            )
        except Refused as refused:
            raise _changed_meanwhile(refused) or refused.ours(doing) from refused

    async def delete(self, key: str) -> None:
        """Delete a user; one that is gone already is deleted."""
        await self.habits()
        doing = "delete a user"
        try:
            await answered(doing, self._wire.delete(PERSON, _id(key)))
        except Refused as refused:
            if not refused.is_unknown:
                raise refused.ours(doing) from refused

    def _endpoint(self, described: Row) -> tuple[str, str]:
        """The schema that a resource type has, and where its resources are; some say it whole."""
        schema, where = part(described, "schema"), str(part(described, "endpoint") or "")
        path = where.removeprefix(self._base).strip("/")
        return str(schema or "").casefold(), path and f"/{path}"

    def _url(self, kind: Kind, key: str) -> str:
        return f"{self._wire.resource_endpoint(kind)}/{quote(_id(key), safe='')}"


async def _object(wire: Wire, path: str) -> Any:
    """An answer as it is. Raises TargetDown for a web page and the like."""
    response = await wire.request("GET", path)
    try:
        return response.json()
    except ValueError as error:
        raise TargetDown(
            "the SCIM service answered something that is no JSON; check that SCIM_URL is its "
            "address and no sign-in page stands before it"
        ) from error


def _message(kind: Kind, operations: Sequence[Mapping[str, Any]], doing: str) -> PatchOp[Any]:
    """The PATCH, held against the model. Raises Permanent: nothing has been sent."""
    message: Any = PatchOp.__class_getitem__(_WHOLE[kind])  # which one is known when it runs
    body = {"schemas": [str(message.__schema__)], "Operations": list(operations)}
    try:
        made: PatchOp[Any] = message.model_validate(body)
    except ValidationError:
        # The error itself repeats the value: it is let go.
        raise Permanent(f"cannot {doing}: a value is not what SCIM allows") from None
    return made


def _id(key: str) -> str:
    """The id, if it is one: `/Users/` and what lies under it are other things."""
    if key in ("", ".", ".."):
        raise ValueError("no id of a SCIM resource")
    return key


def _type(model: Kind, endpoint: str | None) -> ResourceType:
    made = ResourceType.from_resource(model)
    return made.model_copy(update={"endpoint": endpoint}) if endpoint else made


def _supported(told: Row, feature: str, *, otherwise: bool) -> bool:
    said = part(part(told, feature), "supported")
    return said if isinstance(said, bool) else otherwise


def _version(row: Row, habits: Habits) -> dict[str, str]:
    version = part(part(row, "meta"), "version")
    return {"If-Match": str(version)} if habits.tags and version else {}


def _changed_meanwhile(refused: Refused) -> Stale | None:
    return Stale() if refused.status == httpx.codes.PRECONDITION_FAILED else None


def _word(kind: Kind) -> str:
    return "group" if kind is GROUP else "user"
