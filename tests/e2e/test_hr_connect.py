"""An operator connects Nmbrs at a terminal, and the app reads it from then on."""

from __future__ import annotations

import asyncio
import json
import os
import re
import socket
import stat
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import httpx
import pytest
import uvicorn

from sandbox.clock import FileClock
from sandbox.nmbrs import make_app
from sandbox.nmbrs.environment import CLIENT_ID, CLIENT_SECRET, REDIRECTS, SUBSCRIPTION_KEY
from sandbox.world import Kind, World
from shared import settings, wiring
from shared.flow.service import Ledger
from shared.intake.source import Unread
from shared.model.person import Record

ROOT = Path(__file__).parents[2]


@dataclass
class Stage:
    """Nmbrs on a socket, and the settings of an app that nobody let in yet."""

    world: World
    folder: Path
    base: str
    redirect: str

    @property
    def file(self) -> Path:
        return self.folder / "local.settings.json"

    @property
    def tokens(self) -> Path:
        return self.folder / "tokens" / "nmbrs.json"

    def write(self, **changes: str) -> None:
        values = {
            "LEDGER_URL": f"sqlite:///{(self.folder / 'ledger.sqlite').as_posix()}",
            "TOKEN_FOLDER": str(self.folder / "tokens"),
            "HR_SOURCES": "nmbrs",
            "NMBRS_BASE_URL": self.base,
            "NMBRS_IDENTITY_URL": self.base,
            "NMBRS_SUBSCRIPTION_KEY": SUBSCRIPTION_KEY,
            "NMBRS_CLIENT_ID": CLIENT_ID,
            "NMBRS_CLIENT_SECRET": CLIENT_SECRET,
            "NMBRS_REDIRECT_URL": self.redirect,
            **changes,
        }
        self.file.write_text(json.dumps({"Values": values}), encoding="utf-8")

    async def terminal(self, *arguments: str) -> asyncio.subprocess.Process:
        """The command line, in a process of its own."""
        return await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "shared.cli", "--settings", str(self.file), "hr", "connect", *arguments),
            cwd=ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        redirect = f"http://127.0.0.1:{free.getsockname()[1]}/callback"
    clock = FileClock()
    world = World.generate(1, 12, date(2026, 11, 2), clock=clock)
    app = make_app(world, clock=clock, redirects=(*REDIRECTS, redirect, "https://a.example/cb"))
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off"))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    made = Stage(world, tmp_path, f"http://127.0.0.1:{listener.getsockname()[1]}", redirect)
    made.write()
    yield made
    server.should_exit = True
    await serving


async def address_of(process: asyncio.subprocess.Process) -> tuple[str, str]:
    """The address that is printed, and all that was printed so far."""
    assert process.stdout
    told = ""
    async with asyncio.timeout(30):
        while not (found := re.search(r"^(http\S+/connect/authorize\S+)$", told, re.MULTILINE)):
            line = await process.stdout.readline()
            assert line, told
            told += line.decode()
    return found[1], told


async def end_of(process: asyncio.subprocess.Process, said: bytes = b"") -> tuple[int, str]:
    out, _ = await asyncio.wait_for(process.communicate(said), 30)
    assert process.returncode is not None
    return process.returncode, out.decode()


async def test_consent_in_the_browser_connects_nmbrs(stage: Stage) -> None:
    process = await stage.terminal("nmbrs")
    address, told = await address_of(process)
    async with httpx.AsyncClient(follow_redirects=True) as browser:
        for _ in range(200):
            try:
                page = await browser.get(address)
                break
            except httpx.ConnectError:  # the address is printed before the port is open
                await asyncio.sleep(0.02)
    code, rest = await end_of(process)

    assert "close this" in page.text
    assert (code, "nmbrs is connected" in rest) == (0, True)
    kept = json.loads(stage.tokens.read_text(encoding="utf-8"))
    assert kept["generation"] == 1
    assert kept["access"] not in told + rest
    assert kept["refresh"] not in told + rest
    if os.name == "posix":
        assert stat.S_IMODE(stage.tokens.stat().st_mode) == 0o600
    assert await numbers_read(stage) == {
        f"1-{person.number}"
        for person in stage.world.people.values()
        if person.kind is not Kind.NOT_WORKING
    }


async def test_pasted_address_connects_nmbrs(stage: Stage) -> None:
    """For an address that is not of this machine."""
    stage.write(NMBRS_REDIRECT_URL="https://a.example/cb")
    process = await stage.terminal("nmbrs")
    address, _ = await address_of(process)
    async with httpx.AsyncClient() as browser:
        sent_to = (await browser.get(address)).headers["location"]
    code, rest = await end_of(process, f"{sent_to}\n".encode())

    assert (code, "nmbrs is connected" in rest) == (0, True)
    assert sent_to not in rest
    assert stage.tokens.exists()


async def test_answer_of_another_consent_connects_nothing(stage: Stage) -> None:
    process = await stage.terminal("nmbrs", "--paste")
    await address_of(process)
    code, rest = await end_of(process, b"https://a.example/cb?code=x&state=y\n")

    assert (code, "begin again" in rest) == (1, True)
    assert not stage.tokens.exists()


async def test_unknown_source_names_those_that_ask(stage: Stage) -> None:
    code, told = await end_of(await stage.terminal("afas"))

    assert code == 1
    assert re.search(r"Known: .*\bnmbrs\b", told)


async def test_missing_client_is_named_before_anything_is_asked(stage: Stage) -> None:
    stage.write(NMBRS_CLIENT_SECRET="")
    code, told = await end_of(await stage.terminal("nmbrs"))

    assert code == 1
    assert "NMBRS_CLIENT_SECRET" in told


async def numbers_read(stage: Stage) -> set[str]:
    """As the app reads it, built by wiring."""
    wired = wiring.Wiring(settings.read({}, file=stage.file))
    clock = wiring._clock(wired.settings)
    source = wired._sources(Ledger(await wired._store(clock)), clock).source("nmbrs")
    readings = [reading async for reading in source.everyone()]
    await wired.close()
    seen = [one.read() if isinstance(one, Unread) else one for one in readings]
    return {reading.number for reading in seen if isinstance(reading, Record)}
