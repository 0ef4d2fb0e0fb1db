"""Each change goes to whoever masters it, and what is Active Directory's has exact values."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from shared.model.account import Applied, CloudBlock, EntraAccount, Found, OnPremises
from shared.model.change import Harm, Kind, Plan
from shared.model.desired import DesiredEntra, Reason, State, Wanted
from shared.model.task import Place, Task
from shared.plan import entra as plan_entra

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
WHY = Reason(rule="lifecycle", because="last day 2026-11-01")
RULE = Reason(rule="entra.attributes.x", because="HR's x")
BORN = Reason(rule="active_directory.where[0]", because="employer.code = 1")
DN = "CN=Kim Kwispelaar,OU=Staff,DC=bedrijf,DC=local"


def desired(state: State = State.ACTIVE, **changes: object) -> DesiredEntra:
    attributes = changes.pop("attributes", {})
    assert isinstance(attributes, dict)
    return DesiredEntra(
        state=state,
        why=WHY,
        employee_id="1042",
        attributes={key: Wanted(value=v, reason=RULE) for key, v in attributes.items()},
    ).model_copy(update=changes)


def account(**changes: object) -> EntraAccount:
    known = OnPremises(dn=DN, sam="kkwispelaar", domain="bedrijf.local", synced_at=NOW)
    return EntraAccount(
        id="a1",
        user_principal_name="kim@bedrijf.example",
        enabled=True,
        synced=True,
        employee_id="1042",
        on_premises=known,
    ).model_copy(update=changes)


def applied(**changes: object) -> Applied:
    return Applied(account_id="a1", state=State.ACTIVE).model_copy(update=changes)


def planned(
    want: DesiredEntra,
    has: EntraAccount | None,
    was: Applied | None = None,
    hold: frozenset[Harm] = frozenset(),
) -> Plan:
    return plan_entra.entra(
        want,
        Found(account=has),
        applied() if was is None else was,
        name="kim.kwispelaar@bedrijf.example",
        hold=hold,
    )


def kinds(plan: Plan) -> list[Kind]:
    return [change.kind for change in plan.changes]


def the_task(plan: Plan) -> Task:
    (task,) = plan.tasks
    return task


def test_a_leaver_is_blocked_in_the_cloud_and_the_rest_goes_on() -> None:
    made = planned(
        desired(State.BLOCKED),
        account(groups=frozenset({"Ruimte"})),
        applied(rights={"Ruimte": (RULE,)}),
    )

    assert kinds(made) == [Kind.BLOCK_IN_CLOUD, Kind.REVOKE_SESSIONS, Kind.REMOVE_FROM_GROUP]
    task = the_task(made)
    assert (task.place, task.what, task.urgent) == (
        Place.ACTIVE_DIRECTORY,
        "disable account",
        True,
    )
    assert task.values == {"userAccountControl": "ACCOUNTDISABLE (0x2) set"}
    assert task.on == {
        "sAMAccountName": "kkwispelaar",
        "distinguishedName": DN,
        "domain": "bedrijf.local",
        "userPrincipalName": "kim@bedrijf.example",
        "employeeID": "1042",
    }
    assert task.why == "lifecycle: last day 2026-11-01"


@pytest.mark.parametrize(
    ("synced_at", "waits"),
    [
        (NOW - timedelta(hours=1), True),
        (NOW, True),
        (None, True),
        (NOW + timedelta(minutes=20), False),
    ],
)
def test_a_block_of_ours_is_not_active_directorys(synced_at: datetime | None, waits: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """Only a synchronisation after it that leaves it standing shows that AD blocked too."""
    has = account(enabled=False, on_premises=OnPremises(synced_at=synced_at))
    made = planned(desired(State.BLOCKED), has, applied(cloud_block=CloudBlock(at=NOW)))

    assert made.changes == ()
    assert bool(made.tasks) is waits


def test_a_block_that_was_undone_is_made_again() -> None:
    has = account(on_premises=OnPremises(synced_at=NOW + timedelta(minutes=20)))
    made = planned(desired(State.BLOCKED), has, applied(cloud_block=CloudBlock(at=NOW)))

    assert kinds(made) == [Kind.BLOCK_IN_CLOUD, Kind.REVOKE_SESSIONS]
    assert the_task(made).what == "disable account"


def test_a_block_that_entra_left_to_active_directory_is_not_tried_for_ever() -> None:
    block = CloudBlock(at=NOW, refused=True)
    made = planned(desired(State.BLOCKED), account(), applied(cloud_block=block))

    assert made.changes == ()
    assert the_task(made).what == "disable account"

    done = planned(desired(State.BLOCKED), account(enabled=False), applied(cloud_block=block))
    assert not done.tasks


def test_attributes_are_split_by_who_masters_them() -> None:
    made = planned(
        desired(
            attributes={
                "surname": "Kwispelaar",
                "mobilePhone": None,
                "onPremisesExtensionAttributes.extensionAttribute3": "A",
                "employeeOrgData.costCenter": "410",
                "usageLocation": "NL",
            }
        ),
        account(attributes={"mobilePhone": "06"}),
    )

    (change,) = made.changes
    assert change.values == {"employeeOrgData.costCenter": "410", "usageLocation": "NL"}
    assert len(change.reasons) == 2
    assert the_task(made).values == {"sn": "Kwispelaar", "mobile": "", "extensionAttribute3": "A"}


def test_a_manager_is_named_as_active_directory_knows_him() -> None:
    boss = "CN=Baas,OU=Staff,DC=bedrijf,DC=local"
    made = planned(desired(manager_id="b1", manager_wanted=True, manager_dn=boss), account())

    assert made.changes == ()
    assert the_task(made).values == {"manager": boss}


def test_who_is_born_in_active_directory_is_not_made_in_the_cloud() -> None:
    want = desired(
        State.PREPARED,
        attributes={
            "displayName": "Kim Kwispelaar",
            "surname": "Kwispelaar",
            "usageLocation": "NL",
        },
        born_in_ad=BORN,
        ad_path="OU=Staff,DC=bedrijf,DC=local",
        manager_dn=DN,
        groups={"Ruimte": (RULE,)},
    )
    made = planned(want, None, Applied())

    assert made.changes == ()
    task = the_task(made)
    assert (task.what, task.on) == ("create account", {})
    assert task.values == {
        "sAMAccountName": "kim.kwispelaar",
        "userAccountControl": "ACCOUNTDISABLE (0x2) set",
        "userPrincipalName": "kim.kwispelaar@bedrijf.example",
        "mailNickname": "kim.kwispelaar",
        "displayName": "Kim Kwispelaar",
        "employeeID": "1042",
        "sn": "Kwispelaar",
        "path": "OU=Staff,DC=bedrijf,DC=local",
        "manager": DN,
    }
    assert "active_directory.where[0]: employer.code = 1" in task.why


def test_nobody_is_asked_to_make_an_account_that_is_held() -> None:
    made = planned(desired(born_in_ad=BORN), None, Applied(), frozenset({Harm.JOINER}))

    assert (made.changes, made.tasks) == ((), ())
    assert [change.kind for change in made.held] == [Kind.CREATE_ACCOUNT]


def test_a_held_block_is_nobodys_task() -> None:
    made = planned(desired(State.BLOCKED), account(), hold=frozenset({Harm.BLOCK}))

    assert (made.changes, made.tasks) == ((), ())


def test_an_account_that_is_back_gets_its_own_cloud_block_off() -> None:
    has = account(enabled=False)
    ours = planned(desired(), has, applied(cloud_block=CloudBlock(at=NOW)))
    theirs = planned(desired(), has, applied())

    assert (kinds(ours), ours.tasks) == ([Kind.ENABLE_SIGN_IN], ())
    assert (kinds(theirs), the_task(theirs).what) == ([], "enable account")


def test_extension_attributes_of_a_formerly_synced_account_are_reported() -> None:
    key = "onPremisesExtensionAttributes.extensionAttribute3"
    has = account(synced=False, was_synced=True)
    made = planned(desired(attributes={key: "A", "surname": "K"}), has)

    assert [dict(change.values) for change in made.changes] == [{"surname": "K"}]
    assert "Graph never writes its extensionAttribute3 again" in " ".join(made.obstacles.values())

    right = has.model_copy(update={"attributes": {key: "A", "surname": "K"}})
    assert not planned(desired(attributes={key: "A", "surname": "K"}), right).obstacles
