"""Which rights does Instroom look at beyond those that it gave? `managed` in policy.yaml.

Only rights that some rule names: nothing else in a target is ever looked at. Called when a policy
is read, and by desired().
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from shared.model.right import Managed


def looked_at(
    default: Managed, named: Iterable[tuple[str, Managed | None]]
) -> Mapping[str, Managed]:
    """What each right that a rule names is managed as, but for those that are `ours`.

    Raises ValueError when two rules say different things of one right: nobody could tell which
    of them takes it away.
    """
    found: dict[str, tuple[str, Managed]] = {}
    for right, said in named:
        how = said or default
        first, other = found.setdefault(right.casefold(), (right, how))
        if other is not how:
            raise ValueError(
                f"'{first}' is managed as {other} by one rule and as {how} by another; write the "
                "same `managed` in each rule that names it"
            )
    return {right: how for right, how in found.values() if how is not Managed.OURS}
