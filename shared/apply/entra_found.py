"""Which account in Entra is this person's, and which others are theirs as well?

Called by entra.py. By the employeeId; without one by what `targets.entra.match` of the policy
says. Another account that a convention of the policy tells apart (`targets.entra.linked`), such
as an administrator's, is never the main one. What is doubtful is refused with the ids, and
nothing is taken.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from shared.apply.entra_account import is_same
from shared.errors import Permanent
from shared.model.account import LinkedAccount
from shared.model.desired import DesiredEntra, Linked, Match
from shared.policy.conditions import matches
from shared.vendors.graph import users
from shared.vendors.graph.client import Graph, Json

EMPLOYEE_ID = "employeeId"
_LOOK = ("id", "userPrincipalName", EMPLOYEE_ID, "accountEnabled", "userType")


async def theirs(
    graph: Graph, desired: DesiredEntra, select: Collection[str], *, is_new: bool
) -> tuple[Json | None, str, tuple[LinkedAccount, ...]]:
    """The account, by which property it was found, and the linked ones.

    Only of somebody who `is_new` to us another account than the number's is looked for.
    Raises Permanent when several could be meant, or the one that is found is doubtful.
    """
    hits = await _hits(graph, desired, select)
    number = [user for user in hits if is_same(user.get(EMPLOYEE_ID), desired.employee_id)]
    main = [user for user in number if _rule_of(user, desired) is None]
    if len(main) > 1:
        raise Permanent(
            f"{len(main)} accounts in Entra carry this employeeId ({_ids(main)}): leave it on the "
            "right one, or say under targets.entra.linked how somebody's second account is known",
            mender="operator",
        )
    linked = _linked(hits, desired)
    if main:
        return main[0], EMPLOYEE_ID, linked
    for match in desired.matches if is_new else ():
        if found := await _by(graph, match, desired):
            return await users.get(graph, found, select), match.by, linked
    return None, "", linked


async def linked_to(
    graph: Graph, desired: DesiredEntra, account_id: str
) -> tuple[LinkedAccount, ...]:
    """The linked accounts of somebody whose main account is known."""
    if not desired.linked:
        return ()
    hits = await _hits(graph, desired, _LOOK)
    return _linked((user for user in hits if user["id"] != account_id), desired)


async def _hits(graph: Graph, desired: DesiredEntra, select: Collection[str]) -> tuple[Json, ...]:
    """Everything that carries the number, or fits a convention that needs no wildcard."""
    exact = [(rule.by, rule.value) for rule in desired.linked if not set(rule.value) & set("*?")]
    if not exact:
        return await users.with_employee_id(graph, desired.employee_id, select)
    asked = dict.fromkeys([(EMPLOYEE_ID, desired.employee_id), *exact])
    return await users.with_any(graph, tuple(asked), select)


async def _by(graph: Graph, match: Match, desired: DesiredEntra) -> str | None:
    """The id of the one account that this finds."""
    found = await users.first_with(graph, match.by, match.value, _LOOK)
    hits = [user for user in found if user.get("userType") != "Guest"]
    hits = [user for user in hits if _rule_of(user, desired) is None]
    if len(hits) > 1:
        raise Permanent(
            f"{len(hits)} accounts in Entra could be this person's by {match.by} ({_ids(hits)}): "
            "write the employeeId on the right one",
            mender="operator",
        )
    for user in hits:
        if doubt := _doubt(user):
            raise Permanent(
                f"account {user['id']} could be this person's by {match.by}, but it {doubt}: "
                "write the employeeId on it if it is, or give it another value if it is not",
                mender="operator",
            )
    return str(hits[0]["id"]) if hits else None


def _doubt(user: Json) -> str | None:
    """Why an account that was found without its number may be another human's."""
    if user.get(EMPLOYEE_ID):
        return "carries another employeeId"
    if user.get("accountEnabled") is False:
        return "is blocked, as somebody's who has left"
    return None


def _linked(hits: Iterable[Json], desired: DesiredEntra) -> tuple[LinkedAccount, ...]:
    found = []
    for user in hits:
        if rule := _rule_of(user, desired):
            enabled = user.get("accountEnabled") is not False
            found.append(
                LinkedAccount(
                    id=user["id"], kind=rule.kind, enabled=enabled, on_leave=rule.on_leave
                )
            )
    return tuple(sorted(found, key=lambda one: (one.kind, one.id)))


def _rule_of(user: Json, desired: DesiredEntra) -> Linked | None:
    """The convention that an account fits; one with a wildcard needs the person's number too."""
    own = is_same(user.get(EMPLOYEE_ID), desired.employee_id)
    for rule in desired.linked:
        is_open = bool(set(rule.value) & set("*?"))
        if (own or not is_open) and matches(str(user.get(rule.by) or ""), rule.value):
            return rule
    return None


def _ids(hits: Iterable[Json]) -> str:
    return ", ".join(sorted(str(user["id"]) for user in hits))
