"""How is work done for many people at once, so that one who fails stops nobody else?"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable

AT_ONCE = 16


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
