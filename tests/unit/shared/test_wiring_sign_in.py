"""What an administrator is asked for by each command; signing in itself is in test_wiring_sso."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer.testing

from shared import cli_permissions, wiring
from shared.settings import Settings
from shared.vendors.graph.client import Graph
from shared.wiring_sign_in import Asked, SignIn

IDENTITY = "11111111-1111-1111-1111-111111111111"
READ, WRITE = "Application.Read.All", "AppRoleAssignment.ReadWrite.All"
POLICY = Path(__file__).resolve().parents[3] / "policy.yaml"


@pytest.mark.parametrize(("command", "asked"), [("check", (READ,)), ("grant", (READ, WRITE))])
def test_checking_asks_for_less_than_granting(
    command: str, asked: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[SignIn, Asked]] = []

    class Stage:
        async def __aenter__(self) -> Graph:
            raise typer.Exit(7)

        async def __aexit__(self, *_: object) -> None: ...

    def signed_in(sign_in: SignIn, asked: Asked) -> Stage:
        seen.append((sign_in, asked))
        return Stage()

    monkeypatch.setattr(wiring, "settings", Settings)
    monkeypatch.setattr(cli_permissions, "signed_in", signed_in)
    words = [command, "--identity", IDENTITY, "--tenant", "t1", "--policy", str(POLICY)]
    told = typer.testing.CliRunner().invoke(cli_permissions.permissions, words)

    assert told.exit_code == 7
    [(sign_in, by)] = seen
    assert sign_in == SignIn("t1")
    assert by.permissions == asked
    assert by.role == "Privileged Role Administrator"
