"""How is Exact Online spoken to? Rows by pages, cursors, limits and errors; no decisions.

Facts: Exact Online REST API resources (as scraped in picqer/exact-php-client, December 2025) and
Exact's own sync example (exactonline-api-dotnet-sync-demo). OData version 2: `__next` is followed
as given, one page after another, for `$skip` and parallel pages miss rows. Always `$select`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx

from shared.errors import Permanent, TargetDown, Transient
from shared.rest import Call, Manners, Patience, persist
from shared.vendors.exact.budget import ErrorBudget
from shared.vendors.exact.limits import LONGEST_SLEEP_SECONDS, Limits, Pause
from shared.vendors.exact.wire import moment_of

NAME = "Exact Online"
AT_ONCE = 2
HOUR_SECONDS = 3600.0
PATIENCE = Patience(
    attempts=5,
    total_seconds=240.0,
    attempt_seconds=60.0,
    longest_sleep_seconds=LONGEST_SLEEP_SECONDS,
)
"""A full read takes more calls than a minute has: waiting for the next minute is normal."""
_ACTIVE, _REGULAR = 1, 0
_MAX_TOLD = 200

type Row = Mapping[str, Any]


@dataclass(frozen=True)
class Division:
    """One administration that the consenting user can see."""

    code: int
    name: str
    is_active: bool
    upset_at: datetime | None = None
    """When its versions last began anew: after a move, or a link or unlink of HR."""


class Exact:
    """One country site of Exact Online behind one consent."""

    def __init__(
        self,
        base_url: str,
        auth: httpx.Auth,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        pause: Pause = asyncio.sleep,
    ) -> None:
        self._root = httpx.URL(f"{base_url.rstrip('/')}/api/v1/")
        self._client = httpx.AsyncClient(
            # Without it the answer is atom+xml.
            headers={"Accept": "application/json"},
            auth=auth,
            timeout=httpx.Timeout(60, connect=5),
            transport=transport,
        )
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._limits = Limits(wall, pause)
        self._manners = Manners(
            retry_after=self._limits.retry_after, patience=PATIENCE, quota=self._limits.quota
        )
        self._monotonic = monotonic
        self._budget = ErrorBudget(monotonic)
        self._lacking: dict[str, float] = {}
        """What the customer's licence lacks, and until when that is believed."""

    async def rows(
        self, division: int, resource: str, *, select: Sequence[str], where: str = ""
    ) -> AsyncIterator[Row]:
        """Every row, page after page; `select` holds ID, and Timestamp where there is one.

        Raises Transient when a page repeats or is no complete answer, Permanent when Exact
        refuses the question, TargetDown when it refuses the token.
        """
        asked = {"$select": ",".join(select), **({"$filter": where} if where else {})}
        address: httpx.URL | None = self._root.join(f"{division}/{resource}").copy_with(
            params=asked
        )
        seen: set[tuple[str, str]] = set()
        while address is not None:
            rows, address = _page(await self._get(division, resource, address), resource)
            if address is not None:
                self._check_ours(address, resource)
            # A row that changes meanwhile comes again, with another version.
            known = len(seen)
            seen.update(
                (str(row.get("ID") or row.get("Code")), str(row.get("Timestamp"))) for row in rows
            )
            if len(seen) != known + len(rows):
                raise Transient(f"{NAME}: {resource} repeated a row: the answer is not complete")
            for row in rows:
                yield row

    def since(
        self, division: int, table: str, *, version: int, select: Sequence[str]
    ) -> AsyncIterator[Row]:
        """The rows of a payroll table whose version is above this one; 0 is all of them."""
        fields = (*select, "Timestamp")
        where = f"Timestamp gt {max(0, version)}L"
        return self.rows(division, f"sync/Payroll/{table}", select=fields, where=where)

    def named(
        self, division: int, table: str, *, field: str, guids: Iterable[str], select: Sequence[str]
    ) -> AsyncIterator[Row]:
        """The rows of a payroll table whose `field` is one of these ids."""
        where = " or ".join(f"{field} eq guid'{guid}'" for guid in guids)
        return self.rows(division, f"payroll/{table}", select=select, where=where)

    def deleted(self, division: int, entity_type: int) -> AsyncIterator[Row]:
        """What was deleted of one entity type, as far back as Exact keeps it."""
        return self.rows(
            division,
            "sync/Deleted",
            select=("ID", "EntityKey", "DeletedDate", "Timestamp"),
            where=f"Timestamp gt 0L and EntityType eq {entity_type}",
        )

    async def version_at(self, division: int, table: str, moment: datetime) -> int | None:
        """A version below everything modified since `moment`; None when Exact does not say.

        The time is sent as UTC: where Exact reads it as local time it only means earlier.
        """
        if self._lacks(_SYNC_STAMP):
            return None
        text = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
        asked = {"modified": f"datetime'{text}'", "endPoint": f"'{table}'", "$select": _STAMP}
        address = self._root.join(f"{division}/{_SYNC_STAMP}").copy_with(params=asked)
        try:
            rows, _ = _page(await self._get(division, _SYNC_STAMP, address), _SYNC_STAMP)
        except Permanent:
            self._note_lacking(_SYNC_STAMP)
            return None
        stamp = rows[0].get(_STAMP) if rows else None
        # The row with that version was itself modified then, and `gt` would leave it out.
        return int(str(stamp)) - 1 if stamp is not None and str(stamp).isdecimal() else None

    async def coded(self, division: int, code: str, *, select: Sequence[str]) -> list[Row] | None:
        """Employees who may have this code, which holds no quote; None when Exact cannot tell.

        Codes can be padded with blanks, and not every endpoint takes `trim`.
        """
        if self._lacks(_TRIM):
            return None
        try:
            rows = self.rows(division, _EMPLOYEES, select=select, where=f"trim(Code) eq '{code}'")
            return [row async for row in rows]
        except Permanent:
            self._note_lacking(_TRIM)
            return None

    async def divisions(self, at: int) -> Mapping[int, Division] | None:
        """The divisions that the consenting user can see, by code, as asked from one of them.

        system/Divisions has the dates that make cursors void; where a licence lacks it,
        hrm/Divisions has to do. Their status codes differ. None when neither is shown.
        """
        plain = ("Code", "Description", "Status")
        lists = {_SYSTEM: (_ACTIVE, (*plain, *_UPSETS)), _HRM: (_REGULAR, plain)}
        for resource, (active, select) in lists.items():
            if self._lacks(resource):
                continue
            try:
                rows = [row async for row in self.rows(at, resource, select=select)]
            except Permanent:
                self._note_lacking(resource)
                continue
            return {one.code: one for one in (_division(row, active=active) for row in rows)}
        return None

    async def close(self) -> None:
        """Give back the connections."""
        await self._client.aclose()

    def _lacks(self, resource: str) -> bool:
        return self._lacking.get(resource, 0.0) > self._monotonic()

    def _note_lacking(self, resource: str) -> None:
        """Refused once, not asked again this hour: refusals count against the app's key."""
        self._lacking[resource] = self._monotonic() + HOUR_SECONDS

    async def _get(self, division: int, resource: str, address: httpx.URL) -> Any:
        """What stands under `d` of a good answer; every other answer becomes our error."""
        self._budget.check(division, resource)

        async def send() -> httpx.Response:
            return await self._client.get(address)

        call = Call(NAME, "GET", resource)
        await self._limits.room()
        answer = await persist(call, send, slots=self._slots, manners=self._manners)
        self._limits.note(answer.headers)
        self._budget.note(division, resource, answer.status_code)
        return _body(answer, division, resource)

    def _check_ours(self, address: httpx.URL, resource: str) -> None:
        """The token goes to Exact and to nobody else."""
        root = self._root
        if (address.scheme, address.netloc) != (root.scheme, root.netloc):
            raise Transient(f"{NAME}: {resource} leads to another address than EXACT_BASE_URL")


_SYSTEM = "system/Divisions"
_SYNC_STAMP = "read/sync/Sync/SyncTimestamp"
_HRM = "hrm/Divisions"
_EMPLOYEES = "payroll/Employees"
_TRIM = "trim"
_STAMP = "TimeStampAsBigInt"
_UPSETS = ("DivisionMoveDate", "DivisionHRLinkUnlinkDate")


def _division(row: Row, *, active: int) -> Division:
    try:
        dates = [moment_of(row.get(name)) for name in _UPSETS]
        return Division(
            code=int(str(row.get("Code"))),
            name=str(row.get("Description") or ""),
            is_active=str(row.get("Status")) == str(active),
            upset_at=max((date for date in dates if date), default=None),
        )
    except ValueError as error:
        raise Transient(f"{NAME}: a division with an unreadable code or date") from error


def _page(body: Any, resource: str) -> tuple[Sequence[Row], httpx.URL | None]:
    """The rows of a page and the address of the next one; a single entity is a page of one."""
    if isinstance(body, Mapping) and "results" not in body:
        body = {"results": [body]}
    rows = body.get("results") if isinstance(body, Mapping) else body
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise Transient(f"{NAME}: {resource} answered without rows")
    following = body.get("__next") if isinstance(body, Mapping) else None
    try:
        return rows, httpx.URL(str(following)) if following else None
    except httpx.InvalidURL:
        raise Transient(f"{NAME}: {resource} has a next page at no address") from None


def _body(answer: httpx.Response, division: int, resource: str) -> Any:
    status = answer.status_code
    where = f"{resource} of division {division}" if division else resource
    if status == httpx.codes.UNAUTHORIZED:
        raise TargetDown(
            f"{NAME} refuses the token for {where} (401): run `instroom hr connect exact`"
        )
    try:
        body = answer.json()
    except ValueError as error:
        if not answer.is_success:
            raise Permanent(_refusal(answer, where, None), mender="settings") from None
        raise Transient(f"{NAME}: {where}: an answer that is no JSON ({status})") from error
    if not answer.is_success:
        raise Permanent(_refusal(answer, where, body), mender="settings")
    if not isinstance(body, Mapping) or "d" not in body:
        raise Transient(f"{NAME}: {where}: an answer of the wrong shape")
    return body["d"]


def _refusal(answer: httpx.Response, where: str, body: object) -> str:
    """What Exact says of a refusal; its Reason header often says more than the body."""
    error = body.get("error") if isinstance(body, Mapping) else None
    message = error.get("message") if isinstance(error, Mapping) else None
    value = message.get("value") if isinstance(message, Mapping) else None
    told = "; ".join(
        dict.fromkeys(str(said) for said in (value, answer.headers.get("reason")) if said)
    )
    return (
        f"{NAME} refused {where} ({answer.status_code}): {told[:_MAX_TOLD] or 'no reason given'}"
    )
