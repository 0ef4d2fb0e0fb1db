"""Which functions does the app have, what starts each, and which cannot start here, and why?

Pure: indexed functions and settings in, functions out. Called by `running`. A function whose
setting is missing is *in error* and the others go on, as in the real host.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from sandbox.host import routes, schedule, settings
from sandbox.host.worker import Indexed, is_trigger

type AuthLevel = Literal["anonymous", "function", "admin"]


@dataclass(frozen=True)
class HttpTrigger:
    """Started by a request; no methods means every method."""

    route: routes.Route
    methods: frozenset[str]
    auth_level: AuthLevel


@dataclass(frozen=True)
class TimerTrigger:
    """Started by the clock."""

    expression: str
    schedule: schedule.Schedule
    run_on_startup: bool
    use_monitor: bool


@dataclass(frozen=True)
class QueueTrigger:
    """Started by a Service Bus message; `connection` names a setting, or a group of them."""

    queue: str
    connection: str
    sessions: bool
    binary: bool
    auto_complete: bool | None


type Trigger = HttpTrigger | TimerTrigger | QueueTrigger


@dataclass(frozen=True)
class Function:
    """A function that can start."""

    indexed: Indexed
    trigger: Trigger
    disabled: bool = False

    @property
    def name(self) -> str:
        """The function's name: an interface, for alerts and tests use it."""
        return self.indexed.name

    @property
    def kind(self) -> str:
        """The trigger in one word, for the console."""
        return {HttpTrigger: "http", TimerTrigger: "timer", QueueTrigger: "queue"}[
            type(self.trigger)
        ]


@dataclass(frozen=True)
class InError:
    """A function that cannot start, and why."""

    name: str
    reason: str


class _NotPlayed(ValueError):
    """A binding that this host does not play."""


def understood(
    indexed: Iterable[Indexed], values: Mapping[str, str]
) -> tuple[tuple[Function, ...], tuple[InError, ...]]:
    """Each indexed function, as one that can start or one in error."""
    good: list[Function] = []
    bad: list[InError] = []
    for one in indexed:
        try:
            trigger = _trigger(one, values)
        except (settings.SettingMissing, ValueError) as error:
            bad.append(InError(one.name, str(error)))
        else:
            disabled = settings.is_disabled(one.name, values)
            good.append(Function(one, trigger, disabled))
    return tuple(good), tuple(bad)


def _trigger(one: Indexed, values: Mapping[str, str]) -> Trigger:
    outputs = [b for b in one.bindings if not is_trigger(b) and b["type"] != "http"]
    if outputs:
        raise _NotPlayed(f"binding type '{outputs[0]['type']}' is not played by this host")
    binding = next(b for b in one.bindings if is_trigger(b))
    match binding["type"]:
        case "httpTrigger":
            return _http(one.name, binding, values)
        case "timerTrigger":
            return _timer(binding, values)
        case "serviceBusTrigger":
            return _queue(binding, values)
        case other:
            raise _NotPlayed(f"trigger type '{other}' is not played by this host")


def _http(name: str, binding: Mapping[str, Any], values: Mapping[str, str]) -> HttpTrigger:
    level = _word(binding.get("authLevel", "function"))
    if level not in get_args(AuthLevel.__value__):
        raise _NotPlayed(f"authLevel '{level}' is unknown")
    return HttpTrigger(
        route=routes.parse(settings.resolved(binding.get("route") or name, values)),
        methods=frozenset(_word(method).upper() for method in binding.get("methods") or ()),
        auth_level=level,
    )


def _timer(binding: Mapping[str, Any], values: Mapping[str, str]) -> TimerTrigger:
    expression = settings.resolved(binding["schedule"], values)
    return TimerTrigger(
        expression=expression,
        schedule=schedule.parse(expression),
        run_on_startup=bool(binding.get("runOnStartup", False)),
        use_monitor=bool(binding.get("useMonitor", True)),
    )


def _queue(binding: Mapping[str, Any], values: Mapping[str, str]) -> QueueTrigger:
    if "topicName" in binding:
        raise _NotPlayed("topics are not played by this host")
    if _word(binding.get("cardinality", "one")) != "one":
        raise _NotPlayed("cardinality 'many' is not played by this host")
    connection = settings.resolved(binding["connection"], values)
    if not {connection, f"{connection}__fullyQualifiedNamespace"} & set(values):
        raise settings.SettingMissing(
            f"Service Bus connection '{connection}' does not exist: add the setting {connection}"
            f" or {connection}__fullyQualifiedNamespace"
        )
    return QueueTrigger(
        queue=settings.resolved(binding["queueName"], values),
        connection=connection,
        sessions=bool(binding.get("isSessionsEnabled", False)),
        binary=_word(binding.get("dataType", "")) == "binary",
        auto_complete=binding.get("autoCompleteMessages"),
    )


def _word(value: object) -> Any:
    return str(value).rsplit(".", 1)[-1].lower()
