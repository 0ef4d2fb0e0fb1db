"""The rules of a target, kept against scim2-server, and against the manners of other services."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from contract.target.rules import (
    LEFT,
    MOVED,
    STORIES,
    SURNAME,
    WHY,
    WORKS,
    Step,
    TargetRules,
    lived,
    look,
    serve,
    settle,
)
from contract.target.scim_rig import ENTERPRISE, USER, Rig, refused

from sandbox.faults import Fault
from shared.apply.scim import ScimTarget
from shared.errors import NameTaken, NotShown, Permanent, TargetDown, UnknownReply
from shared.model.account import Applied, Found, TopdeskCard
from shared.model.change import Change, Harm, Kind, Plan
from shared.model.desired import ALIVE, DesiredTopdesk, Operator, Reason, State, TargetName, Wanted
from shared.model.right import Managed
from shared.plan.scim import scim

NUMBER = "1042"
LOGIN = "kim.kwispelaar@bedrijf.example"
CARD: Mapping[str, str | bool | None] = {
    "surName": SURNAME,
    "firstName": "Kim",
    "firstInitials": "K.",
    "email": LOGIN,
    "tasLoginName": LOGIN,
    "mobileNumber": "+31612345678",
    "department": "Informatie",
    "branch": "Gemeente Voorbeeld",
}


def wanted(**values: str | bool | None) -> dict[str, Wanted]:
    return {
        field: Wanted(value=value, reason=WHY, is_name=field in ("surName", "firstName"))
        for field, value in values.items()
    }


class ScimStage:
    """scim2-server with one person, their manager and three groups."""

    def __init__(self, **manners: Any) -> None:
        self.rig = Rig(**manners)
        self.manager_id = self.rig.add("User", {"schemas": [USER], "userName": "baas"})
        self.prefix = "" if "Group" in self.rig.types else "role:"

    @property
    def target(self) -> ScimTarget:
        return self.rig.target

    @property
    def faults(self) -> Any:
        return self.rig.faults

    def desired(self, step: Step, **card: str | bool | None) -> DesiredTopdesk:
        alive = step.state in ALIVE
        rights = {f"{self.prefix}{right}": (WHY,) for right in step.rights}
        return DesiredTopdesk(
            state=step.state,
            why=WHY,
            employee_number=NUMBER,
            card=wanted(**{**CARD, "jobTitle": step.title, **card}) if alive else {},
            operator=Operator(permission_groups=rights, reason=WHY)
            if step.state is State.ACTIVE and rights
            else None,
            manager_id=self.manager_id if alive else None,
        )

    def plan(self, desired: DesiredTopdesk, found: Found[TopdeskCard], applied: Applied) -> Plan:
        return scim(desired, found, applied)

    def rights(self, desired: DesiredTopdesk) -> Mapping[str, tuple[Reason, ...]]:
        return desired.operator.permission_groups if desired.operator else {}

    def values(self, desired: DesiredTopdesk) -> Mapping[str, Reason]:
        manager = {"manager": WHY} if desired.manager_id else {}
        return {field: one.reason for field, one in desired.card.items()} | manager

    def seen(self) -> object:
        return self.rig.seen()

    def accounts(self) -> int:
        """The most users that carried the number at one moment: a deleted one is gone."""
        return self.rig.storage.most

    def user(self) -> dict[str, Any]:
        (user,) = (user for user in self.rig.users() if user["userName"] != "baas")
        return user


@pytest.fixture
def open_stage() -> type[ScimStage]:
    return ScimStage


class TestScimTarget(TargetRules):
    """Every rule of every target."""


@pytest.fixture
def stage() -> ScimStage:
    return ScimStage()


def right(kind: Kind, what: str) -> Change:
    return Change(kind=kind, what=what)


# --- the stories -------------------------------------------------------------------------------


async def test_a_joiner_gets_a_user_as_the_policy_says(stage: ScimStage) -> None:
    applied = await serve(stage, WORKS, Applied())
    user = stage.user()

    assert user["externalId"] == NUMBER
    assert user["userName"] == LOGIN
    assert user["name"] == {"familyName": SURNAME, "givenName": "Kim"}
    assert user["title"] == "Medewerker"
    assert user["active"] is True
    assert user["emails"] == [{"value": LOGIN, "type": "work", "primary": True}]
    assert user["phoneNumbers"] == [{"value": "+31612345678", "type": "mobile", "primary": True}]
    enterprise = user[ENTERPRISE]
    assert enterprise["employeeNumber"] == NUMBER
    assert enterprise["department"] == "Informatie"
    assert enterprise["organization"] == "Gemeente Voorbeeld"
    assert enterprise["manager"]["value"] == stage.manager_id
    assert stage.rig.members() == {"Een": [user["id"]], "Twee": [user["id"]], "Drie": []}
    assert applied.account_id == user["id"]


async def test_who_has_not_begun_stands_ready_and_cannot_sign_in(stage: ScimStage) -> None:
    applied = await lived(stage, STORIES["coming"])
    assert stage.user()["active"] is False
    assert stage.rig.members()["Een"] == []

    await serve(stage, WORKS, applied)
    assert stage.user()["active"] is True


async def test_a_leaver_loses_our_groups_and_keeps_the_user(stage: ScimStage) -> None:
    applied = await lived(stage, (WORKS,))
    stage.rig.add(
        "Group", {"displayName": "Vrijwillig", "members": [{"value": applied.account_id}]}
    )
    await serve(stage, LEFT, applied)

    assert stage.user()["active"] is False
    assert stage.rig.members()["Een"] == []
    assert stage.rig.members()["Vrijwillig"] == [applied.account_id]


async def test_the_deletion_is_a_delete(stage: ScimStage) -> None:
    await lived(stage, STORIES["deletion"])

    assert [user["userName"] for user in stage.rig.users()] == ["baas"]


async def test_a_returner_gets_no_old_right_back(stage: ScimStage) -> None:
    applied = await lived(stage, (WORKS, LEFT))
    await serve(stage, MOVED, applied)
    user = stage.user()

    assert user["id"] == applied.account_id
    assert user["active"] is True
    assert stage.rig.members() == {"Een": [], "Twee": [user["id"]], "Drie": [user["id"]]}


async def test_a_leave_closes_the_door_and_opens_it_again(stage: ScimStage) -> None:
    applied = await lived(stage, (WORKS,))
    applied = await serve(stage, Step(State.AWAY), applied)
    assert stage.user()["active"] is False

    await serve(stage, WORKS, applied)
    assert stage.user()["active"] is True


async def test_roles_and_entitlements_are_rights_like_groups(stage: ScimStage) -> None:
    step = Step(State.ACTIVE, ("role:Behandelaar", "entitlement:Licentie", "Een"))
    applied = await serve(stage, step, Applied())
    assert [one["value"] for one in stage.user()["roles"]] == ["Behandelaar"]
    assert [one["value"] for one in stage.user()["entitlements"]] == ["Licentie"]

    await serve(stage, Step(State.ACTIVE, ("role:Behandelaar",)), applied)
    assert [one["value"] for one in stage.user()["roles"]] == ["Behandelaar"]
    assert not stage.user().get("entitlements")
    assert stage.rig.members()["Een"] == []


# --- which user it is --------------------------------------------------------------------------


async def test_a_right_of_another_hand_goes_only_when_it_may(stage: ScimStage) -> None:
    step = Step(State.ACTIVE, ("Een",))
    applied = await serve(stage, step, Applied())
    await stage.target.do(right(Kind.GIVE_RIGHT, "Twee"), applied)
    looked_at = {"Twee": Managed.STRICT, "task: problemManager": Managed.STRICT}
    want = stage.desired(step).model_copy(update={"managed": looked_at})

    found = await stage.target.read(want, applied)
    may = applied.model_copy(update={"strays": {"Twee": datetime(2026, 11, 2, tzinfo=UTC)}})

    assert found.account
    assert found.account.operator
    assert found.account.operator.permission_groups == {"Een", "Twee"}
    assert not scim(want, found, applied).changes
    (change,) = scim(want, found, may).changes
    assert (change.key, change.harm) == ("take right:Twee", Harm.RIGHT)


def by_hand(**more: Any) -> dict[str, Any]:
    return {"schemas": [USER, ENTERPRISE], "userName": LOGIN.upper(), "active": True, **more}


async def test_a_user_with_our_number_is_adopted(stage: ScimStage) -> None:
    made = stage.rig.add("User", by_hand(externalId=NUMBER, userName="anders"))
    applied = await serve(stage, WORKS, Applied())

    assert applied.account_id == made
    assert stage.user()["userName"] == LOGIN


async def test_a_user_without_a_number_is_adopted_by_its_name(stage: ScimStage) -> None:
    made = stage.rig.add("User", by_hand(nickName="Kwispel"))
    applied = await serve(stage, WORKS, Applied())

    assert applied.account_id == made
    assert stage.user()["externalId"] == NUMBER
    assert stage.user()["nickName"] == "Kwispel"


@pytest.mark.parametrize("other", [{"externalId": "9"}, {ENTERPRISE: {"employeeNumber": "9"}}])
async def test_a_user_of_somebody_else_is_never_adopted(
    stage: ScimStage, other: dict[str, Any]
) -> None:
    stage.rig.add("User", by_hand(**other))

    with pytest.raises(NameTaken):
        await serve(stage, WORKS, Applied())
    assert len(stage.rig.users()) == 2


async def test_two_users_with_the_number_are_for_a_human(stage: ScimStage) -> None:
    for name in ("een", "twee"):
        stage.rig.add("User", by_hand(externalId=NUMBER, userName=name))

    with pytest.raises(Permanent, match="2 users with externalId"):
        await look(stage, WORKS, Applied())


async def test_a_recorded_user_that_is_gone_is_never_made_anew(stage: ScimStage) -> None:
    applied = await lived(stage, (WORKS,))
    await stage.rig.raw.delete(f"/Users/{applied.account_id}")

    with pytest.raises(NotShown, match="does not show user"):
        await look(stage, WORKS, applied)


async def test_a_recorded_user_made_anew_by_hand_is_found_by_its_number(stage: ScimStage) -> None:
    applied = await lived(stage, (WORKS,))
    await stage.rig.raw.delete(f"/Users/{applied.account_id}")
    made = stage.rig.add("User", by_hand(externalId=NUMBER))
    _, found = await look(stage, WORKS, applied)

    assert found.account is not None
    assert found.account.id == made


async def test_a_new_number_that_another_user_has_is_for_a_human(stage: ScimStage) -> None:
    applied = await lived(stage, (WORKS,))
    stage.rig.add("User", by_hand(externalId="2042", userName="ander"))
    want = stage.desired(WORKS).model_copy(update={"employee_number": "2042"})

    with pytest.raises(Permanent, match="join or renumber"):
        await stage.target.read(want, applied)


async def test_a_lost_create_is_adopted_and_not_repeated(stage: ScimStage) -> None:
    stage.faults.plan(Fault("lose_reply", method="POST"))
    plan, _ = await look(stage, WORKS, Applied())
    with pytest.raises(UnknownReply):
        await stage.target.do(plan.changes[0], Applied())

    await settle(stage, WORKS, Applied())
    assert stage.accounts() == 1
    assert [call[0] for call in stage.rig.writes()].count("POST") == 1


async def test_a_user_made_in_the_same_moment_is_used(stage: ScimStage) -> None:
    """The filter sees nobody yet, the create answers 409."""
    plan, _ = await look(stage, WORKS, Applied())
    looks: list[int] = []

    def late(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if request.method == "GET" and request.url.path.endswith("/Users") and len(looks) < 2:
            looks.append(1)
            return httpx.Response(200, json={"totalResults": 0})
        return response

    stage.rig.add("User", by_hand(externalId=NUMBER, userName=LOGIN))
    stage.rig.transport.answers.append(late)
    done = await stage.target.do(plan.changes[0], Applied())

    assert done.account_id == stage.user()["id"]
    assert stage.user()["title"] == "Medewerker"


# --- manners of services -------------------------------------------------------------------------


def no_patch(request: httpx.Request) -> httpx.Response | None:
    return refused(501) if request.method == "PATCH" else None


def no_patch_at_the_door(request: httpx.Request) -> httpx.Response | None:
    return httpx.Response(405) if request.method == "PATCH" else None


def no_filter(request: httpx.Request) -> httpx.Response | None:
    return refused(400, "invalidFilter") if "filter" in request.url.params else None


def forbidden_filter(request: httpx.Request) -> httpx.Response | None:
    return refused(403) if "filter" in request.url.params else None


def no_discovery(request: httpx.Request) -> httpx.Response | None:
    path = request.url.path
    return refused(404) if path.endswith(("/ServiceProviderConfig", "/ResourceTypes")) else None


def plain_json(request: httpx.Request) -> httpx.Response | None:
    wrong = request.headers.get("content-type") == "application/scim+json"
    return httpx.Response(415) if wrong else None


def _bodies(response: httpx.Response, change: Any) -> httpx.Response:
    try:
        body = response.json()
    except ValueError:
        return response
    return httpx.Response(response.status_code, json=change(body))


def other_case(request: httpx.Request, response: httpx.Response) -> httpx.Response:
    """Names of attributes have no case (RFC 7643, 2.1)."""
    del request

    def lowered(body: Any) -> Any:
        if isinstance(body, dict):
            return {key.lower(): lowered(one) for key, one in body.items()}
        return [lowered(one) for one in body] if isinstance(body, list) else body

    return _bodies(response, lowered)


def short_answers(request: httpx.Request, response: httpx.Response) -> httpx.Response:
    """A write is answered with no more than the id."""
    if request.method == "POST" and response.status_code == 201:
        return httpx.Response(201, json={"id": response.json()["id"]})
    return httpx.Response(204) if request.method == "PATCH" and response.is_success else response


def shy_lists(request: httpx.Request, response: httpx.Response) -> httpx.Response:
    """A list of groups leaves the members out."""
    if not request.url.path.endswith("/Groups"):
        return response

    def without(body: Any) -> Any:
        for group in body.get("Resources", []):
            group.pop("members", None)
        return body

    return _bodies(response, without)


def odd_values(request: httpx.Request, response: httpx.Response) -> httpx.Response:
    """What no model allows: a mail address that is none, a moment that is none."""
    del request

    def spoilt(body: Any) -> Any:
        for one in [body, *body.get("Resources", [])]:
            if "userName" in one:
                one.setdefault("photos", [{"value": 7}])
                one["meta"] = {**one.get("meta", {}), "created": "yesterday"}
                one["favouriteColour"] = "oranje"
        return body

    return _bodies(response, spoilt)


def nobody_is_404(request: httpx.Request, response: httpx.Response) -> httpx.Response:
    empty = "filter" in request.url.params and not response.json().get("totalResults")
    return refused(404) if empty else response


MANNERS: Mapping[str, tuple[Mapping[str, Any], tuple[Any, ...], tuple[Any, ...]]] = {
    "as documented": ({}, (), ()),
    "no PATCH": ({"config": {"patch": False}}, (), ()),
    "no PATCH though it says so": ({}, (no_patch,), ()),
    "no PATCH at the web server": ({}, (no_patch_at_the_door,), ()),
    "no filters": ({"config": {"filter": False}}, (no_filter,), ()),
    "no filters though it says so": ({}, (no_filter,), ()),
    "filters forbidden": ({}, (forbidden_filter,), ()),
    "no PATCH, no filters": ({"config": {"patch": False, "filter": False}}, (no_patch,), ()),
    "no versions": ({"config": {"etag": False}}, (), ()),
    "tells nothing of itself": ({}, (no_discovery,), ()),
    "plain JSON": ({}, (plain_json,), ()),
    "names in another case": ({}, (), (other_case,)),
    "short answers": ({}, (), (short_answers,)),
    "lists without members": ({}, (), (shy_lists,)),
    "values that no model allows": ({}, (), (odd_values,)),
    "nobody is a 404": ({}, (), (nobody_is_404,)),
    "pages of one": ({"page": 1}, (), ()),
}
LIFE = (STORIES["first day"][0], WORKS, MOVED, LEFT, WORKS)


@pytest.mark.parametrize("manner", MANNERS)
async def test_a_life_ends_the_same_at_every_service(manner: str) -> None:
    plain, odd = ScimStage(), _of(manner)
    await lived(plain, LIFE)
    applied = await lived(odd, LIFE)

    assert odd.seen() == plain.seen()
    plan, _ = await look(odd, LIFE[-1], applied)
    assert plan.summary() == "nothing to do"


def _of(manner: str) -> ScimStage:
    config, refusals, answers = MANNERS[manner]
    stage = ScimStage(**config)
    stage.rig.transport.refusals += refusals
    stage.rig.transport.answers += answers
    return stage


async def test_a_service_that_says_it_has_no_patch_is_not_asked_for_one() -> None:
    stage = ScimStage(config={"patch": False})
    await lived(stage, LIFE)

    assert "PATCH" not in {verb for verb, _ in stage.rig.transport.calls}


async def test_a_put_gives_back_what_was_read() -> None:
    stage = ScimStage(config={"patch": False})
    made = stage.rig.add(
        "User",
        by_hand(
            nickName="Kwispel",
            emails=[{"value": "thuis@proef.example", "type": "home"}],
            locale="nl-NL",
        ),
    )
    await serve(stage, WORKS, Applied())
    user = stage.user()

    assert user["id"] == made
    assert user["nickName"] == "Kwispel"
    assert user["locale"] == "nl-NL"
    assert {one["type"]: one["value"] for one in user["emails"]} == {
        "home": "thuis@proef.example",
        "work": LOGIN,
    }


async def test_a_put_never_lets_somebody_in_again() -> None:
    stage = ScimStage(config={"patch": False})
    sent: list[Any] = []

    def watch(request: httpx.Request) -> httpx.Response | None:
        if request.method == "PUT" and "/Users/" in request.url.path:
            sent.append(json.loads(request.content)["active"])
        return None

    applied = await lived(stage, STORIES["coming"])
    stage.rig.transport.refusals.append(watch)
    await serve(stage, Step(State.PREPARED, title="Adviseur"), applied)

    assert sent == [False]
    assert stage.user()["active"] is False


async def test_a_member_leaves_a_group_and_nobody_with_him(stage: ScimStage) -> None:
    applied = await lived(stage, (WORKS,))
    other = stage.rig.add("User", by_hand(userName="ander"))
    group = next(one["id"] for one in stage.rig.rows("Group") if one["displayName"] == "Een")
    operations = [{"op": "add", "path": "members", "value": [{"value": other}]}]
    body = {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": operations,
    }
    added = await stage.rig.raw.patch(f"/Groups/{group}", json=body)
    assert added.is_success
    await stage.target.do(right(Kind.TAKE_RIGHT, "Een"), applied)

    assert stage.rig.members()["Een"] == [other]


async def test_a_change_by_somebody_else_meanwhile_is_not_lost() -> None:
    """PUT with the version that was read: 412, and it is read again."""
    stage = ScimStage(config={"patch": False})
    applied = await lived(stage, (WORKS,))
    once: list[int] = []

    def meddle(request: httpx.Request) -> httpx.Response | None:
        if request.method != "PUT" or once:
            return None
        once.append(1)
        kind = stage.rig._types["User"]
        user = stage.rig.storage.get(kind, str(applied.account_id))
        user.nick_name = "Kwispel"  # type: ignore[attr-defined]
        stage.rig.storage.update(kind, user)
        return None

    stage.rig.transport.refusals.append(meddle)
    await serve(stage, MOVED, applied)

    assert once
    assert stage.user()["nickName"] == "Kwispel"
    assert stage.user()["title"] == "Adviseur"


async def test_a_field_that_the_service_drops_is_told_and_not_sent_for_ever() -> None:
    stage = ScimStage()

    def forgets(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        del request

        def without(body: Any) -> Any:
            for one in [body, *body.get("Resources", [])]:
                one.get(ENTERPRISE, {}).pop("department", None)
            return body

        return _bodies(response, without)

    stage.rig.transport.answers.append(forgets)
    applied = await lived(stage, (WORKS,))
    plan, found = await look(stage, WORKS, applied)

    assert plan.summary() == "nothing to do"
    assert "does not keep it" in found.obstacles["card.department"]


async def test_a_service_without_groups_takes_roles() -> None:
    stage = ScimStage(types=("User",))
    applied = await lived(stage, (WORKS, MOVED))
    assert [one["value"] for one in stage.user()["roles"]] == ["Twee", "Drie"]

    stage.prefix = ""
    _, found = await look(stage, WORKS, applied)
    assert "role:Een" in found.obstacles["Een"]


async def test_a_group_that_is_lacking_is_told_and_the_rest_goes_on(stage: ScimStage) -> None:
    step = Step(State.ACTIVE, ("Een", "Vier"))
    await serve(stage, step, Applied())
    _, found = await look(stage, step, Applied())

    assert "no group 'Vier'" in found.obstacles["Vier"]
    assert stage.rig.members()["Een"] == [stage.user()["id"]]


async def test_a_leaver_is_taken_out_of_every_group_of_the_name(stage: ScimStage) -> None:
    applied = await lived(stage, (WORKS,))
    again = {"displayName": "EEN", "members": [{"value": applied.account_id}]}
    stage.rig.add("Group", again)
    await serve(stage, LEFT, applied)
    assert stage.rig.members()["Een"] == stage.rig.members()["EEN"] == []

    _, found = await look(stage, WORKS, applied)
    assert "2 times" in found.obstacles["Een"]


async def test_a_field_that_scim_lacks_is_told_and_the_rest_goes_on(stage: ScimStage) -> None:
    want = stage.desired(WORKS, schoenmaat="43")
    found = await stage.target.read(want, Applied())
    for change in scim(want, found, Applied()).changes[:1]:
        await stage.target.do(change, Applied())

    assert "schoenmaat" in found.obstacles["card.schoenmaat"]
    assert "card.firstInitials" not in found.obstacles
    assert stage.user()["userName"] == LOGIN


async def test_a_right_that_only_topdesk_knows_is_told(stage: ScimStage) -> None:
    want = stage.desired(WORKS)
    assert want.operator
    task = want.operator.model_copy(update={"more": {"task: problemManager": (WHY,)}})
    found = await stage.target.read(want.model_copy(update={"operator": task}), Applied())

    assert "SCIM knows no task" in found.obstacles["task: problemManager"]


async def test_a_policy_may_name_scim_s_own_attributes(stage: ScimStage) -> None:
    own = {"name.familyName": "van Kwispelaar", "displayName": "Kim", "emails.home": None}
    want = stage.desired(WORKS, **own)
    found = await stage.target.read(want, Applied())
    await stage.target.do(scim(want, found, Applied()).changes[0], Applied())

    assert stage.user()["name"]["familyName"] == "van Kwispelaar"
    assert stage.user()["displayName"] == "Kim"


async def test_a_value_that_is_gone_in_hr_is_emptied(stage: ScimStage) -> None:
    applied = await lived(stage, (WORKS,))
    want = stage.desired(WORKS, mobileNumber=None, department=None)
    found = await stage.target.read(want, applied)
    (change,) = scim(want, found, applied).changes
    await stage.target.do(change, applied)

    assert not stage.user().get("phoneNumbers")
    assert "department" not in stage.user()[ENTERPRISE]


async def test_a_rename_that_is_held_is_set_apart(stage: ScimStage) -> None:
    applied = await lived(stage, (WORKS,))
    applied = applied.model_copy(update={"names": {"surName": SURNAME, "firstName": "Kim"}})
    want = stage.desired(MOVED, surName="Blafhart")
    found = await stage.target.read(want, applied)
    plan = scim(want, found, applied, hold=frozenset({Harm.RENAME}))

    assert [list(change.values) for change in plan.held] == [["surName"]]
    assert ["jobTitle"] in [list(change.values) for change in plan.changes]


async def test_a_block_that_is_held_holds_the_deletion(stage: ScimStage) -> None:
    applied = await lived(stage, (WORKS,))
    want = stage.desired(Step(State.DELETED))
    found = await stage.target.read(want, applied)
    plan = scim(want, found, applied, hold=frozenset({Harm.BLOCK}))

    assert plan.changes == ()
    assert Kind.DELETE_USER in {change.kind for change in plan.held}


async def test_a_user_that_we_never_managed_is_not_deleted(stage: ScimStage) -> None:
    stage.rig.add("User", by_hand(externalId=NUMBER))
    want = stage.desired(Step(State.DELETED))
    found = await stage.target.read(want, Applied())

    assert Kind.DELETE_USER not in {c.kind for c in scim(want, found, Applied()).changes}


# --- what is told ------------------------------------------------------------------------------


async def test_a_refused_token_stops_everybody_and_says_how_to_mend_it() -> None:
    stage = ScimStage(token="another")

    with pytest.raises(TargetDown, match="SCIM_TOKEN"):
        await stage.target.probe()


async def test_a_wrong_address_parks_nobody(stage: ScimStage) -> None:
    applied = await lived(stage, (WORKS,))
    stage.rig.transport.refusals.append(lambda _request: httpx.Response(404))

    for known in (Applied(), applied):
        with pytest.raises(TargetDown, match="SCIM_URL"):
            await look(stage, WORKS, known)


async def test_a_sign_in_page_is_told_as_such(stage: ScimStage) -> None:
    page = httpx.Response(200, text="<html>", headers={"content-type": "text/html"})
    stage.rig.transport.refusals.append(lambda _request: page)

    with pytest.raises(TargetDown, match="SCIM_URL"):
        await stage.target.probe()


@pytest.mark.parametrize("status", [302, 400, 403, 409, 413])
async def test_a_refusal_names_no_person(stage: ScimStage, status: int) -> None:
    plan, _ = await look(stage, WORKS, Applied())
    detail = f"user {LOGIN} of {SURNAME} is too much"
    stage.rig.transport.refusals.append(
        lambda request: refused(status, "tooMany", detail) if request.method == "POST" else None
    )

    with pytest.raises((Permanent, TargetDown)) as caught:
        await stage.target.do(plan.changes[0], Applied())
    assert str(status) in str(caught.value)
    assert "too much" in str(caught.value)
    assert SURNAME.casefold() not in str(caught.value).casefold()


async def test_a_value_that_scim_refuses_is_told_before_it_is_sent(stage: ScimStage) -> None:
    want = stage.desired(WORKS, email="geen adres")
    found = await stage.target.read(want, Applied())

    with pytest.raises(Permanent, match="not what SCIM allows"):
        await stage.target.do(scim(want, found, Applied()).changes[0], Applied())
    assert stage.rig.writes() == []


async def test_a_user_without_a_name_is_the_policy_s_mistake(stage: ScimStage) -> None:
    want = stage.desired(WORKS, tasLoginName=None)
    found = await stage.target.read(want, Applied())

    with pytest.raises(Permanent, match="tasLoginName") as caught:
        await stage.target.do(scim(want, found, Applied()).changes[0], Applied())
    assert caught.value.mender == "policy"


async def test_it_serves_the_lane_of_topdesk(stage: ScimStage) -> None:
    assert stage.target.name is TargetName.TOPDESK


async def test_a_change_of_another_target_is_refused(stage: ScimStage) -> None:
    with pytest.raises(ValueError, match="knows no change"):
        await stage.target.do(Change(kind=Kind.CREATE_CARD), Applied(account_id="1"))


async def test_no_address_with_an_id_stands_in_a_log(
    stage: ScimStage, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", logger="shared")
    applied = await lived(stage, (WORKS,))

    told = [record.getMessage() for record in caplog.records]
    assert [line for line in told if "GET /Users/{id}" in line]
    assert not [line for line in told if str(applied.account_id) in line]
