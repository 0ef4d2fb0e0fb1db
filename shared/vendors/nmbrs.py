"""How is Visma Nmbrs spoken to? Companies, and lists of employees by pages; no decisions.

Facts: Nmbrs REST API specification (api.nmbrsapp.com, "Global") and the vendor's Python SDK. A
list is paged by `pageNumber` up to `totalPages`; the links beside them lack the page size. A list
that changes while it is read is read anew once, and is an error when it changes again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from shared.errors import InstroomError, Permanent, TargetDown, Transient
from shared.grant import Provider
from shared.rest import Manners, Rest, retry_after_header
from shared.secret import Secret, at_hand

PAGE = 100  # the most that `pageSize` allows
AT_ONCE = 4  # the plans' limits are not published
QUOTA_USED_UP = 42909
_QUOTA_SECONDS = 3600.0
_KEY = "X-Subscription-Key"
_TRIES = 2

SCOPES = (
    "offline_access company.info.read employee.info.read employee.employment.read "
    "employee.payment.read"
)
"""The least that intake needs; fixed when consent is given."""
WRITING = "employee.info"
"""What is needed as well where something is written back."""
DEBTORS = "/api/debtors"
COMPANIES = "/api/debtors/{debtor}/companies"
PERIOD = "/api/companies/{company}/period"
EMPLOYEES = "/api/companies/{company}/employees"
PERSONAL_INFO = "/api/employees/{employee}/personalInfo"
OF_EMPLOYEES = "/api/companies/{company}/employees/{kind}"

type Row = Mapping[str, Any]


@dataclass(frozen=True)
class Company:
    """One company of the environment; `number` is what its users know it by."""

    id: str
    number: str
    name: str


def provider(identity_url: str, client_id: str, client_secret: str | Secret) -> Provider:
    """The application that is registered at Nmbrs; a refresh token is good for one use."""
    site = identity_url.rstrip("/")
    return Provider(
        name="nmbrs",
        authorize_url=f"{site}/connect/authorize",
        token_url=f"{site}/connect/token",
        client_id=client_id,
        client_secret=client_secret,
        scope=SCOPES,
        pkce=True,
    )


class _Moved(Exception):
    """The list changed while its pages were read."""


class Nmbrs:
    """One environment, as far as the consent and the subscription reach."""

    def __init__(
        self,
        base_url: str,
        subscription_key: str | Secret,
        auth: httpx.Auth,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._key = subscription_key
        self._client = httpx.AsyncClient(
            base_url=base_url.rstrip("/"),
            headers={"Accept": "application/json"},
            auth=auth,
            event_hooks={"request": [self._put_key], "response": [self._look_again]},
            timeout=httpx.Timeout(30, connect=5),
            transport=transport,
        )
        # 500 is a defect at their side that comes back: nothing to repeat within one call.
        manners = Manners(retry_after=_retry_after, answers=(500, 501))
        self._rest = Rest(self._client, name="Nmbrs", concurrency=AT_ONCE, manners=manners)

    async def companies(self) -> list[Company]:
        """Every company of every debtor: `/api/companies` is refused where there are several."""
        found: list[Company] = []
        for debtor in await self._rows(DEBTORS, at={}):
            at = {"debtor": _id(debtor, "debtorId")}
            for row in await self._rows(COMPANIES, at=at):
                number, name = row.get("number"), row.get("name")
                if number in (None, ""):
                    raise Transient("Nmbrs shows a company without a number")
                found.append(Company(_id(row, "companyId"), str(number), str(name or "")))
        return found

    async def period(self, company: Company) -> Row:
        """The current payroll period with its type."""
        body = await self._body(PERIOD, at={"company": company.id}, params={})
        data = body.get("data", body)
        first = data[0] if isinstance(data, list) and data else data
        if not isinstance(first, Mapping):
            raise Transient(f"Nmbrs company {company.number} shows no payroll period")
        return first

    async def employees(self, company: Company, **only: str) -> list[Row]:
        """The employees of a company in the current period."""
        return await self._rows(EMPLOYEES, at={"company": company.id}, only=only)

    async def of_employees(self, company: Company, kind: str, **only: str) -> list[Row]:
        """One of the lists that hang on employees, `{employeeId, <kind>: [...]}` a row."""
        return await self._rows(OF_EMPLOYEES, at={"company": company.id, "kind": kind}, only=only)

    async def put_personal_info(self, employee: str, content: Row) -> httpx.Response:
        """Whatever Nmbrs answers to a body of personal information, which is sent once.

        Each that is taken is another version in the history. Raises UnknownReply when it may have
        been carried out, Transient or TargetDown when it was not.
        """
        return await self._rest.call(
            "PUT", PERSONAL_INFO, at={"employee": employee}, json=content, idempotent=False
        )

    async def close(self) -> None:
        """Give back the connections."""
        await self._client.aclose()

    async def _put_key(self, request: httpx.Request) -> None:
        request.headers[_KEY] = await at_hand(self._key)

    async def _look_again(self, answer: httpx.Response) -> None:
        """Was the key rotated? `auth` sends the request again, for it takes a 401 as its own."""
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            await at_hand(self._key, rejected=answer.request.headers[_KEY])

    async def _rows(
        self, path: str, *, at: Mapping[str, str], only: Mapping[str, str] | None = None
    ) -> list[Row]:
        """All rows of a list, or an error: never a part of it."""
        for _ in range(_TRIES):
            try:
                return await self._pages(path, at=at, only=only or {})
            except _Moved:
                continue
        raise Transient(f"Nmbrs {path} kept changing while it was read")

    async def _pages(
        self, path: str, *, at: Mapping[str, str], only: Mapping[str, str]
    ) -> list[Row]:
        rows: list[Row] = []
        seen: list[list[Row]] = []
        totals: tuple[Any, Any] | None = None
        page = 1
        while True:
            params: dict[str, str | int] = {**only, "pageNumber": page, "pageSize": PAGE}
            body = await self._body(path, at=at, params=params)
            data, pagination = _parts(body, path)
            here = pagination.get("totalPages"), pagination.get("totalRecords")
            if totals not in (None, here):
                raise _Moved
            totals = here
            if data and (data in seen or pagination.get("pageNumber", page) != page):
                raise Transient(f"Nmbrs {path} repeated a page: the answer is not complete")
            seen.append(data)
            rows += data
            if _is_last(page, len(data), here[0]):
                return rows
            if not data:
                raise Transient(f"Nmbrs {path} stopped before its last page")
            page += 1

    async def _body(
        self, path: str, *, at: Mapping[str, str], params: Mapping[str, str | int]
    ) -> Mapping[str, Any]:
        answer = await self._rest.call("GET", path, at=at, params=params)
        if not answer.is_success:
            raise _refusal(answer, path, at.get("kind", ""))
        try:
            body = answer.json()
        except (ValueError, RecursionError) as error:
            raise Transient(f"Nmbrs {path}: an answer that is no JSON") from error
        if not isinstance(body, Mapping):
            raise Transient(f"Nmbrs {path}: an answer of the wrong shape")
        return body


def _parts(body: Mapping[str, Any], path: str) -> tuple[list[Row], Mapping[str, Any]]:
    data, pagination = body.get("data"), body.get("pagination")
    pagination = {} if pagination is None else pagination
    if not isinstance(data, list) or not all(isinstance(row, Mapping) for row in data):
        raise Transient(f"Nmbrs {path} answered without rows")
    if not isinstance(pagination, Mapping):
        raise Transient(f"Nmbrs {path}: an answer of the wrong shape")
    return data, pagination


def _is_last(page: int, rows: int, total_pages: object) -> bool:
    if isinstance(total_pages, int):
        return page >= total_pages
    return rows < PAGE


def _id(row: Row, field: str) -> str:
    value = row.get(field)
    if not isinstance(value, str | int) or value == "":
        raise Transient(f"Nmbrs shows a row without {field}")
    return str(value)


def _refusal(answer: httpx.Response, path: str, kind: str) -> InstroomError:
    """Our error for a status below 500, or 500 itself (specification, "Errors")."""
    status, code = answer.status_code, _code(answer)
    told = f"Nmbrs refused {path.replace('{kind}', kind)} ({status}, code {code or 'none'})"
    match status:
        case 401:
            return TargetDown(
                f"{told}: check NMBRS_SUBSCRIPTION_KEY; if that is right, run "
                "`instroom hr connect nmbrs`"
            )
        case 403:
            mend = "the environment is disabled or its subscription ended"
            if code != 40304:  # noqa: PLR2004 - Invalid_Subscription
                mend = "the consent lacks a scope, or the rights of the login that gave it are"
                mend += " limited: mend them, then run `instroom hr connect nmbrs`"
            return TargetDown(f"{told}: {mend}")
        case 404:
            return Permanent(f"{told}: it is not there for this login", mender="settings")
        case 500 | 501:
            return Transient(told)
    return Permanent(told, mender="operator")


def _code(answer: httpx.Response) -> int | None:
    try:
        code = answer.json().get("code")
    except (ValueError, AttributeError, RecursionError):
        return None
    return code if isinstance(code, int) else None


def _retry_after(answer: httpx.Response) -> float | None:
    """What the header says; a used-up quota does not come back in this call."""
    if answer.status_code == httpx.codes.TOO_MANY_REQUESTS and _code(answer) == QUOTA_USED_UP:
        return max(_QUOTA_SECONDS, retry_after_header(answer) or 0.0)
    return retry_after_header(answer)
