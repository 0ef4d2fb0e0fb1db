"""An operator connects Exact Online by pasting an address, and the app reads it from then on."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import sys
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from sandbox.clock import FileClock
from sandbox.exact import make_app
from sandbox.world import Kind, World
from shared import settings, wiring
from shared.flow.service import Clock, Ledger

ROOT = Path(__file__).parents[2]


async def test_pasted_address_connects_exact_and_everybody_is_read(tmp_path: Path) -> None:
    clock = FileClock()
    world = World.generate(1, 12, date(2026, 11, 2), clock=clock)
    app = make_app(world, clock=clock)
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off"))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    values = {
        "LEDGER_URL": f"sqlite:///{(tmp_path / 'ledger.sqlite').as_posix()}",
        "TOKEN_FOLDER": str(tmp_path / "tokens"),
        "HR_SOURCES": "exact",
        "EXACT_BASE_URL": f"http://127.0.0.1:{listener.getsockname()[1]}",
        "EXACT_CLIENT_ID": "instroom",
        "EXACT_CLIENT_SECRET": "exact-client-secret",
        "EXACT_DIVISIONS": "123456",
    }
    file = tmp_path / "local.settings.json"
    file.write_text(json.dumps({"Values": values}), encoding="utf-8")

    code, told = await _connect(file)
    numbers = await _numbers(values)

    server.should_exit = True
    await serving
    assert (code, "exact is connected" in told) == (0, True), told
    kept = json.loads((tmp_path / "tokens" / "exact.json").read_text(encoding="utf-8"))
    assert kept["access"] not in told
    assert numbers == {p.number for p in world.people.values() if p.kind is not Kind.NOT_WORKING}


async def _connect(file: Path) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "shared.cli", "--settings", str(file), "hr", "connect", "exact"),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdout
    told = ""
    async with asyncio.timeout(30):
        while not (found := re.search(r"^(http\S+/api/oauth2/auth\S+)$", told, re.MULTILINE)):
            line = await process.stdout.readline()
            assert line, told
            told += line.decode()
        async with httpx.AsyncClient() as browser:
            answer = await browser.get(found[1])
        out, _ = await process.communicate(f"{answer.headers['location']}\n".encode())
    return process.returncode, told + out.decode()


async def _numbers(values: dict[str, str]) -> set[str | None]:
    """As the app reads them, with the stored tokens."""
    opened = wiring.Wiring(settings.read(values))
    clock: Clock = wiring._clock(opened.settings)
    ledger: Any = Ledger(await opened._store(clock))
    source = opened._sources(ledger, clock).source("exact")
    found = {reading.number async for reading in source.everyone()}
    await opened.close()
    return found
