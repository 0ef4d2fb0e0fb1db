"""Which changes in TOPdesk, or in the service in its place, wait for a human? Pure.

Called by the plans of both; the rule is one, for the guard does not know which of the two it is.
"""

from __future__ import annotations

from shared.model.account import Applied, Found, TopdeskCard
from shared.model.change import Change, Harm, Plan
from shared.model.desired import TargetName


def set_apart(
    changes: tuple[Change, ...],
    found: Found[TopdeskCard],
    applied: Applied,
    hold: frozenset[Harm],
) -> Plan:
    """The plan of these changes, with those of a held kind of harm set apart."""
    if Harm.JOINER in hold and found.account is None and applied.account_id is None:
        # What would follow on the new card waits with it.
        return Plan(target=TargetName.TOPDESK, held=changes, obstacles=found.obstacles)
    blocks = any(change.harm is Harm.BLOCK for change in changes)
    if blocks and Harm.BLOCK in hold:
        # Removing someone who may not even be blocked would be the greater harm.
        hold |= {Harm.DELETE}
    return Plan(
        target=TargetName.TOPDESK,
        changes=tuple(change for change in changes if change.harm not in hold),
        held=tuple(change for change in changes if change.harm in hold),
        obstacles=found.obstacles,
    )
