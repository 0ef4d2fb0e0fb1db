"""What Entra cannot give to anybody is told once, with the line of the policy that asks it."""

from __future__ import annotations

from functools import partial

import pytest
from build import POLICY, a_policy
from fakes import World

from shared import health
from shared.errors import Permanent
from shared.flow.checking import Fault, faults
from shared.policy.load import line_of

LINE = "    - {group: Weg, when: {department.code: X}}\n"
WRONG = POLICY.replace("topdesk:\n", f"{LINE}topdesk:\n", 1)


async def test_a_policy_whose_groups_are_there_has_no_fault(world: World) -> None:
    assert await faults(world.service, a_policy()) == ()


async def test_a_group_that_cannot_be_filled_is_told_with_its_line(world: World) -> None:
    (fault,) = await faults(world.service, a_policy(WRONG))

    assert fault == Fault(("entra", "groups", 3, "group"), "group Weg does not exist")
    assert WRONG.splitlines()[line_of(WRONG, fault.place) - 1] == LINE.rstrip()


async def test_doctor_tells_some_and_counts_the_rest(world: World) -> None:
    world.entra.groups = frozenset()
    many = "".join(f"    - {{group: G{n}, when: {{department.code: X}}}}\n" for n in range(4))
    policy = a_policy(POLICY.replace("topdesk:\n", f"{many}topdesk:\n", 1))
    look = partial(health._fillable, world.service, policy)

    problem = await health._problem(look)

    assert problem is not None
    assert problem.startswith("group Iedereen does not exist; group ICT does not exist; ")
    assert problem.endswith("; and 2 more. `instroom policy check` names the lines")
    with pytest.raises(Permanent):
        await look()
