"""How is AFAS Profit spoken to? GetConnector rows by pages, filters, and its errors; no decisions.

Facts: AFAS developer documentation, "GetConnector" (December 2024) and "Troubleshooting"
(November 2025). A view is ordered on unique fields or its pages miss and repeat rows; a page that
repeats is an error, never data. 500 is AFAS' normal answer to a mistake in the question. What
UpdateConnectors take is in afas_update.py.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any

import httpx

from shared.errors import Permanent, TargetDown, Transient
from shared.rest import Manners, Rest, retry_after_header
from shared.secret import Presented, Secret

PAGE = 1000
AT_ONCE = 5  # "GetConnector": up to 5 calls at a time
MAX_QUERY = 2049  # longer ones are answered with 404
EQUAL, AT_LEAST = "1", "2"

_BARE_DECIMAL = re.compile(rb'((?<!\\)":\s*-?)\.(?=[0-9])')
_MENDS = (
    (
        ("blocked", "geblokkeerd"),
        "AFAS blocks a view that is too heavy: make it lighter, then untick Blocked in Profit",
    ),
    (
        ("not supported", "niet ondersteund"),
        "Add it to the app connector that AFAS_TOKEN belongs to, and let its user see it",
    ),
    (
        ("out of memory", "out of string space", "is verstreken"),
        "The view is too heavy: let it show only the fields of docs/vendors/afas.md",
    ),
)
"""Words of a refusal ("Troubleshooting", "GetConnector blocked") and what to do about it."""

type Row = tuple[Any, ...]


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
        self, base_url: str, token: str | Secret, transport: httpx.AsyncBaseTransport | None
    ) -> None:
        self._client = httpx.AsyncClient(
            base_url=base_url.rstrip("/"),
            headers={"Accept-Language": "nl-nl"},
            auth=Presented(token, _put_token),
            timeout=httpx.Timeout(30, connect=5),
            transport=transport,
        )
        manners = Manners(retry_after=_retry_after, answers=(500, 501))
        self._rest = Rest(self._client, name="AFAS", concurrency=AT_ONCE, manners=manners)

    async def rows(
        self, view: str, fields: Sequence[str], *, key: Sequence[str], only: Filter | None = None
    ) -> AsyncIterator[Row]:
        """Every row of a view, in the order of `key`, as the cells of `fields` alone.

        A call cannot choose fields: what else a view brings, such as the BSN in Profit_Employees,
        is dropped here unread. Raises Transient when a page repeats what came before or is no
        complete answer, Permanent when AFAS refuses the question, TargetDown when it refuses the
        token.
        """
        place = _picker([fields.index(field) for field in key])
        seen: set[Row] = set()
        skip = 0
        while page := await self._page(view, key=key, only=only, skip=skip):
            rows = _cells(page, fields)
            # What HR itself has twice lies side by side; a page that comes again does not.
            keys = [here for here, _ in groupby(map(place, rows)) if _is_key(here)]
            known = len(seen)
            seen.update(keys)
            if len(seen) != known + len(keys):
                raise Transient(
                    f"AFAS view {view}, page from row {skip}: repeats a row that came before; "
                    "the answer is not whole"
                )
            for row in rows:
                yield row
            skip += len(page)
            if only and only.operator == EQUAL and len(page) < PAGE:
                return  # a few people; of many only an empty page is the end

    async def fields(self, view: str) -> frozenset[str]:
        """The field ids that a view has. Raises as `rows` does."""
        answer = await self._rest.call("GET", "/metainfo/get/{view}", at={"view": view})
        fields = _body(answer, view).get("fields") or []
        return frozenset(str(field.get("id")) for field in fields if isinstance(field, Mapping))

    async def connectors(self) -> Mapping[str, Any]:
        """What the token may use (`/metainfo`). Raises as `rows` does."""
        return _body(await self._rest.call("GET", "/metainfo"), "metainfo")

    async def send(self, method: str, connector: str, content: Any) -> httpx.Response:
        """Whatever AFAS answers to a body for an UpdateConnector, which is sent once.

        Not repeated unasked: an unchanged value is an error to AFAS. Raises UnknownReply when it
        may have been carried out, Transient or TargetDown when it was not.
        """
        return await self._rest.call(
            method,
            "/connectors/{connector}",
            at={"connector": connector},
            json=content,
            headers={"Content-Type": "application/json;charset=utf-8"},
            idempotent=False,
        )

    async def close(self) -> None:
        """Give back the connections."""
        await self._client.aclose()

    async def _page(
        self, view: str, *, key: Sequence[str], only: Filter | None, skip: int
    ) -> Sequence[Mapping[str, Any]]:
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
            raise Transient(f"AFAS view {view}, page from row {skip}: an answer without rows")
        return rows


def _cells(page: Sequence[Mapping[str, Any]], fields: Sequence[str]) -> list[Row]:
    """Of each row what stands in these fields; what is empty may be left out by AFAS."""
    try:
        return list(map(_picker(fields), page))
    except KeyError:
        return [tuple(map(row.get, fields)) for row in page]


def _picker(places: Sequence[Any]) -> Callable[[Any], Row]:
    """What stands at these places of a row, as a tuple."""
    if len(places) == 1:
        return lambda row: (row[places[0]],)
    return itemgetter(*places)


def _is_key(here: Row) -> bool:
    """Does it tell a row apart? One without its key is malformed, not repeated."""
    try:
        hash(here)
    except TypeError:  # a list or an object stands there
        return False
    return None not in here


def _put_token(request: httpx.Request, token: str) -> None:
    whole = "<token><version>1</version><data>{}</data></token>"
    credentials = token if token.startswith("<token>") else whole.format(token)
    encoded = base64.b64encode(credentials.encode()).decode()
    request.headers["Authorization"] = f"AfasToken {encoded}"


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
            f"AFAS does not know view {view}, or the question was too long (404): check how the "
            "view is written in the settings and that it stands in the app connector",
            mender="settings",
        )
    try:
        body = _parsed(answer.content)
    except ValueError as error:
        raise Transient(f"AFAS view {view}: an answer that is no JSON ({status})") from error
    if not answer.is_success:
        raise Permanent(
            f"AFAS refused view {view} ({status}){_told(body)}{_mend(body)}", mender="settings"
        )
    if not isinstance(body, Mapping):
        raise Transient(f"AFAS view {view}: an answer of the wrong shape")
    return body


def _parsed(content: bytes) -> Any:
    """The JSON; before Profit 7 a decimal may lack its nought (`.5`). Raises ValueError."""
    try:
        try:
            return json.loads(content)
        except json.JSONDecodeError:
            return json.loads(_BARE_DECIMAL.sub(rb"\g<1>0.", content))
    except RecursionError as error:
        raise ValueError("nested too deep") from error


def _told(body: object) -> str:
    """What AFAS says of a refusal, with the reference its administrator can look up."""
    if not isinstance(body, Mapping):
        return ""
    told = body.get("externalMessage") or "no reason given"
    return f": {told}, log reference {body.get('profitLogReference') or 'none'}"


def _mend(body: object) -> str:
    """How a refusal is mended that AFAS documents; in the language of the call, or English."""
    told = str(body.get("externalMessage")).casefold() if isinstance(body, Mapping) else ""
    found = (mend for words, mend in _MENDS if any(word in told for word in words))
    return f". {mend}" if (mend := next(found, "")) else ""


def _retry_after(answer: httpx.Response) -> float | None:
    """AFAS puts the seconds into the body of a 503; a proxy before it may use the header."""
    try:
        seconds = answer.json().get("retry_after")
    except (ValueError, AttributeError, RecursionError):
        return retry_after_header(answer)
    return float(seconds) if isinstance(seconds, int | float) else retry_after_header(answer)
