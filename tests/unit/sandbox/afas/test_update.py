"""Is a work mail written back to the human being, and refused as AFAS refuses it?"""

from __future__ import annotations

from datetime import date
from typing import Any

import httpx
import pytest

from sandbox.world import World

TODAY = date(2026, 11, 2)
MAIL = "zoe.muller@example.nl"


def kn_person(human: str, **fields: str) -> dict[str, Any]:
    return {"KnPerson": {"Element": {"Fields": {"MatchPer": "0", "BcCo": human, **fields}}}}


def kn_employee(number: str, human: str, **fields: str) -> dict[str, Any]:
    inner = {"KnPerson": {"Element": {"Fields": {"MatchPer": 0, "BcCo": human, **fields}}}}
    return {"AfasEmployee": {"Element": {"@EmId": number, "Objects": [inner]}}}


@pytest.mark.parametrize("connector", ["KnPerson", "KnEmployee"])
async def test_a_mail_is_written_to_all_numbers_of_a_human(
    afas: httpx.AsyncClient, world: World, connector: str
) -> None:
    person = world.hire(department="ICT-BEH", job="0142", start=TODAY)
    again = world.rehire(person.number, start=TODAY, new_number=True)
    body = kn_person(person.human, EmAd=MAIL)
    if connector == "KnEmployee":
        body = kn_employee(person.number, person.human, EmAd=MAIL)

    answer = await afas.put(f"/connectors/{connector}", json=body)

    assert (answer.status_code, answer.content) == (201, b"")
    assert world.people[person.number].work_mail == world.people[again.number].work_mail == MAIL


async def test_an_empty_text_clears_a_field(afas: httpx.AsyncClient, world: World) -> None:
    person = world.hire(department="ICT-BEH", job="0142", start=TODAY, work_mail=MAIL)
    await afas.put("/connectors/KnPerson", json=kn_person(person.human, EmAd=""))

    assert world.people[person.number].work_mail is None


async def test_an_unchanged_value_is_an_error(afas: httpx.AsyncClient, world: World) -> None:
    person = world.hire(department="ICT-BEH", job="0142", start=TODAY, work_mail=MAIL)
    version = world.version

    answer = await afas.put("/connectors/KnPerson", json=kn_person(person.human, EmAd=MAIL))

    assert answer.status_code == 500
    assert world.version == version


@pytest.mark.parametrize(
    ("connector", "body", "status"),
    [
        ("KnEmployee", kn_employee("999999", "1000001", EmAd=MAIL), 500),
        ("KnEmployee", kn_employee("100001", "1000002", EmAd=MAIL), 500),
        ("KnPerson", kn_person("9999999", EmAd=MAIL), 500),
        ("KnPerson", kn_person("1000001", ShoeSize="43"), 500),
        ("KnPerson", kn_person("1000001"), 500),
        ("KnPerson", {"KnPerson": []}, 500),
        ("KnPerson", {"KnPerson": {"Element": {"Fields": {"MatchPer": 7, "EmAd": MAIL}}}}, 500),
        ("KnShoe", {}, 500),
    ],
)
async def test_what_afas_would_not_accept_is_500_and_writes_nothing(
    afas: httpx.AsyncClient, world: World, connector: str, body: dict[str, Any], status: int
) -> None:
    answer = await afas.put(f"/connectors/{connector}", json=body)

    assert answer.status_code == status
    assert answer.json()["externalMessage"]
    assert world.version == 0


async def test_what_is_no_json_is_400(afas: httpx.AsyncClient) -> None:
    answer = await afas.put("/connectors/KnPerson", content=b"{")

    assert (answer.status_code, answer.json()) == (400, {"message": "Invalid json"})
