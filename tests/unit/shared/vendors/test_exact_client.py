"""Exact Online is read page by page, within its limits, and no answer is taken for another."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from shared.errors import InstroomError, Permanent, TargetDown, Transient
from shared.vendors.exact.budget import ALLOWED, HOUR_SECONDS, ErrorBudget
from shared.vendors.exact.client import Exact, Row

SITE = "https://start.exactonline.test"
NOW = 1_790_000_000.0
FIELDS = ("ID", "Code")
NEEDS_SELECT = Path(__file__).parents[3] / "samples" / "exact-10-needs-select.json"

type Answer = Callable[[httpx.Request], httpx.Response]


class Token(httpx.Auth):
    """A token, always the same."""

    def auth_flow(self, request: httpx.Request) -> Any:
        request.headers["Authorization"] = "Bearer t0ken"
        yield request


class Site:
    """Exact as a list of answers; the last one repeats."""

    def __init__(self, *answers: Answer | httpx.Response) -> None:
        self.answers = list(answers)
        self.seen: list[httpx.Request] = []
        self.seconds = 0.0
        self.slept: list[float] = []
        self.exact = Exact(
            SITE,
            Token(),
            transport=httpx.MockTransport(self._answer),
            wall=lambda: NOW + self.seconds,
            monotonic=lambda: self.seconds,
            pause=self._pause,
        )

    async def _pause(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, httpx.Response):
            return httpx.Response(
                answer.status_code, headers=answer.headers, content=answer.content
            )
        return answer(request)

    async def rows(self, resource: str = "payroll/Employees") -> list[Row]:
        rows = self.exact.rows(1, resource, select=FIELDS, where="Code eq '1'")
        return [row async for row in rows]


def page(*ids: int, following: str | None = None, **more: Any) -> httpx.Response:
    results = [{"ID": str(n), "Code": str(n), **more} for n in ids]
    return httpx.Response(
        200, json={"d": {"results": results, **({"__next": following} if following else {})}}
    )


NEXT = f"{SITE}/api/v1/1/payroll/Employees?$select=ID,Code&$skiptoken=guid'2'"


async def test_next_page_is_followed_as_given() -> None:
    site = Site(page(1, 2, following=NEXT), page(3))

    rows = await site.rows()

    assert [row["ID"] for row in rows] == ["1", "2", "3"]
    assert site.seen[0].url.params["$select"] == "ID,Code"
    assert site.seen[1].url.params["$skiptoken"] == "guid'2'"
    assert {request.headers["accept"] for request in site.seen} == {"application/json"}


async def test_list_without_results_and_a_single_entity_are_rows() -> None:
    bare = Site(httpx.Response(200, json={"d": [{"ID": "1"}]}))
    single = Site(httpx.Response(200, json={"d": {"ID": "1"}}))

    assert len(await bare.rows()) == len(await single.rows()) == 1


async def test_page_that_repeats_is_an_error() -> None:
    site = Site(page(1, 2, following=NEXT))

    with pytest.raises(Transient, match="repeated a row"):
        await site.rows()


async def test_row_that_changed_while_reading_comes_twice() -> None:
    site = Site(page(1, following=NEXT, Timestamp="7"), page(1, Timestamp="9"))

    assert [row["Timestamp"] for row in await site.rows()] == ["7", "9"]


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.test/api/v1/1/x", "http://start.exactonline.test/x", "http://[::x"]
)
async def test_token_goes_to_no_other_address(elsewhere: str) -> None:
    site = Site(page(1, following=elsewhere))

    with pytest.raises(Transient):
        await site.rows()
    assert len(site.seen) == 1


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, text='{"d": {"results": [{"ID'),
        httpx.Response(200, text="<feed/>"),
        httpx.Response(200, json={"d": {"results": "none"}}),
        httpx.Response(200, json={"d": {"results": [1]}}),
        httpx.Response(200, json={"d": None}),
        httpx.Response(200, json=[]),
        httpx.Response(502, text="bad gateway"),
    ],
)
async def test_answer_of_another_shape_is_no_end_of_a_list(answer: httpx.Response) -> None:
    with pytest.raises(Transient):
        await Site(answer).rows()


async def test_refusal_is_told_in_exacts_words() -> None:
    site = Site(httpx.Response(400, text=NEEDS_SELECT.read_text(encoding="utf-8")))

    with pytest.raises(
        Permanent, match=r"refused payroll/Employees of division 1 \(400\)"
    ) as told:
        await site.rows()

    assert "Please add a $select" in told.value.reason


async def test_reason_header_is_told_as_well() -> None:
    site = Site(httpx.Response(403, headers={"Reason": "Customer's license expired"}, text=""))

    with pytest.raises(Permanent, match="Customer's license expired"):
        await site.rows()


async def test_refused_token_says_who_can_mend_it() -> None:
    with pytest.raises(TargetDown, match="instroom hr connect exact"):
        await Site(httpx.Response(401, json={"error": {}})).rows()


_USED_UP = {"X-RateLimit-Minutely-Remaining": "0"}


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        (_USED_UP | {"X-RateLimit-Minutely-Reset": str(int(NOW * 1000) + 30_000)}, 31.0),
        (_USED_UP | {"X-RateLimit-Minutely-Reset": str(int(NOW * 1000) - 99_000)}, 60.0),
        (_USED_UP | {"X-RateLimit-Minutely-Reset": "soon"}, 60.0),
        ({}, 60.0),
        ({"Retry-After": "7"}, 7.0),
        (
            {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(NOW * 1000) + 7_200_000)},
            7201.0,
        ),
    ],
    ids=["minute", "clocks differ", "odd", "no header", "Retry-After", "day"],
)
async def test_used_up_limit_is_waited_for(headers: dict[str, str], seconds: float) -> None:
    with pytest.raises(Transient, match="throttled") as throttled:
        await Site(httpx.Response(429, headers=headers)).rows()

    assert throttled.value.retry_after_seconds == seconds


async def test_throttled_call_goes_on_afterwards() -> None:
    assert len(await Site(httpx.Response(429), page(1)).rows()) == 1


async def test_endpoint_that_keeps_refusing_is_let_alone_for_an_hour() -> None:
    site = Site(httpx.Response(404, json={}))
    for _ in range(ALLOWED):
        with pytest.raises(Permanent):
            await site.rows()
    site.seconds = 600

    with pytest.raises(Transient, match="Exact would block the app's key") as paused:
        await site.rows()

    assert paused.value.retry_after_seconds == HOUR_SECONDS - 600
    assert len(site.seen) == ALLOWED
    site.answers = [page(1)]
    assert len(await site.rows("payroll/Employments")) == 1
    site.seconds = HOUR_SECONDS + 1
    assert len(await site.rows()) == 1


def test_budget_stays_below_what_exact_allows() -> None:
    """Eleven refusals block the key; a refused token counts twice."""
    budget = ErrorBudget(lambda: 0.0)
    for _ in range(ALLOWED - 1):
        budget.note(1, "x", 401)
        budget.check(1, "x")
    budget.note(1, "x", 429)
    budget.note(1, "x", 200)
    budget.check(1, "x")
    budget.note(1, "x", 400)

    with pytest.raises(Transient):
        budget.check(1, "x")
    assert 2 * ALLOWED <= 10


async def test_version_lies_below_what_changed_then() -> None:
    site = Site(httpx.Response(200, json={"d": {"results": [{"TimeStampAsBigInt": "1002"}]}}))

    found = await site.exact.version_at(1, "Employees", datetime(2026, 11, 2, 9, tzinfo=UTC))

    assert found == 1001
    assert site.seen[0].url.params["modified"] == "datetime'2026-11-02T09:00:00'"
    assert site.seen[0].url.params["endPoint"] == "'Employees'"


@pytest.mark.parametrize("body", [{"results": []}, {"results": [{"TimeStampAsBigInt": None}]}])
async def test_version_that_is_not_told_is_none(body: object) -> None:
    site = Site(httpx.Response(200, json={"d": body}))

    assert await site.exact.version_at(1, "Employees", datetime.now(UTC)) is None


async def test_licence_without_versions_is_not_asked_again_soon() -> None:
    site = Site(httpx.Response(403, json={}))

    for _ in range(20):
        assert await site.exact.version_at(1, "Employees", datetime.now(UTC)) is None
    assert len(site.seen) == 1


def divisions(*rows: dict[str, Any]) -> httpx.Response:
    return httpx.Response(200, json={"d": {"results": list(rows)}})


async def test_status_of_a_division_differs_by_list() -> None:
    rows = [{"Code": n, "Description": f"D{n}", "Status": n} for n in (0, 1, 2)]
    system = Site(divisions(*rows))
    hrm = Site(httpx.Response(403, json={}), divisions(*rows[:2]))

    by_system, by_hrm = await system.exact.divisions(7), await hrm.exact.divisions(7)

    assert by_system is not None
    assert by_hrm is not None
    assert {code for code, one in by_system.items() if one.is_active} == {1}
    assert {code for code, one in by_hrm.items() if one.is_active} == {0}


async def test_move_and_link_of_a_division_are_known() -> None:
    row = {"Code": 7, "Description": "x", "Status": 1, "DivisionMoveDate": "/Date(1000)/",
           "DivisionHRLinkUnlinkDate": "/Date(2000)/"}  # fmt: skip

    found = await Site(divisions(row)).exact.divisions(7)

    assert found is not None
    assert found[7].upset_at == datetime(1970, 1, 1, 0, 0, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    "row", [{"Code": "x"}, {"Code": 7, "DivisionMoveDate": "once"}, {"Code": None}]
)
async def test_odd_division_is_our_error(row: dict[str, Any]) -> None:
    with pytest.raises(InstroomError):
        await Site(divisions(row)).exact.divisions(7)


async def test_licence_without_lists_of_divisions_is_asked_again_after_an_hour() -> None:
    site = Site(httpx.Response(403, json={}))

    for _ in range(20):
        assert await site.exact.divisions(7) is None
    assert len(site.seen) == 2
    site.seconds = HOUR_SECONDS + 1
    await site.exact.divisions(7)
    assert len(site.seen) == 4


async def test_endpoint_without_trim_is_not_asked_for_it_again() -> None:
    site = Site(httpx.Response(400, json={}))

    for _ in range(20):
        assert await site.exact.coded(1, "100030", select=FIELDS) is None
    assert len(site.seen) == 1


def left(minute: int, day: int | None = None) -> dict[str, str]:
    """The headers of an answer; the minute ends in 30 seconds, the day in two hours."""
    minutely = {
        "X-RateLimit-Minutely-Remaining": str(minute),
        "X-RateLimit-Minutely-Reset": str(int(NOW * 1000) + 30_000),
    }
    if day is None:
        return minutely
    reset = str(int(NOW * 1000) + 7_200_000)
    return minutely | {"X-RateLimit-Remaining": str(day), "X-RateLimit-Reset": reset}


def with_headers(answer: httpx.Response, headers: dict[str, str]) -> httpx.Response:
    return httpx.Response(answer.status_code, headers=headers, content=answer.content)


async def test_last_call_of_a_minute_is_followed_by_a_pause() -> None:
    site = Site(with_headers(page(1), left(0)), page(2))

    await site.rows()
    await site.rows()

    assert site.slept == [31.0]


async def test_calls_that_are_left_are_made_at_once() -> None:
    site = Site(with_headers(page(1), left(1, 1)), page(2))

    await site.rows()
    await site.rows()

    assert site.slept == []


async def test_last_call_of_a_day_is_followed_by_none() -> None:
    site = Site(with_headers(page(1), left(5, 0)))
    await site.rows()

    with pytest.raises(Transient, match="calls of this day are used up") as waiting:
        await site.rows()

    assert waiting.value.retry_after_seconds == 7201.0
    assert len(site.seen) == 1
    site.seconds = 7202
    site.answers = [page(2)]
    assert len(await site.rows()) == 1


async def test_nothing_of_a_question_stands_in_an_error() -> None:
    site = Site(httpx.Response(500, text="secret"))

    with pytest.raises(Transient) as failed:
        await site.rows()

    assert "Code eq" not in str(failed.value)
    assert "t0ken" not in str(failed.value)
    assert json.dumps(str(failed.value)).count("secret") == 0
