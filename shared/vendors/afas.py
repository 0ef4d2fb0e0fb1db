"""How is AFAS Profit spoken to? GetConnector rows by pages, filters, and its errors; no decisions.

Facts: AFAS developer documentation, "GetConnector" (December 2024) and "Troubleshooting"
(November 2025). A view is ordered on unique fields or its pages miss and repeat rows; a page that
repeats is an error, never data. 500 is AFAS' normal answer to a mistake in the question.
"""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from shared.errors import Permanent, TargetDown, Transient
from shared.rest import Manners, Rest, retry_after_header

PAGE = 1000
AT_ONCE = 5  # "GetConnector": up to 5 calls at a time
MAX_QUERY = 2049  # longer ones are answered with 404
EQUAL, AT_LEAST = "1", "2"

type Row = Mapping[str, Any]


@dataclass(frozen=True)
class Filter:
    """Rows of which `field` compares with any of `values` as `operator` says."""

    field: str
    operator: str
    values: Sequence[str]

    def parameters(self) -> dict[str, str]:
        """The three parallel lists of a query; `;` between them means or."""
        count = len(self.values)
        return {
            "filterfieldids": ";".join([self.field] * count),
            "filtervalues": ";".join(self.values),
            "operatortypes": ";".join([self.operator] * count),
        }


class Afas:
    """One AFAS environment behind one app connector token."""

    def __init__(
        self, base_url: str, token: str, transport: httpx.AsyncBaseTransport | None
    ) -> None:
        whole = "<token><version>1</version><data>{}</data></token>"
        credentials = token if token.startswith("<token>") else whole.format(token)
        encoded = base64.b64encode(credentials.encode()).decode()
        self._client = httpx.AsyncClient(
            base_url=base_url.rstrip("/"),
            headers={"Authorization": f"AfasToken {encoded}", "Accept-Language": "nl-nl"},
            timeout=httpx.Timeout(30, connect=5),
            transport=transport,
        )
        manners = Manners(retry_after=_retry_after, answers=(500, 501))
        self._rest = Rest(self._client, name="AFAS", concurrency=AT_ONCE, manners=manners)

    async def rows(
        self, view: str, *, key: Sequence[str], only: Filter | None = None
    ) -> AsyncIterator[Row]:
        """Every row of a view in the order of `key`, which must be unique over its rows.

        Raises Transient when a page repeats what came before or is no complete answer, Permanent
        when AFAS refuses the question, TargetDown when it refuses the token.
        """
        seen: set[tuple[str, ...]] = set()
        skip = 0
        while True:
            page = await self._page(view, key=key, only=only, skip=skip)
            for row in page:
                here = tuple(str(row[field]) for field in key if row.get(field) is not None)
                if here in seen:
                    raise Transient(f"AFAS view {view} repeated a row: the answer is not complete")
                if len(here) == len(key):  # a row without its key is malformed, not repeated
                    seen.add(here)
                yield row
            if len(page) < PAGE:
                return
            skip += len(page)

    async def fields(self, view: str) -> frozenset[str]:
        """The field ids that a view has. Raises as `rows` does."""
        answer = await self._rest.call("GET", "/metainfo/get/{view}", at={"view": view})
        fields = _body(answer, view).get("fields") or []
        return frozenset(str(field.get("id")) for field in fields if isinstance(field, Mapping))

    async def close(self) -> None:
        """Give back the connections."""
        await self._client.aclose()

    async def _page(
        self, view: str, *, key: Sequence[str], only: Filter | None, skip: int
    ) -> Sequence[Row]:
        params: dict[str, str | int] = {
            "skip": skip,
            "take": PAGE,
            "orderbyfieldids": ",".join(key),
            **(only.parameters() if only else {}),
        }
        answer = await self._rest.call(
            "GET", "/connectors/{view}", at={"view": view}, params=params
        )
        rows = _body(answer, view).get("rows")
        if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
            raise Transient(f"AFAS view {view} answered without rows")
        return rows


def _body(answer: httpx.Response, view: str) -> Mapping[str, Any]:
    """The JSON object of a good answer; every other answer becomes our error."""
    status = answer.status_code
    if status in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
        raise TargetDown(
            f"AFAS refuses the token for view {view} ({status}): check that AFAS_TOKEN is not "
            "expired and that the view stands in the app connector"
        )
    if status == httpx.codes.NOT_FOUND:
        raise Permanent(
            f"AFAS does not know view {view}, or the question was too long (404)",
            mender="settings",
        )
    try:
        body = answer.json()
    except ValueError as error:
        raise Transient(f"AFAS view {view}: an answer that is no JSON ({status})") from error
    if not answer.is_success:
        raise Permanent(f"AFAS refused view {view} ({status}){_told(body)}", mender="settings")
    if not isinstance(body, Mapping):
        raise Transient(f"AFAS view {view}: an answer of the wrong shape")
    return body


def _told(body: object) -> str:
    """What AFAS says of a refusal, with the reference its administrator can look up."""
    if not isinstance(body, Mapping):
        return ""
    told = body.get("externalMessage") or "no reason given"
    return f": {told}, log reference {body.get('profitLogReference') or 'none'}"


def _retry_after(answer: httpx.Response) -> float | None:
    """AFAS puts the seconds into the body of a 503; a proxy before it may use the header."""
    try:
        seconds = answer.json().get("retry_after")
    except (ValueError, AttributeError):
        return retry_after_header(answer)
    return float(seconds) if isinstance(seconds, int | float) else retry_after_header(answer)
