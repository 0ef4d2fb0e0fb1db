"""Which rights has somebody that we did not give and no rule explains? Pure.

Called by flow with what a target showed: what is found is written down first, then decided on,
and taken only after the guard was asked (`managed: strict`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from shared.model.account import Applied
from shared.model.right import Managed, folded


def strays(
    managed: Mapping[str, Managed],
    has: Collection[str],
    applied: Applied,
    *,
    wanted: Collection[str],
) -> frozenset[str]:
    """Of the rights that are looked at, those that are there by another's hand alone."""
    looked_at = set(map(folded, managed))
    explained = set(map(folded, (*wanted, *applied.rights)))
    return frozenset(right for right in has if folded(right) in looked_at - explained)
