"""Two at once: each stopped at each of its steps while the other runs to its end.

Exhaustive for one change of turns between the two, and for two changes between two lanes.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import pytest
from board import Board, Scenario, a_board
from build import POLICY, TODAY, a_contract, a_leaver, a_name, a_record, moved
from interleaving import Job, end_all

from shared.flow.collect import signalled
from shared.flow.provision import provision
from shared.flow.sweep import sweep
from shared.model.desired import TargetName

ENTRA = TargetName.ENTRA
JAN = a_record("1", name=a_name(nickname="Jan"))
LEFT = a_leaver(TODAY - timedelta(days=1), "1").model_copy(update={"name": JAN.name})
ZORG = moved(JAN, "ZORG", "Zorg")
NOBODY_MAY_GO = POLICY.replace("count: 3", "count: 0")

type Start = Callable[[Board], Job]


def lane(board: Board) -> Job:
    """What HR says next of the first person, read and about to be decided."""
    return _lane(board, 0)


def lane_of_report(board: Board) -> Job:
    """The same of the second person."""
    return _lane(board, 1)


def _lane(board: Board, person: int) -> Job:
    board._says(person)
    board.unread.clear()
    number = board.scenario.script[person][0].number
    work = signalled(board.world.service, "afas", number)
    return board.gates.start("collect", work, lambda: board.unread.update([person]))


def worker(board: Board) -> Job:
    """A message for Entra, delivered."""
    person_id = next(who for target, who, _ in board.world.bus.wakes if target == ENTRA)
    return board.gates.start("serve", provision(board.world.service, ENTRA, person_id))


def sweeper(board: Board) -> Job:
    return board.gates.start("sweep", sweep(board.world.service))


def human(board: Board) -> Job:
    return board.gates.start("human", board._approve_one())


async def run(board: Board, job: Job, steps: int = 10_000) -> int:
    """Let this one do so many steps; answers how many it did."""
    await board.gates.quiet()
    for done in range(steps):
        here = next((w for w in board.gates.waiting if w.job is job), None)
        if here is None:
            return done
        await board.gates.choose(here)
        if here.what.startswith("writes"):  # all else leaves the ledger as it is
            await board.nobody_is_lost()
    return steps


@dataclass(frozen=True)
class Race:
    """Who runs against whom, and what was done before."""

    one: Start
    other: Start
    scenario: Scenario
    first: tuple[Start, ...] = ()
    """Run to their end before the race."""
    between: tuple[Start, ...] = ()
    """Run to their end at the turn, before the other begins."""
    minutes_between: int = 0
    """Pass under the hands of the first when the other begins."""


STANDS = Scenario([[JAN, LEFT, JAN, ZORG]], known=1)
HELD = Scenario([[JAN, LEFT, JAN, LEFT]], known=1, policy=NOBODY_MAY_GO)
JOINS = Scenario([[JAN, LEFT, JAN]])
AN = a_record("2", name=a_name(nickname="An"), contracts=(a_contract(manager="1"),))
TEAM = Scenario([[JAN], [AN]])
RACES = {
    "a report and the manager's worker": Race(lane_of_report, worker, TEAM, first=(lane,)),
    "the manager's worker and a report": Race(worker, lane_of_report, TEAM, first=(lane,)),
    "leaver against returner": Race(lane, lane, STANDS),
    "held leaver against returner": Race(lane, lane, HELD),
    "returner against held leaver": Race(lane, lane, HELD, first=(lane,)),
    "mover against mover": Race(lane, lane, Scenario([[JAN, ZORG, JAN]], known=1)),
    "two workers": Race(worker, worker, JOINS, first=(lane,)),
    "two workers on a leaver": Race(worker, worker, STANDS, first=(lane,)),
    "a worker and a leaver": Race(worker, lane, JOINS, first=(lane,)),
    "a leaver and a worker": Race(lane, worker, JOINS, first=(lane,)),
    "a blocking worker and a returner": Race(worker, lane, STANDS, first=(lane,)),
    "a returner and a blocking worker": Race(lane, worker, STANDS, first=(lane,)),
    "a sweep and a worker": Race(sweeper, worker, STANDS, first=(lane,)),
    "a worker and a sweep": Race(worker, sweeper, STANDS, first=(lane,)),
    "a human and a returner": Race(human, lane, HELD, first=(lane,)),
    "a returner and a human": Race(lane, human, HELD, first=(lane,)),
    "a human and a sweep": Race(human, sweeper, HELD, first=(lane,)),
    "a blocking worker, a returner and his worker": Race(
        worker, worker, STANDS, first=(lane,), between=(lane,)
    ),
    "a joining worker, a leaver and his worker": Race(
        worker, worker, JOINS, first=(lane,), between=(lane,)
    ),
    "a zombie and a worker": Race(worker, worker, JOINS, first=(lane,), minutes_between=6),
    "a blocking zombie": Race(worker, worker, STANDS, first=(lane,), minutes_between=6),
    "a blocking zombie and a returner": Race(worker, lane, STANDS, (lane,), minutes_between=6),
    "a blocking zombie, a returner and his worker": Race(
        worker, worker, STANDS, first=(lane,), between=(lane,), minutes_between=6
    ),
}
TWO_TURNS = ["leaver against returner", "held leaver against returner"]
SHARES = 6
"""So many tests share the orders of one race with two turns; there are about a thousand."""


async def play(race: Race, turn: int, turn_back: int | None = None) -> bool:
    """Play one order; answers whether the first had a step left at its turn."""
    board = await a_board(race.scenario, seed=0)
    try:
        for start in race.first:
            await run(board, start(board))
        one = race.one(board)
        went_on = await run(board, one, turn) == turn
        if race.minutes_between:
            passes = partial(board.world.clock.advance, minutes=race.minutes_between)
            await board.gates.time_passes(passes)
        for start in race.between:
            await run(board, start(board))
        before = len(board.gates.trace)
        other = race.other(board)
        if turn_back is not None:
            went_on = await run(board, other, turn_back) == turn_back and went_on
        else:
            await run(board, other)
        at_target = len(board.gates.trace)
        await run(board, one)
        if race.minutes_between:
            late = [step for step in board.gates.trace[at_target:] if ": does " in step]
            assert late == [], "a zombie must not write"
        await run(board, other)
        await board.everybody_is_right()
    except AssertionError as error:
        trace = "\n  ".join(board.gates.trace)
        raise AssertionError(f"turn {turn}, {turn_back}: {error}\n  {trace}") from error
    else:
        assert before <= at_target
        return went_on
    finally:
        await end_all(board.gates)
        await board.seen.store.close()


async def each_turn(order: Callable[[int], Awaitable[bool]]) -> int:
    """Change turns after every number of steps that there is; answers how many."""
    turn = 0
    while await order(turn):
        turn += 1
    return turn + 1


@pytest.mark.parametrize("name", RACES)
async def test_whoever_is_overtaken_ends_right(
    name: str, record_property: Callable[[str, object], None]
) -> None:
    orders = await each_turn(partial(play, RACES[name]))

    record_property("orders", orders)
    print(f"{name}: {orders} orders")  # noqa: T201 - a count for people
    assert orders >= 3


@pytest.mark.parametrize("share", range(SHARES))
@pytest.mark.parametrize("name", TWO_TURNS)
async def test_two_lanes_overtake_each_other_and_end_right(
    name: str, share: int, record_property: Callable[[str, object], None]
) -> None:
    orders = 0
    turns = await each_turn(partial(play, RACES[name]))
    for turn in range(share, turns, SHARES):
        orders += await each_turn(partial(play, RACES[name], turn))

    record_property("orders", orders)
    print(f"{name}: {orders} orders")  # noqa: T201 - a count for people
    assert orders > turns // SHARES
