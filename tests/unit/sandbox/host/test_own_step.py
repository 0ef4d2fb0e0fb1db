from __future__ import annotations

import re

import pytest

from sandbox.host.invocations import own_step

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"


def test_a_call_goes_on_with_its_trace_under_a_step_of_the_host() -> None:
    first, second = own_step(PARENT), own_step(PARENT)

    assert first.startswith(PARENT[:36])
    assert first.endswith("-00")
    assert len({first, second, PARENT}) == 3


@pytest.mark.parametrize("given", ["", "nonsense", "01-0af-b7-01", PARENT.upper()])
def test_what_says_no_trace_begins_one(given: str) -> None:
    begun = own_step(given)

    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-01", begun)
    assert begun[3:35] != PARENT[3:35]
