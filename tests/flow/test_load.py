"""A first load against Graph's rig: with accidents it ends converged, and no account is double."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import stamina
import virtual
from loading import ACCIDENTS, Load


@pytest.fixture(autouse=True)
def retries_are_real(retries_do_not_sleep: None) -> Iterator[None]:
    """The clock jumps: nobody really waits."""
    del retries_do_not_sleep
    stamina.set_testing(False)
    yield
    stamina.set_testing(True, attempts=3, cap=True)


def test_a_load_with_accidents_ends_as_it_should() -> None:
    load = Load(people=100, hosts=2, seed=1, accidents=0.05, lag_seconds=5)

    virtual.run(load.run())

    assert set(load.wire.accidents) == set(ACCIDENTS)
    assert (load.doubles(), load.lacking()) == (0, [])
    assert len(load.tenant.users) == 100
