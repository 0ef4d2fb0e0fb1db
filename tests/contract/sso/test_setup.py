"""Single sign-on comes to stand in the rig's tenant as the policy says, once, whatever happens."""

from __future__ import annotations

from datetime import timedelta

import pytest
from contract.sso.sso_stage import (
    OPERATORS,
    PUBLIC,
    SECURE,
    SSO,
    USERS,
    SsoStage,
    Stopped,
    other,
)

from sandbox.faults import Fault
from sandbox.graph.enterprise.state import USER_ROLE
from shared.errors import InstroomError, Misconfigured, Permanent, Transient
from shared.model.change import Kind
from shared.policy.sso import Realm
from shared.sso.plan import plan
from shared.sso.read import read
from shared.sso.setup import BELIEVED
from shared.sso.wanted import Wanted

GALLERY = "WindowsAzureActiveDirectoryGalleryApplicationPrimaryV1"
INTEGRATED = "WindowsAzureActiveDirectoryIntegratedApp"


async def test_door_stands_as_the_policy_says(stage: SsoStage) -> None:
    await stage.setup(SECURE)

    assert stage.stands() == {
        "applications": [("TOPdesk - Secure", [SECURE.identifier], [SECURE.reply_url])],
        "principals": [
            {
                "mode": "saml",
                "addresses": ("https://voorbeeld.topdesk.net", None),
                "closed": True,
                "notify": ["beheer@voorbeeld.example"],
                "tags": [GALLERY, INTEGRATED, "instroom-sso-secure"],
                "certificates": 1,
                "signs": True,
            }
        ],
        "assigned": [(OPERATORS, "TOPdesk - Secure", USER_ROLE)],
        "policies": [(SECURE.claims_name, [SECURE.claims_definition])],
        "policies in use": 1,
    }


async def test_both_doors_stand_side_by_side(stage: SsoStage) -> None:
    await stage.setup(SECURE)
    await stage.setup(PUBLIC)

    stands = stage.stands()
    assert [name for name, _, _ in stands["applications"]] == [SECURE.template, PUBLIC.template]
    assert [(group, app) for group, app, _ in stands["assigned"]] == [
        (OPERATORS, SECURE.template),
        (USERS, PUBLIC.template),
    ]
    assert stands["policies in use"] == 2


async def test_plan_tells_everything_before_anything_is_there(stage: SsoStage) -> None:
    left = plan(SECURE, await read(stage.desk().graph, SECURE))

    assert [change.kind for change in left.changes] == [
        Kind.CREATE_APPLICATION,
        Kind.SET_SIGN_ON,
        Kind.SET_ADDRESSES,
        Kind.ADD_CERTIFICATE,
        Kind.ACTIVATE_CERTIFICATE,
        Kind.CREATE_CLAIMS,
        Kind.ASSIGN_CLAIMS,
        Kind.LET_SIGN_IN,
    ]
    assert stage.tenant.writes == []


async def test_second_setup_writes_nothing(stage: SsoStage) -> None:
    await stage.setup(SECURE)
    before = len(stage.tenant.writes)
    await stage.setup(SECURE)

    assert len(stage.tenant.writes) == before


@pytest.mark.parametrize(
    ("changes", "kinds"),
    [
        ({"logout_url": "https://voorbeeld.topdesk.net/logout"}, [Kind.SET_SIGN_ON]),
        ({"sign_on_url": "https://voorbeeld.topdesk.net/tas"}, [Kind.SET_SIGN_ON]),
        ({"my_apps": False}, [Kind.SET_SIGN_ON]),
        ({"identifier": "https://voorbeeld.topdesk.net/saml-metadata/x"}, [Kind.SET_ADDRESSES]),
        ({"reply_url": "https://voorbeeld.topdesk.net/tas/x"}, [Kind.SET_ADDRESSES]),
        ({"groups": (OPERATORS, USERS)}, [Kind.LET_SIGN_IN]),
    ],
)
async def test_what_the_policy_changes_is_all_that_is_written(
    stage: SsoStage, changes: dict[str, object], kinds: list[Kind]
) -> None:
    await stage.setup(SECURE)
    changed = other(SSO, Realm.SECURE, **changes)
    left = plan(changed, await read(stage.desk().graph, changed))
    await stage.setup(changed)

    assert [change.kind for change in left.changes] == kinds
    assert not plan(changed, await read(stage.desk().graph, changed))


async def test_hidden_application_comes_back_into_my_apps(stage: SsoStage) -> None:
    await stage.setup(other(SSO, Realm.SECURE, my_apps=False))
    hidden = stage.stands()["principals"][0]["tags"]
    await stage.setup(SECURE)

    assert hidden == [GALLERY, INTEGRATED, "instroom-sso-secure", "HideApp"]
    assert stage.stands()["principals"][0]["tags"] == [GALLERY, INTEGRATED, "instroom-sso-secure"]


async def test_changed_login_changes_the_claims_policy_it_has(stage: SsoStage) -> None:
    await stage.setup(SECURE)
    by_mail = other(SSO.model_copy(update={"login": "mail"}), Realm.SECURE)
    await stage.setup(by_mail)

    assert stage.stands()["policies"] == [(SECURE.claims_name, [by_mail.claims_definition])]


async def test_application_made_by_hand_is_taken_over(stage: SsoStage) -> None:
    graph = stage.desk().graph
    template = (await read(graph, SECURE)).template_id
    path = "/applicationTemplates/{template}/instantiate"
    body = {"displayName": SECURE.application}
    await graph.call("POST", path, at={"template": template}, json=body)
    await stage.setup(SECURE)

    assert len(stage.stands()["applications"]) == 1
    assert "create application" not in " ".join(stage.told)


async def test_renamed_application_is_known_by_its_tag(stage: SsoStage) -> None:
    found = await stage.setup(SECURE)
    assert found.application
    at = {"application": found.application.id}
    graph = stage.desk().graph
    await graph.call("PATCH", "/applications/{application}", at=at, json={"displayName": "Hulp"})

    assert not plan(SECURE, await read(graph, SECURE))


async def test_who_else_may_sign_in_is_left_alone(stage: SsoStage) -> None:
    found = await stage.setup(SECURE)
    assert found.principal
    user = stage.tenant.add_user({"userPrincipalName": "a@voorbeeld.example", "displayName": "A"})
    body = {"principalId": user, "resourceId": found.principal.id, "appRoleId": USER_ROLE}
    path = "/servicePrincipals/{principal}/appRoleAssignedTo"
    graph = stage.desk().graph
    await graph.call("POST", path, at={"principal": found.principal.id}, json=body)
    await stage.setup(SECURE)

    assert len(stage.tenant.enterprise.assignments.current) == 2


# --- whatever happens --------------------------------------------------------------------------


LAG = 12.0
"""Seconds; each read is then of the past."""


async def undisturbed(lag: float = 0.0) -> SsoStage:
    """A set-up that nothing disturbs."""
    stage = SsoStage(replication_seconds=lag)
    await stage.setup(SECURE)
    await stage.close()
    return stage


async def ends_otherwise(stage: SsoStage, should: object) -> bool:
    """Set up again; does it end in another state?"""
    await stage.setup(SECURE)
    await stage.close()
    return stage.stands() != should


def writes(told: list[str]) -> list[int]:
    """Which of these are no reads; a stop around a read leaves nothing behind."""
    return [at for at, each in enumerate(told) if "GET" not in each]


async def stopped(lag: float, at: int) -> SsoStage:
    stage = SsoStage(replication_seconds=lag)
    with pytest.raises(Stopped):
        await stage.setup(SECURE, stop_at=at)
    return stage


@pytest.mark.parametrize("quarter", range(4))
async def test_stop_at_any_moment_ends_the_same(quarter: int) -> None:
    """Before each call, and after it while its answer is not seen yet; four tests side by side."""
    whole = await undisturbed()
    moments = whole.wire.moments
    wrong = [
        moment
        for at, moment in enumerate(moments)
        if at % 4 == quarter and await ends_otherwise(await stopped(0.0, at), whole.stands())
    ]

    print(f"{len(moments[quarter::4])} of {len(moments)} stops")  # noqa: T201 - for people
    assert len(moments) > 90
    assert wrong == []


async def test_stop_at_any_write_ends_the_same_though_replicas_lag() -> None:
    whole = await undisturbed(LAG)
    moments = whole.wire.moments
    wrong = [
        moments[at]
        for at in writes(moments)
        if await ends_otherwise(await stopped(LAG, at), whole.stands())
    ]

    print(f"{len(writes(moments))} stops")  # noqa: T201 - for people
    assert len(writes(moments)) > 16
    assert wrong == []


@pytest.mark.parametrize("lag", [0.0, LAG])
async def test_lost_reply_of_any_write_ends_the_same(lag: float) -> None:
    whole = await undisturbed(lag)
    calls = whole.wire.calls
    wrong = []
    for at in writes(calls):
        stage = SsoStage(replication_seconds=lag)
        await stage.setup(SECURE, lose_at=at)
        await stage.close()
        if stage.stands() != whole.stands():
            wrong.append(calls[at])

    print(f"{len(writes(calls))} lost replies")  # noqa: T201 - for people
    assert len(writes(calls)) >= 8
    assert wrong == []


@pytest.mark.parametrize("stale_every", [2, 3, 5])
async def test_replicas_that_disagree_make_nothing_twice(stale_every: int) -> None:
    stage = SsoStage(replication_seconds=45.0)
    stage.tenant.replication.stale_every = stale_every
    await stage.setup(SECURE)
    await stage.close()

    assert stage.stands() == (await undisturbed()).stands()


async def test_what_was_begun_and_never_came_is_made_in_the_end(stage: SsoStage) -> None:
    """Stopped before the call left: the note is believed for five minutes, then no more."""
    key = "secure:create application:TOPdesk - Secure"
    stage.notes.believe(key, stage.clock.now() + BELIEVED)
    began = stage.clock.now()
    await stage.setup(SECURE)

    assert BELIEVED <= stage.clock.now() - began < BELIEVED + timedelta(minutes=1)
    assert len(stage.stands()["applications"]) == 1


async def test_what_never_shows_ends_with_a_sentence(stage: SsoStage) -> None:
    stage.tenant.replication.seconds = 3600

    with pytest.raises(Transient, match="goes on where it stopped"):
        await stage.setup(SECURE)
    assert len(stage.tenant.enterprise.applications.current) == 1


# --- bad input ---------------------------------------------------------------------------------


async def refused(stage: SsoStage, door: Wanted = SECURE) -> str:
    """Why the set-up ends; nothing may have been made."""
    with pytest.raises(InstroomError) as error:
        await stage.setup(door)
    return str(error.value)


async def test_template_that_the_gallery_lacks_is_told(stage: SsoStage) -> None:
    stage.tenant.enterprise.templates = []

    assert "the gallery of Entra has no application 'TOPdesk - Secure'" in await refused(stage)


async def test_tenant_without_p1_is_told_before_anything_is_made(stage: SsoStage) -> None:
    stage.tenant.enterprise.has_p1 = False

    assert "no Microsoft Entra ID P1" in await refused(stage)
    assert stage.tenant.writes == []


async def test_refused_group_is_told_where_licences_cannot_be_read(stage: SsoStage) -> None:
    stage.tenant.enterprise.has_p1 = False
    stage.faults.plan(Fault("status", 999, "GET", ".*/subscribedSkus", status=403, body="{}"))

    assert "probably the tenant has no Microsoft Entra ID P1" in await refused(stage)


async def test_missing_group_is_told_before_anything_is_made(stage: SsoStage) -> None:
    nowhere = other(SSO, Realm.SECURE, groups=("Nergens",))

    assert "group 'Nergens' is not in Entra: create it" in await refused(stage, nowhere)
    assert stage.tenant.writes == []


@pytest.mark.parametrize(
    ("properties", "told"),
    [
        ({"groupTypes": ["DynamicMembership"]}, "filled by a rule of its own in Entra"),
        ({"onPremisesSyncEnabled": True}, "mastered by Active Directory"),
    ],
)
async def test_group_that_the_policy_cannot_fill_is_told(
    properties: dict[str, object], told: str
) -> None:
    stage = SsoStage(groups=())
    stage.tenant.add_group({"displayName": OPERATORS, **properties})

    assert told in await refused(stage)
    assert stage.tenant.writes == []
    await stage.close()


async def test_two_groups_of_one_name_are_told(stage: SsoStage) -> None:
    stage.tenant.add_group({"displayName": OPERATORS})

    assert "2 groups in Entra are named" in await refused(stage)


@pytest.mark.parametrize(
    ("denied", "scope"),
    [
        ("applications", "Application.ReadWrite.All"),
        ("policies", "Policy.ReadWrite.ApplicationConfiguration"),
        ("assignments", "AppRoleAssignment.ReadWrite.All"),
    ],
)
async def test_missing_permission_is_named(stage: SsoStage, denied: str, scope: str) -> None:
    stage.tenant.enterprise.denied = {denied}

    told = await refused(stage)
    stage.tenant.enterprise.denied = set()
    await stage.setup(SECURE)

    assert scope in told
    assert "Cloud Application Administrator" in told
    assert stage.stands() == (await undisturbed()).stands()


async def test_application_under_another_name_is_not_made_twice(stage: SsoStage) -> None:
    await stage.setup(SECURE)
    [principal] = stage.tenant.enterprise.principals.current.values()
    stage.tenant.enterprise.principals.put(principal["id"], {**principal, "tags": []})
    renamed = other(SSO, Realm.SECURE, application="Helpdesk")

    with pytest.raises(Misconfigured, match="Entra already has 'TOPdesk - Secure'"):
        await stage.setup(renamed)


async def test_two_applications_of_one_kind_are_told(stage: SsoStage) -> None:
    await stage.setup(SECURE)
    enterprise = stage.tenant.enterprise
    for store in (enterprise.applications, enterprise.principals):
        [one] = store.current.values()
        store.put("second", {**one, "id": "second"})

    with pytest.raises(Permanent, match="2 applications in Entra were made"):
        await stage.setup(SECURE)


async def test_claims_policy_of_somebody_else_is_told_not_replaced(stage: SsoStage) -> None:
    found = await stage.setup(SECURE)
    assert found.principal
    [policy] = stage.tenant.enterprise.policies.current.values()
    foreign = {**policy, "displayName": "Anders", "definition": ["{}"]}
    stage.tenant.enterprise.policies.put(policy["id"], foreign)

    assert "has the claims policy 'Anders'" in await refused(stage)
