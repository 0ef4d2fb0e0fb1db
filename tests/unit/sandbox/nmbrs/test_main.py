"""Does the standalone rig hold Nmbrs, the world's control paths and the faults together?"""

from __future__ import annotations

import argparse
from datetime import date

import httpx
import pytest

from sandbox.nmbrs.__main__ import faulty_app, main


async def test_the_rig_answers_on_all_its_paths() -> None:
    given = argparse.Namespace(
        seed=1, size=60, two_companies=True, today=date(2026, 11, 2), clock_file=None
    )
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=faulty_app(given)), base_url="http://127.0.0.1"
    ) as client:
        fault = {"kind": "status", "status": 503, "path": "/api/.*"}
        await client.post("/_sandbox/faults", json=fault)
        broken = await client.get("/api/debtors")
        sound = await client.get("/api/debtors")
        people = await client.get("/_sandbox/world/people")
        settings = await client.get("/_sandbox/nmbrs")

    assert (broken.status_code, sound.status_code) == (503, 401)
    assert len(people.json()) == 60
    assert settings.json()["calls"] == 0


def test_an_unknown_argument_ends_with_a_message(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--shoe-size", "43"])

    assert "--shoe-size" in capsys.readouterr().err
