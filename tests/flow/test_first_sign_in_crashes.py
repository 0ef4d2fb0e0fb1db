"""Every crash point of a first sign-in: stop at each outside call, begin again, and look.

Opened by joining, and collected. After the restart whoever asked asks again: there is one pass
that can be used, it is the one that was shown last, and the audit knows of every one.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from build import POLICY, TODAY, a_contract, a_name, a_record
from fakes import FakeClock, World, a_world
from fakes_passes import CODE, FakePasses
from stopping import Image, Stopper, begun_from, image_of, restarted, runs_to_its_end, watch
from turning import account_of, audit_of, first_load, leases_run_out, settle

from shared.flow.collect import signalled
from shared.flow.first_sign_in import Collected, collect_pass, first_sign_ins
from shared.ledger.sqlite import open_sqlite
from shared.model.collector import Collector

RULES = POLICY + "first_sign_in: {by: collect, collectors: {roles: [Balie]}}\n"
DESK = Collector(
    name="balie, signed in", account_id="b", roles=frozenset({"Balie"}), second_factor=True
)
BOSS = a_record("7", name=a_name(birth="Baas"))
SANNE = a_record("1042", contracts=(a_contract(key="s", start=TODAY),))


async def _image(*, joined: bool) -> Image:
    clock = FakeClock()
    world = a_world(await open_sqlite(None, wall=clock.wall), clock=clock, policy=RULES)
    world.hr.put(BOSS, *([SANNE] if joined else []))
    await first_load(world)
    return await image_of(world)


async def _joins(world: World) -> None:
    world.hr.put(SANNE)
    await signalled(world.service, "afas", "1042")
    await settle(world)


async def _collects(world: World) -> Collected:
    listed = await first_sign_ins(world.service, DESK)
    [waiting] = [each for each in listed if each.key == "afas:1042"]
    reason = "" if waiting.is_new else "it stopped"
    mark = waiting.mark(DESK)
    return await collect_pass(world.service, waiting.person_id, DESK, seen=mark, reason=reason)


def _passes(world: World) -> FakePasses:
    passes: Any = world.service.passes
    assert isinstance(passes, FakePasses)
    return passes


async def _moments(image: Image, story: Any) -> int:
    world, stopper = await begun_from(image, policy=RULES), Stopper()
    _watch(world, stopper)
    await story(world)
    await world.service.ledger.store.close()
    return len(stopper.moments)


def _watch(world: World, stopper: Stopper) -> None:
    watch(world, stopper)
    _passes(world).moment = stopper


def _begins_again(world: World) -> World:
    again = restarted(world)
    _passes(again).moment = lambda _moment: None
    return again


async def test_stop_while_joining_never_loses_the_first_sign_in() -> None:
    before_joining = await _image(joined=False)
    moments = await _moments(before_joining, _joins)

    for at in range(moments):
        world = await begun_from(before_joining, policy=RULES)
        _watch(world, Stopper(at))
        assert not await runs_to_its_end(partial(_joins, world))
        world = _begins_again(world)
        await _joins(world)
        await leases_run_out(world)

        told = await _collects(world)
        assert told.waiting.account_id == account_of(world, "1042").id, at
        await world.service.ledger.store.close()
    assert moments > 20


async def test_stop_while_collecting_leaves_one_pass_and_the_truth() -> None:
    joined = await _image(joined=True)
    moments = await _moments(joined, _collects)

    for at in range(moments):
        world = await begun_from(joined, policy=RULES)
        _watch(world, Stopper(at))
        assert not await runs_to_its_end(partial(_collects, world))
        made = len(_passes(world).terms)
        world = _begins_again(world)
        world.clock.advance(minutes=3)
        audit = await audit_of(world, "1042")
        assert not made or "pass asked for" in audit, at

        told = await _collects(world)

        usable = _passes(world).usable[account_of(world, "1042").id]
        assert usable == told.issued.code.get_secret_value(), at
        store: Any = world.service.ledger.store
        assert CODE.encode() not in store.inner._connection.serialize()
        await world.service.ledger.store.close()
    assert moments >= 10
