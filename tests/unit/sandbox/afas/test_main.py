"""Does the standalone rig hold AFAS, the world's control paths and the faults together?"""

from __future__ import annotations

import argparse
from datetime import date

import httpx
import pytest

from sandbox.afas import authorization
from sandbox.afas.__main__ import DEFAULT_TOKEN, faulty_app, main


@pytest.fixture
def given() -> argparse.Namespace:
    return argparse.Namespace(
        seed=1, size=60, token=DEFAULT_TOKEN, today=date(2026, 11, 2), clock_file=None
    )


async def test_the_rig_answers_on_all_its_paths(given: argparse.Namespace) -> None:
    app = faulty_app(given)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app),
        base_url="http://127.0.0.1",
        headers={"Authorization": authorization(DEFAULT_TOKEN)},
    ) as client:
        fault = {"kind": "status", "status": 503, "path": "/ProfitRestServices.*"}
        await client.post("/_sandbox/faults", json=fault)
        broken = await client.get("/ProfitRestServices/metainfo")
        sound = await client.get("/profitrestservices/metainfo")
        people = await client.get("/_sandbox/world/people")
        settings = await client.get("/_sandbox/afas")

    assert (broken.status_code, sound.status_code) == (503, 200)
    assert len(people.json()) == 60
    assert settings.json()["calls"] == 1


def test_an_unknown_argument_ends_with_a_message(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--shoe-size", "43"])

    assert "--shoe-size" in capsys.readouterr().err
