"""How does one SCIM service answer? The scim2-client over our HTTP, and refusals as ours.

scim2-client builds and checks the messages; it repeats nothing, and `persist` sends. Used by
directory.py only. Answers are not held against the models: services in the field show less, more
and odd values, and a PUT has to give all of that back.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Iterable, Mapping
from typing import Any, Final

import httpx
from scim2_client import BaseAsyncSCIMClient, SCIMClientException
from scim2_models import SCIMException

from shared.errors import InstroomError, NameTaken, Permanent, TargetDown
from shared.rest import Call, keep_urls_out_of_logs, persist

NAME: Final = "SCIM"
SCIM_JSON: Final = "application/scim+json"
PLAIN_JSON: Final = "application/json"
"""What older services want to be told (RFC 7644, 8.1)."""
_SHORTEST_SECRET = 3
"""Shorter values than this (`Jo`) would blot out half of every sentence."""
_LONGEST_TEXT = 300


class Refused(Exception):
    """The service answered that it will not; a caller that knows no better makes it `ours`."""

    def __init__(self, response: httpx.Response, sent: Any) -> None:
        super().__init__(f"answered {response.status_code}")
        self.status = response.status_code
        self.scim_type, self._detail = _said(response)
        self._sent = sent

    @property
    def is_about_filters(self) -> bool:
        """Might the same question without a filter be answered?"""
        unsupported = self.status in (httpx.codes.FORBIDDEN, httpx.codes.NOT_IMPLEMENTED)
        return unsupported or self.scim_type == "invalidFilter"

    @property
    def is_about_the_verb(self) -> bool:
        """Does the service know no PATCH? (RFC 7644, 3.12: 501; a web server says 405.)"""
        return self.status in (httpx.codes.NOT_IMPLEMENTED, httpx.codes.METHOD_NOT_ALLOWED)

    @property
    def is_unknown(self) -> bool:
        """Is there no such resource?"""
        return self.status in (httpx.codes.NOT_FOUND, httpx.codes.GONE)

    def ours(self, doing: str) -> InstroomError:
        """The error to raise; nothing that was sent stands in it."""
        reasons = "; ".join(filter(None, (self.scim_type, _without(self._detail, self._sent))))
        told = f"the SCIM service refused to {doing} ({self.status}{reasons and ': ' + reasons})"
        match self.status:
            case httpx.codes.UNAUTHORIZED:
                return TargetDown(
                    "the SCIM service refuses the token; it may have expired: make a new one "
                    "there and set SCIM_TOKEN"
                )
            case httpx.codes.FORBIDDEN:
                return Permanent(f"{told}; give the token the right that is missing")
            case httpx.codes.CONFLICT:
                return NameTaken(f"{told}; a unique value is somebody else's", field="userName")
            case _ if self.status < httpx.codes.BAD_REQUEST:
                return TargetDown(f"{told}; check that SCIM_URL is the address of SCIM itself")
        return Permanent(told)


class Wire(BaseAsyncSCIMClient):
    """scim2-client with our way of sending. `client` has the base URL and the authentication."""

    def __init__(self, client: httpx.AsyncClient, *, concurrency: int) -> None:
        super().__init__(check_response_payload=False, check_response_content_type=False)
        keep_urls_out_of_logs()
        self._client = client
        self._slots = asyncio.Semaphore(concurrency)
        self._media_type = SCIM_JSON

    async def request(self, method: str, url: str, **kwargs: Any) -> httpx.Response:
        """The answer to one request. Raises Refused, or what `persist` raises."""
        response = await self._sent(method, url, kwargs)
        if response.status_code == httpx.codes.UNSUPPORTED_MEDIA_TYPE:
            self._media_type = PLAIN_JSON
            response = await self._sent(method, url, kwargs)
        if not response.is_success:
            raise Refused(response, (kwargs.get("json"), kwargs.get("params"), url))
        return response

    async def _sent(self, method: str, url: str, kwargs: Mapping[str, Any]) -> httpx.Response:
        headers = {"Accept": f"{SCIM_JSON}, {PLAIN_JSON};q=0.9", **(kwargs.get("headers") or {})}
        if "json" in kwargs:
            headers["Content-Type"] = self._media_type

        async def send() -> httpx.Response:
            return await self._client.request(
                method, url, json=kwargs.get("json"), params=kwargs.get("params"), headers=headers
            )

        return await persist(Call(NAME, method, _template(url)), send, slots=self._slots)


async def answered(doing: str, asked: Awaitable[Any]) -> Mapping[str, Any]:
    """The object in an answer, empty when there is none. Raises Refused and ours."""
    try:
        said = await asked
    except SCIMClientException as error:
        raise TargetDown(
            f"the SCIM service answered something that is no SCIM when asked to {doing}; check "
            "that SCIM_URL is its address and no sign-in page stands before it"
        ) from error
    except SCIMException as error:
        # Of the values that were to be sent: nothing has been sent.
        kind = str(error.scim_type or type(error).__name__)
        raise Permanent(f"cannot {doing}: a value is not what SCIM allows ({kind})") from None
    return said if isinstance(said, Mapping) else {}


def _template(url: str) -> str:
    """The address for logs: what comes after the collection may be a mail address."""
    collection, slash, _ = url.lstrip("/").partition("/")
    return f"/{collection}/{{id}}" if slash else f"/{collection}"


def _said(response: httpx.Response) -> tuple[str, str]:
    """What an error says as scimType and as detail (RFC 7644, 3.12); either may be absent."""
    try:
        body = response.json()
    except ValueError:
        return "", ""
    if not isinstance(body, Mapping):
        return "", ""
    return str(body.get("scimType") or ""), str(body.get("detail") or "")[:_LONGEST_TEXT]


def _without(text: str, sent: Any) -> str:
    """The text without anything we sent: those are names and addresses of people."""
    for one in sorted(set(_texts(sent)), key=len, reverse=True):
        text = re.sub(re.escape(one), "...", text, flags=re.IGNORECASE)
    return text


def _texts(sent: Any) -> Iterable[str]:
    match sent:
        case str():
            # In a filter or a path the value stands between other words.
            parts = (sent, *re.split(r'[\s"/\[\]]+', sent))
            yield from (one for one in parts if len(one) >= _SHORTEST_SECRET)
        case Mapping():
            for one in sent.values():
                yield from _texts(one)
        case list() | tuple():
            for one in sent:
                yield from _texts(one)
