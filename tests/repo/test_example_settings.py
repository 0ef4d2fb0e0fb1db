"""local.settings.example.json is what a newcomer copies: it holds every setting and works."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from repo.checkout import ROOT

from sandbox.__main__ import PORTS
from shared import settings, settings_check
from shared.settings import WEBHOOK_SECRET, Settings

EXAMPLE = ROOT / "local.settings.example.json"
OF_THE_HOST = {"FUNCTIONS_WORKER_RUNTIME"}


def _values() -> dict[str, str]:
    document = json.loads(EXAMPLE.read_text(encoding="utf-8"))
    assert document["IsEncrypted"] is False
    values: dict[str, str] = document["Values"]
    return values


def test_example_holds_exactly_the_settings_there_are() -> None:
    aliases = {str(field.alias) for field in Settings.model_fields.values()}
    signed = (*settings_check.KNOWN_SOURCES, "accounts")  # the last one is of what we send
    webhook = {f"{WEBHOOK_SECRET}{source.upper()}" for source in signed}

    assert set(_values()) - OF_THE_HOST == aliases - {WEBHOOK_SECRET} | webhook


def test_example_is_read_without_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)

    read = settings.read({}, file=EXAMPLE)

    assert list(settings_check.problems(read)) == []
    assert read.webhook_secret("afas")


def test_example_meets_the_sandbox_on_its_ports() -> None:
    """`python -m sandbox` listens there; nobody's real system is in an example."""
    addresses = [v for v in _values().values() if "://" in v and not v.startswith("sqlite")]
    found = {int(port) for a in addresses for port in re.findall(r"://127\.0\.0\.1:(\d+)", a)}

    assert len(addresses) == 5
    assert found == {PORTS[name] for name in ("broker", "afas", "graph", "topdesk")}


def test_the_real_file_is_never_kept() -> None:
    ignored = Path(ROOT / ".gitignore").read_text(encoding="utf-8").split()

    assert "local.settings.json" in ignored
