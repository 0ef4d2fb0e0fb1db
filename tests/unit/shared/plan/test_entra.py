from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.model.account import Applied, EntraAccount, Found
from shared.model.change import Change, Harm, Kind, Plan
from shared.model.desired import DesiredEntra, Reason, State, Wanted
from shared.plan import entra as plan

NAME = "sanne.smit@example.nl"
WHY = Reason(rule="lifecycle", because="contract since 2026-11-02")
RULE = Reason(rule="entra.groups[0] (Alle)", because="always, contract 1")


def desired(state: State = State.ACTIVE, **changed: Any) -> DesiredEntra:
    values: dict[str, Any] = {"state": state, "why": WHY, "employee_id": "1042", **changed}
    if "attributes" in changed:
        values["attributes"] = {
            key: Wanted(value=value, reason=Reason(rule=f"entra.attributes.{key}", because="HR's"))
            for key, value in changed["attributes"].items()
        }
    if "groups" in changed:
        values["groups"] = dict.fromkeys(changed["groups"], (RULE,))
    return DesiredEntra(**values)


def account(**changed: Any) -> EntraAccount:
    values: dict[str, Any] = {
        "id": "a1",
        "user_principal_name": NAME,
        "enabled": True,
        "employee_id": "1042",
        **changed,
    }
    return EntraAccount(**values)


def applied(state: State = State.ACTIVE, *, rights: tuple[str, ...] = (), **more: Any) -> Applied:
    return Applied(
        account_id="a1",
        login=NAME,
        state=state,
        rights=dict.fromkeys(rights, (RULE,)),
        **more,
    )


def planned(
    want: DesiredEntra,
    has: EntraAccount | None,
    memory: Applied | None = None,
    *,
    obstacles: Mapping[str, str] | None = None,
    hold: frozenset[Harm] = frozenset(),
) -> Plan:
    found = Found[EntraAccount](account=has, obstacles=obstacles or {})
    return plan.entra(want, found, memory or Applied(), name=NAME, hold=hold)


def kinds(of: Plan) -> list[Kind]:
    return [change.kind for change in of.changes]


@pytest.mark.parametrize("state", [State.ABSENT, State.BLOCKED, State.DELETED])
def test_no_account_is_made_for_who_is_not_here(state: State) -> None:
    assert planned(desired(state), None).changes == ()


@pytest.mark.parametrize(("state", "enabled"), [(State.PREPARED, False), (State.ACTIVE, True)])
def test_a_joiner_gets_an_account(state: State, enabled: bool) -> None:  # noqa: FBT001 - a table
    want = desired(
        state,
        attributes={"displayName": "Sanne Smit", "mobilePhone": "", "department": None},
        groups=["Alle"],
        manager_id="m1",
        manager_wanted=True,
    )

    made = planned(want, None)

    assert kinds(made) == [Kind.CREATE_ACCOUNT, Kind.SET_MANAGER, Kind.ADD_TO_GROUP]
    assert made.changes[0].values == {
        "userPrincipalName": NAME,
        "mailNickname": "sanne.smit",
        "displayName": "Sanne Smit",
        "employeeId": "1042",
        "accountEnabled": enabled,
    }
    assert made.changes[1].values == {"manager": "m1"}
    assert made.changes[2].what == "Alle"
    assert made.changes[2].reasons == (RULE,)


def test_the_first_day_enables_sign_in() -> None:
    made = planned(desired(), account(enabled=False), applied(State.PREPARED))

    assert kinds(made) == [Kind.ENABLE_SIGN_IN]


def test_a_prepared_account_stays_disabled() -> None:
    made = planned(desired(State.PREPARED), account(enabled=False), applied(State.PREPARED))

    assert made.changes == ()


def test_an_adopted_account_of_a_coming_joiner_keeps_its_sign_in() -> None:
    assert planned(desired(State.PREPARED), account()).changes == ()


def test_a_first_day_moved_ahead_blocks_until_then() -> None:
    made = planned(desired(State.PREPARED), account(), applied(State.ACTIVE))

    assert kinds(made) == [Kind.BLOCK_SIGN_IN, Kind.REVOKE_SESSIONS]
    assert {change.harm for change in made.changes} == {Harm.BLOCK}


def test_only_changed_attributes_are_written() -> None:
    want = desired(
        attributes={
            "displayName": "Sanne Smit",
            "department": "Ruimte",
            "mobilePhone": None,
            "jobTitle": "",
            "employeeOrgData.costCenter": "410",
        }
    )
    has = account(
        attributes={
            "displayName": "Sanne Smit",
            "department": "Publiekszaken",
            "mobilePhone": "06",
            "jobTitle": None,
            "employeeOrgData.costCenter": None,
        }
    )

    made = planned(want, has, applied())

    assert kinds(made) == [Kind.SET_ATTRIBUTES]
    assert made.changes[0].values == {
        "department": "Ruimte",
        "mobilePhone": None,
        "employeeOrgData.costCenter": "410",
    }
    assert [reason.rule for reason in made.changes[0].reasons] == [
        "entra.attributes.department",
        "entra.attributes.mobilePhone",
        "entra.attributes.employeeOrgData.costCenter",
    ]


@pytest.mark.parametrize("key", ["displayName", "usageLocation"])
def test_what_entra_cannot_clear_is_left(key: str) -> None:
    made = planned(desired(attributes={key: None}), account(attributes={key: "x"}), applied())

    assert made.changes == ()


def test_an_adopted_account_gets_its_number() -> None:
    made = planned(desired(), account(employee_id=None))

    assert made.changes[0].values == {"employeeId": "1042"}


@pytest.mark.parametrize(("key", "longest"), [("displayName", 256), ("surname", 64)])
def test_a_name_that_graph_would_refuse_is_cut(key: str, longest: int) -> None:
    long = f"{'a' * (longest - 1)} {'b' * 300}"
    want = desired(attributes={key: long})

    made, kept = planned(want, None), account(attributes={key: "a" * (longest - 1)})

    assert made.changes[0].values[key] == "a" * (longest - 1)
    assert planned(want, kept).changes == ()


def test_a_user_principal_name_that_is_another_is_left_alone() -> None:
    made = planned(desired(), account(user_principal_name="other@example.nl"), applied())

    assert made.changes == ()


def test_a_mover_loses_only_what_we_gave() -> None:
    want = desired(groups=["Ruimte"])
    has = account(groups=frozenset({"Publiekszaken", "Kerstcommissie"}))

    made = planned(want, has, applied(rights=("Publiekszaken", "Sociaal Domein")))

    assert [str(change) for change in made.changes] == [
        "add to group Ruimte",
        "remove from group Publiekszaken",
    ]
    assert [change.harm for change in made.changes] == [None, Harm.RIGHT]


def test_a_group_with_an_obstacle_is_left_and_named() -> None:
    made = planned(
        desired(groups=["Dynamisch"]),
        account(groups=frozenset({"Lijst"})),
        applied(rights=("Lijst",)),
        obstacles={"Dynamisch": "rule driven", "Lijst": "mail-enabled"},
    )

    assert made.changes == ()
    assert made.obstacles == {"Dynamisch": "rule driven", "Lijst": "mail-enabled"}


def test_a_manager_is_set_and_changed() -> None:
    want = desired(manager_id="m2", manager_wanted=True)

    assert planned(want, account(manager_id="m1"), applied()).changes[0].values == {
        "manager": "m2"
    }
    assert planned(want, account(manager_id="m2"), applied()).changes == ()


def test_a_manager_who_does_not_stand_yet_changes_nothing() -> None:
    memory = applied(values={"manager": WHY})

    made = planned(desired(manager_wanted=True), account(manager_id="m1"), memory)

    assert made.changes == ()


def test_a_manager_is_cleared_only_when_we_set_it() -> None:
    ours = planned(desired(), account(manager_id="m1"), applied(values={"manager": WHY}))
    theirs = planned(desired(), account(manager_id="m1"), applied())

    assert kinds(ours) == [Kind.CLEAR_MANAGER]
    assert theirs.changes == ()


def test_a_leaver_is_blocked_before_anything_else() -> None:
    made = planned(
        desired(State.BLOCKED, attributes={"department": "Ruimte"}),
        account(groups=frozenset({"Ruimte", "Kerstcommissie"}), manager_id="m1"),
        applied(rights=("Ruimte",), values={"manager": WHY}),
    )

    assert kinds(made) == [
        Kind.BLOCK_SIGN_IN,
        Kind.REVOKE_SESSIONS,
        Kind.CLEAR_MANAGER,
        Kind.REMOVE_FROM_GROUP,
    ]
    assert [change.harm for change in made.changes] == [Harm.BLOCK, Harm.BLOCK, None, Harm.BLOCK]


def test_a_blocked_account_is_not_revoked_again() -> None:
    made = planned(desired(State.BLOCKED), account(enabled=False), applied(state=State.BLOCKED))

    assert made.changes == ()


@pytest.mark.parametrize("state", [State.BLOCKED, State.AWAY])
def test_sessions_end_though_we_were_stopped_after_the_block(state: State) -> None:
    """The answer to the block was lost, say: what is left of the work is planned again."""
    made = planned(desired(state), account(enabled=False), applied())

    assert kinds(made) == [Kind.REVOKE_SESSIONS]


def test_a_held_block_keeps_the_person_working() -> None:
    made = planned(
        desired(State.BLOCKED),
        account(groups=frozenset({"Ruimte"})),
        applied(rights=("Ruimte",)),
        hold=frozenset({Harm.BLOCK}),
    )

    assert made.changes == ()
    assert [change.kind for change in made.held] == [
        Kind.BLOCK_SIGN_IN,
        Kind.REVOKE_SESSIONS,
        Kind.REMOVE_FROM_GROUP,
    ]


@pytest.mark.parametrize("enabled", [True, False])
def test_the_deletion_blocks_first_when_needed(enabled: bool) -> None:  # noqa: FBT001 - a table
    made = planned(desired(State.DELETED), account(enabled=enabled), applied(State.BLOCKED))

    assert kinds(made)[-1] is Kind.DELETE_ACCOUNT
    assert (Kind.BLOCK_SIGN_IN in kinds(made)) is enabled
    assert {change.harm for change in made.changes} == {Harm.DELETE}


@pytest.mark.parametrize("held", [Harm.DELETE, Harm.BLOCK])
def test_a_held_kind_stops_the_whole_deletion(held: Harm) -> None:
    made = planned(desired(State.DELETED), account(), applied(), hold=frozenset({held}))

    assert made.changes == ()
    assert len(made.held) == 3


def test_a_deleted_account_stays_deleted() -> None:
    has = account(deleted=True, enabled=False)

    assert planned(desired(State.DELETED), has, applied(State.DELETED)).changes == ()
    assert planned(desired(State.ABSENT), has, applied(State.DELETED)).changes == ()


def test_a_returner_within_grace_is_restored_first() -> None:
    made = planned(
        desired(groups=["Ruimte"]),
        account(deleted=True, enabled=False),
        applied(State.DELETED, rights=("Publiekszaken",)),
    )

    assert kinds(made) == [
        Kind.RESTORE_ACCOUNT,
        Kind.ENABLE_SIGN_IN,
        Kind.ADD_TO_GROUP,
        Kind.REMOVE_FROM_GROUP,
    ]
    assert made.changes[0].values == {"userPrincipalName": NAME}


def test_a_leaver_whose_account_was_deleted_by_hand_gets_it_back_blocked() -> None:
    want, has = desired(State.BLOCKED), account(deleted=True)

    assert kinds(planned(want, has, applied())) == [
        Kind.RESTORE_ACCOUNT,
        Kind.BLOCK_SIGN_IN,
        Kind.REVOKE_SESSIONS,
    ]
    assert planned(want, has, applied(), hold=frozenset({Harm.BLOCK})).changes == ()


def test_a_returner_after_the_grace_gets_a_new_account() -> None:
    made = planned(desired(), None, applied(State.DELETED))

    assert kinds(made) == [Kind.CREATE_ACCOUNT]


def test_what_was_prepared_for_who_will_not_come_is_shut() -> None:
    made = planned(desired(State.ABSENT), account(), applied(State.ACTIVE))

    assert kinds(made) == [Kind.BLOCK_SIGN_IN, Kind.REVOKE_SESSIONS]


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (State.ABSENT, []),
        (State.BLOCKED, [Kind.BLOCK_SIGN_IN, Kind.REVOKE_SESSIONS]),
        (State.DELETED, [Kind.BLOCK_SIGN_IN, Kind.REVOKE_SESSIONS]),
    ],
)
def test_an_account_we_never_managed_is_never_deleted(state: State, expected: list[Kind]) -> None:
    assert kinds(planned(desired(state), account())) == expected


def test_an_account_taken_out_of_the_bin_by_hand_is_not_deleted_again() -> None:
    made = planned(desired(State.DELETED), account(enabled=False), applied(State.DELETED))

    assert made.changes == ()


def test_what_is_set_once_is_left_to_others_afterwards() -> None:
    once = {
        key: Wanted(value="HR's", reason=RULE, once=True) for key in ("department", "mobilePhone")
    }
    want = desired().model_copy(update={"attributes": once})
    made = planned(want, account(attributes={"department": "theirs"}), applied())

    assert [dict(change.values) for change in made.changes] == [{"mobilePhone": "HR's"}]


# --- properties ------------------------------------------------------------------------------

GROUPS = ("Alle", "Ruimte", "Publiekszaken", "Kerstcommissie")
KEYS = ("displayName", "department", "mobilePhone", "employeeOrgData.costCenter")
texts = st.sampled_from([None, "", "a", "b"])
some_groups = st.frozensets(st.sampled_from(GROUPS))


@st.composite
def situations(draw: st.DrawFn) -> tuple[DesiredEntra, EntraAccount | None, Applied]:
    alive_or_not = draw(st.sampled_from(list(State)))
    alive = alive_or_not in (State.PREPARED, State.ACTIVE)
    want = desired(
        alive_or_not,
        attributes={key: draw(texts) for key in draw(st.sets(st.sampled_from(KEYS)))},
        groups=sorted(draw(some_groups)) if alive else [],
        manager_id=draw(st.sampled_from([None, "m1", "m2"])) if alive else None,
        manager_wanted=draw(st.booleans()) if alive else False,
    )
    deleted = draw(st.booleans())
    has = account(
        enabled=draw(st.booleans()),
        deleted=deleted,
        synced=draw(st.booleans()),
        employee_id=draw(st.sampled_from([None, "1042"])),
        attributes={key: draw(texts) for key in KEYS},
        groups=frozenset() if deleted else draw(some_groups),
        manager_id=None if deleted else draw(st.sampled_from([None, "m1", "m3"])),
    )
    memory = Applied(
        account_id=draw(st.sampled_from([None, "a1"])),
        state=draw(st.sampled_from(list(State))),
        rights=dict.fromkeys(draw(some_groups), (RULE,)),
        values=draw(st.sampled_from([{}, {"manager": WHY}])),
    )
    return want, draw(st.sampled_from([None, has])), memory


def carry_out(changes: tuple[Change, ...], has: EntraAccount | None) -> EntraAccount | None:
    """A model of Entra: what an account looks like after these changes."""
    for change in changes:
        if change.kind is Kind.CREATE_ACCOUNT:
            has = account(
                enabled=change.values["accountEnabled"],
                attributes={key: change.values.get(key) for key in KEYS},
            )
            continue
        assert has is not None
        has = has.model_copy(update=_effect(change, has))
    return has


def _effect(change: Change, has: EntraAccount) -> dict[str, Any]:
    match change.kind:
        case Kind.RESTORE_ACCOUNT:
            return {"deleted": False}
        case Kind.SET_ATTRIBUTES:
            given = dict(change.values)
            number = given.pop("employeeId", has.employee_id)
            return {"attributes": {**has.attributes, **given}, "employee_id": number}
        case Kind.ENABLE_SIGN_IN | Kind.BLOCK_SIGN_IN | Kind.BLOCK_IN_CLOUD:
            return {"enabled": change.kind is Kind.ENABLE_SIGN_IN}
        case Kind.SET_MANAGER | Kind.CLEAR_MANAGER:
            return {"manager_id": change.values["manager"]}
        case Kind.ADD_TO_GROUP:
            return {"groups": has.groups | {change.what}}
        case Kind.REMOVE_FROM_GROUP:
            return {"groups": has.groups - {change.what}}
        case Kind.DELETE_ACCOUNT:
            return {"deleted": True, "enabled": has.enabled}
        case _:
            return {}


def remember(want: DesiredEntra, has: EntraAccount | None, memory: Applied) -> Applied:
    """What flow records after a served plan."""
    return memory.model_copy(
        update={
            "account_id": has.id if has else memory.account_id,
            "state": want.state,
            "rights": dict.fromkeys(want.groups, (RULE,)),
        }
    )


@given(situations())
def test_what_was_applied_needs_no_second_plan(
    situation: tuple[DesiredEntra, EntraAccount | None, Applied],
) -> None:
    want, has, memory = situation
    first = planned(want, has, memory)
    after = carry_out(first.changes, has)

    assert planned(want, after, remember(want, after, memory)).changes == ()


@given(situations())
def test_the_same_situation_gives_the_same_plan(
    situation: tuple[DesiredEntra, EntraAccount | None, Applied],
) -> None:
    assert planned(*situation) == planned(*situation)


@given(situations())
def test_every_change_says_why(
    situation: tuple[DesiredEntra, EntraAccount | None, Applied],
) -> None:
    for change in planned(*situation).changes:
        assert len(change.reasons) >= max(1, len(change.values))


@given(situations())
def test_only_groups_of_ours_are_touched(
    situation: tuple[DesiredEntra, EntraAccount | None, Applied],
) -> None:
    want, _, memory = situation
    ours = set(want.groups) | set(memory.rights)
    touched = {
        change.what
        for change in planned(*situation).changes
        if change.kind in (Kind.ADD_TO_GROUP, Kind.REMOVE_FROM_GROUP)
    }

    assert touched <= ours


@given(situations())
def test_holding_everything_leaves_no_harm(
    situation: tuple[DesiredEntra, EntraAccount | None, Applied],
) -> None:
    want, has, memory = situation
    free = planned(want, has, memory)
    held = planned(want, has, memory, hold=frozenset(Harm))

    assert all(change.harm is None for change in held.changes)
    everything = (*held.changes, *held.held, *held.for_ad)
    assert sorted(map(str, everything)) == sorted(map(str, (*free.changes, *free.for_ad)))


@given(situations())
def test_no_key_occurs_twice_in_a_plan(
    situation: tuple[DesiredEntra, EntraAccount | None, Applied],
) -> None:
    keys = [change.key for change in planned(*situation).changes]

    assert len(set(keys)) == len(keys)
