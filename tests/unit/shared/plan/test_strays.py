"""In a group that is managed strictly stay those whom a rule puts there; nothing else moves."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.diff import compare
from shared.model.account import Applied, EntraAccount, Found
from shared.model.change import Harm, Kind
from shared.model.desired import DesiredEntra, Reason, State
from shared.model.right import Managed
from shared.plan import entra as plan
from shared.plan.strays import strays

WHY = Reason(rule="r", because="b")
AT = datetime(2026, 11, 2, tzinfo=UTC)
NAMES = st.sampled_from(["Een", "Twee", "Drie", "Vier"])
SETS = st.frozensets(NAMES)
MODES = st.dictionaries(NAMES, st.sampled_from([Managed.REPORT, Managed.STRICT]))
STATES = st.sampled_from([State.ACTIVE, State.PREPARED, State.AWAY])


@given(STATES, SETS, SETS, SETS, MODES)
def test_only_unexplained_members_of_strict_groups_go(
    state: State,
    wanted: frozenset[str],
    has: frozenset[str],
    given_by_us: frozenset[str],
    managed: dict[str, Managed],
) -> None:
    want = DesiredEntra(
        state=state,
        why=WHY,
        employee_id="1",
        groups=dict.fromkeys(wanted, (WHY,)),
        managed=managed,
    )
    ours = Applied(account_id="a", state=state, rights=dict.fromkeys(given_by_us, (WHY,)))
    seen = strays(managed, has, ours, wanted=wanted)
    known = ours.model_copy(update={"strays": dict.fromkeys(seen, AT)})
    allowed = known.model_copy(update={"strays": compare.taken(known, want)})
    account = EntraAccount(id="a", user_principal_name="n@x.nl", enabled=True, groups=has)

    changes = plan.entra(want, Found(account=account), allowed, name="").changes
    removed = {change.what for change in changes if change.kind is Kind.REMOVE_FROM_GROUP}
    after = (has - removed) | {c.what for c in changes if c.kind is Kind.ADD_TO_GROUP}

    strict = {name for name, how in managed.items() if how is Managed.STRICT}
    assert after >= wanted
    assert after & (strict | given_by_us) <= wanted
    assert has - after == (has & (strict | given_by_us)) - wanted
    assert all(change.harm is Harm.RIGHT for change in changes if change.what in removed)


@pytest.mark.parametrize("name", ["een", " Een ", "EEN"])
def test_names_are_compared_as_the_targets_do(name: str) -> None:
    managed = {"Een": Managed.STRICT}

    assert strays(managed, {name}, Applied(), wanted=()) == {name}
    assert strays(managed, {name}, Applied(), wanted=("een",)) == frozenset()
    assert strays(managed, {name}, Applied(rights={"Een": (WHY,)}), wanted=()) == frozenset()
