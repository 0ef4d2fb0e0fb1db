from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from contract.target.rules import (
    GONE,
    LEFT,
    MOVED,
    SOON,
    STORIES,
    SURNAME,
    WHY,
    WORKS,
    Loopback,
    Step,
    TargetRules,
    lived,
    look,
    serve,
    settle,
)

from sandbox.clock import ManualClock
from sandbox.faults import Fault, Faults
from sandbox.graph import GraphTenant, active_directory, leaving, make_app
from shared.apply.entra import YOUNG_SECONDS, EntraTarget, a_password
from shared.apply.entra_groups import KEPT_SECONDS, EntraGroups, GroupBook
from shared.errors import NameTaken, Permanent, Transient, UnknownReply
from shared.model.account import Applied, EntraAccount, Found
from shared.model.change import Change, Kind, Plan
from shared.model.desired import ALIVE, DesiredEntra, Parting, Reason, State, Wanted
from shared.model.right import Managed, generated
from shared.plan import entra as plan_entra
from shared.vendors.graph.client import Graph, connect

DOMAIN = "bedrijf.example"
NAME = f"kim.kwispelaar@{DOMAIN}"
NUMBER = "1042"
GROUPS = ("Een", "Twee", "Drie")
MOMENTS = frozenset(
    {
        "createdDateTime",
        "lastPasswordChangeDateTime",
        "signInSessionsValidFromDateTime",
        "deletedDateTime",
    }
)


class Credential:
    async def get_token(self, *_scopes: str, **_options: Any) -> AccessToken:
        return AccessToken("t", int(time.time()) + 3600)


class EntraStage:
    """The Graph rig with one person, their manager and three groups."""

    def __init__(self, *, replication_seconds: float = 0.0, name: str = NAME) -> None:
        self.clock = ManualClock()
        self.tenant = GraphTenant.seeded(self.clock, domain=DOMAIN, groups=GROUPS)
        self.manager_id = self.tenant.add_user(
            {"userPrincipalName": f"baas@{DOMAIN}", "displayName": "Baas"}
        )
        self.faults = Faults()
        self.name = name
        app = make_app(self.tenant, throttle=None, replication_seconds=replication_seconds)
        self.graph: Graph = connect(
            "http://127.0.0.1:8092/v1.0", Credential(), transport=Loopback(app, self.faults)
        )
        self.target = self.restarted()

    def restarted(self) -> EntraTarget:
        """A process that remembers nothing."""
        return EntraTarget(self.graph, monotonic=self.clock.wall)

    def desired(self, step: Step) -> DesiredEntra:
        alive = step.state in ALIVE
        attributes = {
            "displayName": f"Kim {SURNAME}",
            "surname": SURNAME,
            "jobTitle": step.title,
            "mobilePhone": None,
            "employeeOrgData.costCenter": "410",
            "usageLocation": "NL",
        }
        return DesiredEntra(
            state=step.state,
            why=WHY,
            employee_id=NUMBER,
            attributes={
                key: Wanted(value=value, reason=Reason(rule=key, because="HR's"))
                for key, value in attributes.items()
            },
            groups={right: (WHY,) for right in step.rights} if alive else {},  # noqa: C420 - alive
            manager_id=self.manager_id if alive else None,
            manager_wanted=alive,
        )

    def plan(self, desired: DesiredEntra, found: Found[EntraAccount], applied: Applied) -> Plan:
        return plan_entra.entra(desired, found, applied, name=self.name)

    def rights(self, desired: DesiredEntra) -> Mapping[str, tuple[Reason, ...]]:
        return desired.groups

    def values(self, desired: DesiredEntra) -> Mapping[str, Reason]:
        values = {key: wanted.reason for key, wanted in desired.attributes.items()}
        return values | ({"manager": WHY} if desired.manager_id else {})

    def seen(self) -> object:
        live = {
            user_id: {
                **{key: value for key, value in user.items() if key not in MOMENTS},
                "groups": sorted(
                    self.tenant.groups[group]["displayName"]
                    for group in self.tenant.groups_of(user_id)
                ),
                "manager": self.tenant.manager_of(user_id),
            }
            for user_id, user in self.tenant.users.items()
        }
        return live, sorted(self.tenant.deleted), self.tenant.purged

    def accounts(self) -> int:
        live = [u for u in self.tenant.users.values() if u.get("employeeId") == NUMBER]
        binned = [
            p for p in self.tenant.deleted.values() if p.properties.get("employeeId") == NUMBER
        ]
        return len(live) + len(binned)

    def account(self) -> dict[str, Any]:
        return next(u for u in self.tenant.users.values() if u.get("employeeId") == NUMBER)

    def group_id(self, name: str) -> str:
        return str(self.tenant.group_named(name)["id"])


type Open = Callable[..., EntraStage]


@pytest.fixture
async def open_stage() -> AsyncIterator[Open]:
    stages: list[EntraStage] = []

    def opened(**options: Any) -> EntraStage:
        stages.append(EntraStage(**options))
        return stages[-1]

    yield opened
    for stage in stages:
        await stage.graph.close()


class TestEntraTarget(TargetRules):
    """The rules of every target."""


def change(kind: Kind, what: str = "", **values: str | None) -> Change:
    return Change(kind=kind, what=what, values=values, reasons=(WHY,))


# --- create and adopt ---------------------------------------------------------------------------


async def test_an_account_of_this_number_is_adopted(open_stage: Open) -> None:
    stage = open_stage()
    made = stage.tenant.add_user(
        {"userPrincipalName": f"k@{DOMAIN}", "displayName": "K", "employeeId": NUMBER}
    )

    applied = await serve(stage, WORKS, Applied())

    assert applied.account_id == made
    assert stage.tenant.users[made]["userPrincipalName"] == f"k@{DOMAIN}"
    assert stage.accounts() == 1


async def test_two_accounts_of_one_number_are_nobodys_guess(open_stage: Open) -> None:
    stage = open_stage()
    for name in ("k1", "k2"):
        stage.tenant.add_user(
            {"userPrincipalName": f"{name}@{DOMAIN}", "displayName": "K", "employeeId": NUMBER}
        )

    with pytest.raises(Permanent, match=r"^2 accounts") as caught:
        await look(stage, WORKS, Applied())
    assert caught.value.mender == "operator"


async def test_a_taken_name_tells_who_has_it(open_stage: Open) -> None:
    stage = open_stage()
    other = stage.tenant.add_user(
        {"userPrincipalName": NAME, "displayName": "Other", "employeeId": "77"}
    )

    with pytest.raises(NameTaken) as caught:
        await serve(stage, WORKS, Applied())
    assert (caught.value.field, caught.value.holder_id) == ("userPrincipalName", other)
    assert stage.accounts() == 0


RENAMED = f"kim.bosch@{DOMAIN}"


def renaming(name: str = RENAMED) -> Change:
    values = {"userPrincipalName": name, "mailNickname": name.partition("@")[0]}
    return Change(kind=Kind.RENAME_ACCOUNT, values=values)


async def test_a_rename_changes_the_names_and_nothing_else(open_stage: Open) -> None:
    stage = open_stage()
    applied = await lived(stage, (WORKS,))
    before = stage.account()

    for _ in range(2):
        done = await stage.target.do(renaming(), applied)

    assert done.login == RENAMED
    after = stage.account()
    changed = {key for key in after if after[key] != before.get(key)}
    assert changed == {"userPrincipalName", "mailNickname"}
    assert (after["userPrincipalName"], after["mailNickname"]) == (RENAMED, "kim.bosch")


async def test_a_rename_to_a_taken_name_tells_who_has_it(open_stage: Open) -> None:
    stage = open_stage()
    applied = await lived(stage, (WORKS,))
    other = stage.tenant.add_user({"userPrincipalName": RENAMED, "displayName": "Bosch"})
    before = stage.seen()

    with pytest.raises(NameTaken) as caught:
        await stage.target.do(renaming(), applied)

    assert caught.value.holder_id == other
    assert stage.seen() == before


async def test_a_rename_without_a_reply_is_seen_at_the_next_look(open_stage: Open) -> None:
    stage = open_stage()
    applied = await lived(stage, (WORKS,))
    stage.faults.plan(Fault("lose_reply", count=9, method="PATCH"))

    with pytest.raises((UnknownReply, Transient)):
        await stage.target.do(renaming(), applied)
    stage.faults.planned.clear()
    _, found = await look(stage, WORKS, applied)

    assert found.account
    assert found.account.user_principal_name == RENAMED


@pytest.mark.parametrize("kind", [Kind.CREATE_ACCOUNT, Kind.RENAME_ACCOUNT])
async def test_an_unverified_domain_says_how_to_mend(open_stage: Open, kind: Kind) -> None:
    stage = open_stage(name="kim@elders.example")
    applied = Applied()
    change = renaming("kim@elders.example")
    if kind is Kind.CREATE_ACCOUNT:
        plan, _ = await look(stage, WORKS, applied)
        change = plan.changes[0]
    else:
        stage.name = NAME
        applied = await lived(stage, (WORKS,))

    with pytest.raises(Permanent, match=r"verify the domain elders\.example") as caught:
        await stage.target.do(change, applied)

    assert caught.value.mender == "policy"
    assert "organisation.mail_domain" in caught.value.reason


async def test_the_addresses_of_an_account_are_read(open_stage: Open) -> None:
    stage = open_stage()
    applied = await lived(stage, (WORKS,))
    account = stage.account()
    addresses = ["SMTP:Kim.Bosch@bedrijf.example", f"smtp:{NAME}", "sip:kim@bedrijf.example"]
    stage.tenant.store_user({**account, "proxyAddresses": addresses})

    _, found = await look(stage, WORKS, applied)

    assert found.account
    assert found.account.addresses == {RENAMED, NAME}


async def test_a_create_without_a_reply_is_adopted_while_the_index_is_stale(
    open_stage: Open,
) -> None:
    """The reply is lost, and neither the index nor a replica shows the account yet."""
    stage = open_stage(replication_seconds=30)
    plan, _ = await look(stage, WORKS, Applied())
    stage.faults.plan(Fault("lose_reply", method="POST", path="/v1.0/users"))
    with pytest.raises(UnknownReply):
        await stage.target.do(plan.changes[0], Applied())

    again, found = await look(stage, WORKS, Applied())
    assert found.account is None
    assert again.changes[0].kind is Kind.CREATE_ACCOUNT
    with pytest.raises(Transient) as caught:
        await stage.target.do(again.changes[0], Applied())
    assert not isinstance(caught.value, UnknownReply)

    # The holder becomes readable; the index may still lag behind it.
    stage.clock.advance(31)
    done = await stage.target.do(again.changes[0], Applied())
    assert done.account_id == stage.account()["id"]
    assert done.login == NAME
    assert stage.accounts() == 1


async def test_the_holder_is_read_when_only_the_index_is_stale(open_stage: Open) -> None:
    stage = open_stage()
    plan, _ = await look(stage, WORKS, Applied())
    stage.faults.plan(Fault("lose_reply", method="POST", path="/v1.0/users"))
    with pytest.raises(UnknownReply):
        await stage.target.do(plan.changes[0], Applied())
    # The index answers with nothing although the account is there.
    stage.faults.plan(
        Fault("status", method="GET", path="/v1.0/users", status=200, body='{"value": []}')
    )

    applied = await settle(stage, WORKS, Applied())

    assert applied.account_id == stage.account()["id"]
    assert stage.accounts() == 1


async def test_a_conflict_without_a_holder_is_looked_up_by_name(open_stage: Open) -> None:
    stage = open_stage()
    await lived(stage, (WORKS,))
    body = (
        '{"error": {"code": "Request_BadRequest", "message": "Another object ...", "details": '
        '[{"code": "ObjectConflict", "target": "userPrincipalName"}]}}'
    )
    stage.faults.plan(Fault("status", method="POST", path="/v1.0/users", status=400, body=body))
    create = change(Kind.CREATE_ACCOUNT, userPrincipalName=NAME, employeeId=NUMBER)

    done = await stage.target.do(create, Applied())

    assert done.account_id == stage.account()["id"]


async def test_the_password_is_sent_and_never_told(
    open_stage: Open, caplog: pytest.LogCaptureFixture
) -> None:
    stage = open_stage()
    caplog.set_level("DEBUG")
    await lived(stage, (WORKS,))

    create = next(w for w in stage.tenant.writes if w.path == "/users")
    assert "passwordProfile" in create.fields
    assert "password" not in " ".join(r.getMessage() for r in caplog.records).casefold()


@pytest.mark.parametrize("name", ["a@x.nl", "B.c@x.nl", "1@x.nl", "-x@x.nl", "kim@x.nl"])
def test_a_password_has_four_classes_and_no_name(name: str) -> None:
    passwords = {a_password(name) for _ in range(50)}

    assert len(passwords) == 50
    for password in passwords:
        assert any(c.islower() for c in password)
        assert any(c.isupper() for c in password)
        assert any(c.isdigit() for c in password)
        assert any(not c.isalnum() for c in password)
        assert name.partition("@")[0].casefold() not in password.casefold()


async def test_a_change_ends_within_what_a_claim_reserves(open_stage: Open) -> None:
    stage = open_stage()
    plan, _ = await look(stage, WORKS, Applied())
    stage.target.limit_seconds = 0.05
    stage.faults.plan(Fault("slow", method="POST", path="/v1.0/users", seconds=60))

    with pytest.raises(UnknownReply, match="took too long"):
        await stage.target.do(plan.changes[0], Applied())


# --- late, gone, not ours -----------------------------------------------------------------------


async def test_a_recorded_account_that_is_not_visible_is_waited_for(open_stage: Open) -> None:
    stage = open_stage(replication_seconds=60)
    plan, _ = await look(stage, WORKS, Applied())
    done = await stage.target.do(plan.changes[0], Applied())
    applied = Applied(account_id=done.account_id)

    for target in (stage.target, stage.restarted()):
        stage.target = target
        with pytest.raises(Transient, match="does not show the account yet"):
            await look(stage, WORKS, applied)
    stage.clock.advance(61)
    _, found = await look(stage, WORKS, applied)
    assert found.account is not None


async def test_a_write_waits_for_a_replica_to_know_the_account(open_stage: Open) -> None:
    stage = open_stage(replication_seconds=3600)
    stage.tenant.replication.stale_every = 3
    applied = await settle(stage, WORKS, Applied())

    assert applied.account_id is not None
    assert len(stage.tenant.groups_of(applied.account_id)) == 2


@pytest.mark.parametrize("stale_every", [2, 3, 5])
@pytest.mark.parametrize("story", STORIES)
async def test_lagging_replicas_end_the_same(
    open_stage: Open, story: str, stale_every: int
) -> None:
    """Some reads see the directory of half a minute ago; every retry of flow is a minute later."""
    whole, stage = open_stage(), open_stage(replication_seconds=30)
    stage.tenant.replication.stale_every = stale_every
    await lived(whole, STORIES[story])
    applied = Applied()
    for step in STORIES[story]:
        applied = await settle(stage, step, applied, wait=lambda: stage.clock.advance(60))
        stage.clock.advance(86_400)

    assert stage.seen() == whole.seen()
    assert stage.accounts() == 1


async def test_an_account_purged_by_hand_parks_the_person(open_stage: Open) -> None:
    stage = open_stage()
    applied = await lived(stage, (WORKS,))
    stage.tenant.drop_user(str(applied.account_id))

    with pytest.raises(Transient):
        await look(stage, WORKS, applied)
    stage.clock.advance(YOUNG_SECONDS + 1)
    with pytest.raises(Permanent, match="removed from Entra for good") as caught:
        await look(stage, WORKS, applied)
    assert caught.value.mender == "operator"
    new = stage.tenant.add_user(
        {"userPrincipalName": f"nieuw@{DOMAIN}", "displayName": "N", "employeeId": NUMBER}
    )
    _, found = await look(stage, WORKS, applied)
    assert found.account is not None
    assert found.account.id == new


async def test_an_account_given_to_somebody_else_is_not_touched(open_stage: Open) -> None:
    stage = open_stage()
    applied = await lived(stage, (WORKS,))
    user = stage.account()
    stage.tenant.store_user({**user, "employeeId": "77"})

    with pytest.raises(Permanent, match="another employeeId"):
        await look(stage, MOVED, applied)


async def test_after_the_thirty_days_a_new_account_is_made(open_stage: Open) -> None:
    stage = open_stage()
    applied = await lived(stage, (WORKS, LEFT, GONE))
    stage.clock.advance(31 * 86_400)

    back = await serve(stage, WORKS, applied)

    assert back.account_id != applied.account_id
    assert stage.accounts() == 1


async def test_a_deleted_account_is_found_with_its_own_name(open_stage: Open) -> None:
    stage = open_stage()
    applied = await lived(stage, (WORKS, LEFT, GONE))

    _, found = await look(stage, GONE, applied)

    assert found.account is not None
    assert found.account.deleted
    assert not found.account.enabled
    assert found.account.user_principal_name == NAME


async def test_a_restore_takes_the_other_name_when_its_own_is_taken(open_stage: Open) -> None:
    stage = open_stage()
    applied = await lived(stage, (WORKS, LEFT, GONE))
    stage.tenant.add_user({"userPrincipalName": NAME, "displayName": "O", "employeeId": "77"})
    other = f"kim.kwispelaar2@{DOMAIN}"

    with pytest.raises(NameTaken):
        await stage.target.do(change(Kind.RESTORE_ACCOUNT), applied)
    done = await stage.target.do(change(Kind.RESTORE_ACCOUNT, userPrincipalName=other), applied)

    assert done.account_id == applied.account_id
    assert done.login == other


async def test_a_restore_that_is_refused_without_saying_why_takes_the_other_name(
    open_stage: Open,
) -> None:
    """What Graph answers to a restore whose name is taken is in no document."""
    stage = open_stage()
    applied = await lived(stage, (WORKS, LEFT, GONE))
    other = f"kim.kwispelaar2@{DOMAIN}"
    stage.faults.plan(Fault("status", path=".*/restore", status=400))

    done = await stage.target.do(change(Kind.RESTORE_ACCOUNT, userPrincipalName=other), applied)

    assert (done.account_id, done.login) == (applied.account_id, other)


async def test_a_restored_account_is_back_without_old_groups(open_stage: Open) -> None:
    """Deleted by hand while at work: the groups come back with it, the old ones must go."""
    stage = open_stage()
    applied = await lived(stage, (WORKS,))
    stage.faults.clear()
    await stage.target.do(change(Kind.DELETE_ACCOUNT), applied)

    after = await serve(stage, MOVED, applied)

    names = {
        stage.tenant.groups[g]["displayName"]
        for g in stage.tenant.groups_of(str(after.account_id))
    }
    assert names == {"Twee", "Drie"}


# --- groups -------------------------------------------------------------------------------------

UNMANAGEABLE: Mapping[str, tuple[dict[str, Any], str]] = {
    "dynamic": ({"groupTypes": ["DynamicMembership"]}, "rule of its own"),
    "synced": ({"onPremisesSyncEnabled": True}, "Active Directory"),
    "roles": ({"isAssignableToRole": True}, "admin roles"),
    "restricted": ({"isManagementRestricted": True}, "restricted administrative unit"),
    "mail": ({"mailEnabled": True}, "only Exchange"),
}


@pytest.mark.parametrize("kind", UNMANAGEABLE)
async def test_a_group_that_cannot_be_filled_is_an_obstacle(open_stage: Open, kind: str) -> None:
    stage = open_stage()
    properties, sentence = UNMANAGEABLE[kind]
    group = stage.tenant.add_group({"displayName": "Lastig", **properties})
    step = Step(State.ACTIVE, ("Een", "Lastig"))

    plan, found = await look(stage, step, Applied())
    applied = await serve(stage, step, Applied())

    assert sentence in found.obstacles["Lastig"]
    assert plan.obstacles == found.obstacles
    assert stage.tenant.members(stage.group_id("Een")) == (applied.account_id,)
    assert stage.tenant.members(group) == ()


async def test_a_microsoft_365_group_can_be_filled(open_stage: Open) -> None:
    stage = open_stage()
    group = stage.tenant.add_group(
        {"displayName": "Team", "groupTypes": ["Unified"], "mailEnabled": True}
    )

    applied = await serve(stage, Step(State.ACTIVE, ("Team",)), Applied())

    assert stage.tenant.members(group) == (applied.account_id,)


async def test_a_missing_group_and_two_of_one_name_say_how_to_mend(open_stage: Open) -> None:
    stage = open_stage()
    for _ in range(2):
        stage.tenant.add_group({"displayName": "Dubbel"})

    _, found = await look(stage, Step(State.ACTIVE, ("Weg", "Dubbel")), Applied())

    assert found.obstacles == {
        "Weg": "group 'Weg' is not in Entra: create it, or correct the name in the policy",
        "Dubbel": "2 groups in Entra are named 'Dubbel': name the right one by its object id in "
        "the policy",
    }


async def test_a_group_of_ours_that_got_a_double_is_not_taken_for_left(open_stage: Open) -> None:
    """Which of the two they are in cannot be said: it waits, and is not forgotten."""
    stage = open_stage()
    applied = await serve(stage, WORKS, Applied())
    twee = stage.group_id("Twee")
    stage.tenant.add_group({"displayName": "Twee"})
    stage.clock.advance(KEPT_SECONDS + 1)

    found = await stage.target.read(stage.desired(Step(State.ACTIVE, ("Een",))), applied)
    by_id = await stage.target.read(stage.desired(Step(State.ACTIVE, ("Een", twee))), applied)

    assert by_id.account
    assert found.unclear == found.obstacles.keys() == {"Twee"}
    assert (by_id.unclear, by_id.obstacles) == (frozenset(), {}), "that was the mend"
    assert by_id.account.groups == {"Een", twee}


async def test_a_group_that_is_looked_at_is_seen_whoever_gave_it(open_stage: Open) -> None:
    stage = open_stage()
    applied = await serve(stage, WORKS, Applied())
    assert applied.account_id
    stage.tenant.add_member(stage.group_id("Drie"), applied.account_id)
    looked_at = {"Drie": Managed.STRICT, stage.group_id("Twee"): Managed.STRICT}
    want = stage.desired(WORKS).model_copy(update={"managed": looked_at})

    found = await stage.target.read(want, applied)

    assert found.account
    assert found.account.groups == {"Een", "Twee", "Drie"}, "one group, one name"


async def test_a_looked_at_group_that_is_not_ours_to_fill_is_left_out(open_stage: Open) -> None:
    stage = open_stage()
    applied = await serve(stage, WORKS, Applied())
    assert applied.account_id
    group_id = stage.group_id("Drie")
    stage.tenant.add_member(group_id, applied.account_id)
    stage.tenant.groups[group_id]["isAssignableToRole"] = True
    want = stage.desired(WORKS).model_copy(update={"managed": {"Drie": Managed.STRICT}})

    found = await stage.target.read(want, applied)

    assert found.account
    assert found.account.groups == {"Een", "Twee"}
    assert found.obstacles == {}


async def test_a_group_we_gave_that_is_gone_is_no_obstacle(open_stage: Open) -> None:
    stage = open_stage()
    applied = await lived(stage, (WORKS,))
    stage.tenant.drop_group(stage.group_id("Een"))
    stage.target = stage.restarted()

    plan, found = await look(stage, MOVED, applied)

    assert found.obstacles == {}
    assert Kind.REMOVE_FROM_GROUP not in {c.kind for c in plan.changes}


async def test_a_group_renamed_in_the_policy_to_its_id_keeps_its_members(open_stage: Open) -> None:
    stage = open_stage()
    applied = await lived(stage, (Step(State.ACTIVE, ("Een",)),))

    plan, _ = await look(stage, Step(State.ACTIVE, (stage.group_id("Een"),)), applied)

    assert plan.changes == ()


async def test_groups_of_others_are_not_even_read_into_the_account(open_stage: Open) -> None:
    stage = open_stage()
    applied = await lived(stage, (WORKS,))
    stage.tenant.add_member(stage.group_id("Drie"), str(applied.account_id))

    plan, found = await look(stage, LEFT, applied)

    assert found.account is not None
    assert found.account.groups == {"Een", "Twee"}
    assert {c.what for c in plan.changes if c.kind is Kind.REMOVE_FROM_GROUP} == {"Een", "Twee"}


async def test_a_group_is_looked_up_once_for_many_people(open_stage: Open) -> None:
    stage = open_stage()
    await look(stage, WORKS, Applied())
    calls = stage.faults.calls
    await look(stage, WORKS, Applied())
    assert stage.faults.calls - calls == 1

    stage.clock.advance(KEPT_SECONDS)
    await look(stage, WORKS, Applied())
    assert stage.faults.calls - calls == 4


async def test_nested_membership_does_not_count_as_given(open_stage: Open) -> None:
    stage = open_stage()
    applied = await lived(stage, (Step(State.ACTIVE, ("Een",)),))
    stage.tenant.add_member(stage.group_id("Drie"), stage.group_id("Een"))

    plan, _ = await look(stage, Step(State.ACTIVE, ("Een", "Drie")), applied)

    assert [str(c) for c in plan.changes] == ["add to group Drie"]


# --- refusals -----------------------------------------------------------------------------------


async def test_an_administrator_is_refused_with_what_to_do(open_stage: Open) -> None:
    stage = open_stage()
    applied = await lived(stage, (WORKS,))
    stage.tenant.grant_role(str(applied.account_id))

    with pytest.raises(Permanent, match=r"admin role.*Privileged Authentication") as caught:
        await serve(stage, LEFT, applied)
    assert caught.value.mender == "operator"
    assert stage.account()["accountEnabled"]


@pytest.mark.parametrize(
    ("what", "permission"),
    [("users", "User.ReadWrite.All"), ("groups", "Group.ReadBasic.All")],
)
async def test_the_probe_says_which_permission_is_missing(
    open_stage: Open, what: str, permission: str
) -> None:
    stage = open_stage()
    body = '{"error": {"code": "Authorization_RequestDenied", "message": "Insufficient"}}'
    stage.faults.plan(Fault("status", path=f"/v1.0/{what}", status=403, body=body))

    with pytest.raises(Permanent, match=permission) as caught:
        await stage.target.probe()
    assert caught.value.mender == "operator"


async def test_a_value_that_does_not_fit_names_its_attribute(open_stage: Open) -> None:
    stage = open_stage()

    with pytest.raises(Permanent, match=r"jobTitle.*does not fit") as caught:
        await serve(stage, Step(State.ACTIVE, (), "x" * 129), Applied())
    assert caught.value.mender == "policy"
    assert "xxx" not in caught.value.reason


async def test_an_attribute_unknown_to_graph_is_the_policys_fault(open_stage: Open) -> None:
    stage = open_stage()
    want = stage.desired(WORKS).model_copy(
        update={"attributes": {"jobTitel": Wanted(value="x", reason=WHY)}}
    )

    with pytest.raises(Permanent, match=r"entra.attributes: see jobTitel") as caught:
        await stage.target.read(want, Applied())
    assert caught.value.mender == "policy"


async def test_a_synced_account_gets_groups_and_what_the_cloud_masters(open_stage: Open) -> None:
    stage = open_stage()
    synced = stage.tenant.add_synced_user(
        {"userPrincipalName": NAME, "displayName": "K", "employeeId": NUMBER}
    )

    applied = await serve(stage, WORKS, Applied())

    assert applied.account_id == synced
    assert {w.fields for w in stage.tenant.accepted_writes() if "groups" not in w.path} == {
        ("employeeOrgData", "usageLocation")
    }
    assert len(stage.tenant.groups_of(synced)) == 2


@pytest.mark.parametrize("refuses", [False, True])
async def test_a_block_of_a_synced_account_is_tried(open_stage: Open, *, refuses: bool) -> None:
    """Whether Graph takes it is in no document: both are played."""
    stage = open_stage()
    stage.tenant.directory.refuses_cloud_blocks = refuses
    synced = stage.tenant.add_synced_user(
        {"userPrincipalName": NAME, "displayName": "K", "employeeId": NUMBER}
    )
    applied = Applied(account_id=synced)

    done = await stage.target.do(change(Kind.BLOCK_IN_CLOUD), applied)

    assert done.left_to_ad is refuses
    assert await stage.target.is_blocked(synced) is not refuses
    active_directory.synchronise(stage.tenant)
    assert stage.tenant.users[synced]["accountEnabled"] is True


async def test_a_synced_account_says_where_it_is_in_active_directory(open_stage: Open) -> None:
    stage = open_stage()
    stage.tenant.add_synced_user(
        {"userPrincipalName": NAME, "displayName": "K", "employeeId": NUMBER}
    )

    account = (await look(stage, WORKS, Applied()))[1].account

    assert account is not None
    assert account.on_premises.dn == f"CN=K,OU=Users,DC={DOMAIN.replace('.', ',DC=')}"
    assert account.on_premises.sam == "kim.kwispelaar"
    assert account.on_premises.synced_at == stage.clock.now()


@pytest.mark.parametrize("said", [False, None])
async def test_a_formerly_synced_account_is_known_as_one(
    open_stage: Open,
    said: bool | None,  # noqa: FBT001 - a parameter of the test
) -> None:
    stage = open_stage()
    left = {"onPremisesSyncEnabled": said, "onPremisesSecurityIdentifier": "S-1-5-21-1-2-3-1042"}
    stage.tenant.add_user(
        {"userPrincipalName": NAME, "displayName": "K", "employeeId": NUMBER, **left}
    )

    account = (await look(stage, WORKS, Applied()))[1].account

    assert account is not None
    assert (account.synced, account.was_synced) == (False, True)


async def test_an_account_that_can_sign_in_is_not_seen_blocked(open_stage: Open) -> None:
    stage = open_stage()
    applied = await lived(stage, (SOON, WORKS))

    assert not await stage.target.is_blocked(str(applied.account_id))
    assert await stage.target.is_blocked("0c0ffee0-0000-4000-8000-000000000001")


async def test_a_manager_who_is_not_visible_is_waited_for(open_stage: Open) -> None:
    stage = open_stage()
    applied = await lived(stage, (SOON,))
    nobody = change(Kind.SET_MANAGER, manager="0c0ffee0-0000-4000-8000-000000000001")

    with pytest.raises(Transient):
        await stage.target.do(nobody, applied)


async def test_a_change_of_another_target_is_a_bug(open_stage: Open) -> None:
    stage = open_stage()

    with pytest.raises(ValueError, match="no change of Entra's"):
        await stage.target.do(change(Kind.CREATE_CARD), Applied(account_id="x"))
    with pytest.raises(ValueError, match="without an account"):
        await stage.target.do(change(Kind.ENABLE_SIGN_IN), Applied())


# --- whole groups ------------------------------------------------------------------------------


async def test_members_of_a_group_are_told_by_what_they_are(open_stage: Open) -> None:
    stage = open_stage()
    applied = await serve(stage, WORKS, Applied())
    een = stage.group_id("Een")
    guest = stage.tenant.add_user(
        {
            "userPrincipalName": f"gast#ext@{DOMAIN}",
            "displayName": "Gast",
            "userType": "Guest",
        }
    )
    stage.tenant.add_member(een, guest)
    stage.tenant.add_member(een, stage.group_id("Twee"))

    members = await EntraGroups(stage.graph).members("Een")

    assert {(member.id, member.kind) for member in members} == {
        (applied.account_id, "person"),
        (guest, "guest"),
        (stage.group_id("Twee"), "group"),
    }
    assert {member.name for member in members} == {NAME, f"gast#ext@{DOMAIN}", "Twee"}


async def test_members_of_a_group_that_is_not_there_are_refused(open_stage: Open) -> None:
    stage = open_stage()
    groups = EntraGroups(stage.graph)

    assert "create it" in str(await groups.obstacle("Weg"))
    assert await groups.obstacle("Een") is None
    with pytest.raises(Permanent, match="'Weg' is not in Entra"):
        await groups.members("Weg")


# --- once for each leave ---------------------------------------------------------------------


def leaver_with_belongings(stage: EntraStage) -> Applied:
    user_id = stage.tenant.add_user(
        {"userPrincipalName": NAME, "displayName": "K", "employeeId": NUMBER}
    )
    has = stage.tenant.belongings
    has.methods[user_id] = [
        {"id": "m0", "type": "password"},
        {"id": "m1", "type": "phone", "default": True},
        {"id": "m2", "type": "fido2"},
        {"id": "m3", "type": "microsoftAuthenticator"},
        {"id": "m4", "type": "softwareOath"},
        {"id": "m5", "type": "windowsHelloForBusiness"},
        {"id": "m6", "type": "email"},
    ]
    for device in ("d1", "d2", "d3"):
        has.devices[device] = {"id": device, "accountEnabled": device != "d3"}
    has.registered[user_id] = ["d1", "d3"]
    has.owned[user_id] = ["d1", "d2"]
    has.mailboxes[user_id] = leaving.mailbox()
    return Applied(account_id=user_id)


async def test_every_method_but_the_password_goes_and_the_default_one_last(
    open_stage: Open,
) -> None:
    stage = open_stage()
    applied = leaver_with_belongings(stage)

    for _ in range(2):
        await stage.target.do(change(Kind.REMOVE_METHODS), applied)

    left = stage.tenant.belongings.methods[str(applied.account_id)]
    assert [method["type"] for method in left] == ["password"]
    deleted = [write.ids[1] for write in stage.tenant.accepted_writes() if len(write.ids) > 1]
    assert deleted == ["m2", "m3", "m4", "m5", "m6", "m1"]


async def test_a_method_that_graph_cannot_delete_is_named(open_stage: Open) -> None:
    stage = open_stage()
    applied = leaver_with_belongings(stage)
    mine = stage.tenant.belongings.methods[str(applied.account_id)]
    mine.append({"id": "m9", "type": "platformCredential"})

    with pytest.raises(Permanent, match=r"methods are left \(phone, platformCredential\)"):
        await stage.target.do(change(Kind.REMOVE_METHODS), applied)


async def test_a_type_that_the_app_may_not_delete_keeps_none_of_the_others(
    open_stage: Open,
) -> None:
    """Whoever lacks one of six permissions still loses the telephone."""
    stage = open_stage()
    applied = leaver_with_belongings(stage)
    path = ".*/fido2Methods/.*"
    stage.faults.plan(Fault("status", count=9, method="DELETE", path=path, status=403))

    with pytest.raises(Permanent, match="UserAuthMethod permissions"):
        await stage.target.do(change(Kind.REMOVE_METHODS), applied)

    left = stage.tenant.belongings.methods[str(applied.account_id)]
    assert {method["type"] for method in left} == {"password", "fido2", "phone"}
    stage.faults.clear()
    await stage.target.do(change(Kind.REMOVE_METHODS), applied)
    assert [method["type"] for method in left] == ["password"]


async def test_devices_are_disabled_each_once(open_stage: Open) -> None:
    stage = open_stage()
    applied = leaver_with_belongings(stage)

    for _ in range(2):
        await stage.target.do(change(Kind.DISABLE_DEVICES), applied)

    devices = stage.tenant.belongings.devices.values()
    assert not any(device["accountEnabled"] for device in devices)
    assert [write.ids for write in stage.tenant.accepted_writes()] == [("d1",), ("d2",)]


@pytest.mark.parametrize("status", [400, 403])
async def test_a_device_that_graph_refuses_keeps_none_of_the_others(
    open_stage: Open, status: int
) -> None:
    """Such as one that Active Directory masters."""
    stage = open_stage()
    applied = leaver_with_belongings(stage)
    path = ".*/devices/d1"
    stage.faults.plan(Fault("status", method="PATCH", path=path, status=status))

    with pytest.raises(Permanent):
        await stage.target.do(change(Kind.DISABLE_DEVICES), applied)

    devices = stage.tenant.belongings.devices
    assert [each for each in devices if devices[each]["accountEnabled"]] == ["d1"]


async def test_the_mailbox_answers_and_nothing_in_it_is_markup(open_stage: Open) -> None:
    stage = open_stage()
    applied = leaver_with_belongings(stage)
    reply = Change(
        kind=Kind.SET_AUTO_REPLY, values={"automaticRepliesSetting": "Kim <K>\nis weg."}
    )

    await stage.target.do(reply, applied)

    told = stage.tenant.belongings.mailboxes[str(applied.account_id)]["automaticRepliesSetting"]
    assert told["status"] == "alwaysEnabled"
    assert told["externalReplyMessage"] == told["internalReplyMessage"]
    assert told["internalReplyMessage"] == "<html><body>Kim &lt;K&gt;<br>is weg.</body></html>"
    del stage.tenant.belongings.mailboxes[str(applied.account_id)]
    await stage.target.do(reply, applied)


@pytest.mark.parametrize(
    ("kind", "denied", "needs"),
    [
        (Kind.REMOVE_METHODS, "methods", "UserAuthenticationMethod.Read.All"),
        (Kind.DISABLE_DEVICES, "devices", "Device.ReadWrite.All"),
        (Kind.SET_AUTO_REPLY, "mailbox", "MailboxSettings.ReadWrite"),
    ],
)
async def test_what_the_app_lacks_for_it_is_named(
    open_stage: Open, kind: Kind, denied: str, needs: str
) -> None:
    stage = open_stage()
    applied = leaver_with_belongings(stage)
    stage.tenant.belongings.denied.add(denied)

    with pytest.raises(Permanent, match=needs) as caught:
        await stage.target.do(change(kind, automaticRepliesSetting="x"), applied)
    assert caught.value.mender == "operator"


async def test_a_mailbox_is_looked_at_only_when_it_is_to_be_handed_over(open_stage: Open) -> None:
    stage = open_stage()
    leaver_with_belongings(stage)
    want = stage.desired(LEFT)
    hand_over = want.model_copy(update={"parting": Parting(hand_over=WHY)})

    for asked, told in ((want, None), (hand_over, "user")):
        account = (await stage.target.read(asked, Applied())).account
        assert account is not None
        assert account.mailbox == told

    stage.tenant.belongings.denied.add("mailbox")
    found = await stage.target.read(hand_over, Applied())
    assert found.account is not None
    assert "MailboxSettings.ReadWrite" in found.obstacles["mailbox"]


async def test_a_mailbox_that_does_not_answer_keeps_nobody_from_being_blocked(
    open_stage: Open,
) -> None:
    """Exchange may be out while Entra is not; who is blocked already is looked at again soon."""
    stage = open_stage()
    applied = leaver_with_belongings(stage)
    hand_over = stage.desired(LEFT).model_copy(update={"parting": Parting(hand_over=WHY)})
    path = ".*/mailboxSettings"
    stage.faults.plan(Fault("status", count=9, path=path, status=409))  # passes, is not repeated

    found = await stage.target.read(hand_over, applied)
    plan = stage.plan(hand_over, found, applied)
    assert Kind.BLOCK_SIGN_IN in {each.kind for each in plan.changes}
    assert "looked at again" in plan.obstacles["mailbox"]

    await stage.target.do(change(Kind.BLOCK_SIGN_IN), applied)
    with pytest.raises(Transient):
        await stage.target.read(hand_over, applied)


async def test_a_mailbox_of_which_graph_does_not_tell_the_purpose_is_somebodys(
    open_stage: Open,
) -> None:
    stage = open_stage()
    leaver_with_belongings(stage)
    hand_over = stage.desired(LEFT).model_copy(update={"parting": Parting(hand_over=WHY)})
    stage.faults.plan(Fault("status", path=".*/mailboxSettings", status=200, body="{}"))

    account = (await stage.target.read(hand_over, Applied())).account
    assert account is not None
    assert account.mailbox == "user"


# --- groups of our own making ------------------------------------------------------------------

RIGHT = generated("Afdelingen", "ICT-BEH")


async def test_a_group_of_ours_is_found_by_its_mark_whatever_its_name(open_stage: Open) -> None:
    stage = open_stage()
    ours = EntraGroups(stage.graph)
    assert await ours.find(RIGHT, None) is None

    made = await ours.make(RIGHT, "Alle medewerkers 'ICT'")
    await ours.rename(made, "Alle medewerkers Digitaal")

    again = EntraGroups(stage.graph)
    assert await again.find(RIGHT, None) == made
    assert await again.find(RIGHT, made) == made
    group = stage.tenant.groups[made]
    assert group["displayName"] == "Alle medewerkers Digitaal"
    assert (group["securityEnabled"], group["mailEnabled"]) == (True, False)
    assert "isAssignableToRole" not in group or not group["isAssignableToRole"]


async def test_a_group_of_ours_is_filled_and_emptied_like_any_other(open_stage: Open) -> None:
    stage = open_stage()
    made = await EntraGroups(stage.graph).make(RIGHT, "Alle medewerkers ICT")

    applied = await serve(stage, Step(State.ACTIVE, (RIGHT, "Een")), Applied())
    assert stage.tenant.members(made) == (applied.account_id,)

    await serve(stage, Step(State.ACTIVE, ("Een",)), applied)
    assert stage.tenant.members(made) == ()


async def test_a_group_just_made_is_known_before_the_index_shows_it(open_stage: Open) -> None:
    stage = open_stage(replication_seconds=30.0)
    book = GroupBook(stage.graph, stage.clock.wall)
    ours = EntraGroups(stage.graph, book)
    assert (await book.look_up(RIGHT)).obstacle

    made = await ours.make(RIGHT, "Alle medewerkers ICT")

    assert (await book.look_up(RIGHT)).id == made


async def test_only_a_group_with_our_mark_is_deleted(open_stage: Open) -> None:
    stage = open_stage()
    ours = EntraGroups(stage.graph)
    made, other = await ours.make(RIGHT, "Alle medewerkers ICT"), stage.group_id("Een")

    with pytest.raises(Permanent, match="does not carry the mark"):
        await ours.delete(RIGHT, other)
    for _ in range(2):
        await ours.delete(RIGHT, made)

    assert made not in stage.tenant.groups
    assert other in stage.tenant.groups
    assert await ours.members_of(made) == ()
    assert await EntraGroups(stage.graph).find(RIGHT, made) is None


async def test_one_that_is_not_there_yet_says_so(open_stage: Open) -> None:
    stage = open_stage()

    _, found = await look(stage, Step(State.ACTIVE, (RIGHT,)), Applied())

    assert "made with its first member" in found.obstacles[RIGHT]
