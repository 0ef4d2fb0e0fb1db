from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import zip_longest

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.model.account import Applied, Found, OperatorCard, TopdeskCard
from shared.model.change import Change, Harm, Kind, Plan
from shared.model.desired import DesiredTopdesk, Operator, Reason, State, TargetName, Wanted
from shared.plan.topdesk import topdesk
from shared.plan.topdesk_operator import brought_back
from shared.vendors.topdesk.fields import LIMITS, REMOVED, REMOVED_MARK, Value, fit

WHY = Reason(rule="lifecycle", because="contract since 2026-09-01")
RULE = Reason(rule="topdesk.operators[0] (Servicedesk)", because="department.code = ICT")
GROUPS = ("Servicedesk", "Wijzigingsbeheer", "Rapportages")
ALL_HARMS = frozenset(Harm)


def wanted(**fields: Value) -> dict[str, Wanted]:
    return {
        field: Wanted(value=value, reason=Reason(rule=f"topdesk.card.{field}", because="HR"))
        for field, value in fields.items()
    }


def a_desired(**changes: object) -> DesiredTopdesk:
    base = DesiredTopdesk(
        state=State.ACTIVE,
        why=WHY,
        employee_number="1042",
        card=wanted(surName="Boer", branch="Utrecht", tasLoginName="s.boer@bedrijf.example"),
        archive_reason="Persoon uit organisatie",
    )
    return base.model_copy(update=changes)


def a_card(**changes: object) -> TopdeskCard:
    base = TopdeskCard(
        id="card",
        archived=False,
        employee_number="1042",
        fields={"surName": "Boer", "branch": "Utrecht", "tasLoginName": "s.boer@bedrijf.example"},
    )
    return base.model_copy(update=changes)


def an_operator(*groups: str, archived: bool = False) -> OperatorCard:
    return OperatorCard(id="operator", archived=archived, permission_groups=frozenset(groups))


def role(*groups: str) -> Operator:
    return Operator(permission_groups=dict.fromkeys(groups, (RULE,)), reason=RULE)


def plan_for(
    desired: DesiredTopdesk,
    card: TopdeskCard | None,
    applied: Applied | None = None,
    *,
    hold: frozenset[Harm] = frozenset(),
    obstacles: Mapping[str, str] | None = None,
) -> Plan:
    found = Found[TopdeskCard](account=card, obstacles=obstacles or {})
    return topdesk(desired, found, applied or Applied(account_id=card and card.id), hold=hold)


def kinds(plan: Plan) -> list[Kind]:
    return [change.kind for change in plan.changes]


def ours(*groups: str, operator_id: str | None = "operator") -> Applied:
    return Applied(
        account_id="card", operator_id=operator_id, rights=dict.fromkeys(groups, (RULE,))
    )


def may_take(*rights: str, applied: Applied | None = None) -> Applied:
    at = datetime(2026, 11, 2, tzinfo=UTC)
    known = applied or Applied(account_id="card")
    return known.model_copy(update={"strays": dict.fromkeys(rights, at)})


# --- the person card -------------------------------------------------------------------------


def test_nobody_wanted_and_nobody_there_is_nothing() -> None:
    for state in (State.ABSENT, State.BLOCKED, State.DELETED):
        assert plan_for(a_desired(state=state), None).changes == ()


@pytest.mark.parametrize("state", [State.PREPARED, State.ACTIVE])
def test_a_joiner_gets_a_card_with_the_number(state: State) -> None:
    plan = plan_for(a_desired(state=state), None)

    assert kinds(plan) == [Kind.CREATE_CARD]
    assert plan.changes[0].values == {
        "surName": "Boer",
        "branch": "Utrecht",
        "tasLoginName": "s.boer@bedrijf.example",
        "employeeNumber": "1042",
    }
    assert len(plan.changes[0].reasons) == 4


def test_the_policy_cannot_make_the_number_another() -> None:
    desired = a_desired(card=wanted(surName="Boer", employeeNumber="7"))

    assert plan_for(desired, None).changes[0].values["employeeNumber"] == "1042"


def test_a_new_card_leaves_out_what_is_empty_or_missing_there() -> None:
    desired = a_desired(
        card=wanted(surName="Boer", email=None, budgetHolder="4100", branch="Utrecht")
    )
    plan = plan_for(
        desired, None, obstacles={"card.budgetHolder": "no such", "card.branch": "no such"}
    )

    assert set(plan.changes[0].values) == {"surName", "branch", "employeeNumber"}
    assert plan.obstacles == {"card.budgetHolder": "no such", "card.branch": "no such"}


def test_only_what_differs_is_written() -> None:
    desired = a_desired(card=wanted(surName="Smit", branch="Utrecht"))
    plan = plan_for(desired, a_card())

    assert plan.changes[0].values == {"surName": "Smit"}
    assert [r.rule for r in plan.changes[0].reasons] == ["topdesk.card.surName"]


def test_an_unwanted_value_is_emptied_and_an_absent_one_is_empty_already() -> None:
    desired = a_desired(card=wanted(email=None, jobTitle=None))
    card = a_card(fields={"email": "s.boer@bedrijf.example", "jobTitle": None})

    assert plan_for(desired, card).changes[0].values == {"email": None}


@pytest.mark.parametrize(
    ("field", "value", "has"),
    [
        ("branch", "utrecht ", "Utrecht"),
        ("tasLoginName", "s.boer@bedrijf.example", "S.BOER@BEDRIJF.EXAMPLE"),
        ("firstInitials", "A.B.C.D.E.F.G.", "A.B.C.D.E."),
        ("email", None, None),
        ("email", "", None),
        ("isCaller", True, True),
    ],
)
def test_what_topdesk_holds_as_equal_is_left(field: str, value: Value, has: Value) -> None:
    desired = a_desired(card=wanted(**{field: value}))

    assert plan_for(desired, a_card(fields={field: has})).changes == ()


def test_a_surname_in_other_case_is_another_surname() -> None:
    desired = a_desired(card=wanted(surName="de Boer"))

    assert plan_for(desired, a_card(fields={"surName": "De Boer"})).changes != ()


def test_another_branch_takes_the_location_of_the_same_name_along() -> None:
    desired = a_desired(card=wanted(branch="Zwolle", location="Balie"))
    card = a_card(fields={"branch": "Utrecht", "location": "Balie"})

    assert plan_for(desired, card).changes[0].values == {"branch": "Zwolle", "location": "Balie"}


def test_a_missing_lookup_holds_up_nothing_else() -> None:
    desired = a_desired(card=wanted(surName="Smit", budgetHolder="4100"))
    plan = plan_for(desired, a_card(), obstacles={"card.budgetHolder": "create it"})

    assert plan.changes[0].values == {"surName": "Smit"}


def test_a_changed_number_follows_on_the_recorded_card() -> None:
    plan = plan_for(a_desired(), a_card(employee_number="9"))

    assert plan.changes[0].values == {"employeeNumber": "1042"}


def test_a_manager_is_marked_as_one() -> None:
    plan = plan_for(a_desired(is_manager=True), a_card())

    assert plan.changes[0].values == {"isManager": True}


def test_a_manager_s_mark_goes_only_when_it_was_ours() -> None:
    card = a_card(is_manager=True)
    by_us = Applied(account_id="card", is_manager=True)

    assert plan_for(a_desired(), card).changes == ()
    assert plan_for(a_desired(), card, by_us).changes[0].values == {"isManager": False}


def test_the_manager_is_set_changed_and_cleared_only_when_ours() -> None:
    by_us = Applied(account_id="card", values={"manager": RULE})
    old = a_card(manager_id="old")

    assert plan_for(a_desired(manager_id="new"), old).changes[0].values == {"manager": "new"}
    assert plan_for(a_desired(manager_id="old"), old).changes == ()
    assert plan_for(a_desired(), old).changes == ()
    assert plan_for(a_desired(), old, by_us).changes[0].values == {"manager": None}


def test_a_new_card_carries_manager_and_mark() -> None:
    values = plan_for(a_desired(manager_id="boss", is_manager=True), None).changes[0].values

    assert (values["manager"], values["isManager"]) == ("boss", True)


# --- the operator card -----------------------------------------------------------------------


def test_a_rule_gives_an_operator_with_its_groups() -> None:
    plan = plan_for(a_desired(operator=role("Servicedesk", "Rapportages")), a_card())

    assert kinds(plan) == [
        Kind.CREATE_OPERATOR,
        Kind.ADD_PERMISSION_GROUP,
        Kind.ADD_PERMISSION_GROUP,
    ]
    assert plan.changes[0].values == {
        "surName": "Boer",
        "branch": "Utrecht",
        "loginName": "s.boer@bedrijf.example",
        "loginPermission": True,
        "employeeNumber": "1042",
    }


def test_an_operator_without_a_login_name_may_not_log_in() -> None:
    desired = a_desired(card=wanted(surName="Boer"), operator=role())

    assert plan_for(desired, a_card()).changes[-1].values == {
        "surName": "Boer",
        "employeeNumber": "1042",
    }


def test_nobody_is_an_operator_before_the_first_day() -> None:
    desired = a_desired(state=State.PREPARED, operator=role("Servicedesk"))

    assert kinds(plan_for(desired, None)) == [Kind.CREATE_CARD]


def test_a_group_that_topdesk_lacks_is_not_asked_for() -> None:
    desired = a_desired(operator=role("Servicedesk", "Bestaat niet"))
    plan = plan_for(
        desired, a_card(operator=an_operator()), obstacles={"Bestaat niet": "create it"}
    )

    assert [change.what for change in plan.changes] == ["Servicedesk"]


def test_a_mover_loses_only_the_groups_we_gave() -> None:
    card = a_card(operator=an_operator("SERVICEDESK", "Rapportages"))
    plan = plan_for(a_desired(operator=role("Wijzigingsbeheer")), card, ours("Servicedesk"))

    assert [(c.kind, c.what) for c in plan.changes] == [
        (Kind.REMOVE_PERMISSION_GROUP, "SERVICEDESK"),
        (Kind.ADD_PERMISSION_GROUP, "Wijzigingsbeheer"),
    ]


def test_who_needs_no_operator_card_any_more_keeps_the_person_card() -> None:
    card = a_card(operator=an_operator("Servicedesk", "Rapportages"))
    plan = plan_for(a_desired(), card, ours("Servicedesk"))

    assert [(c.kind, c.what) for c in plan.changes] == [
        (Kind.REMOVE_PERMISSION_GROUP, "Rapportages"),
        (Kind.REMOVE_PERMISSION_GROUP, "Servicedesk"),
        (Kind.ARCHIVE_OPERATOR, "Persoon uit organisatie"),
    ]
    assert {change.harm for change in plan.changes} == {Harm.RIGHT}


def test_an_operator_that_no_rule_of_ours_gave_stays() -> None:
    card = a_card(operator=an_operator("Rapportages"))

    assert plan_for(a_desired(), card, ours(operator_id=None)).changes == ()


def test_a_group_of_ours_proves_the_operator_ours() -> None:
    """The reply of the create may have been lost, and its id with it."""
    card = a_card(operator=an_operator("Servicedesk"))
    plan = plan_for(a_desired(), card, ours("Servicedesk", operator_id=None))

    assert kinds(plan)[-1] is Kind.ARCHIVE_OPERATOR


def test_an_archived_operator_comes_back_without_old_rights() -> None:
    card = a_card(operator=an_operator("Servicedesk", archived=True))
    plan = plan_for(a_desired(operator=role("Rapportages")), card, ours("Servicedesk"))

    assert kinds(plan) == [
        Kind.UNARCHIVE_OPERATOR,
        Kind.REMOVE_PERMISSION_GROUP,
        Kind.ADD_PERMISSION_GROUP,
    ]


def test_an_operator_s_fields_follow_as_the_person_s_do() -> None:
    desired = a_desired(
        card=wanted(surName="Smit", branch="Utrecht", phoneNumber=None), operator=role()
    )
    has = {"surName": "Boer", "branch": "utrecht", "telephone": "+31", "employeeNumber": "7"}
    card = a_card(operator=an_operator().model_copy(update={"fields": has}))
    of_operator = [c for c in plan_for(desired, card).changes if c.kind is Kind.UPDATE_OPERATOR]

    assert [change.values for change in of_operator] == [
        {"surName": "Smit", "telephone": None, "employeeNumber": "1042"}
    ]
    assert [r.rule for r in of_operator[0].reasons] == [
        "topdesk.card.surName",
        "topdesk.card.phoneNumber",
        "employee_id",
    ]


def test_a_login_name_follows_at_the_end_with_its_permission() -> None:
    card = a_card(operator=an_operator().model_copy(update={"fields": {"loginName": "OLD"}}))
    plan = plan_for(a_desired(operator=role("Servicedesk")), card)
    gone = plan_for(
        a_desired(card=wanted(surName="Boer", tasLoginName=None), operator=role()), card
    )

    assert kinds(plan) == [Kind.ADD_PERMISSION_GROUP, Kind.UPDATE_OPERATOR]
    assert plan.changes[-1].values == {
        "loginName": "s.boer@bedrijf.example",
        "loginPermission": True,
    }
    assert gone.changes[-1].values == {"loginName": None, "loginPermission": False}


def test_a_held_rename_waits_on_both_cards() -> None:
    named = {"surName": Wanted(value="Smit", reason=WHY, is_name=True), **wanted(jobTitle="Arts")}
    has = {"surName": "Boer", "jobTitle": None}
    operator = an_operator().model_copy(update={"fields": has})
    plan = plan_for(
        a_desired(card=named, operator=role()),
        a_card(fields=has, operator=operator),
        Applied(account_id="card", names={"surName": "Boer"}),
        hold=frozenset({Harm.RENAME}),
    )

    assert [(c.kind, set(c.values)) for c in plan.changes] == [
        (Kind.UPDATE_CARD, {"jobTitle"}),
        (Kind.UPDATE_OPERATOR, {"jobTitle"}),
    ]
    assert [(c.kind, set(c.values)) for c in plan.held] == [
        (Kind.UPDATE_CARD, {"surName"}),
        (Kind.UPDATE_OPERATOR, {"surName"}),
    ]


def test_filters_come_before_rights_and_go_after_them() -> None:
    old = ("branch filter: Utrecht", "operator group: Servicedesk", "task: installer")
    new = ("operator group: Facilitair", "task: stockManager", "branch filter: Zwolle")
    wanted_rights = Operator(permission_groups={}, more=dict.fromkeys(new, (RULE,)), reason=RULE)
    operator = an_operator().model_copy(update={"more": frozenset(old)})
    plan = plan_for(a_desired(operator=wanted_rights), a_card(operator=operator), ours(*old))

    assert [(c.kind, c.what, c.harm) for c in plan.changes] == [
        (Kind.ADD_OPERATOR_RIGHT, "branch filter: Zwolle", None),
        (Kind.REMOVE_OPERATOR_RIGHT, "operator group: Servicedesk", Harm.RIGHT),
        (Kind.REMOVE_OPERATOR_RIGHT, "task: installer", Harm.RIGHT),
        (Kind.ADD_OPERATOR_RIGHT, "operator group: Facilitair", None),
        (Kind.ADD_OPERATOR_RIGHT, "task: stockManager", None),
        (Kind.REMOVE_OPERATOR_RIGHT, "branch filter: Utrecht", None),
    ]


def test_a_permission_group_is_no_operator_group_of_that_name() -> None:
    both = Operator(
        permission_groups={"Servicedesk": (RULE,)},
        more={"operator group: Servicedesk": (RULE,)},
        reason=RULE,
    )
    plan = plan_for(a_desired(operator=both), a_card(operator=an_operator("Servicedesk")))

    assert [(c.kind, c.what) for c in plan.changes] == [
        (Kind.ADD_OPERATOR_RIGHT, "operator group: Servicedesk")
    ]


# --- gone and back ---------------------------------------------------------------------------


def test_a_leaver_loses_rights_then_operator_then_person() -> None:
    card = a_card(operator=an_operator("Servicedesk", "Rapportages"))
    plan = plan_for(a_desired(state=State.BLOCKED), card, ours("Servicedesk"))

    assert [(c.kind, c.what) for c in plan.changes] == [
        (Kind.REMOVE_PERMISSION_GROUP, "Rapportages"),
        (Kind.REMOVE_PERMISSION_GROUP, "Servicedesk"),
        (Kind.ARCHIVE_OPERATOR, "Persoon uit organisatie"),
        (Kind.ARCHIVE_CARD, "Persoon uit organisatie"),
    ]
    assert {change.harm for change in plan.changes} == {Harm.BLOCK}


def test_a_leaver_s_operator_is_archived_whoever_made_it() -> None:
    card = a_card(operator=an_operator())
    plan = plan_for(a_desired(state=State.BLOCKED), card, ours(operator_id=None))

    assert kinds(plan) == [Kind.ARCHIVE_OPERATOR, Kind.ARCHIVE_CARD]


def test_a_cancelled_start_blocks_only_a_card_of_ours() -> None:
    desired = a_desired(state=State.ABSENT)

    assert kinds(plan_for(desired, a_card())) == [Kind.ARCHIVE_CARD]
    assert plan_for(desired, a_card(), Applied()).changes == ()


def test_a_removal_empties_and_marks_the_archived_card() -> None:
    card = a_card(archived=True, fields={"email": "a@bedrijf.example", "tasLoginName": None})
    plan = plan_for(a_desired(state=State.DELETED), card)

    assert plan.changes == (
        Change(
            kind=Kind.SCRUB_CARD,
            what="Persoon uit organisatie",
            values={"email": None, "mainframeLoginName": REMOVED_MARK},
            reasons=(WHY,),
            harm=Harm.DELETE,
        ),
    )


def test_an_active_card_is_archived_before_it_is_emptied() -> None:
    plan = plan_for(a_desired(state=State.DELETED), a_card(operator=an_operator()))

    assert kinds(plan) == [Kind.ARCHIVE_OPERATOR, Kind.ARCHIVE_CARD, Kind.SCRUB_CARD]


def test_a_removed_card_is_left_alone() -> None:
    card = a_card(archived=True, scrubbed=True, fields=dict.fromkeys(REMOVED))

    assert plan_for(a_desired(state=State.DELETED), card).changes == ()


def test_a_card_we_never_managed_is_not_emptied() -> None:
    plan = plan_for(a_desired(state=State.DELETED), a_card(), Applied())

    assert kinds(plan) == [Kind.ARCHIVE_CARD]


def test_a_returner_comes_back_whole() -> None:
    card = a_card(
        archived=True,
        scrubbed=True,
        fields={"surName": "Boer", "branch": "Utrecht", "tasLoginName": None},
        operator=an_operator("Servicedesk", archived=True),
    )
    plan = plan_for(a_desired(operator=role("Rapportages")), card, ours("Servicedesk"))

    assert kinds(plan) == [
        Kind.UNARCHIVE_CARD,
        Kind.UPDATE_CARD,
        Kind.UNARCHIVE_OPERATOR,
        Kind.REMOVE_PERMISSION_GROUP,
        Kind.ADD_PERMISSION_GROUP,
    ]
    assert plan.changes[1].values == {
        "tasLoginName": "s.boer@bedrijf.example",
        "mainframeLoginName": None,
    }


def test_a_returner_who_is_no_operator_gets_the_revived_one_archived() -> None:
    card = a_card(archived=True, operator=an_operator(archived=True))

    assert kinds(plan_for(a_desired(), card)) == [Kind.UNARCHIVE_CARD, Kind.ARCHIVE_OPERATOR]


@pytest.mark.parametrize(
    ("hold", "done", "held"),
    [
        ({Harm.BLOCK}, [], [Kind.ARCHIVE_CARD, Kind.SCRUB_CARD]),
        ({Harm.DELETE}, [Kind.ARCHIVE_CARD], [Kind.SCRUB_CARD]),
        (ALL_HARMS, [], [Kind.ARCHIVE_CARD, Kind.SCRUB_CARD]),
    ],
)
def test_held_harms_wait_and_nobody_is_removed_unblocked(
    hold: set[Harm], done: list[Kind], held: list[Kind]
) -> None:
    plan = plan_for(a_desired(state=State.DELETED), a_card(), hold=frozenset(hold))

    assert kinds(plan) == done
    assert [change.kind for change in plan.held] == held


def test_a_held_block_does_not_hold_a_removal_of_who_is_blocked() -> None:
    card = a_card(archived=True)
    plan = plan_for(a_desired(state=State.DELETED), card, hold=frozenset({Harm.BLOCK}))

    assert kinds(plan) == [Kind.SCRUB_CARD]


# --- properties --------------------------------------------------------------------------------

NAMES = st.sampled_from(["Boer", "Smit", "Ünal", "De Jong - van der Meer", "A.B.C.D.E.F.G.H."])
FIELD_NAMES = ("surName", "firstInitials", "branch", "location", "email", "tasLoginName")
CARD_VALUES = st.dictionaries(st.sampled_from(FIELD_NAMES), st.none() | NAMES)
PRODUCTS = st.sampled_from(["16.03.019", "16.06.007"])
SOME_GROUPS = st.frozensets(st.sampled_from(GROUPS))
OTHER_RIGHTS = (
    "operator group: Servicedesk",
    "task: installer",
    "branch filter: Utrecht",
    "operator filter: Eigen groep",
)
SOME_OTHERS = st.frozensets(st.sampled_from(OTHER_RIGHTS))
OPERATORS = st.builds(
    lambda groups, more: Operator(
        permission_groups=dict.fromkeys(sorted(groups), (RULE,)),
        more=dict.fromkeys(sorted(more), (RULE,)),
        reason=RULE,
    ),
    SOME_GROUPS,
    SOME_OTHERS,
)
OPERATOR_VALUES = st.fixed_dictionaries(
    dict.fromkeys(("surName", "branch", "loginName", "employeeNumber"), st.none() | NAMES)
)


@st.composite
def desires(draw: st.DrawFn) -> DesiredTopdesk:
    return a_desired(
        state=draw(st.sampled_from(State)),
        card=wanted(**draw(CARD_VALUES)),
        operator=draw(st.none() | OPERATORS),
        is_manager=draw(st.booleans()),
        manager_id=draw(st.none() | st.sampled_from(["boss", "other boss"])),
    )


@st.composite
def cards(draw: st.DrawFn) -> TopdeskCard:
    fields = draw(
        st.fixed_dictionaries(dict.fromkeys((*FIELD_NAMES, *REMOVED), st.none() | NAMES))
    )
    operator = st.builds(
        OperatorCard,
        id=st.just("operator"),
        archived=st.booleans(),
        permission_groups=SOME_GROUPS,
        more=SOME_OTHERS,
        fields=OPERATOR_VALUES,
        scrubbed=st.booleans(),
    )
    return a_card(
        archived=draw(st.booleans()),
        fields={field: fit(field, value) for field, value in fields.items()},
        is_manager=draw(st.booleans()),
        manager_id=draw(st.none() | st.just("boss")),
        scrubbed=draw(st.booleans()),
        operator=draw(st.none() | operator),
    )


@st.composite
def memories(draw: st.DrawFn) -> Applied:
    return Applied(
        account_id=draw(st.none() | st.just("card")),
        operator_id=draw(st.none() | st.just("operator")),
        is_manager=draw(st.booleans()),
        rights=dict.fromkeys(sorted(draw(SOME_GROUPS) | draw(SOME_OTHERS)), (RULE,)),
        values=draw(st.sampled_from([{}, {"manager": RULE}])),
    )


class Tenant:
    """TOPdesk's own rules about two linked cards, before and since product 16.06.007."""

    def __init__(self, card: TopdeskCard | None, applied: Applied, product: str) -> None:
        self.card = card
        self.applied = applied
        self.follows = product == "16.06.007"

    def play(self, changes: tuple[Change, ...], *, stop: int | None = None) -> None:
        """Do them, or as many as come before the stop."""
        if self.card:
            # What comes back with a card by the whole plan is remembered before anything is done.
            rights = {**brought_back(self.card, changes), **self.applied.rights}
            self.applied = self.applied.model_copy(update={"rights": rights})
        for change in changes[:stop]:
            self._play(change)

    def _play(self, change: Change) -> None:
        match change.kind:
            case Kind.CREATE_CARD:
                assert self.card is None
                self.card = a_card(fields={})
                self.applied = self.applied.model_copy(update={"account_id": "card"})
                self._write(change)
            case Kind.UPDATE_CARD:
                assert self.card
                assert not self.card.archived
                self._write(change)
            case Kind.ARCHIVE_CARD | Kind.UNARCHIVE_CARD:
                assert self.card
                archived = change.kind is Kind.ARCHIVE_CARD
                self._card(archived=archived)
                if self.follows and self.card.operator:
                    revived = self.card.operator.archived and not archived
                    self._operator(archived=archived)
                    self._remember_operator(touched=revived)
            case Kind.SCRUB_CARD:
                assert self.card
                assert self.card.archived
                assert not (self.card.operator and not self.card.operator.archived)
                self._write(change)
                self._scrub_operator()
            case _:
                self._play_on_operator(change)

    def _play_on_operator(self, change: Change) -> None:
        match change.kind:
            case Kind.CREATE_OPERATOR:
                assert self.card
                assert not self.card.archived
                assert not self.card.operator
                self._card(operator=an_operator().model_copy(update={"fields": change.values}))
                self._remember_operator(touched=True)
            case Kind.UPDATE_OPERATOR:
                assert self.card
                assert self.card.operator
                assert not self.card.operator.archived
                values = dict(change.values)
                cleared = values.pop("mainframeLoginName", "") is None
                self._operator(
                    fields={**self.card.operator.fields, **values},
                    scrubbed=self.card.operator.scrubbed and not cleared,
                )
            case Kind.ARCHIVE_OPERATOR | Kind.UNARCHIVE_OPERATOR:
                self._operator(archived=change.kind is Kind.ARCHIVE_OPERATOR)
                self._remember_operator(touched=True)
            case Kind.ADD_PERMISSION_GROUP | Kind.REMOVE_PERMISSION_GROUP:
                self._right(change, "permission_groups")
            case Kind.ADD_OPERATOR_RIGHT | Kind.REMOVE_OPERATOR_RIGHT:
                self._right(change, "more")
            case _:
                raise AssertionError(change.kind)

    def _remember_operator(self, *, touched: bool) -> None:
        """Every change to an operator card makes its id known, as apply does."""
        if touched:
            self.applied = self.applied.model_copy(update={"operator_id": "operator"})

    def _card(self, **update: object) -> None:
        assert self.card
        self.card = self.card.model_copy(update=update)

    def _operator(self, **update: object) -> None:
        assert self.card
        assert self.card.operator
        self._card(operator=self.card.operator.model_copy(update=update))

    def _right(self, change: Change, where: str) -> None:
        assert self.card
        assert self.card.operator
        assert not self.card.operator.archived
        has: frozenset[str] = getattr(self.card.operator, where)
        adds = change.kind in (Kind.ADD_PERMISSION_GROUP, Kind.ADD_OPERATOR_RIGHT)
        assert adds is (change.what not in has)
        self._operator(**{where: has ^ {change.what}})
        rights = dict(self.applied.rights)
        if adds:
            rights[change.what] = change.reasons
        else:
            rights.pop(change.what, None)
        self.applied = self.applied.model_copy(update={"rights": rights})
        self._remember_operator(touched=True)

    def _scrub_operator(self) -> None:
        assert self.card
        if self.card.operator:
            self._operator(scrubbed=True)

    def _write(self, change: Change) -> None:
        assert self.card
        values = dict(change.values)
        marked = values.pop("mainframeLoginName", None if self.card.scrubbed is False else "x")
        self._card(
            scrubbed=marked is not None,
            employee_number=values.pop("employeeNumber", self.card.employee_number),
            is_manager=values.pop("isManager", self.card.is_manager),
            manager_id=values.pop("manager", self.card.manager_id),
        )
        assert all(len(v) <= LIMITS.get(f, 100) for f, v in values.items() if isinstance(v, str))
        self._card(fields={**self.card.fields, **values})


def in_effect(card: TopdeskCard | None) -> TopdeskCard | None:
    """The card without groups that lie on an archived operator: nobody can use those."""
    if card is None or card.operator is None or not card.operator.archived:
        return card
    nothing = an_operator(archived=True).model_copy(update={"scrubbed": card.operator.scrubbed})
    return card.model_copy(update={"operator": nothing})


def left_with(card: TopdeskCard | None) -> frozenset[str]:
    return card.operator.rights if card and card.operator else frozenset()


@given(desires(), st.none() | cards(), memories(), PRODUCTS)
def test_what_was_planned_and_done_is_not_planned_again(
    desired: DesiredTopdesk, card: TopdeskCard | None, applied: Applied, product: str
) -> None:
    tenant = Tenant(card, applied, product)
    tenant.play(plan_for(desired, card, applied).changes)

    again = plan_for(desired, tenant.card, tenant.applied)
    assert again.changes == ()


@settings(max_examples=200)
@example(
    a_desired(card={}, operator=role()),
    a_card(
        archived=True,
        operator=an_operator(archived=True).model_copy(
            update={"more": frozenset({"operator group: Servicedesk"})}
        ),
    ),
    Applied(),
    "16.06.007",
)
@given(desires(), st.none() | cards(), memories(), PRODUCTS)
def test_a_stop_after_any_change_ends_the_same(
    desired: DesiredTopdesk, card: TopdeskCard | None, applied: Applied, product: str
) -> None:
    changes = plan_for(desired, card, applied).changes
    whole = Tenant(card, applied, product)
    whole.play(changes)

    for stop in range(len(changes)):
        stopped = Tenant(card, applied, product)
        stopped.play(changes, stop=stop)
        stopped.play(plan_for(desired, stopped.card, stopped.applied).changes)
        assert in_effect(stopped.card) == in_effect(whole.card)


@given(desires(), cards(), memories())
def test_nothing_is_touched_that_is_not_ours(
    desired: DesiredTopdesk, card: TopdeskCard, applied: Applied
) -> None:
    plan = plan_for(desired, card, applied)

    allowed = {*desired.card, "employeeNumber", "isManager", "manager", "mainframeLoginName"}
    for change in plan.changes:
        match change.kind:
            case Kind.UPDATE_CARD:
                assert set(change.values) <= allowed
                assert change.values.get("isManager") is not False or applied.is_manager
            case Kind.REMOVE_PERMISSION_GROUP | Kind.REMOVE_OPERATOR_RIGHT:
                goes = Kind.ARCHIVE_OPERATOR in kinds(plan)
                comes_back = Kind.UNARCHIVE_OPERATOR in kinds(plan)
                assert goes or comes_back or change.what in applied.rights
            case Kind.SCRUB_CARD:
                assert applied.account_id is not None


@given(desires(), st.none() | cards(), memories(), st.frozensets(st.sampled_from(Harm)))
def test_every_change_has_a_reason_and_no_held_harm_is_done(
    desired: DesiredTopdesk, card: TopdeskCard | None, applied: Applied, hold: frozenset[Harm]
) -> None:
    plan = plan_for(desired, card, applied, hold=hold)

    assert plan.target is TargetName.TOPDESK
    assert all(change.reasons for change in (*plan.changes, *plan.held))
    assert not {change.harm for change in plan.changes} & hold
    keys = [change.key for change in plan.changes]
    assert len(set(keys)) == len(keys)
    for change in plan.changes:
        if change.kind in (Kind.CREATE_CARD, Kind.UPDATE_CARD):
            assert len(change.reasons) == len(change.values)


@given(st.lists(desires(), min_size=2, max_size=6), st.lists(st.integers(0, 5)), PRODUCTS)
def test_no_archived_card_keeps_a_role_and_no_return_brings_one_back(
    life: list[DesiredTopdesk], stops: list[int], product: str
) -> None:
    """Whatever rules, leaves and returns follow one another, with stops in between."""
    tenant = Tenant(None, Applied(), product)
    for desired, stop in zip_longest(life, stops[: len(life)], fillvalue=None):
        assert desired
        if stop is not None:
            tenant.play(plan_for(desired, tenant.card, tenant.applied).changes, stop=stop)
        tenant.play(plan_for(desired, tenant.card, tenant.applied).changes)

        given_now = desired.operator if desired.state is State.ACTIVE else None
        assert left_with(tenant.card) <= (given_now.rights.keys() if given_now else set())


# --- what another's hand gave ------------------------------------------------------------------


def test_a_filter_of_another_hand_goes_last_and_hurts_nobody() -> None:
    more = frozenset({"branch filter: Noord", "operator group: Lijn"})
    card = a_card(operator=an_operator("Servicedesk", "Kas").model_copy(update={"more": more}))
    applied = may_take("Kas", *more, applied=ours("Servicedesk"))

    plan = plan_for(a_desired(operator=role("Servicedesk")), card, applied)

    assert [(c.what, c.harm) for c in plan.changes] == [
        ("Kas", Harm.RIGHT),
        ("operator group: Lijn", Harm.RIGHT),
        ("branch filter: Noord", None),
    ]
    assert {c.reasons[0].because for c in plan.changes} == {"no rule explains who has this right"}


def test_who_is_no_operator_of_ours_loses_the_right_and_keeps_the_card() -> None:
    card = a_card(operator=an_operator("Kas", "Post"))

    plan = plan_for(a_desired(), card, may_take("Kas"))

    assert [change.key for change in plan.changes] == ["remove permission group:Kas"]
    assert not plan_for(a_desired(), card, may_take("Kas"), hold=ALL_HARMS)
