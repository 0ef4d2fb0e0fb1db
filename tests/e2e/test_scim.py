"""A SCIM service in TOPdesk's place, on a real wire: scim2-server's own application."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import uvicorn
from contract.target.scim_rig import Rig
from e2e.company import opened


@asynccontextmanager
async def served(rig: Rig) -> AsyncIterator[str]:
    """The service on this machine; answers its address before /Users."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        rig.transport.app, log_level="critical", lifespan="off", root_path="/scim"
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    yield f"http://127.0.0.1:{listener.getsockname()[1]}/v2"
    server.should_exit = True
    await serving


async def test_joiner_and_leaver_reach_a_scim_service(tmp_path: Path) -> None:
    service = Rig(groups=("Servicedesk",))

    def user(number: str) -> dict[str, Any]:
        return next((u for u in service.users() if u.get("externalId") == number), {})

    async with served(service) as address:
        own = {"TOPDESK_INTERFACE": "scim", "SCIM_URL": address, "SCIM_TOKEN": service.token}
        async with opened(tmp_path, settings=own) as company:
            await company.run("due")
            number = company.hire("ICT-SD", "0141").number
            await company.webhook(number)
            await company.until(lambda: bool(user(number).get("active")), "the user")
            await company.until(lambda: service.members()["Servicedesk"] != [], "the right")

            told = await company.instroom("leaver", "--now", number, "--reason", "ticket 4711")
            await company.until(lambda: user(number)["active"] is False, "the block")

        assert user(number)["userName"].endswith("@voorbeeld.example")
        assert service.members()["Servicedesk"] == []
        assert number in told
    await service.client.aclose()
    await service.raw.aclose()
