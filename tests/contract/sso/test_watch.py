"""What the daily upkeep sees of single sign-on, with no more than the app may read."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from contract.sso.sso_stage import OPERATORS, PUBLIC, SECURE, SsoStage

from sandbox.faults import Fault
from shared.sso.look import Eyes
from shared.sso.watch import watch
from shared.vendors.saml import Publisher

REFUSED = (
    '{"error": {"code": "Authorization_RequestDenied", "message": "Insufficient privileges"}}'
)
LOGIN = "http://127.0.0.1:8092"


@pytest.fixture
async def eyes(stage: SsoStage) -> AsyncIterator[Eyes]:
    publisher = Publisher(httpx.ASGITransport(stage.app))
    yield Eyes(stage.desk().graph, publisher, LOGIN, None)
    await publisher.close()


def filled(stage: SsoStage) -> None:
    """Somebody is in the group that may sign in."""
    tenant = stage.tenant
    [group] = [g for g in tenant.groups.values() if g["displayName"] == OPERATORS]
    kim = {"userPrincipalName": "kim@voorbeeld.example", "accountEnabled": True}
    tenant.add_member(group["id"], tenant.add_user({**kim, "employeeId": "1042"}))


async def test_door_that_stands_is_well_until_its_certificate_ends(
    stage: SsoStage, eyes: Eyes
) -> None:
    filled(stage)
    await stage.setup(SECURE)
    now = stage.clock.now()

    looked = await watch(eyes, [SECURE], now)

    assert looked.problems == ()
    [ending] = looked.endings
    assert ending.what == "TOPdesk - Secure: the certificate that Entra signs with"
    assert timedelta(days=1090) < ending.at - now < timedelta(days=1100)
    assert "instroom sso rotate secure" in ending.mend


async def test_only_what_the_app_may_read_is_asked(stage: SsoStage, eyes: Eyes) -> None:
    await stage.setup(SECURE)
    graph = stage.desk().graph
    await watch(replace(eyes, graph=graph), [SECURE], stage.clock.now())

    assert len(stage.wire.calls) > 5
    assert [call for call in stage.wire.calls if "claimsMappingPolicies" in call] == []
    assert {call.split()[0] for call in stage.wire.calls} == {"GET"}


async def test_what_was_changed_behind_our_back_is_told(stage: SsoStage, eyes: Eyes) -> None:
    await stage.setup(SECURE)
    [principal] = stage.tenant.enterprise.principals.current.values()
    principal["appRoleAssignmentRequired"] = False

    looked = await watch(eyes, [SECURE], stage.clock.now())

    assert any("appRoleAssignmentRequired" in text for text in looked.problems)
    assert any(f"group '{OPERATORS}' is empty" in text for text in looked.problems)


async def test_door_that_cannot_be_read_does_not_hide_the_other(
    stage: SsoStage, eyes: Eyes
) -> None:
    filled(stage)
    await stage.setup(SECURE)
    stage.faults.plan(Fault("status", path=".*/applicationTemplates", status=403, body=REFUSED))

    looked = await watch(eyes, [PUBLIC, SECURE], stage.clock.now())

    assert [text for text in looked.problems if not text.startswith("TOPdesk - Public")] == []
    assert "could not be looked at" in looked.problems[0]
    assert len(looked.endings) == 1
