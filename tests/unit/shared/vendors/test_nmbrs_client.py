from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import InstroomError, Permanent, Transient
from shared.vendors.nmbrs import PAGE, Company, Nmbrs

SAMPLES = Path(__file__).parents[3] / "samples"
COMPANY = Company("c-1", "1", "Voorbeeld B.V.")


class NoAuth(httpx.Auth):
    """Another test's business."""


def client(answer: Callable[[httpx.Request], httpx.Response]) -> Nmbrs:
    return Nmbrs("https://api.example", "key", NoAuth(), httpx.MockTransport(answer))


def rows(first: int, count: int) -> list[dict[str, object]]:
    return [{"employeeId": str(n)} for n in range(first, first + count)]


def page(data: list[dict[str, object]], **pagination: object) -> httpx.Response:
    return httpx.Response(200, json={"data": data, "pagination": pagination})


def asked(request: httpx.Request) -> int:
    return int(request.url.params["pageNumber"])


async def test_pages_are_asked_by_number_with_their_size() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return page(rows(asked(request), 1), totalPages=3, totalRecords=3, nextPage="")

    found = await client(answer).employees(COMPANY, employeeType="payroll")

    assert [row["employeeId"] for row in found] == ["1", "2", "3"]
    assert [r.url.params["pageNumber"] for r in seen] == ["1", "2", "3"]
    assert all(r.url.params["pageSize"] == "100" for r in seen)
    assert seen[0].headers["x-subscription-key"] == "key"
    assert seen[0].url.path == "/api/companies/c-1/employees"


async def test_without_a_count_a_short_page_is_the_last() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return page(rows(asked(request) * 1000, PAGE if asked(request) == 1 else 3))

    assert len(await client(answer).employees(COMPANY)) == PAGE + 3


async def test_list_that_grows_is_read_anew_once() -> None:
    totals = iter([(2, 2), (2, 3), (3, 3), (3, 3), (3, 3)])

    def answer(request: httpx.Request) -> httpx.Response:
        pages, records = next(totals)
        return page(rows(asked(request), 1), totalPages=pages, totalRecords=records)

    assert len(await client(answer).employees(COMPANY)) == 3


async def test_list_that_keeps_growing_is_an_error() -> None:
    count = iter(range(1, 99))

    def answer(request: httpx.Request) -> httpx.Response:
        return page(rows(asked(request), 1), totalPages=99, totalRecords=next(count))

    with pytest.raises(Transient, match="kept changing"):
        await client(answer).employees(COMPANY)


@pytest.mark.parametrize("pagination", [{"totalPages": 3}, {"totalPages": 3, "pageNumber": 1}])
async def test_repeated_page_is_an_error(pagination: dict[str, object]) -> None:
    with pytest.raises(Transient, match="repeated a page"):
        await client(lambda _: page(rows(1, 2), **pagination)).employees(COMPANY)


async def test_page_that_stops_early_is_an_error() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return page(rows(1, 2) if asked(request) == 1 else [], totalPages=3)

    with pytest.raises(Transient, match="stopped before its last page"):
        await client(answer).employees(COMPANY)


async def test_throttled_call_is_repeated() -> None:
    throttled = (SAMPLES / "nmbrs-3.5-throttled.json").read_text(encoding="utf-8")
    answers = [httpx.Response(429, text=throttled), page(rows(1, 1), totalPages=1)]

    assert len(await client(lambda _: answers.pop(0)).employees(COMPANY)) == 1


async def test_used_up_quota_is_not() -> None:
    quota = (SAMPLES / "nmbrs-3.5-quota.json").read_text(encoding="utf-8")
    calls: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        calls.append(request)
        return httpx.Response(429, text=quota)

    with pytest.raises(Transient) as refused:
        await client(answer).employees(COMPANY)
    assert refused.value.retry_after_seconds == 3600
    assert len(calls) == 1


@pytest.mark.parametrize(
    ("status", "mender"), [(404, "settings"), (400, "operator"), (422, "operator")]
)
async def test_refusal_says_who_mends_it(status: int, mender: str) -> None:
    with pytest.raises(Permanent) as refused:
        await client(lambda _: httpx.Response(status)).of_employees(COMPANY, "contracts")
    assert refused.value.mender == mender
    assert "employees/contracts" in str(refused.value)


@pytest.mark.parametrize("data", ["[]", "{}", "7", '[{"period": 1}]', "null"])
async def test_period_of_any_shape_is_a_row_or_an_error(data: str) -> None:
    nmbrs = client(lambda _: httpx.Response(200, text=f'{{"data": {data}}}'))
    try:
        row = await nmbrs.period(COMPANY)
    except Transient:
        return
    assert isinstance(row, dict)


@settings(max_examples=60, deadline=None)
@given(st.integers(200, 599), st.binary(max_size=60))
async def test_any_bytes_are_rows_or_an_error_of_ours(status: int, body: bytes) -> None:
    nmbrs = client(lambda _: httpx.Response(status, content=body))
    try:
        found = await nmbrs.employees(COMPANY)
    except InstroomError:
        return
    finally:
        await nmbrs.close()
    assert isinstance(found, list)
