"""What changed in Entra, by the rig's delta queries: rounds, removals, members, old links."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from contract.target.rules import GONE, LEFT, WORKS, Step, lived
from contract.target.test_entra_target import NUMBER, EntraStage

from sandbox.faults import Fault
from shared.apply.changes import ChangedAccount, ChangedMember, Page
from shared.apply.entra_changes import EntraChanges
from shared.model.account import Applied, Found

DAY = 86_400
type Ask[T] = Callable[[str | None], Awaitable[Page[T] | None]]


@pytest.fixture
async def stage() -> AsyncIterator[EntraStage]:
    made = EntraStage()
    yield made
    await made.graph.close()


async def round_of[T](ask: Ask[T], link: str | None = None) -> tuple[list[T], str]:
    """All that one round tells, and the link for the next."""
    items: list[T] = []
    while True:
        page = await ask(link)
        assert page is not None
        items += page.items
        link = page.link
        if page.is_last:
            return items, link


def accounts(stage: EntraStage) -> Ask[ChangedAccount]:
    names = tuple(stage.desired(WORKS).attributes)
    return lambda link: EntraChanges(stage.graph).accounts(names, link)


async def difference(stage: EntraStage, step: Step, applied: Applied, link: str | None) -> str:
    """What the plan would still do, by what was told alone."""
    told, _ = await round_of(accounts(stage), link)
    mine = [each for each in told if each.employee_id == NUMBER]
    desired = stage.desired(step)
    as_account = mine[-1].as_account
    assert as_account is not None
    return stage.plan(desired, Found(account=as_account(desired)), applied).summary()


@pytest.mark.parametrize("step", [WORKS, LEFT])
async def test_account_as_we_left_it_differs_in_nothing(stage: EntraStage, step: Step) -> None:
    """Else each write of our own would cost a read when it comes back."""
    applied = await lived(stage, (WORKS, step))

    assert await difference(stage, step, applied, None) == "nothing to do"


async def test_what_somebody_changed_is_told_in_the_next_round(stage: EntraStage) -> None:
    applied = await lived(stage, (WORKS,))
    _, link = await round_of(accounts(stage))
    stage.tenant.store_user({**stage.account(), "jobTitle": "Burgemeester"})

    assert await difference(stage, WORKS, applied, link) == "set attributes jobTitle"


@pytest.mark.parametrize("other", [True, False])
async def test_manager_whom_somebody_changed_or_took_is_told(
    stage: EntraStage, *, other: bool
) -> None:
    applied = await lived(stage, (WORKS,))
    _, link = await round_of(accounts(stage))
    new = stage.tenant.add_user({"userPrincipalName": "b@bedrijf.example", "displayName": "B"})
    stage.tenant.set_manager(stage.account()["id"], new if other else None)

    assert await difference(stage, WORKS, applied, link) == "set manager manager"


async def test_without_the_manager_it_is_asked_where_graph_does_not_tell(
    stage: EntraStage,
) -> None:
    applied = await lived(stage, (WORKS,))
    stage.faults.plan(Fault("status", path=".*/users/delta", status=400))

    assert await difference(stage, WORKS, applied, None) == "nothing to do"


async def test_of_whom_too_little_is_told_a_read_has_to_tell(stage: EntraStage) -> None:
    """`Prefer: return=minimal` shows how little a change may bring along."""
    body = '{"value": [{"id": "7", "jobTitle": "B"}], "@odata.deltaLink": "http://x/y"}'
    stage.faults.plan(Fault("status", path=".*/users/delta", status=200, body=body))
    (told,), _ = await round_of(accounts(stage))

    assert told == ChangedAccount("7")


async def test_removed_account_is_told_by_its_id_alone(stage: EntraStage) -> None:
    await lived(stage, (WORKS,))
    account_id = stage.account()["id"]
    _, link = await round_of(accounts(stage))
    await lived(stage, (WORKS, LEFT, GONE))

    told, _ = await round_of(accounts(stage), link)

    assert told[-1] == ChangedAccount(account_id, removed=True)


async def test_link_of_more_than_seven_days_is_no_good(stage: EntraStage) -> None:
    _, link = await round_of(accounts(stage))
    stage.clock.advance(8 * DAY)

    assert await accounts(stage)(link) is None
    assert (await round_of(accounts(stage)))[0] != []


async def test_members_come_and_go_by_the_name_of_the_group(stage: EntraStage) -> None:
    ask: Ask[ChangedMember] = EntraChanges(stage.graph).members
    first, link = await round_of(ask)
    await lived(stage, (WORKS,))
    came, link = await round_of(ask, link)
    account_id = stage.account()["id"]
    stage.tenant.remove_member(stage.group_id("Een"), account_id)
    went, _ = await round_of(ask, link)

    def told(items: list[ChangedMember]) -> set[tuple[str, str, bool]]:
        return {(m.group_name, m.account_id, m.removed) for m in items}

    assert told(first) == set()
    assert told(came) == {("Een", account_id, False), ("Twee", account_id, False)}
    assert told(went) == {("Een", account_id, True)}
