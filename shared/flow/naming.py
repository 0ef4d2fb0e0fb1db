"""Under which name is an account created or renamed? One that is free in the register.

The name goes into the target row and the register before the call, so that whoever serves next
uses it first; what Entra refuses is not tried again by this worker. Also what happens to a name
afterwards: an old one stays wanted as an address, and the names of a deleted account get free.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from shared.errors import Permanent
from shared.flow.lanes import Want
from shared.flow.work import Work
from shared.model.account import Applied, EntraAccount, Found
from shared.model.change import Kind, Plan
from shared.model.desired import ALIVE, DesiredEntra, State
from shared.plan.names import candidates, is_candidate

USER_PRINCIPAL_NAME = "upn"
EMPLOYEE_ID = "employeeid"
EMPLOYEE_ID_FOUND = "employeeId"


async def choose(work: Work[Any, Any], *, anew: bool) -> str:
    """The user principal name to create or rename with; "" for a target that has none.

    `anew`: there is no account yet, and a create may have been sent under the name being tried.
    Raises Permanent when the employee id is another person's, or every name is taken.
    """
    want, trying = work.want, work.row.trying
    if not isinstance(want, DesiredEntra):
        return ""
    owner = work.dossier.person_id
    if not await work.service.ledger.names.reserve(EMPLOYEE_ID, want.employee_id, owner):
        raise Permanent(
            "the employeeId is another person's already; give each source its own pattern "
            "under employee_id in the policy",
            mender="policy",
        )
    if trying and trying not in work.refused and (anew or _fits(want, trying)):
        return trying
    for name in candidates(want.names, want.domain, otherwise=want.employee_id):
        if name not in work.refused and await _reserved(work, name):
            return name
    raise Permanent("every user name that the policy allows is taken", mender="policy")


def first(want: Want) -> str:
    """The name that somebody would get if all were free; "" in a target that has none."""
    if not isinstance(want, DesiredEntra):
        return ""
    return next(candidates(want.names, want.domain, otherwise=want.employee_id))


async def take_over(work: Work[Any, Any], found: Found[Any]) -> None:
    """See that an account without a number, found by other means, is nobody else's by now.

    Two people may fit it, and its employeeId is written only after it was taken.
    Raises Permanent.
    """
    account = found.account
    if not isinstance(account, EntraAccount) or account.found_by in ("", EMPLOYEE_ID_FOUND):
        return
    if not await _reserved(work, account.user_principal_name):
        raise Permanent(
            f"account {account.id} fits this person by {account.found_by}, but its user name is "
            "another person's: write the employeeId on the right account in Entra",
            mender="operator",
        )


def as_named(applied: Applied, trying: str | None, found: Found[Any]) -> Applied:
    """What we applied, with the name that a rename of ours gave whose answer was lost."""
    account = found.account
    if not isinstance(account, EntraAccount) or account.user_principal_name != trying:
        return applied
    return applied.model_copy(update={"login": trying})


def earlier_logins(applied: Applied, found: Found[Any], plan: Plan) -> tuple[str, ...]:
    """Those that are known, with the one that this plan is about to take off."""
    renames = any(change.kind is Kind.RENAME_ACCOUNT for change in plan.changes)
    if not renames or not isinstance(found.account, EntraAccount):
        return applied.earlier_logins
    return tuple(dict.fromkeys((*applied.earlier_logins, found.account.user_principal_name)))


def remembered(
    work: Work[Any, Any], found: Found[Any], plan: Plan, login: str | None
) -> Mapping[str, object]:
    """What the row of Entra keeps of the names when the work has ended.

    A login that is none of the candidates is somebody else's doing, unless we gave it under
    another policy: it has no facts that it was made of, and so it never follows them.
    """
    want, was = work.want, work.row.applied
    if not isinstance(want, DesiredEntra):
        return {}
    earlier = tuple(name for name in was.earlier_logins if name != login)
    named_for = was.named_for
    waits = any(change.kind is Kind.RENAME_ACCOUNT for change in plan.held)
    waits |= any(change.kind is Kind.RENAME_ACCOUNT for change in plan.for_ad)
    if want.state in ALIVE and not waits:
        ours = bool(login) and (
            _fits(want, str(login)) or (bool(was.named_for) and login == was.login)
        )
        named_for = want.named_for if ours else {}
    return {
        "named_for": named_for,
        "earlier_logins": earlier,
        "aliases": _to_be_kept(work, found, earlier),
    }


def _to_be_kept(
    work: Work[Any, Any], found: Found[Any], earlier: tuple[str, ...]
) -> tuple[str, ...]:
    """The earlier logins that are no address of the account; of one that goes, none."""
    account = found.account
    if not work.policy.names.keep_old_address or work.want.state is State.DELETED:
        return ()
    kept = account.addresses if isinstance(account, EntraAccount) else frozenset[str]()
    return tuple(name for name in earlier if name.casefold() not in kept)


async def settle(work: Work[Any, Any], after: Applied) -> None:
    """The names of an account that was deleted wait to be free; one that is back keeps its own."""
    was, names = work.row.applied, work.service.ledger.names
    if not isinstance(work.want, DesiredEntra) or State.DELETED not in (was.state, after.state):
        return
    given = tuple(filter(None, (after.login, *after.earlier_logins)))
    if after.state is State.DELETED:
        now = work.service.clock.now()
        await names.release(USER_PRINCIPAL_NAME, given, work.dossier.person_id, now)
    elif after.login:
        await _reserved(work, after.login)


async def _reserved(work: Work[Any, Any], name: str) -> bool:
    return await work.service.ledger.names.reserve(
        USER_PRINCIPAL_NAME,
        name,
        work.dossier.person_id,
        now=work.service.clock.now(),
        reuse_after=timedelta(days=work.policy.names.reuse_after_days),
    )


def _fits(want: DesiredEntra, name: str) -> bool:
    return is_candidate(name, want.names, want.domain, otherwise=want.employee_id)
