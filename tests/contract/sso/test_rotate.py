"""A certificate is replaced in three steps, with a human between them, and any of them twice."""

from __future__ import annotations

from datetime import timedelta

import pytest
from contract.sso.sso_stage import SECURE, SsoStage, Stopped, Wire

from shared.errors import Permanent
from shared.sso import rotate
from shared.sso.found import Found
from shared.sso.read import read
from shared.sso.setup import converge


async def prepared(stage: SsoStage, **wire: int) -> Found:
    return await converge(stage.desk(**wire), SECURE, rotate.prepare)


def thumbprints(found: Found) -> list[str]:
    assert found.principal
    return [each.thumbprint for each in found.principal.certificates]


async def set_up(stage: SsoStage) -> str:
    """The thumbprint of the first certificate, two years old by now."""
    found = await stage.setup(SECURE)
    stage.clock.advance(timedelta(days=730).total_seconds())
    assert found.principal
    assert found.principal.active
    return found.principal.active


async def test_second_certificate_is_made_and_does_not_sign_yet(stage: SsoStage) -> None:
    first = await set_up(stage)
    found = await prepared(stage)

    assert found.principal
    assert found.principal.active == first
    assert len(thumbprints(found)) == 2
    assert rotate.newer(found.principal)


async def test_preparing_twice_makes_one(stage: SsoStage) -> None:
    await set_up(stage)
    first = await prepared(stage)
    second = await prepared(stage)

    assert thumbprints(first) == thumbprints(second)


async def test_prepared_certificate_signs_on_command_and_the_old_one_goes(stage: SsoStage) -> None:
    old = await set_up(stage)
    new = thumbprints(await prepared(stage))[0]
    both = await converge(stage.desk(), SECURE, lambda found: rotate.activate(found, new))
    alone = await converge(stage.desk(), SECURE, rotate.retire)

    assert both.principal
    assert (both.principal.active, set(thumbprints(both))) == (new, {old, new})
    assert thumbprints(alone) == [new]
    assert stage.stands()["principals"][0]["signs"]
    [principal] = stage.tenant.enterprise.principals.current.values()
    assert len(principal["passwordCredentials"]) == 1


async def test_the_active_certificate_is_never_retired(stage: SsoStage) -> None:
    old = await set_up(stage)
    await prepared(stage)
    found = await converge(stage.desk(), SECURE, rotate.retire)

    assert found.principal
    assert found.principal.active == old
    assert len(thumbprints(found)) == 2


async def test_certificate_that_is_not_there_cannot_be_activated(stage: SsoStage) -> None:
    await set_up(stage)

    with pytest.raises(Permanent, match="there is no certificate ABCD"):
        await converge(stage.desk(), SECURE, lambda found: rotate.activate(found, "ABCD"))


async def test_nothing_is_rotated_before_the_set_up(stage: SsoStage) -> None:
    with pytest.raises(Permanent, match="not set up yet: run `instroom sso setup`"):
        await prepared(stage)


@pytest.mark.parametrize("lag", [0.0, 12.0])
async def test_stop_at_any_write_of_a_rotation_makes_one(lag: float) -> None:
    """Before the call, after it, and with the notes of the first set-up still there."""
    for at in range(2):
        stage = SsoStage(replication_seconds=lag)
        await stage.setup(SECURE)
        stage.clock.advance(60)
        reads = len((await at_rest(stage)).moments)
        with pytest.raises(Stopped):
            await prepared(stage, stop_at=reads + at)
        found = await prepared(stage)
        await stage.close()

        assert len(thumbprints(found)) == 2


async def at_rest(stage: SsoStage) -> Wire:
    await read(stage.desk().graph, SECURE)
    return stage.wire
