"""Several processes keep within one quota by what Graph's answers say; leavers wait for nobody."""

from __future__ import annotations

import httpx
import pytest
from hosts import run

from shared.errors import Transient
from shared.rest import Call
from shared.vendors.graph.governor import LOW, URGENT, Governor
from shared.vendors.graph.pace import BURST_SECONDS, LEAST, Pace, Rank

WRITE, READ = Call("graph", "PATCH", "/users/{user}"), Call("graph", "GET", "/users")
TEN_MINUTES = 600.0


@pytest.mark.parametrize("hosts", [1, 2, 8])
def test_hosts_share_the_quota_without_one_refusal(hosts: int) -> None:
    tally = run(hosts, 2 * TEN_MINUTES)

    assert tally.refused == 0
    assert tally.rate(TEN_MINUTES, 2 * TEN_MINUTES) > 0.98 * 20
    assert min(tally.by_host.values()) > 0.9 * max(tally.by_host.values()), "and fairly"


def test_a_second_host_that_comes_later_gets_its_half() -> None:
    tally = run(2, 3 * TEN_MINUTES, joins_at=TEN_MINUTES)

    assert tally.refused == 0
    assert tally.rate(2 * TEN_MINUTES, 3 * TEN_MINUTES) > 0.98 * 20


def test_hosts_that_hear_nothing_but_refusals_use_the_quota_too() -> None:
    """Should Graph not say how much is in use, 429 and Retry-After are enough."""
    tally = run(2, 2 * TEN_MINUTES, quiet=lambda _: {})

    assert tally.rate(TEN_MINUTES, 2 * TEN_MINUTES) > 0.95 * 20
    assert tally.refused < 0.05 * len(tally.done)


def test_what_was_saved_up_may_be_written_at_once() -> None:
    pace = Pace(writes_per_second=20)

    waits = [pace.take(1000.0, Rank.NORMAL) for _ in range(int(20 * BURST_SECONDS) + 2)]

    assert waits[-3] == 0
    assert waits[-1] > 0


@pytest.mark.parametrize("said", ["", "much", "nan", "0.85"])
def test_an_odd_word_about_the_quota_changes_nothing(said: str) -> None:
    pace = Pace()
    pace.heard(0.0, 200, {"x-ms-throttle-limit-percentage": "0.9"}, None)

    pace.heard(1.0, 200, {"x-ms-throttle-limit-percentage": said}, None)

    assert pace.used == (0.85 if said == "0.85" else 0.9)


def test_far_over_the_quota_it_still_asks_now_and_then() -> None:
    pace = Pace()

    pace.heard(0.0, 200, {"x-ms-throttle-limit-percentage": "1.8"}, None)

    assert pace.room(0.0) == LEAST


class Clock:
    def __init__(self) -> None:
        self.at = 1000.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def governor(clock: Clock) -> Governor:
    return Governor(monotonic=clock.monotonic, sleep=clock.sleep)


def refused(wait: int, information: str = "WriteLimitExceeded") -> httpx.Response:
    headers = {"Retry-After": str(wait), "x-ms-throttle-information": information}
    return httpx.Response(429, headers=headers)


def test_a_read_that_says_nothing_does_not_hide_that_the_quota_of_writes_is_nearly_used_up(
    governor: Governor,
) -> None:
    governor.heard(httpx.Response(204, headers={"x-ms-throttle-limit-percentage": "0.95"}), WRITE)

    governor.heard(httpx.Response(200), READ)

    assert governor.pace.used == 0.95
    governor.heard(httpx.Response(204), WRITE)
    assert governor.pace.used == 0.0


async def test_after_a_refusal_everybody_waits_as_long_as_it_says(
    governor: Governor, clock: Clock
) -> None:
    governor.heard(refused(7), WRITE)

    await governor.turn(WRITE, {})

    assert clock.slept == [7]


async def test_a_long_wait_is_given_back_and_not_slept(governor: Governor, clock: Clock) -> None:
    governor.heard(refused(120), WRITE)

    with pytest.raises(Transient) as raised:
        await governor.turn(WRITE, {})
    assert raised.value.retry_after_seconds == 120
    assert clock.slept == []


async def test_a_leaver_waits_for_nothing(governor: Governor, clock: Clock) -> None:
    governor.heard(refused(120), WRITE)

    await governor.turn(WRITE, URGENT)

    assert clock.slept == []


async def test_reading_goes_on_while_only_writes_are_refused(
    governor: Governor, clock: Clock
) -> None:
    governor.heard(refused(7), WRITE)
    await governor.turn(READ, {})
    assert clock.slept == []

    governor.heard(refused(7, "ResourceUnitLimitExceeded"), WRITE)
    await governor.turn(READ, {})
    assert clock.slept == [7]


async def test_reconciliation_lets_everybody_else_go_first(
    governor: Governor, clock: Clock
) -> None:
    governor.pace.next_turn = clock.at + 5

    await governor.turn(WRITE, LOW)

    assert clock.slept == [5]
