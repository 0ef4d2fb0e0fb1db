"""See that the groups that Instroom makes itself are there, under the name that HR gives them.

Called by provision.py once it is certain that something may be written for somebody who should be
in one. A group is found by the id that the ledger remembers, else by its mark in Entra; a create
that got no answer is waited for, and never sent again while the group may yet come to light.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from shared import log
from shared.errors import LostRace, Transient
from shared.flow.lanes import Account, Want
from shared.flow.work import Work
from shared.ledger.groups import MadeGroup
from shared.ledger.history import Told
from shared.model.account import Found
from shared.model.desired import ALIVE, DesiredEntra

YOUNG = timedelta(minutes=15)
"""So long may Entra hide a group that was just made, or is being made by another worker."""
LOOK_AGAIN_SECONDS = 60
SETTLED = timedelta(days=1)
"""A name that was just taken off comes back no sooner: HR may call one code by two names."""


async def seen_to[D: Want, A: Account](work: Work[D, A], found: Found[A]) -> Found[A]:
    """Make or rename what is lacking; answers what the target shows then.

    Raises Transient while it is not known whether a group has been made.
    """
    want = work.want
    if not isinstance(want, DesiredEntra) or want.state not in ALIVE:
        return found
    again = False
    for right, name in want.generated.items():
        lacking = right in found.obstacles
        group, version = await work.service.ledger.groups.read(right)
        try:
            if group.group_id is None or lacking:
                group, version = await _made(work, group, version, name)
            if group.empty_since:
                group, version = await _filled(work, group, version)
            if group.name != name and not _was_just_taken_off(work, group, name):
                await _rename(work, group, version, name)
        except LostRace:
            raise Transient(
                "another worker sees to the same group", retry_after_seconds=LOOK_AGAIN_SECONDS
            ) from None
        again = again or lacking
    return await work.lane.target.read(work.want, work.row.applied) if again else found


async def _made(
    work: Work[Any, Any], group: MadeGroup, version: str | None, name: str
) -> tuple[MadeGroup, str]:
    """The group with its id: found, or made. Raises LostRace, and Transient while in doubt."""
    service, right = work.service, group.right
    there = await service.groups.find(right, group.group_id)
    if there is None:
        wall = service.clock.wall()
        if group.tried_at and wall - group.tried_at < YOUNG:
            raise Transient(
                "Entra does not show a new group yet", retry_after_seconds=LOOK_AGAIN_SECONDS
            )
        begun = group.model_copy(update={"tried_at": wall, "group_id": None})
        version = await service.ledger.groups.write(begun, version)
        await _tell(work, right, f"made group '{name}'", begun="begun: ")
        there = await service.groups.make(right, name)
        await _tell(work, right, f"made group '{name}'")
        log.info("group made", group=there)
        group = begun.model_copy(update={"name": name})
    known = group.model_copy(update={"group_id": there})
    return known, await service.ledger.groups.write(known, version)


async def _filled(
    work: Work[Any, Any], group: MadeGroup, version: str | None
) -> tuple[MadeGroup, str]:
    """Somebody comes into it: it is not empty any more. Raises LostRace when it is just going."""
    filled = group.model_copy(update={"empty_since": None})
    return filled, await work.service.ledger.groups.write(filled, version)


async def _rename(work: Work[Any, Any], group: MadeGroup, version: str | None, name: str) -> None:
    now = work.service.clock.now()
    await work.service.groups.rename(str(group.group_id), name)
    if group.name:  # of one that came to light by its mark nobody knows what it was called
        await _tell(work, group.right, f"renamed group '{group.name}' to '{name}'")
    told = {"name": name, "name_before": group.name, "renamed_at": now}
    await work.service.ledger.groups.write(group.model_copy(update=told), version)


def _was_just_taken_off(work: Work[Any, Any], group: MadeGroup, name: str) -> bool:
    at = group.renamed_at
    return name == group.name_before and at is not None and work.service.clock.now() - at < SETTLED


async def _tell(work: Work[Any, Any], right: str, what: str, *, begun: str = "") -> None:
    """Into the audit of the person for whom it was done: a group has none of its own."""
    told = Told(at=work.service.clock.now(), what=f"{begun}{work.name}: {what}")
    wakes = sum(work.decision.wake.values())
    key = f"{wakes:08d}|{work.name}|group|{right}|{what.partition(' ')[0]}"
    await work.service.ledger.history.tell(work.dossier.person_id, [(key, told)])
