"""Which departments lie above one another? `departments` in policy.yaml, for `department.within`.

HR systems tell the department of a contract, and mostly not what it is part of. Pure; also for
the one that does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

WITHIN = "department.within"
STEP = " < "
"""Stands between a department and the one above it, in the fact and in reasons."""


def tree(above: Mapping[str, str]) -> Mapping[str, str]:
    """The same. Raises ValueError for a department that lies above itself."""
    for code in above:
        *_, last = climb(code, above)
        if last in above:
            raise ValueError(f"'{code}' lies above itself: {path(code, above)}{STEP}{above[last]}")
    return above


def path(code: str, above: Mapping[str, str]) -> str:
    """A department and all that it is part of, the smallest first: `ICT-BEH < ICT < BV`."""
    return STEP.join(climb(code, above))


def steps(fact: str) -> tuple[str, ...]:
    """The departments that such a path names."""
    return tuple(fact.split(STEP))


def climb(code: str, above: Mapping[str, str]) -> Iterator[str]:
    """A department and those above it; of a circle each once."""
    seen: set[str] = set()
    while code and code not in seen:
        yield code
        seen.add(code)
        code = above.get(code, "")
