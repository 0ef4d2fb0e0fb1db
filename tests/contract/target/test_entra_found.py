"""Which account is whose, asked of the Graph rig: by number, by match, and the linked ones."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from contract.target.test_entra_target import DOMAIN, NUMBER, EntraStage

from shared.apply.entra_listing import EntraListing
from shared.errors import Permanent
from shared.model.account import Applied, EntraAccount, Found
from shared.model.change import Change, Kind
from shared.model.desired import DesiredEntra, Linked, Match, Reason, State

WHY = Reason(rule="lifecycle", because="contract since 2024-01-01")
ADMIN = Linked(kind="admin", by="userPrincipalName", value=f"adm-{NUMBER}@{DOMAIN}")
TEST = Linked(kind="test", by="employeeId", value=f"T{NUMBER}", on_leave="report")
WILD = Linked(kind="admin", by="userPrincipalName", value="adm-*")


@pytest.fixture
async def stage() -> AsyncIterator[EntraStage]:
    stage = EntraStage()
    yield stage
    await stage.graph.close()


def wanted(*linked: Linked, matches: tuple[Match, ...] = ()) -> DesiredEntra:
    return DesiredEntra(
        state=State.ACTIVE, why=WHY, employee_id=NUMBER, linked=linked, matches=matches
    )


def add(stage: EntraStage, name: str, **values: object) -> str:
    user = {"userPrincipalName": f"{name}@{DOMAIN}", "displayName": name, **values}
    return stage.tenant.add_user({"accountEnabled": True, **user})


async def read(stage: EntraStage, want: DesiredEntra) -> Found[EntraAccount]:
    return await stage.target.read(want, Applied())


async def test_administrators_account_with_the_same_number_does_not_park(
    stage: EntraStage,
) -> None:
    own = add(stage, "kim", employeeId=NUMBER)
    other = add(stage, f"adm-{NUMBER}", employeeId=NUMBER)

    with pytest.raises(Permanent, match="2 accounts in Entra carry") as told:
        await read(stage, wanted())
    for rule in (ADMIN, WILD):
        found = await read(stage, wanted(rule))

        assert found.account is not None
        assert (found.account.id, found.account.found_by) == (own, "employeeId")
        assert [(one.kind, one.id) for one in found.linked] == [("admin", other)]
    assert own in told.value.reason
    assert other in told.value.reason


async def test_linked_accounts_are_found_when_the_main_one_is_known(stage: EntraStage) -> None:
    own = add(stage, "kim", employeeId=NUMBER)
    admin = add(stage, f"adm-{NUMBER}", accountEnabled=False)
    test = add(stage, "proef", employeeId=f"T{NUMBER}")
    add(stage, "adm-9999", employeeId="9999")

    found = await stage.target.read(wanted(ADMIN, TEST, WILD), Applied(account_id=own))

    told = [(one.kind, one.id, one.enabled, one.on_leave) for one in found.linked]
    assert told == [("admin", admin, False, "block"), ("test", test, True, "report")]


async def test_linked_account_alone_is_never_the_main_one(stage: EntraStage) -> None:
    add(stage, f"adm-{NUMBER}", employeeId=NUMBER)

    assert (await read(stage, wanted(WILD))).account is None


@pytest.mark.parametrize(
    ("by", "value", "has"),
    [
        ("mail", f"kim.k@{DOMAIN}", {"mail": f"kim.k@{DOMAIN}"}),
        ("userPrincipalName", f"kim@{DOMAIN}", {}),
        ("onPremisesSamAccountName", "k'kwispel", {"onPremisesSamAccountName": "k'kwispel"}),
    ],
)
async def test_account_without_number_is_found_by_match(
    stage: EntraStage, by: str, value: str, has: dict[str, object]
) -> None:
    own = add(stage, "kim", **has)
    add(stage, "gast", userType="Guest", **has)
    absent = Match(by="mail", value=f"niemand@{DOMAIN}")

    found = await read(stage, wanted(matches=(absent, Match(by=by, value=value))))

    assert found.account is not None
    assert (found.account.id, found.account.found_by) == (own, by)


@pytest.mark.parametrize(
    ("has", "told"),
    [
        ([{"employeeId": "9999"}], "carries another employeeId"),
        ([{"accountEnabled": False}], "is blocked, as somebody's who has left"),
        ([{}, {}], "2 accounts in Entra could be this person's by mail"),
    ],
)
async def test_doubtful_account_is_never_taken(
    stage: EntraStage, has: list[dict[str, object]], told: str
) -> None:
    mail = f"kim.k@{DOMAIN}"
    ids = [add(stage, f"kim{n}", mail=mail, **one) for n, one in enumerate(has)]

    with pytest.raises(Permanent, match=told) as raised:
        await read(stage, wanted(matches=(Match(by="mail", value=mail),)))

    assert all(one in raised.value.reason for one in ids)
    assert mail not in raised.value.reason


async def test_linked_account_is_blocked_with_its_sessions(stage: EntraStage) -> None:
    admin = add(stage, f"adm-{NUMBER}")
    change = Change(kind=Kind.BLOCK_LINKED, what=f"admin {admin}", values={"id": admin})

    done = await stage.target.do(change, Applied(account_id="other"))

    assert done.by_hand == ""
    assert stage.tenant.users[admin]["accountEnabled"] is False


async def test_administrators_block_that_is_refused_is_left_to_a_human(stage: EntraStage) -> None:
    admin = add(stage, f"adm-{NUMBER}")
    stage.tenant.admin_roles[admin] = {"role"}
    change = Change(kind=Kind.BLOCK_LINKED, what=f"admin {admin}", values={"id": admin})

    done = await stage.target.do(change, Applied(account_id="other"))

    assert f"the linked account admin {admin} can still sign in" in done.by_hand
    assert "block it by hand, now" in done.by_hand


async def test_everybody_is_listed_over_all_pages(stage: EntraStage) -> None:
    ids = {add(stage, f"iemand{n}") for n in range(1000)}
    own = add(stage, "kim", employeeId=NUMBER, mail=f"kim.k@{DOMAIN}", accountEnabled=False)
    add(stage, "gast", userType="Guest")

    seen = {one.id: one async for one in EntraListing(stage.graph).everyone()}

    assert seen.keys() > ids
    kim = seen[own]
    assert (kim.number, kim.active, kim.is_person) == (NUMBER, False, True)
    assert kim.properties == {"mail": f"kim.k@{DOMAIN}", "userPrincipalName": f"kim@{DOMAIN}"}
    assert [one.name for one in seen.values() if not one.is_person] == [f"gast@{DOMAIN}"]
