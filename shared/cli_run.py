"""How does a command get at the service, and give back what it took? Used by the command line."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from shared import wiring
from shared.flow.service import Service


def run(command: Callable[[Service], Awaitable[None]]) -> None:
    """Do this with the real service, and close its clients in the end."""

    async def go() -> None:
        try:
            await command(await wiring.service())
        finally:
            await wiring.close()

    asyncio.run(go())
