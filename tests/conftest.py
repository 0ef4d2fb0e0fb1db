"""What every test can count on: no network but loopback, a clean environment."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from typing import Any

import pytest
import stamina
from hypothesis import settings

# A property that a busy machine makes slow is none the less true. Each run tries the same cases,
# so a change is judged by what it did; `--hypothesis-profile=explore` looks for new ones.
settings.register_profile("instroom", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None, max_examples=500)
settings.load_profile("instroom")

_KEPT = (
    "PATH",
    "HOME",
    "LANG",
    "TMPDIR",
    "TEMP",
    "SYSTEMROOT",
    "BICEP",
    "CI",
    "COVERAGE_PROCESS_START",
)
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings come from the test, never from the machine it runs on."""
    for name in list(os.environ):  # noqa: TID251 - the one place that empties it
        if name not in _KEPT and not name.startswith(("PYTEST_", "PIP_", "npm_", "NODE_")):
            monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection to anywhere but this machine is a mistake of the test."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if isinstance(address, tuple) and address[0] not in _LOOPBACK:
            raise AssertionError(f"a test tried to reach {address[0]}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(autouse=True)
def retries_do_not_sleep() -> Iterator[None]:
    """Retries happen, and take no time."""
    stamina.set_testing(True, attempts=3, cap=True)
    yield
    stamina.set_testing(False)
