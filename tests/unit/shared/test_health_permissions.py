"""Health reads the app's own token; the rest of health is proved with the whole app."""

from __future__ import annotations

import base64
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from build import POLICY

from shared import health, wiring
from shared.errors import TargetDown
from shared.settings import Settings

NEEDED = ("User.ReadWrite.All", "Group.ReadBasic.All", "GroupMember.ReadWrite.All")
type Parts = list[tuple[str, str | None]]
type Ask = Callable[[str | Exception | None], Awaitable[Parts]]


def token(**claims: object) -> str:
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{payload}.c2ln"


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Ask:
    """What health says when the app is given this token, under a plain policy."""
    policy = tmp_path / "policy.yaml"
    policy.write_text(POLICY, encoding="utf-8")
    monkeypatch.setattr(wiring, "settings", lambda: Settings(POLICY_FILE=str(policy)))

    async def ask(given: str | Exception | None) -> Parts:
        async def graph_token() -> str | None:
            if isinstance(given, Exception):
                raise given
            return given

        monkeypatch.setattr(wiring, "graph_token", graph_token)
        return await health._permissions()

    return ask


async def test_app_that_may_what_it_needs_is_well(told: Ask) -> None:
    assert await told(token(roles=NEEDED)) == [("Graph permissions", None)]


async def test_missing_permission_is_named_with_its_mend(told: Ask) -> None:
    [(_, problem)] = await told(token(roles=NEEDED[:2]))

    assert problem is not None
    assert "lacks GroupMember.ReadWrite.All" in problem
    assert "instroom permissions grant" in problem


async def test_what_must_never_be_held_is_a_problem(told: Ask) -> None:
    [(_, problem)] = await told(token(roles=[*NEEDED, "AppRoleAssignment.ReadWrite.All"]))

    assert problem is not None
    assert "holds AppRoleAssignment.ReadWrite.All" in problem


async def test_spare_permission_is_no_problem(told: Ask) -> None:
    assert await told(token(roles=[*NEEDED, "Mail.Send"])) == [("Graph permissions", None)]


@pytest.mark.parametrize("nothing", [None, "opaque", token(scp="User.Read")])
async def test_nothing_is_said_without_a_token_of_the_app(told: Ask, nothing: str | None) -> None:
    assert await told(nothing) == []


async def test_app_without_a_token_is_told(told: Ask) -> None:
    refused = TargetDown("graph: no token for it; see the app's identity")

    assert await told(refused) == [("Graph permissions", str(refused))]
