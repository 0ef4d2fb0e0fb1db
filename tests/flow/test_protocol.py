"""The protocol's scenarios on the real code: lanes, sweeps, workers and a human, interleaved.

Every outside effect is one step and each seed is one order of steps, with kills between any two,
lost replies, and time that runs under a worker's hands. What must hold in every state, and in the
end, lies with the board.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from board import Scenario, a_board
from build import POLICY, TODAY, a_contract, a_name, a_record, moved
from interleaving import end_all
from owning import HELD

from shared.model.person import Record, Unit

JAN = a_record("1", name=a_name(nickname="Jan"))
AN = a_record("2", name=a_name(nickname="An"))
NAMESAKE = a_record("2", name=a_name(nickname="Jan", initials="J."))


def ended(record: Record, ago: int = 1) -> Record:
    contract = record.contracts[0].model_copy(update={"end": TODAY - timedelta(days=ago)})
    return record.model_copy(update={"contracts": (contract,)})


def ends_today(record: Record) -> Record:
    return ended(record, ago=0)


def renamed(record: Record, name: str) -> Record:
    return record.model_copy(update={"name": a_name(nickname=name)})


def reports_to(record: Record, number: str) -> Record:
    contract = record.contracts[0].model_copy(update={"manager": number})
    return record.model_copy(update={"contracts": (contract,)})


def promoted(record: Record) -> Record:
    contract = record.contracts[0].model_copy(update={"job": Unit(code="7", name="Hoofd")})
    return record.model_copy(update={"contracts": (contract,)})


def limit(count: int) -> str:
    return POLICY.replace("count: 3", f"count: {count}")


NURSE = moved(JAN, "ZORG", "Zorg")
BACK = POLICY + (
    "names: {on_rename: follow}\n"
    "write_back: {afas: {fields: [work_mail], user: true, leaver: clear}}\n"
)
IN_BULK = POLICY.replace("  groups:\n    - group", "  bulk_from: 1\n  groups:\n    - group")
SEEDS = 20
SCENARIOS = {
    "joiner": Scenario([[JAN]], kills=1, lost=1),
    "joiner, three kills": Scenario([[JAN]], kills=3, waits=6),
    "leaver": Scenario([[JAN, ended(JAN)]], known=1, kills=2, lost=1),
    "flipflop": Scenario([[JAN, ended(JAN), JAN]], known=1, kills=1, waits=6),
    "rename": Scenario([[JAN, renamed(JAN, "Piet")]], kills=1, lost=1),
    "two lanes": Scenario([[JAN, ended(JAN), JAN]], known=1, lanes=3),
    "mover, two lanes": Scenario([[JAN, moved(JAN, "ZORG", "Zorg"), JAN]], lanes=2, kills=1),
    "hold": Scenario([[JAN, ended(JAN)]], known=1, policy=limit(0), kills=2, approvals=2, lanes=2),
    "hold changes": Scenario(
        [[JAN, ended(JAN), ended(JAN, 2)]], known=1, policy=limit(0), lanes=2, approvals=3
    ),
    "hold goes away": Scenario(
        [[JAN, ended(JAN), JAN]], known=1, policy=limit(0), lanes=2, kills=1, approvals=1
    ),
    "hold late": Scenario(
        [[JAN, ended(JAN), JAN, ended(JAN, 2)]], known=1, policy=limit(0), approvals=2, waits=6
    ),
    "hold again": Scenario(
        [[JAN, ended(JAN), JAN, ended(JAN, 2)]], known=1, policy=limit(1), waits=6
    ),
    "date": Scenario([[JAN, ends_today(JAN)]], known=1, kills=1, days=1),
    "date, held": Scenario(
        [[JAN, ends_today(JAN)]], known=1, policy=limit(0), kills=1, days=1, approvals=1
    ),
    "guard": Scenario(
        [[JAN, ended(JAN)], [AN, ended(AN)]], known=2, policy=limit(1), lanes=2, days=1
    ),
    "guard, killed": Scenario(
        [[JAN, ended(JAN)], [AN, ended(AN)]], known=2, policy=limit(1), days=1, kills=1
    ),
    "policy": Scenario(
        [[JAN, ended(JAN)]],
        known=1,
        policy=limit(0),
        new_policy=limit(1).replace("group: ICT,", "group: Zorg,"),
        kills=1,
        approvals=1,
    ),
    "policy and a lane": Scenario(
        [[JAN], [AN, moved(AN, "ZORG", "Zorg")]],
        new_policy=POLICY.replace("group: ICT,", "group: Zorg,"),
        lanes=2,
        kills=1,
    ),
    "in flight": Scenario([[JAN, ended(JAN)]], policy=limit(0), kills=1, lost=1),
    "in flight, far away": Scenario(
        [
            [
                JAN,
                JAN.model_copy(
                    update={"contracts": (a_contract(start=TODAY + timedelta(days=90)),)}
                ),
            ]
        ],
        kills=1,
        lost=1,
    ),
    "names": Scenario([[JAN], [NAMESAKE]], lanes=2, kills=1),
    "manager": Scenario([[JAN], [reports_to(AN, "1")]], lanes=2, kills=2),
    "written back": Scenario(
        [[JAN, renamed(JAN, "Piet"), ended(JAN)]], policy=BACK, kills=1, lost=1
    ),
    "strict, held and approved": Scenario(
        [[NURSE, promoted(NURSE), NURSE]],
        known=1,
        policy=HELD,
        by_hand="ICT",
        kills=1,
        lost=1,
        approvals=2,
    ),
    "bound in bulk": Scenario([[JAN, NURSE]], policy=IN_BULK, kills=1, lost=1, waits=4),
    "manager goes": Scenario([[JAN], [reports_to(AN, "1"), AN]], known=2, lanes=2, kills=1),
}


@pytest.mark.parametrize("name", SCENARIOS)
async def test_every_order_of_steps_keeps_the_promises(
    name: str, record_property: Callable[[str, object], None]
) -> None:
    steps = 0
    for seed in range(SEEDS):
        board = await a_board(SCENARIOS[name], seed)
        try:
            await board.play()
            await board.everybody_is_right()
        except Exception as error:
            trace = "\n  ".join(board.gates.trace)
            raise AssertionError(f"{name}, seed {seed}: {error!r}\n  {trace}") from error
        finally:
            await end_all(board.gates)
            await board.seen.store.close()
        steps += len(board.gates.trace)
    record_property("steps", steps)
    print(f"{name}: {SEEDS} orders, {steps} steps")  # noqa: T201 - a count for people
