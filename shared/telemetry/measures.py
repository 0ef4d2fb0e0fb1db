"""How is it going? What is counted and measured, under the names that alerts and workbook ask for.

A level (how old, how many) is told for two minutes after somebody looked: an instance that looks
no more, because another does, says nothing instead of what was true once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, Unpack

from opentelemetry.metrics import CallbackOptions, Counter, Histogram, Meter, Observation

from shared.telemetry.facts import Fact, Facts, attributes

type Shape = Literal["counter", "spread", "level"]


class Measure(StrEnum):
    """The name under which a measurement travels."""

    LATENCY = "instroom.latency"
    SERVED = "instroom.served"
    DUE = "instroom.due"
    OLDEST = "instroom.due.oldest"
    HELD = "instroom.held"
    HELD_OLDEST = "instroom.held.oldest"
    PARKED = "instroom.parked"
    CALLS = "instroom.calls"
    THROTTLED = "instroom.throttled"
    QUOTA = "instroom.quota"
    POLLS = "instroom.polls"
    UNREAD = "instroom.unread"
    RUNS = "instroom.runs"


@dataclass(frozen=True)
class Told:
    """What a measurement is, and in what unit (UCUM)."""

    shape: Shape
    unit: str
    says: str


TABLE: dict[Measure, Told] = {
    Measure.LATENCY: Told("spread", "s", "from the read of HR that said so to done, by target"),
    Measure.SERVED: Told("counter", "{wake}", "wakes that were served, by target and ending"),
    Measure.DUE: Told("level", "{person}", "people who were due at a sweep"),
    Measure.OLDEST: Told("level", "s", "how long the oldest of them had been due"),
    Measure.HELD: Told("level", "{person}", "people who wait for a human's yes, by kind of harm"),
    Measure.HELD_OLDEST: Told("level", "s", "how long the oldest held batch has waited"),
    Measure.PARKED: Told("level", "{person}", "people for whom somebody must mend something"),
    Measure.CALLS: Told("spread", "s", "how long a call took, by system and status"),
    Measure.THROTTLED: Told("counter", "{answer}", "answers that say too many calls, by system"),
    Measure.QUOTA: Told("level", "%", "how much of a system's quota was used, when it says so"),
    Measure.POLLS: Told("counter", "{read}", "reads of an HR system, by source and outcome"),
    Measure.UNREAD: Told("level", "s", "how long ago a source was last read well"),
    Measure.RUNS: Told("counter", "{run}", "functions that ended, by function and outcome"),
}
"""A test holds docs, alerts and workbook to these names."""

FRESH_SECONDS = 120.0
type _Key = tuple[tuple[str, Fact], ...]


class _Instruments:
    """The instruments of one meter."""

    def __init__(self, meter: Meter, monotonic: Callable[[], float]) -> None:
        self.monotonic = monotonic
        self.counters: dict[Measure, Counter] = {}
        self.spreads: dict[Measure, Histogram] = {}
        self.levels: dict[Measure, dict[_Key, tuple[float, float]]] = {}
        """The value and when it was seen, by measure and attributes."""
        for name, told in TABLE.items():
            match told.shape:
                case "counter":
                    self.counters[name] = meter.create_counter(name, told.unit, told.says)
                case "spread":
                    self.spreads[name] = meter.create_histogram(name, told.unit, told.says)
                case "level":
                    self._level(meter, name, told)

    def _level(self, meter: Meter, name: Measure, told: Told) -> None:
        seen = self.levels.setdefault(name, {})

        def looked(options: CallbackOptions) -> Iterable[Observation]:
            del options
            for key, (value, at) in list(seen.items()):
                if self.monotonic() - at < FRESH_SECONDS:
                    yield Observation(value, dict(key))

        meter.create_observable_gauge(name, [looked], told.unit, told.says)


_instruments: _Instruments | None = None


def say_to(meter: Meter | None, monotonic: Callable[[], float] = time.monotonic) -> None:
    """Measure with this from now on; None: nothing is measured."""
    global _instruments  # noqa: PLW0603 - one meter a process
    _instruments = _Instruments(meter, monotonic) if meter else None


def count(what: Measure, times: int = 1, **facts: Unpack[Facts]) -> None:
    """It happened."""
    if _instruments:
        _instruments.counters[what].add(times, attributes(facts))


def took(what: Measure, seconds: float, **facts: Unpack[Facts]) -> None:
    """It took so long."""
    if _instruments:
        _instruments.spreads[what].record(seconds, attributes(facts))


def stands_at(what: Measure, value: float, **facts: Unpack[Facts]) -> None:
    """So much it is now."""
    if _instruments:
        key = tuple(sorted(attributes(facts).items()))
        _instruments.levels[what][key] = (value, _instruments.monotonic())
