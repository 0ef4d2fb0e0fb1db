"""What every giver of passes keeps: one an account, the earlier taken away, mends in words."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from contract.target.test_entra_target import EntraStage
from fakes_passes import FakePasses

from sandbox.faults import Fault
from sandbox.graph.pass_policy import PassPolicy
from shared.apply.entra_passes import EntraPasses
from shared.apply.first_sign_in import Passes, Terms
from shared.errors import Permanent, TargetDown, Transient, UnknownReply
from shared.vendors.graph import passes as wire

HOUR = Terms(minutes=60, once=True)


class Stage(EntraStage):
    """The Graph rig with one account."""

    def __init__(self) -> None:
        super().__init__()
        self.account_id = self.manager_id
        self.passes = EntraPasses(self.graph)

    @property
    def policy(self) -> PassPolicy:
        return self.tenant.pass_policy

    async def listed(self) -> tuple[dict[str, Any], ...]:
        return await wire.of(self.graph, self.account_id)


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    stage = Stage()
    yield stage
    await stage.graph.close()


@pytest.fixture(params=["fake", "graph"])
def passes(request: pytest.FixtureRequest, stage: Stage) -> Passes:
    fake = FakePasses(stage.clock.now)
    return stage.passes if request.param == "graph" else fake


async def test_pass_can_be_used_until_its_minutes_are_over(passes: Passes, stage: Stage) -> None:
    issued = await passes.issue(stage.account_id, HOUR)

    left = issued.until - stage.clock.now()
    assert timedelta(minutes=59) < left <= timedelta(minutes=60)
    assert issued.code.get_secret_value()
    assert issued.code.get_secret_value() not in repr(issued)


async def test_every_pass_has_a_code_of_its_own(passes: Passes, stage: Stage) -> None:
    first, second = [await passes.issue(stage.account_id, HOUR) for _ in range(2)]

    assert first.code != second.code


async def test_probe_of_a_tenant_in_order_is_silent(passes: Passes) -> None:
    await passes.probe(HOUR)


@pytest.mark.parametrize("replaces", [True, False])
async def test_earlier_pass_is_taken_away_whatever_graph_does(
    stage: Stage, *, replaces: bool
) -> None:
    stage.policy.second_replaces = replaces

    for _ in range(3):
        await stage.passes.issue(stage.account_id, HOUR)

    assert len(await stage.listed()) == 1
    assert [w.method for w in stage.tenant.writes] == ["POST", "DELETE", "POST", "DELETE", "POST"]


async def test_once_and_minutes_are_as_asked(stage: Stage) -> None:
    await stage.passes.issue(stage.account_id, Terms(minutes=90, once=False))

    [listed] = await stage.listed()
    assert (listed["lifetimeInMinutes"], listed["isUsableOnce"]) == (90, False)


@pytest.mark.parametrize(
    ("change", "terms", "told"),
    [
        ({"enabled": False}, HOUR, "passes are switched off: switch them on in Entra"),
        ({"minimum_minutes": 120}, HOUR, "Entra allows 120 to 480: change either of the two"),
        ({"maximum_minutes": 30}, HOUR, "lifetime_minutes is 60, and Entra allows"),
        ({"only_once": True}, Terms(minutes=60, once=False), "one-time passes only"),
        ({"may_write": False}, HOUR, "UserAuthMethod-TAP.ReadWrite.All, with admin consent"),
    ],
)
async def test_what_stands_in_the_way_is_told_with_the_mend(
    stage: Stage, change: dict[str, Any], terms: Terms, told: str
) -> None:
    for name, value in change.items():
        setattr(stage.policy, name, value)

    with pytest.raises(Permanent, match=told):
        await stage.passes.issue(stage.account_id, terms)
    with pytest.raises(Permanent, match=told):
        await stage.passes.probe(terms)
    assert stage.tenant.passes == {}


async def test_policy_that_may_not_be_read_is_named_by_probe_and_no_obstacle(stage: Stage) -> None:
    stage.policy.may_read = False

    with pytest.raises(Permanent, match=r"Policy\.Read\.AuthenticationMethod"):
        await stage.passes.probe(HOUR)
    await stage.passes.issue(stage.account_id, HOUR)

    stage.policy.enabled = False
    with pytest.raises(Permanent, match="see that passes are on, in Entra"):
        await stage.passes.issue(stage.account_id, HOUR)


async def test_pass_that_the_person_cannot_use_is_none(stage: Stage) -> None:
    stage.policy.includes_everyone = False

    with pytest.raises(Permanent, match=r"cannot be used \(DisabledByPolicy\): add this person"):
        await stage.passes.issue(stage.account_id, HOUR)


@pytest.mark.parametrize("giver", ["fake", "graph"])
async def test_used_pass_is_the_end_unless_the_terms_say_otherwise(
    stage: Stage, giver: str
) -> None:
    fake = FakePasses(stage.clock.now)
    passes: Passes = fake if giver == "fake" else stage.passes
    await passes.issue(stage.account_id, HOUR)
    fake.used.add(stage.account_id)
    stage.tenant.used_passes |= {each["id"] for each in stage.tenant.passes.values()}

    with pytest.raises(Permanent, match="was used"):
        await passes.issue(stage.account_id, HOUR)
    await passes.issue(stage.account_id, HOUR.model_copy(update={"after_use": True}))
    await passes.issue(stage.account_id, HOUR)


async def test_account_that_is_not_shown_yet_is_passing(stage: Stage) -> None:
    with pytest.raises(Transient, match="does not show the account yet"):
        await stage.passes.issue("00000000-0000-0000-0000-000000000000", HOUR)


async def test_lost_answer_is_unknown_and_the_next_takes_it_away(stage: Stage) -> None:
    stage.faults.plan(Fault("lose_reply", method="POST"))

    with pytest.raises(UnknownReply):
        await stage.passes.issue(stage.account_id, HOUR)
    [unseen] = await stage.listed()

    await stage.passes.issue(stage.account_id, HOUR)
    assert [each["id"] for each in await stage.listed()] != [unseen["id"]]


async def test_no_line_and_no_error_holds_a_code(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    issued = await stage.passes.issue(stage.account_id, HOUR)
    stage.policy.may_write = False

    with pytest.raises(Permanent) as refused:
        await stage.passes.issue(stage.account_id, HOUR)

    assert issued.code.get_secret_value() not in f"{caplog.text}{refused.value!r}"
    assert caplog.text


async def test_entra_that_is_away_is_down(stage: Stage) -> None:
    stage.faults.plan(Fault("status", count=10))

    with pytest.raises(TargetDown):
        await stage.passes.issue(stage.account_id, HOUR)
