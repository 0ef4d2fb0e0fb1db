"""How does somebody let Instroom into the Nmbrs of the rig? As at a desk: a command and a browser.

Called by the demo and by `python -m sandbox`. `instroom hr connect nmbrs` prints an address; the
rig's login page consents at once, and the command receives the answer on this machine.
"""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

import httpx

from sandbox.rig import ROOT

_ADDRESS = re.compile(r"^(http\S+/connect/authorize\S+)\s*$", re.MULTILINE)
_TRIES, _WAIT_SECONDS = 100, 0.05


class NotGiven(Exception):
    """The command did not do what it promises; its words."""


async def consent(settings: Path) -> str:
    """Let the app of these settings into Nmbrs; the last line that the command printed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "shared.cli", "--settings", str(settings), "hr", "connect", "nmbrs"),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    printed = await _address(process)
    if found := _ADDRESS.search(printed):
        await _browse(found[1])
    rest, _ = await process.communicate()
    printed += rest.decode("utf-8", errors="replace")
    if process.returncode:
        raise NotGiven(printed)
    return printed.rstrip().splitlines()[-1]


async def _address(process: asyncio.subprocess.Process) -> str:
    """All that is printed up to the address."""
    printed = ""
    while process.stdout and not _ADDRESS.search(printed):
        line = await process.stdout.readline()
        if not line:
            break
        printed += line.decode("utf-8", errors="replace")
    return printed


async def _browse(address: str) -> None:
    """The address is printed a moment before the command listens for the answer."""
    async with httpx.AsyncClient(follow_redirects=True) as browser:
        for _ in range(_TRIES):
            try:
                await browser.get(address)
            except httpx.ConnectError:
                await asyncio.sleep(_WAIT_SECONDS)
            else:
                return
