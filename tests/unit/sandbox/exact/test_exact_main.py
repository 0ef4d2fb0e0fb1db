"""Does the standalone rig hold Exact, the world's control paths and the faults together?"""

from __future__ import annotations

import argparse
from datetime import date

import httpx
import pytest

from sandbox.exact.__main__ import faulty_app, main


async def test_the_rig_answers_on_all_its_paths() -> None:
    given = argparse.Namespace(
        seed=1,
        size=60,
        client_id="instroom",
        client_secret="s",
        webhook_secret="w",
        today=date(2026, 11, 2),
        clock_file=None,
    )
    transport = httpx.ASGITransport(app=faulty_app(given))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        tokens = (await client.post("/_sandbox/exact/grant")).json()
        headers = {
            "Authorization": f"Bearer {tokens['access_token']}",
            "Accept": "application/json",
        }
        fault = {"kind": "status", "status": 503, "path": "/api/v1.*"}
        await client.post("/_sandbox/faults", json=fault)
        address = "/api/v1/123456/payroll/Employees?$top=1"
        broken = await client.get(address, headers=headers)
        sound = await client.get(address, headers=headers)
        people = await client.get("/_sandbox/world/people")

    assert (broken.status_code, sound.status_code) == (503, 200)
    assert len(people.json()) == 60


def test_an_unknown_argument_ends_with_a_message(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--shoe-size", "43"])

    assert "--shoe-size" in capsys.readouterr().err
