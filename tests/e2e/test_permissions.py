"""An administrator gives the app's identity what it needs, at the real command line."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from e2e.company import Company, systems

from sandbox.graph.enterprise import identities
from shared.permissions.wanted import wanted
from shared.policy.load import load

EXAMPLE = Path(__file__).resolve().parents[2] / "policy.yaml"
NEEDED = [each.value for each in wanted(load(EXAMPLE.read_text(encoding="utf-8")))]


@pytest.fixture
async def company(tmp_path: Path) -> AsyncIterator[Company]:
    """Without the app: an administrator needs none of it."""
    async with systems(tmp_path) as made:
        yield made


async def test_permissions_from_show_to_check(company: Company) -> None:
    tenant = company.rig.entra
    given = ("--identity", identities.add(tenant, "id-instroom"))

    shown = await company.instroom("permissions", "show")
    bare = await company.instroom("permissions", "check", *given, expect=1)
    asked = await company.instroom("permissions", "grant", *given, expect=1)
    before = len(tenant.enterprise.assignments.current)
    granted = await company.instroom("permissions", "grant", *given, "--yes")
    again = await company.instroom("permissions", "grant", *given, "--yes")
    well = await company.instroom("permissions", "check", *given)

    assert all(name in shown for name in NEEDED)
    assert "User-LifeCycleInfo" not in shown
    assert bare.count("missing") == len(NEEDED)
    assert f"Grant {len(NEEDED)} to id-instroom?" in asked
    assert before == 0
    assert granted.count("granted") == len(NEEDED)
    assert "for up to a day" in granted
    assert "Nothing to grant." in again
    assert well.count("ok ") == len(NEEDED)


async def test_what_is_too_much_is_told_with_the_line_that_takes_it_away(company: Company) -> None:
    enterprise = company.rig.entra.enterprise
    identity = identities.add(company.rig.entra, "id-instroom")
    await company.instroom("permissions", "grant", "--identity", identity, "--yes")
    [row, *_] = enterprise.assignments.current.values()
    for name in ("Mail.Send", "AppRoleAssignment.ReadWrite.All"):
        role = identities.role_named(company.rig.entra, name)
        enterprise.assignments.put(name, {**row, "id": name, "appRoleId": role})

    told = await company.instroom("permissions", "check", "--identity", identity, expect=1)

    assert "DANGER    AppRoleAssignment.ReadWrite.All: its holder can give itself any" in told
    assert "too much  Mail.Send: nothing needs it. Take it away: az rest --method delete" in told
    assert f"{identity}/appRoleAssignments/Mail.Send" in told
