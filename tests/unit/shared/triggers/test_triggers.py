"""From the host's language into the flow and back: nothing about people is decided here."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import azure.functions as func  # noqa: TID251 - these are the tests of the room that knows it
import pytest
from build import POLICY, a_record
from fakes import FakeClock, FakeSource, World, a_world
from turning import deliver, first_load, settle

from shared import health as app_health
from shared import wiring
from shared.bus import envelope
from shared.errors import LostRace, Misconfigured, Transient
from shared.flow import full_sync, sweep
from shared.health import Report
from shared.ledger.sqlite import open_sqlite
from shared.model.desired import TargetName
from shared.model.event import Event
from shared.model.person import PersonId
from shared.model.signal import Signal
from shared.settings import Settings
from shared.triggers import bus, timer, web

KEY = b"twenty-four bytes at least"
SETTINGS = Settings.model_validate(
    {
        "HR_SOURCES": "afas",
        "WEBHOOK_SECRET_": {"afas": f"whsec_{base64.b64encode(KEY).decode()}"},
    }
)


@pytest.fixture
async def world(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """A service over fakes, where the triggers look for theirs."""
    clock = FakeClock()
    store = await open_sqlite(None, wall=clock.wall)
    world = a_world(store, clock=clock)

    async def service() -> Any:
        return world.service

    monkeypatch.setattr(wiring, "service", service)
    monkeypatch.setattr(wiring, "settings", lambda: SETTINGS)
    yield world
    await store.close()


def function(decorated: Any) -> Callable[..., Awaitable[Any]]:
    """The function as written, out of what its decorators made of it."""
    found: Callable[..., Awaitable[Any]] = decorated._function.get_user_function()
    return found


def a_message(body: bytes) -> func.ServiceBusMessage:
    class Message(func.ServiceBusMessage):
        def get_body(self) -> bytes:
            return body

    return Message()


def a_signal(number: str, source: str = "afas") -> func.ServiceBusMessage:
    return a_message(str(envelope.signal(Signal(source=source, number=number), "id")).encode())


def a_wake(person_id: str) -> func.ServiceBusMessage:
    return a_message(str(envelope.wake(PersonId(person_id), Event.LEAVER, "id")).encode())


def a_call(body: bytes, source: str = "afas", **changes: str) -> func.HttpRequest:
    moment = str(int(time.time()))
    mac = hmac.new(KEY, f"msg_1.{moment}.".encode() + body, hashlib.sha256).digest()
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": moment,
        "webhook-signature": f"v1,{base64.b64encode(mac).decode()}",
    }
    return func.HttpRequest(
        method="POST",
        url=f"http://127.0.0.1/api/hr/{source}",
        headers=headers | changes,
        route_params={"source": source},
        body=body,
    )


async def answer(request: func.HttpRequest) -> tuple[int, dict[str, Any], Mapping[str, str]]:
    response = await function(web.hr_webhook)(request)
    return response.status_code, json.loads(response.get_body()), response.headers


async def test_webhook_enqueues_a_signal_for_each_number(world: World) -> None:
    status, told, _ = await answer(a_call(b'{"data": {"numbers": ["1", "2", "1"]}}'))

    assert (status, told) == (202, {"accepted": 2})
    assert [said.number for said, _ in world.bus.signals] == ["1", "2"]


async def test_replayed_webhook_is_accepted_and_enqueues_nothing(world: World) -> None:
    call = a_call(b'{"data": {"number": "1"}}')

    assert [(await answer(call))[0] for _ in range(2)] == [202, 202]
    assert len(world.bus.signals) == 1


@pytest.mark.parametrize(
    ("call", "status"),
    [
        (partial(a_call, b"{}"), 400),
        (partial(a_call, b"{}", source="nmbrs"), 404),
        (partial(a_call, b"{}", **{"webhook-signature": "v1,bm8="}), 401),
        (partial(a_call, b" " * 300_000), 413),
    ],
)
async def test_refusal_is_told_with_its_reason(
    world: World, call: Callable[[], func.HttpRequest], status: int
) -> None:
    """Signed when the test runs: a signature is good for five minutes, a whole run is longer."""
    answered, told, _ = await answer(call())

    assert answered == status
    assert told["error"]
    assert world.bus.signals == []


class Rotated:
    """A webhook secret in a vault, changed there a moment ago."""

    known = f"whsec_{base64.b64encode(b'the one before this one').decode()}"

    async def value(self, *, rejected: str | None = None) -> str:
        if rejected == self.known:
            self.known = f"whsec_{base64.b64encode(KEY).decode()}"
        return self.known


async def test_webhook_is_checked_by_a_secret_that_was_rotated(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = Rotated()

    async def webhook_secret(_source: str) -> Rotated:
        return secret

    monkeypatch.setattr(wiring, "webhook_secret", webhook_secret)

    assert (await answer(a_call(b'{"data": {"number": "1"}}')))[0] == 202
    assert (await answer(a_call(b"{}", **{"webhook-signature": "v1,bm8="})))[0] == 401
    assert len(world.bus.signals) == 1


@pytest.mark.parametrize(
    ("error", "retry"),
    [
        (Transient("Service Bus is away"), "30"),
        (Misconfigured("LEDGER_URL", "is odd", "Mend"), None),
    ],
)
async def test_what_keeps_us_from_taking_a_call_is_a_503(
    world: World, monkeypatch: pytest.MonkeyPatch, error: Exception, retry: str | None
) -> None:
    async def signal(_said: Signal, _message_id: str) -> None:
        raise error

    monkeypatch.setattr(world.bus, "signal", signal)

    status, told, headers = await answer(a_call(b'{"data": {"number": "1"}}'))

    assert status == 503
    assert told["error"]
    assert headers.get("Retry-After") == retry


@pytest.mark.parametrize(("problem", "status"), [(None, 200), ("is not set", 503)])
async def test_health_answers_as_the_report_says(
    monkeypatch: pytest.MonkeyPatch, problem: str | None, status: int
) -> None:
    async def health() -> Report:
        return Report((("settings", problem),))

    monkeypatch.setattr(app_health, "health", health)

    response = await function(web.health)(func.HttpRequest("GET", "http://x", body=b""))

    assert response.status_code == status
    told = {"ready": problem is None, "parts": {"settings": problem or "ok"}}
    assert json.loads(response.get_body()) == told


async def test_signal_reads_that_person(world: World) -> None:
    world.hr.put(a_record("1042"))
    await sweep(world.service)

    await function(bus.hr_signal)(a_signal("1042"))
    await settle(world)

    assert world.entra.by_number("1042") is not None


@pytest.mark.parametrize(
    "message", [a_message(b""), a_message(b"[]"), a_signal("1", source="nmbrs")]
)
async def test_signal_that_can_never_work_is_dropped_with_a_line(
    world: World, message: func.ServiceBusMessage, caplog: pytest.LogCaptureFixture
) -> None:
    await sweep(world.service)

    await function(bus.hr_signal)(message)

    assert "signal dropped" in caplog.text


async def test_signal_that_may_work_later_is_given_back(world: World) -> None:
    await sweep(world.service)
    world.hr.fails = Transient("AFAS is away")

    with pytest.raises(Transient):
        await function(bus.hr_signal)(a_signal("1042"))


async def test_wake_converges_one_target(world: World) -> None:
    world.hr.put(a_record("1042"))
    await sweep(world.service)
    await full_sync(world.service, "afas")
    (_, person_id, _) = world.bus.wakes[0]

    await function(bus.apply_entra)(a_wake(person_id))
    assert world.entra.by_number("1042") is not None
    assert world.topdesk.by_number("1042") is None

    await function(bus.apply_topdesk)(a_wake(person_id))
    assert world.topdesk.by_number("1042") is not None


async def test_wake_tells_hr_of_one_account(world: World) -> None:
    text = f"{POLICY}write_back: {{afas: {{fields: [work_mail]}}}}\n"
    world.service = replace(world.service, policy_text=lambda: text)
    world.hr.put(a_record("1042"))
    await function(timer.due)(None)
    await function(timer.hr_full_sync)(None)
    (_, person_id, _) = world.bus.wakes[0]
    await function(bus.apply_entra)(a_wake(person_id))
    assert (TargetName.HR, person_id) in [wake[:2] for wake in world.bus.wakes]

    await function(bus.apply_hr)(a_wake(person_id))
    assert world.told.writes == [("1042", {"work_mail": "sanne.van.dijk@proef.example"})]


@pytest.mark.parametrize("decorated", [bus.apply_entra, bus.apply_topdesk, bus.apply_hr])
async def test_message_that_is_no_wake_is_dropped_with_a_line(
    world: World, decorated: Any, caplog: pytest.LogCaptureFixture
) -> None:
    await sweep(world.service)

    await function(decorated)(a_message(b'{"not": "ours"}'))

    assert "message dropped" in caplog.text
    assert world.entra.calls.total() == world.topdesk.calls.total() == 0


async def test_a_bug_is_left_to_rise_so_that_the_message_comes_again(world: World) -> None:
    world.hr.put(a_record("1042"))
    await sweep(world.service)
    await full_sync(world.service, "afas")
    world.entra.fails = [ZeroDivisionError()]

    with pytest.raises(ZeroDivisionError):
        await function(bus.apply_entra)(a_wake(world.bus.wakes[0][1]))


async def test_timers_sync_poll_and_sweep(world: World) -> None:
    world.hr.put(a_record("1"))
    await function(timer.due)(None)
    await function(timer.hr_full_sync)(None)
    await deliver(world)
    assert world.entra.by_number("1") is not None

    world.hr.put(a_record("2"))
    await function(timer.hr_poll)(None)
    await settle(world)
    assert world.entra.by_number("2") is not None


@pytest.mark.parametrize("error", [Transient("away"), LostRace("first")])
async def test_source_that_fails_leaves_the_others(
    world: World, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    world.hr.put(a_record("1"))
    await first_load(world)
    good = FakeSource(name="zorg")
    good.put(a_record("7", source="zorg"))
    world.hr.fails = error
    both = replace(world.service, sources={"afas": world.hr, "zorg": good})

    async def service() -> Any:
        return both

    monkeypatch.setattr(wiring, "service", service)

    await function(timer.hr_full_sync)(None)
    await settle(replace(world, service=both))

    assert world.entra.by_number("7") is not None


async def test_bug_in_a_source_is_not_hidden(world: World) -> None:
    world.hr.put(a_record("1"))
    await first_load(world)
    world.hr.fails = ZeroDivisionError()

    with pytest.raises(ZeroDivisionError):
        await function(timer.hr_full_sync)(None)


def test_targets_are_named_like_their_queues() -> None:
    queues = [
        b.get_dict_repr()["queueName"]
        for decorated in (bus.apply_entra, bus.apply_topdesk)
        for b in decorated._function.get_bindings()
    ]

    assert queues == [TargetName.ENTRA, TargetName.TOPDESK]
