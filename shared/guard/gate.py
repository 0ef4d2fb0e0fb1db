"""Is an HR answer fit to decide on at all? Judged as a whole, before anyone is touched.

An empty or shrunken answer is an error of the question or the system, never "everyone left"; an
answer about employers that nobody has heard of is another company's. More leavers at once than
the guard lets through in a day means that all of them wait for a human, not that the first ones
slip under the limit. Called by flow.collect.
"""

from __future__ import annotations

from collections.abc import Collection

from shared.errors import Unsafe
from shared.policy.document import Guard

SHOWN = 5  # so many codes are told; the rest are counted


def admit(*, source: str, named: int, lacking: int, known: int, limits: Guard) -> None:
    """Let a full answer through that names so many people and lacks some of those known.

    `known` are the people whom the source named before. Raises Unsafe when the answer is empty, or
    lacks more than the policy's share or count.
    """
    if named == 0:
        raise Unsafe(
            f"{source} named nobody at all; nothing was changed. Look whether its view, export or "
            "filter still shows people, and whether the credentials may see them",
            seen=0,
            limit=1,
        )
    limit = min(limits.shrink_count, max(1, int(known * limits.shrink)))
    if lacking > limit:
        raise Unsafe(
            f"{source} lacks {lacking} of the {known} people it named before; nothing was "
            "changed. Look whether its view, export or filter is whole. If they are really gone, "
            "raise guard.shrink and guard.shrink_count in the policy until the next full sync",
            seen=lacking,
            limit=limit,
        )


def admit_employers(
    *, source: str, strangers: int, codes: Collection[str], population: int, limits: Guard
) -> None:
    """Let an answer through in which so many people have none but these unheard-of employers.

    Raises Unsafe when they are more than the policy's share of `population`.
    """
    limit = max(1, int(population * limits.strangers))
    if strangers > limit:
        shown = sorted(codes)
        told = ", ".join(shown[:SHOWN])
        more = f" and {len(shown) - SHOWN} more" if len(shown) > SHOWN else ""
        raise Unsafe(
            f"{source} shows {strangers} people of employers that it never named before ({told}"
            f"{more}); nothing was changed. Look whether this is another company's data. If the "
            "employers are yours, add their codes to guard.employers in the policy",
            seen=strangers,
            limit=limit,
        )


def is_mass_leave(leavers: int, population: int | None, limits: Guard) -> bool:
    """Does one answer end more people than a day may bring without a human?"""
    return leavers > limits.block.allowed(population)
