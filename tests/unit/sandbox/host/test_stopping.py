"""Waiting ends when the host stops; what arrives in the same moment is kept."""

from __future__ import annotations

import asyncio

import pytest

from sandbox.host.stopping import Stopped, Stopping


async def test_result_comes_through() -> None:
    async def four() -> int:
        await asyncio.sleep(0)
        return 4

    assert await Stopping().unless(four()) == 4


async def test_error_comes_through() -> None:
    async def fails() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        await Stopping().unless(fails())


async def test_waiting_ends_with_the_stop() -> None:
    stopping = Stopping()
    asyncio.get_running_loop().call_soon(stopping.throw)

    with pytest.raises(Stopped):
        await stopping.unless(asyncio.Event().wait())


async def test_nothing_is_begun_after_the_stop() -> None:
    stopping = Stopping()
    stopping.throw()
    begun: list[bool] = []

    async def begins() -> None:
        begun.append(True)

    with pytest.raises(Stopped):
        await stopping.unless(begins())
    assert begun == []


async def test_a_result_that_races_the_stop_is_not_dropped() -> None:
    stopping = Stopping()

    async def message_arrives_while_cancelled() -> str:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return "message"
        return ""

    asyncio.get_running_loop().call_soon(stopping.throw)

    assert await stopping.unless(message_arrives_while_cancelled()) == "message"


async def test_cancellation_of_the_waiter_cancels_the_wait() -> None:
    ended: list[str] = []

    async def waits() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("cancelled")

    waiter = asyncio.create_task(Stopping().unless(waits()))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    waiter.cancel()
    await asyncio.wait({waiter})
    await asyncio.sleep(0)

    assert waiter.cancelled()
    assert ended == ["cancelled"]
