"""Is an HR answer fit to decide on at all? Judged as a whole, before anyone is touched.

An empty or shrunken answer is an error of the question or the system, never "everyone left". More
leavers at once than the guard lets through in a day means that all of them wait for a human, not
that the first ones slip under the limit.
"""

from __future__ import annotations

from shared.errors import Unsafe
from shared.policy.document import Guard


def admit(*, source: str, named: int, known: int, limits: Guard) -> None:
    """Let a full answer through that names `named` of the `known` people of this source.

    Raises Unsafe when it is empty, or lacks more than the policy's share.
    """
    if named == 0:
        raise Unsafe(f"{source} named nobody at all; nothing was changed", seen=0, limit=1)
    lacking = max(0, known - named)
    limit = max(1, int(known * limits.shrink))
    if lacking > limit:
        raise Unsafe(
            f"{source} lacks {lacking} of the {known} people it named before; nothing was changed",
            seen=lacking,
            limit=limit,
        )


def is_mass_leave(leavers: int, population: int | None, limits: Guard) -> bool:
    """Does one answer end more people than a day may bring without a human?"""
    return leavers > limits.block.allowed(population)
