"""Azurite, Microsoft's emulator of Azure Storage, for the tests of what lies there.

It comes from npm into .instroom/azurite, once for a version; without node, npm or a registry its
tests are skipped, saying so.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal
from uuid import uuid4

import pytest

AZURITE_VERSION = "3.37.0"
INSTALL_SECONDS = 240
START_SECONDS = 30
CACHE = Path(__file__).parents[1] / ".instroom" / "azurite"
ACCOUNT = "devstoreaccount1"
# Azurite's published account key (Microsoft Learn, "Use the Azurite emulator"): no secret.
ACCOUNT_KEY = (
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)

# The first test on Azurite may have to install it.
ON_AZURITE = pytest.mark.timeout(INSTALL_SECONDS + 2 * START_SECONDS)

type Service = Literal["table", "blob"]


def connection_string(service: Service, port: int) -> str:
    """What opens one of its services with its published key."""
    endpoint = f"http://127.0.0.1:{port}/{ACCOUNT}"
    return (
        f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={ACCOUNT_KEY};"
        f"{service.capitalize()}Endpoint={endpoint};"
    )


@contextmanager
def serving(service: Service, folder: Path) -> Iterator[int]:
    """The port of one service, in memory, until the block ends; `folder` is for its log."""
    port = _free_port()
    flags = ["--inMemoryPersistence", "--silent", "--disableTelemetry", "--skipApiVersionCheck"]
    where = [f"--{service}Host", "127.0.0.1", f"--{service}Port", str(port)]
    process = subprocess.Popen(  # noqa: S603 - our own pinned install
        [_node(), str(_installed(service) / _entry(service)), *where, *flags],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(process, port)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=10)


def _entry(service: Service) -> Path:
    return Path("node_modules", "azurite", "dist", "src", service, "main.js")


def _node() -> str:
    node = shutil.which("node")
    if node is None:
        pytest.skip("AZURE STORAGE NOT TESTED: no node on PATH, and Azurite runs on it")
    return node


def _installed(service: Service) -> Path:
    """The folder that holds Azurite, filled when it is not there yet."""
    folder = CACHE / AZURITE_VERSION
    if (folder / _entry(service)).exists():
        return folder
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("AZURE STORAGE NOT TESTED: no npm on PATH to install Azurite with")
    # Beside its place and then moved, so that a broken or a second install is never run.
    staged = CACHE / f"{AZURITE_VERSION}-{uuid4().hex}"
    staged.mkdir(parents=True)
    quiet = ["--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    command = [npm, "install", *quiet, "--prefix", str(staged), f"azurite@{AZURITE_VERSION}"]
    try:
        done = subprocess.run(  # noqa: S603 - npm from PATH, a pinned package
            command, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False
        )
        if done.returncode:
            pytest.skip(f"AZURE STORAGE NOT TESTED: npm install failed: {done.stderr[-400:]}")
        if not folder.exists():
            staged.rename(folder)
    except subprocess.TimeoutExpired:
        pytest.skip(f"AZURE STORAGE NOT TESTED: npm install took over {INSTALL_SECONDS} s")
    finally:
        shutil.rmtree(staged, ignore_errors=True)
    return folder


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"Azurite does not listen on port {port} (exit code {process.poll()})")
