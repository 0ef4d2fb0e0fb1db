from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from fakes import FakeClock, World, a_world

from shared.ledger.sqlite import open_sqlite


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """A service over an empty ledger in memory."""
    clock = FakeClock()
    store = await open_sqlite(None, wall=clock.wall)
    yield a_world(store, clock=clock)
    await store.close()


@pytest.fixture(autouse=True)
async def no_task_left_running() -> AsyncIterator[None]:
    """A test that leaves a task behind fails: in the product it would leak."""
    yield
    left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
    assert not left, f"tasks left running: {[task.get_name() for task in left]}"
