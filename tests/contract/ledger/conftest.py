"""The stores that the ledger's contract is proved on, and Azurite for the one over Azure Tables.

Azurite comes from npm into .instroom/azurite, once for a version; without node, npm or a registry
its tests are skipped, saying so.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
import stamina
from fakes_tables import connection_string

from shared.ledger.rows import Store
from shared.ledger.sqlite import open_sqlite
from shared.ledger.tables import open_tables

AZURITE_VERSION = "3.37.0"
INSTALL_SECONDS = 240
START_SECONDS = 30
CACHE = Path(__file__).parents[3] / ".instroom" / "azurite"
ENTRY = Path("node_modules", "azurite", "dist", "src", "table", "main.js")

# The first test on Azurite may have to install it.
ON_AZURITE = pytest.mark.timeout(INSTALL_SECONDS + 2 * START_SECONDS)


def wall() -> datetime:
    return datetime.now(UTC)


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=4):
        yield


@pytest.fixture(scope="session")
def azurite_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a Table service that lives as long as the session."""
    port = _free_port()
    flags = ["--inMemoryPersistence", "--silent", "--disableTelemetry", "--skipApiVersionCheck"]
    where = ["--tableHost", "127.0.0.1", "--tablePort", str(port)]
    process = subprocess.Popen(  # noqa: S603 - our own pinned install
        [_node(), str(_installed() / ENTRY), *where, *flags],
        cwd=tmp_path_factory.mktemp("azurite"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(process, port)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=10)


@pytest.fixture(
    params=["sqlite-memory", "sqlite-file", pytest.param("tables", marks=ON_AZURITE)],
)
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    """Each implementation in turn."""
    match request.param:
        case "sqlite-memory":
            opened = await open_sqlite(None, wall=wall)
        case "sqlite-file":
            opened = await open_sqlite(tmp_path / "ledger.sqlite", wall=wall)
        case _:
            port: int = request.getfixturevalue("azurite_port")
            opened = await open_tables(connection_string(port), credential=None)
    yield opened
    await opened.close()


@pytest.fixture
def part() -> str:
    """A partition that no other test uses: Azurite lives on between tests."""
    return f"p-{uuid4().hex}"


def _node() -> str:
    node = shutil.which("node")
    if node is None:
        pytest.skip("AZURE TABLES NOT TESTED: no node on PATH, and Azurite runs on it")
    return node


def _installed() -> Path:
    """The folder that holds Azurite, filled when it is not there yet."""
    folder = CACHE / AZURITE_VERSION
    if (folder / ENTRY).exists():
        return folder
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("AZURE TABLES NOT TESTED: no npm on PATH to install Azurite with")
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
            pytest.skip(f"AZURE TABLES NOT TESTED: npm install failed: {done.stderr[-400:]}")
        if not folder.exists():
            staged.rename(folder)
    except subprocess.TimeoutExpired:
        pytest.skip(f"AZURE TABLES NOT TESTED: npm install took over {INSTALL_SECONDS} s")
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
