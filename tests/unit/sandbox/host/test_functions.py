"""From the indexer's bindings to triggers, and what is in error."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.host.functions import HttpTrigger, QueueTrigger, TimerTrigger, Trigger, understood
from sandbox.host.keys import Keys, from_settings
from sandbox.host.worker import Indexed

BUS = {"ServiceBusConnection": "Endpoint=sb://127.0.0.1;"}


def indexed(*bindings: dict[str, Any]) -> Indexed:
    return Indexed("due", "id", bindings)


def a_queue(**changes: object) -> dict[str, Any]:
    binding = {"type": "serviceBusTrigger", "name": "msg", "queueName": "entra"}
    return {**binding, "connection": "ServiceBusConnection", **changes}


def the_trigger(binding: dict[str, Any], values: dict[str, str]) -> Trigger:
    (function,), errors = understood([indexed(binding)], values)
    assert errors == ()
    return function.trigger


def test_route_defaults_to_the_function_name() -> None:
    trigger = the_trigger({"type": "httpTrigger", "name": "req", "authLevel": "ADMIN"}, {})

    assert isinstance(trigger, HttpTrigger)
    assert trigger.route.template == "due"
    assert trigger.auth_level == "admin"
    assert trigger.methods == frozenset()


def test_timer_schedule_comes_from_a_setting() -> None:
    binding = {"type": "timerTrigger", "name": "timer", "schedule": "%DUE%", "runOnStartup": True}

    trigger = the_trigger(binding, {"DUE": "0 * * * * *"})

    assert isinstance(trigger, TimerTrigger)
    assert trigger.expression == "0 * * * * *"
    assert (trigger.run_on_startup, trigger.use_monitor) == (True, True)


def test_queue_trigger_keeps_its_options() -> None:
    binding = a_queue(isSessionsEnabled=True, dataType="BINARY", autoCompleteMessages=False)

    trigger = the_trigger(binding, BUS)

    assert trigger == QueueTrigger(
        "entra", "ServiceBusConnection", sessions=True, binary=True, auto_complete=False
    )


def test_identity_based_connection_is_enough() -> None:
    values = {"ServiceBusConnection__fullyQualifiedNamespace": "x.servicebus.windows.net"}

    assert isinstance(the_trigger(a_queue(), values), QueueTrigger)


@pytest.mark.parametrize(
    ("bindings", "reason"),
    [
        ([{"type": "timerTrigger", "name": "t", "schedule": "%DUE%"}], "add the setting DUE"),
        ([{"type": "timerTrigger", "name": "t", "schedule": "daily"}], "fields"),
        ([a_queue(connection="Other")], "add the setting Other"),
        ([a_queue(cardinality="MANY")], "cardinality"),
        ([a_queue(topicName="t")], "topics"),
        ([{"type": "blobTrigger", "name": "b"}], "blobTrigger"),
        ([a_queue(), {"type": "serviceBus", "name": "out"}], "'serviceBus' is not played"),
        ([{"type": "httpTrigger", "name": "r", "route": "{id:int}"}], "route"),
        ([{"type": "httpTrigger", "name": "r", "authLevel": "user"}], "authLevel"),
    ],
)
def test_function_that_cannot_start_is_in_error(
    bindings: list[dict[str, Any]], reason: str
) -> None:
    good, (bad,) = understood([indexed(*bindings)], BUS)

    assert good == ()
    assert bad.name == "due"
    assert reason in bad.reason


def test_one_function_in_error_leaves_the_others() -> None:
    broken = Indexed("broken", "1", ({"type": "timerTrigger", "name": "t", "schedule": "%NO%"},))
    fine = Indexed("fine", "2", ({"type": "httpTrigger", "name": "req"},))

    good, bad = understood([broken, fine], {"AzureWebJobs.fine.Disabled": "true"})

    assert [(f.name, f.disabled) for f in good] == [("fine", True)]
    assert [f.name for f in bad] == ["broken"]


@pytest.mark.parametrize(
    ("level", "presented", "expected"),
    [
        ("anonymous", "", True),
        ("function", "", False),
        ("function", "wrong", False),
        ("function", "f", True),
        ("function", "m", True),
        ("admin", "f", False),
        ("admin", "m", True),
    ],
)
def test_which_key_opens_which_level(level: Any, presented: str, *, expected: bool) -> None:
    assert Keys(master="m", function="f").allow(level, presented) is expected


def test_keys_are_random_and_hidden_unless_given() -> None:
    given = from_settings({"SANDBOX_MASTER_KEY": "m", "SANDBOX_FUNCTION_KEY": "f"})
    made = from_settings({})

    assert (given.master, given.function) == ("m", "f")
    assert made != from_settings({})
    assert made.master not in repr(made)
