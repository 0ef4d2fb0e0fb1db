"""What was granted, what is missing, and what is too much? Pure; names against names."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from shared.vendors.graph.permissions import DANGEROUS, Permission


@dataclass(frozen=True)
class Comparison:
    """Wanted against held."""

    granted: tuple[Permission, ...]
    missing: tuple[Permission, ...]
    spare: tuple[str, ...]
    """Held, needed by nothing that is on."""
    dangerous: tuple[str, ...]
    """Held, and never to be held."""

    @property
    def is_well(self) -> bool:
        """Can the app do its work, and not more than is safe?"""
        return not self.missing and not self.dangerous


def compared(wanted: Collection[Permission], held: Collection[str]) -> Comparison:
    """Each name that is wanted or held, in its place."""
    names = {each.value for each in wanted}
    rest = sorted(set(held) - names)
    return Comparison(
        granted=tuple(each for each in wanted if each.value in held),
        missing=tuple(each for each in wanted if each.value not in held),
        spare=tuple(name for name in rest if name not in DANGEROUS),
        dangerous=tuple(name for name in rest if name in DANGEROUS),
    )
