"""How does one TOPdesk want to be spoken to? Calls, pages, and what it turned out to accept.

Two generations of the person API are alive (Supporting Files 1.x and 2.x); the Accept header
chooses, and a TOPdesk too old for v2 answers 406. `*/*`, httpx's default, gets either one: every
call here names its own. Used by the other files of this vendor.
"""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Final

import httpx

from shared.errors import InstroomError, TargetDown
from shared.rest import Rest
from shared.vendors.topdesk.answers import faults, refusal

type Row = Mapping[str, Any]
type Body = Mapping[str, Any]
type Send = Callable[[], Awaitable[tuple[httpx.Response, Body]]]
"""One attempt: builds the body as the habits are now, and gives it back with the answer."""

API: Final = "/tas/api"
JSON: Final = "application/json"
PERSON_V2: Final = "application/x.topdesk-person-v2+json"
PERSONS_V2: Final = "application/x.topdesk-collection-person-v2+json"
PERSON_BODY_V2: Final = "application/x-topdesk-person-v2+json"
"""What POST /persons declared up to 2.7.4, with a dash after the x."""

_NEWER: Final = frozenset(
    {
        "hasSspAccess",
        "isCaller",
        "externalLink",
        "linkedPerson",
        "showObjectsOfBranch",
        "showObjectsOfSubsidiaries",
    }
)
"""Fields that came later than v2 itself, or are in v2 only: a tenant may not know them."""
_V2_ONLY: Final = _NEWER - {"linkedPerson", "externalLink"}
_SHUT_SECONDS: Final = 60.0
_MOST_PAGES: Final = 1000
_PAGE_ROWS: Final = 100
"""The most that operators give a page; persons give more, but nobody here asks for many."""
_MOST_LESSONS: Final = 8
EMPTY: Final[Mapping[str, None]] = {"id": None}
"""A lookup without a value, as HelloID's connector writes it."""


class Generation(IntEnum):
    """Of the person API."""

    V1 = 1
    V2 = 2


@dataclass
class Habits:
    """What this tenant turned out to accept; learnt from a refusal once, then remembered."""

    unknown_fields: set[str] = field(default_factory=set)
    departments_are_text: bool = False
    """The setting 'departments' is plain text: by name, not by id."""
    empties_by_null: bool = False
    """A lookup is emptied with null rather than with an object without id."""
    person_body: str = JSON
    links_operators: bool = True
    """Operators can be asked for by the person they are linked to."""


def base_url(setting: str) -> str:
    """TOPDESK_URL as the address before `/tas`, however much of it was pasted."""
    return setting.strip().rstrip("/").removesuffix("/api").removesuffix("/tas")


def credentials(username: str) -> Callable[[httpx.Request, str], None]:
    """What puts an application password of this operator on a request (RFC 7617)."""

    def put(request: httpx.Request, password: str) -> None:
        both = base64.b64encode(f"{username}:{password}".encode()).decode()
        request.headers["Authorization"] = f"Basic {both}"

    return put


class Tenant:
    """One TOPdesk over HTTP. `rest`'s client has `base_url` and Basic authentication."""

    def __init__(self, rest: Rest, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._rest = rest
        self._monotonic = monotonic
        self._shut: tuple[InstroomError, float] | None = None
        """Why TOPdesk lets us in no more, and until when nobody asks again."""
        self._generation: Generation | None = None
        self._version: tuple[int, ...] | None = None
        self._once = asyncio.Lock()
        self.habits = Habits()

    async def call(
        self,
        method: str,
        path: str,
        *,
        at: Mapping[str, str] | None = None,
        body: Any = None,
        params: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
        idempotent: bool | None = None,
    ) -> httpx.Response:
        """The answer, refusals included. Accept is JSON unless `headers` says otherwise.

        Raises TargetDown for a 401, and after one for a minute without a call: a login that is
        refused for a thousand people in a row would lock the account.
        """
        if self._shut and self._monotonic() < self._shut[1]:
            raise self._shut[0]
        response = await self._rest.call(
            method,
            API + path,
            at=at,
            json=body,
            params=params,
            headers={"Accept": JSON, **(headers or {})},
            idempotent=idempotent,
        )
        if response.status_code == httpx.codes.UNAUTHORIZED:
            refused = refusal(response, "let the API account in")
            self._shut = refused, self._monotonic() + _SHUT_SECONDS
            raise refused
        return response

    async def beside(self, path: str) -> httpx.Response:
        """The answer of a service beside the REST API; that one may refuse what this one takes."""
        return await self._rest.call("GET", path, headers={"Accept": JSON})

    async def generation(self) -> Generation:
        """Which person API it speaks: asked once."""
        async with self._once:
            if self._generation is None:
                self._generation = await self._detect()
            return self._generation

    async def product_version(self) -> tuple[int, ...]:
        """The product's version as numbers, (16, 6, 7) for 16.06.007: asked once."""
        async with self._once:
            if self._version is None:
                response = await self.call("GET", "/productVersion")
                if not response.is_success:
                    raise refusal(response, "tell its product version")
                said = decoded(response)
                self._version = tuple(int(said[part]) for part in ("major", "minor", "patch"))
            return self._version

    async def _detect(self) -> Generation:
        """By the list, whose path both have: an item of v2 would be a 404 on v1."""
        response = await self.call(
            "GET",
            "/persons",
            params={"pageSize": 1, "fields": "id"},
            headers={"Accept": PERSONS_V2},
        )
        if response.status_code == httpx.codes.NOT_ACCEPTABLE:
            return Generation.V1
        if not response.is_success:
            raise refusal(response, "list persons")
        if response.status_code == httpx.codes.NO_CONTENT:
            return Generation.V2
        return Generation.V1 if isinstance(decoded(response), list) else Generation.V2

    def knows(self, name: str, generation: Generation) -> bool:
        """May this field be sent to it and asked of it?"""
        too_new = generation is Generation.V1 and name in _V2_ONLY
        return not too_new and name not in self.habits.unknown_fields

    async def rows(self, path: str, params: Mapping[str, str | int]) -> list[Row]:
        """All rows of a v1-style list: 206 says that there are more, 204 that there are none."""
        return [row async for row in self.each(path, params)]

    async def each(self, path: str, params: Mapping[str, str | int]) -> AsyncIterator[Row]:
        """The same, a page at a time."""
        async for row in self._pages(path, params, ("start", "page_size"), JSON):
            yield row

    async def rows_v2(self, path: str, params: Mapping[str, str | int]) -> list[Row]:
        """All rows of a v2-style list. `next` is absolute here and relative there: not used."""
        return [row async for row in self.each_v2(path, params)]

    async def each_v2(self, path: str, params: Mapping[str, str | int]) -> AsyncIterator[Row]:
        """The same, a page at a time."""
        async for row in self._pages(path, params, ("pageStart", "pageSize"), PERSONS_V2):
            yield row

    async def _pages(
        self, path: str, params: Mapping[str, str | int], paging: tuple[str, str], accept: str
    ) -> AsyncIterator[Row]:
        start, size = paging
        first: object = None
        count = 0
        for _ in range(_MOST_PAGES):
            response = await self.call(
                "GET",
                path,
                params={**params, start: count, size: _PAGE_ROWS},
                headers={"Accept": accept},
            )
            if not response.is_success:
                raise refusal(response, f"list {path}", list(params.values()))
            page = _page(response)
            if count and page and page[0].get("id") == first:
                raise TargetDown(f"TOPdesk gives the same page of {path} again and again")
            first = first if count or not page else page[0].get("id")
            count += len(page)
            for row in page:
                yield row
            if response.status_code != httpx.codes.PARTIAL_CONTENT:
                return
            if not page:
                raise TargetDown(f"TOPdesk says there is more of {path} and gives nothing")
        raise TargetDown(f"TOPdesk does not come to the end of {path}")

    async def whole(self, path: str, params: Mapping[str, str | int] | None = None) -> list[Row]:
        """A list that has no pages."""
        response = await self.call("GET", path, params=params)
        if not response.is_success:
            raise refusal(response, f"list {path}")
        return _page(response)

    async def negotiate(self, send: Send) -> tuple[httpx.Response, Body]:
        """Send until it is accepted, as long as each refusal teaches something new."""
        for _ in range(_MOST_LESSONS):
            response, sent = await send()
            if response.is_success or not self._learn(response, sent):
                break
        return response, sent

    def _learn(self, response: httpx.Response, sent: Body) -> bool:
        """Did this refusal tell a habit that we did not know?"""
        habits = self.habits
        if response.status_code == httpx.codes.UNSUPPORTED_MEDIA_TYPE:
            known, habits.person_body = habits.person_body, PERSON_BODY_V2
            return known != PERSON_BODY_V2
        for fault in faults(response):
            if fault.says("does not exist") and (new := _NEWER & set(fault.fields)):
                learnt = not new <= habits.unknown_fields
                habits.unknown_fields |= new
                return learnt
            if fault.says("setting for departments"):
                are_text = fault.says("from an id")
                learnt = are_text != habits.departments_are_text
                habits.departments_are_text = are_text
                return learnt
            if fault.says("cannot be parsed") and EMPTY in sent.values():
                habits.empties_by_null = True
                return True
        return False


def decoded(response: httpx.Response) -> Any:
    """The JSON of a successful answer. Raises TargetDown for a web page and the like."""
    try:
        return response.json()
    except ValueError as error:
        raise TargetDown(
            "TOPdesk answered something that is no JSON; check that TOPDESK_URL is its address "
            "and no sign-in page stands before /tas/api"
        ) from error


def _page(response: httpx.Response) -> list[Row]:
    if response.status_code == httpx.codes.NO_CONTENT or not response.content:
        return []
    match decoded(response):
        case list() as rows:
            return rows
        case {"item": [*rows]} | {"results": [*rows]}:
            return rows
    raise TargetDown("TOPdesk answered a list in a shape that nobody documented")
