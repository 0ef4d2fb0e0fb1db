from __future__ import annotations

from build import POLICY, a_policy

from shared.permissions.wanted import WHEN, wanted
from shared.vendors.graph.permissions import Feature

ALWAYS = ["User.ReadWrite.All", "Group.ReadBasic.All", "GroupMember.ReadWrite.All"]
ATTRIBUTE = '  attributes:\n    employeeLeaveDateTime: "{contract.end}"'
LEAVE_DATE = "User-LifeCycleInfo.ReadWrite.All"


def test_plain_policy_needs_accounts_and_groups() -> None:
    assert [each.value for each in wanted(a_policy())] == ALWAYS


def test_leave_date_needs_a_permission_of_its_own() -> None:
    policy = a_policy(POLICY.replace("  attributes:", ATTRIBUTE))

    assert [each.value for each in wanted(policy)] == [*ALWAYS, LEAVE_DATE]


def test_passes_need_two_permissions_more() -> None:
    policy = a_policy(f"{POLICY}first_sign_in: {{by: collect}}\n")

    assert [each.value for each in wanted(policy)][len(ALWAYS) :] == [
        "UserAuthMethod-TAP.ReadWrite.All",
        "Policy.Read.AuthenticationMethod",
    ]


def test_every_feature_says_when_it_is_on() -> None:
    assert WHEN.keys() == set(Feature)
