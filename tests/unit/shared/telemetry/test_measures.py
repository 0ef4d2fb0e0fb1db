from __future__ import annotations

from listening import listening
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from shared.telemetry import measures
from shared.telemetry.measures import TABLE, Measure


def test_each_measure_is_said_as_the_table_has_it() -> None:
    with listening() as ear:
        for name, told in TABLE.items():
            match told.shape:
                case "counter":
                    measures.count(name, target="entra")
                case "spread":
                    measures.took(name, 1.5, target="entra")
                case "level":
                    measures.stands_at(name, 7, target="entra")
        found = ear.points()

    assert set(found) == set(Measure) == set(TABLE)
    assert {tuple(one[0][0].items()) for one in found.values()} == {
        (("instroom.target", "entra"),)
    }


def test_a_level_that_nobody_looked_at_for_long_is_said_no_more() -> None:
    reader, now = InMemoryMetricReader(), [0.0]
    measures.say_to(MeterProvider([reader]).get_meter("test"), lambda: now[0])
    try:
        measures.stands_at(Measure.OLDEST, 90.0)
        soon = reader.get_metrics_data()
        now[0] = measures.FRESH_SECONDS + 1
        late = reader.get_metrics_data()
    finally:
        measures.say_to(None)

    assert soon is not None
    assert late is None


def test_without_a_place_nothing_is_measured() -> None:
    measures.count(Measure.SERVED, target="entra", ending="done")
    measures.took(Measure.LATENCY, 3.0, target="entra")
    measures.stands_at(Measure.DUE, 3)
