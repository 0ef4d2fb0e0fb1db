"""Whatever policy and HR do after each other, no day takes more rights than its limit allows."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from build import POLICY, a_name, a_record, moved
from fakes import FakeClock, World, a_world
from hypothesis import given, settings
from hypothesis import strategies as st
from turning import account_of, first_load, settle, with_policy

from shared.flow.approve import approve
from shared.flow.collect import signalled
from shared.ledger.sqlite import open_sqlite

SIZE, LIMIT = 5, 2
RULES = {
    "ICT": "    - {group: ICT, when: {department.code: ICT*}}\n",
    "Zorg": "    - {group: Zorg, when: {department.code: ZORG}}\n",
}
GUARDED = POLICY.replace("right: {count: 20,", f"right: {{count: {LIMIT},")

CODES = ["ICT", "ZORG", "HRM"]
move = st.tuples(st.just("move"), st.integers(0, SIZE - 1), st.sampled_from(CODES))
edit = st.tuples(st.just("edit"), st.sets(st.sampled_from(sorted(RULES))))
wait = st.tuples(st.just("wait"), st.sampled_from([5, 13, 26]))
yes = st.tuples(st.just("yes"))


class Watch:
    """Who lost a right when, and whether a human had agreed to it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.has = self._rights()
        self.lost: list[tuple[datetime, str]] = []

    def _rights(self) -> dict[str, set[str]]:
        return {
            str(n): {*account_of(self.world, str(n)).groups, *self._roles(str(n))}
            for n in range(SIZE)
        }

    def _roles(self, number: str) -> frozenset[str]:
        card = self.world.topdesk.by_number(number)
        operator = card.operator if card else None
        return operator.permission_groups if operator else frozenset()

    def look(self, agreed: frozenset[str]) -> None:
        now, is_now = self.world.clock.now(), self._rights()
        for number, had in self.has.items():
            if had - is_now[number] and number not in agreed:
                self.lost.append((now, number))
        self.has = is_now
        day = {who for at, who in self.lost if now - at < timedelta(days=1)}
        assert len(day) <= LIMIT, f"{sorted(day)} lost a right in one day"


async def play(steps: list[tuple[object, ...]]) -> None:
    clock = FakeClock()
    store = await open_sqlite(None, wall=clock.wall)
    world = a_world(store, clock=clock, policy=GUARDED)
    world.hr.put(*(a_record(str(n), name=a_name(birth=f"Nr{n}")) for n in range(SIZE)))
    await first_load(world)
    watch = Watch(world)
    try:
        for step in steps:
            agreed = frozenset[str]()
            match step:
                case ("move", int(number), str(code)):
                    world.hr.put(moved(a_record(str(number)), code, code))
                    await signalled(world.service, "afas", str(number))
                case ("edit", set(left)):
                    text = GUARDED
                    for name, rule in RULES.items():
                        text = text if name in left else text.replace(rule, "")
                    world = with_policy(world, text)
                case ("wait", int(hours)):
                    clock.advance(hours=hours)
                case _:
                    agreed = await _everything_is_approved(world)
            await settle(world)
            watch.look(agreed)
    finally:
        await store.close()


async def _everything_is_approved(world: World) -> frozenset[str]:
    agreed = set[str]()
    for shown in [s async for s in world.service.ledger.batches.unfinished()]:
        if shown.open_causes:
            agreed |= {member.number.partition(":")[2] for member in shown.waiting}
            await approve(world.service, shown, "anna")
    return frozenset(agreed)


@settings(max_examples=25, deadline=None)
@given(st.lists(move | edit | wait | yes, max_size=12))
def test_no_day_takes_more_rights_than_the_limit_and_what_was_approved(
    steps: list[tuple[object, ...]],
) -> None:
    asyncio.run(play(steps))
