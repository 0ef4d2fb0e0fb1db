from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest
import stamina

from shared.errors import InstroomError, TargetDown, Transient, UnknownReply
from shared.rest import Manners, Patience, Rest, redacted, retry_after_header

type Step = httpx.Response | Exception


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=4, cap=True):
        yield


class Script:
    """A far end that answers from a list; the last step repeats."""

    def __init__(self, *steps: Step) -> None:
        self.steps = list(steps)
        self.seen: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request)
        step = self.steps.pop(0) if len(self.steps) > 1 else self.steps[0]
        if isinstance(step, Exception):
            raise step
        return step


def rest(
    handler: Callable[[httpx.Request], httpx.Response | Awaitable[httpx.Response]],
    *,
    manners: Manners | None = None,
    concurrency: int = 4,
) -> Rest:
    client = httpx.AsyncClient(
        transport=httpx.MockTransport(handler),  # type: ignore[arg-type]
        base_url="https://far.example",
    )
    return Rest(client, name="far", concurrency=concurrency, manners=manners)


def status(code: int, **headers: str) -> httpx.Response:
    return httpx.Response(code, headers={k.replace("_", "-"): v for k, v in headers.items()})


LOST = httpx.ReadError("cut")
SLOW = httpx.ReadTimeout("slow")
REFUSED = httpx.ConnectError("refused")


@pytest.mark.parametrize("code", [200, 204, 304, 400, 401, 403, 404, 409, 501])
async def test_answers_about_the_request_are_returned(code: int) -> None:
    script = Script(status(code))

    response = await rest(script).call("POST", "/things")

    assert response.status_code == code
    assert len(script.seen) == 1


@pytest.mark.parametrize("step", [status(429), status(503), status(500), LOST, SLOW, REFUSED])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_an_idempotent_call_is_repeated(method: str, step: Step) -> None:
    script = Script(step, step, status(200))

    response = await rest(script).call(method, "/things")

    assert response.status_code == 200
    assert len(script.seen) == 3


@pytest.mark.parametrize("step", [status(408), status(500), status(503), status(504), LOST, SLOW])
@pytest.mark.parametrize("method", ["POST", "PATCH"])
async def test_a_write_that_may_have_happened_is_not_repeated(method: str, step: Step) -> None:
    script = Script(step)

    with pytest.raises(UnknownReply):
        await rest(script).call(method, "/things", json={})
    assert len(script.seen) == 1


@pytest.mark.parametrize("step", [status(429), REFUSED])
async def test_a_write_that_never_happened_is_repeated(step: Step) -> None:
    script = Script(step, status(201))

    response = await rest(script).call("POST", "/things", json={})

    assert response.status_code == 201


async def test_a_vendor_may_allow_a_patch_to_be_repeated() -> None:
    script = Script(LOST, status(204))

    response = await rest(script).call("PATCH", "/things", json={}, idempotent=True)

    assert response.status_code == 204


@pytest.mark.parametrize(
    ("method", "step", "expected"),
    [
        ("GET", status(429), Transient),
        ("GET", status(500), Transient),
        ("GET", status(504), Transient),
        ("GET", SLOW, Transient),
        ("GET", status(502), TargetDown),
        ("GET", status(503), TargetDown),
        ("GET", LOST, TargetDown),
        ("GET", REFUSED, TargetDown),
        ("POST", REFUSED, TargetDown),
        ("POST", status(429), Transient),
        ("PUT", status(503), TargetDown),
        ("PUT", status(500), UnknownReply),
        ("PUT", LOST, UnknownReply),
    ],
)
async def test_what_remains_after_the_last_attempt(
    method: str, step: Step, expected: type[InstroomError]
) -> None:
    script = Script(step)

    with pytest.raises(expected) as caught:
        await rest(script).call(method, "/things")
    assert type(caught.value) is expected
    assert len(script.seen) == 4


async def test_a_long_pause_is_handed_on_instead_of_slept() -> None:
    script = Script(status(429, retry_after="21"))

    with pytest.raises(Transient) as caught:
        await rest(script).call("GET", "/things")
    assert caught.value.retry_after_seconds == 21
    assert len(script.seen) == 1


async def test_a_short_pause_is_slept() -> None:
    script = Script(status(429, retry_after="20"), status(200))

    response = await rest(script).call("GET", "/things")

    assert response.status_code == 200


async def test_a_pause_that_does_not_fit_the_call_is_handed_on() -> None:
    script = Script(status(503, retry_after="10"))
    manners = Manners(patience=Patience(total_seconds=9))

    with pytest.raises(TargetDown) as caught:
        await rest(script, manners=manners).call("GET", "/things")
    assert caught.value.retry_after_seconds == 10


async def test_a_vendor_says_how_it_asks_for_a_pause() -> None:
    script = Script(httpx.Response(503, json={"retry_after": 7200}))
    manners = Manners(retry_after=lambda response: float(response.json()["retry_after"]))

    with pytest.raises(TargetDown) as caught:
        await rest(script, manners=manners).call("GET", "/things")
    assert caught.value.retry_after_seconds == 7200


async def test_a_vendor_says_which_server_errors_are_answers() -> None:
    response = await rest(Script(status(500)), manners=Manners(answers={500})).call("GET", "/x")

    assert response.status_code == 500


@pytest.mark.parametrize(("method", "expected"), [("GET", Transient), ("POST", UnknownReply)])
async def test_a_call_ends_when_its_time_is_over(
    method: str, expected: type[InstroomError]
) -> None:
    async def never(_request: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    manners = Manners(patience=Patience(total_seconds=0.05))

    with pytest.raises(expected) as caught:
        await rest(never, manners=manners).call(method, "/things")
    assert type(caught.value) is expected


async def test_a_call_without_a_slot_was_not_sent() -> None:
    started, finish = asyncio.Event(), asyncio.Event()

    async def held(_request: httpx.Request) -> httpx.Response:
        started.set()
        await finish.wait()
        return status(200)

    one = rest(held, concurrency=1)
    first = asyncio.create_task(one.call("POST", "/things"))
    await started.wait()
    one._manners = Manners(patience=Patience(total_seconds=0.05))

    with pytest.raises(Transient, match="no free slot") as caught:
        await one.call("POST", "/things")
    assert type(caught.value) is Transient
    finish.set()
    assert (await first).status_code == 200


async def test_no_more_requests_than_slots_are_under_way() -> None:
    now, most = 0, 0

    async def counted(_request: httpx.Request) -> httpx.Response:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0)
        now -= 1
        return status(200)

    one = rest(counted, concurrency=3)
    await asyncio.gather(*(one.call("GET", "/things") for _ in range(12)))

    assert most == 3


async def test_path_values_are_encoded() -> None:
    script = Script(status(200))

    await rest(script).call("GET", "/people/{id}/x", at={"id": "o'brien/../#1"})

    assert script.seen[0].url.raw_path == b"/people/o%27brien%2F..%2F%231/x"


async def test_the_log_holds_no_value(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="shared.rest")
    far = rest(Script(LOST, status(200)))

    await far.call(
        "GET", "/people/{id}", at={"id": "1042"}, params={"q": "Jansen"}, json={"n": "Jansen"}
    )

    ours = [r.getMessage() for r in caplog.records if r.name == "shared.rest"]
    assert len(ours) == 2
    assert ours[0].startswith("far: GET /people/{id} -> no reply in ")
    assert ours[1].startswith("far: GET /people/{id} -> 200 in ")


async def test_no_other_logger_writes_the_url(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)

    await rest(Script(status(200))).call("GET", "/people/{id}", at={"id": "kwispelaar"})

    assert "kwispelaar" not in caplog.text


async def test_a_path_value_is_never_empty() -> None:
    with pytest.raises(ValueError, match="no value for id"):
        await rest(Script(status(200))).call("DELETE", "/people/{id}", at={"id": ""})


async def test_a_bug_is_left_to_rise() -> None:
    script = Script(ValueError("bug"))

    with pytest.raises(ValueError, match="bug"):
        await rest(script).call("GET", "/things")
    assert len(script.seen) == 1


@pytest.mark.parametrize(("value", "expected"), [("7", 7.0), ("", None), ("soon", None)])
def test_retry_after_in_seconds(value: str, expected: float | None) -> None:
    assert retry_after_header(status(503, retry_after=value)) == expected


def test_retry_after_as_a_date() -> None:
    later = datetime.now(UTC) + timedelta(seconds=100)

    seconds = retry_after_header(status(503, retry_after=format_datetime(later, usegmt=True)))

    assert seconds is not None
    assert 90 < seconds <= 100


def test_credentials_are_blotted_out() -> None:
    shown = redacted({"Authorization": "Bearer abc", "Accept": "application/json"})

    assert shown == {"Authorization": "***", "Accept": "application/json"}
