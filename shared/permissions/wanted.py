"""Which permissions does this installation need? Its policy says which features are on.

Called by health and the command line. Knows no network.
"""

from __future__ import annotations

from shared.policy.document import Policy
from shared.vendors.graph.permissions import OF_THE_APP, Feature, Permission

_LEAVE_DATE = "employeeLeaveDateTime"
WHEN = {
    Feature.ACCOUNTS: "always",
    Feature.GROUPS: "always",
    Feature.GENERATED: "the policy has `entra.generated`",
    Feature.LEAVE_DATE: f"`entra.attributes` names `{_LEAVE_DATE}`",
    Feature.FIRST_SIGN_IN: "`first_sign_in.by` is not `none`, or sign-in methods are removed",
    Feature.METHODS: "`leaver.sign_in_methods` is `remove`",
    Feature.DEVICES: "`leaver.devices` is `disable`",
    Feature.MAILBOX: "`leaver.auto_reply` is there, or `leaver.mailbox` is `hand_over`",
    Feature.LICENCES: "`licences.watch` is true",
    Feature.SSO: "the policy has `sso`",
    Feature.SSO_WATCH: "the policy has `sso`, and `sso.watch` is true",
    Feature.CHECKING: "`instroom permissions check`",
    Feature.GRANTING: "`instroom permissions grant`",
}
"""When is a feature on? In the words of docs/permissions.md."""


def features(policy: Policy) -> frozenset[Feature]:
    """What this policy turns on.

    Groups are on without a group rule too: what was given under an earlier policy is taken back.
    """
    on = {Feature.ACCOUNTS, Feature.GROUPS, Feature.CHECKING, Feature.GRANTING}
    if _LEAVE_DATE in policy.entra.attributes:
        on.add(Feature.LEAVE_DATE)
    if policy.entra.generated:
        on.add(Feature.GENERATED)
    leaver = policy.leaver
    if policy.first_sign_in.is_on or leaver.sign_in_methods == "remove":
        on.add(Feature.FIRST_SIGN_IN)
    if leaver.sign_in_methods == "remove":
        on.add(Feature.METHODS)
    if leaver.devices == "disable":
        on.add(Feature.DEVICES)
    if leaver.auto_reply or leaver.mailbox == "hand_over":
        on.add(Feature.MAILBOX)
    if policy.licences.watch:
        on.add(Feature.LICENCES)
    if policy.sso is not None:
        on.add(Feature.SSO)
        if policy.sso.watch:
            on.add(Feature.SSO_WATCH)
    return frozenset(on)


def wanted(policy: Policy) -> tuple[Permission, ...]:
    """What the app's own identity needs, and no more."""
    on = features(policy)
    return tuple(each for each in OF_THE_APP if each.feature in on)
