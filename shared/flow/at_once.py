"""How is work done for many people at once, so that one who fails stops nobody else?"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from itertools import batched

AT_ONCE = 16
SHELF = 64
"""So many results are kept together, however many people there are."""


async def all_of[T](
    work: Iterable[Coroutine[object, object, T]], *, at_once: int = AT_ONCE
) -> list[T]:
    """Do all of it, so many at once; raises the first error, after the last one has ended."""
    limit = asyncio.Semaphore(at_once)

    async def one(job: Coroutine[object, object, T]) -> T:
        async with limit:
            return await job

    found = await asyncio.gather(*map(one, work), return_exceptions=True)
    for failed in found:
        if isinstance(failed, BaseException):
            raise failed
    return [one for one in found if not isinstance(one, BaseException)]


async def in_order[A, T](
    items: Iterable[A], work: Callable[[A], Coroutine[object, object, T]]
) -> AsyncIterator[T]:
    """What comes of each, in their order; done a shelf at a time, and nothing of it is kept."""
    for shelf in batched(items, SHELF, strict=False):
        for found in await all_of(map(work, shelf)):
            yield found
