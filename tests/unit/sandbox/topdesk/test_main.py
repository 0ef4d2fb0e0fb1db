from __future__ import annotations

from pathlib import Path

import httpx

from sandbox.topdesk import __main__ as command


async def test_the_standalone_rig_is_seeded_by_its_options(tmp_path: Path) -> None:
    options = command._parser().parse_args(
        (
            "--branch A --department B --permission-group C --operator-group D --version 15.1.2"
            f" --username u --app-password p --clock-file {tmp_path}/clock"
        ).split()
    )
    transport = httpx.ASGITransport(app=command.faulty_app(options))
    async with httpx.AsyncClient(transport=transport, auth=("u", "p")) as client:
        base = "http://127.0.0.1/tas/api"
        names = {
            path: [row["name"] for row in (await client.get(f"{base}/{path}")).json()]
            for path in ("branches", "departments", "permissiongroups")
        }
        version = (await client.get(f"{base}/productVersion")).json()

    assert names == {"branches": ["A"], "departments": ["B"], "permissiongroups": ["C"]}
    assert version == {"major": 15, "minor": 1, "patch": 2}


async def test_faults_are_planned_around_it() -> None:
    transport = httpx.ASGITransport(app=command.faulty_app(command._parser().parse_args([])))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        await client.post("/_sandbox/faults", json={"kind": "status", "status": 429})
        first = await client.get("/tas/api/version", auth=("instroom", "app-password"))
        second = await client.get("/tas/api/version", auth=("instroom", "app-password"))

    assert (first.status_code, second.status_code) == (429, 200)
