from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shared.permissions.compare import compared
from shared.vendors.graph.permissions import DANGEROUS, OF_THE_APP, Permission

NAMES = [each.value for each in OF_THE_APP]
HELD = st.frozensets(st.sampled_from([*NAMES, *DANGEROUS, "Mail.Send", "User.Read.All"]))
WANTED = st.lists(st.sampled_from(OF_THE_APP), unique=True)


def test_what_is_granted_missing_and_too_much() -> None:
    held = {NAMES[0], "Mail.Send", "AppRoleAssignment.ReadWrite.All"}
    told = compared(OF_THE_APP[:2], held)

    assert [each.value for each in told.granted] == [NAMES[0]]
    assert [each.value for each in told.missing] == [NAMES[1]]
    assert told.spare == ("Mail.Send",)
    assert told.dangerous == ("AppRoleAssignment.ReadWrite.All",)
    assert not told.is_well


def test_spare_alone_is_well() -> None:
    assert compared(OF_THE_APP[:1], {NAMES[0], "Mail.Send"}).is_well


@given(WANTED, HELD)
def test_every_name_has_one_place(wanted: list[Permission], held: frozenset[str]) -> None:
    told = compared(wanted, held)
    granted, missing = ([p.value for p in part] for part in (told.granted, told.missing))

    assert sorted([*granted, *told.spare, *told.dangerous]) == sorted(held)
    assert sorted([*granted, *missing]) == sorted(each.value for each in wanted)
