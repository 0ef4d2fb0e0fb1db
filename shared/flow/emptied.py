"""Which groups of our own making stand empty, and for how long? A step of the daily upkeep.

An empty one stays, unless its rule says after how many days it goes; then it is deleted, if
nobody is in it at that moment and it still carries our mark. Whoever should be in it later makes
it anew.
"""

from __future__ import annotations

from datetime import timedelta

from shared import log
from shared.errors import InstroomError, LostRace
from shared.flow.service import Service
from shared.ledger.groups import MadeGroup
from shared.model.right import rule_of
from shared.model.upkeep import Looked
from shared.policy.document import Policy
from shared.policy.targets import Stage


async def look(service: Service) -> Looked:
    """Note what stands empty, and delete what has done so for as long as its rule says."""
    _, policy = await service.active_policy()
    groups = [one async for one in service.ledger.groups.everything()]
    empty, deleted, problems = 0, 0, []
    for group, version in groups:
        if group.group_id is None or _days(policy, group) is None:
            continue
        try:
            noted = await _noted(service, group, version)
            empty += noted is not None
            deleted += await _goes(service, policy, noted)
        except LostRace:
            continue  # somebody is being put into it, or it is getting another name
        except InstroomError as error:
            problems.append(f"group '{group.name}': {error}")
    said = f"{len(groups)} groups of our own making"
    if empty or deleted:
        said += f"; {empty} stand empty, {deleted} of them deleted"
    return Looked(said=said, problems=tuple(problems))


async def _noted(service: Service, group: MadeGroup, version: str) -> tuple[MadeGroup, str] | None:
    """The group with the moment since when it is empty; None when somebody is in it."""
    now = service.clock.now()
    if await service.groups.members_of(str(group.group_id)):
        if group.empty_since:
            told = group.model_copy(update={"empty_since": None})
            await service.ledger.groups.write(told, version)
        return None
    if group.empty_since is None:
        group = group.model_copy(update={"empty_since": now})
        version = await service.ledger.groups.write(group, version)
    return group, version


async def _goes(service: Service, policy: Policy, noted: tuple[MadeGroup, str] | None) -> bool:
    if noted is None or policy.targets.entra.stage is Stage.REPORT:
        return False
    group, version = noted
    days, since = _days(policy, group), group.empty_since
    if days is None or since is None or service.clock.now() - since < timedelta(days=days):
        return False
    # First the row: whoever is being put into it now has lost the race, or we have.
    await service.ledger.groups.forget(group, version)
    await service.groups.delete(group.right, str(group.group_id))
    log.info("empty group deleted", group=group.group_id)
    return True


def _days(policy: Policy, group: MadeGroup) -> int | None:
    """After how many days without a member it goes; None: it stays, or its rule is no more."""
    name = rule_of(group.right)
    rule = next((rule for rule in policy.entra.generated if rule.name == name), None)
    return rule.delete_empty_after_days if rule else None
