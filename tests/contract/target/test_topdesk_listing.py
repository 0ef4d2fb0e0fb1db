"""Every card in TOPdesk, of either generation of its API, as a take-over lists them."""

from __future__ import annotations

import pytest
from contract.target.test_topdesk_target import (
    BRANCH,
    FARTHEST_APART,
    LOGIN,
    WORLDS,
    a_desired,
    make_rig,
    settle,
    wanted,
)

from shared.apply.topdesk_listing import TopdeskListing
from shared.model.desired import State


@pytest.mark.parametrize("world", FARTHEST_APART)
async def test_every_card_is_listed_with_number_and_login(world: str) -> None:
    rig = make_rig(**WORLDS[world])
    _, applied = await settle(rig, a_desired(), None)
    await settle(
        rig, a_desired(employee_number="77", card=wanted(surName="Bos", branch=BRANCH)), None
    )
    await settle(rig, a_desired(state=State.BLOCKED), applied)
    gone = next(row for row in rig.persons() if row["employeeNumber"] == "77")
    gone["employeeNumber"] = "*****"

    seen = [one async for one in TopdeskListing(rig.tenant).everyone()]

    assert [(one.number, one.name, one.active) for one in seen] == [("1042", LOGIN, False)]
