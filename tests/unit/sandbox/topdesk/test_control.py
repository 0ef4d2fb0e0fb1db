from __future__ import annotations

import pytest
from unit.sandbox.topdesk.desk import PERSON, Desk


async def test_the_dump_shows_cards_and_roles(desk: Desk) -> None:
    person = await desk.person()
    operator = await desk.operator(person, firstLineCallOperator=True)
    for kind in ("permissiongroups", "operatorgroups"):
        await desk.call("POST", f"/operators/id/{operator['id']}/{kind}", [
            desk.ref(kind, "Servicedesk")
        ])  # fmt: skip
    await desk.archive("persons", person)
    plain = await desk.person(surName="Zonder")
    cards = {p["id"]: p for p in (await desk.control("GET", "/persons"))["persons"]}
    shown = cards[person["id"]]["operator"]

    assert cards[person["id"]]["archived"] is True
    assert cards[person["id"]]["archivingReason"]["name"] == "Persoon uit organisatie"
    assert (shown["permissionGroups"], shown["operatorGroups"]) == (
        ["Servicedesk"],
        ["Servicedesk"],
    )
    assert (shown["tasks"], shown["archived"]) == (["firstLineCallOperator"], True)
    assert cards[plain["id"]]["operator"] is None
    assert len((await desk.control("GET", "/operators"))["operators"]) == 1


async def test_counts_leave_the_api_account_out(desk: Desk) -> None:
    await desk.operator()
    counts = await desk.control("GET", "/counts")

    assert counts == {
        "persons": 1,
        "archivedPersons": 0,
        "operators": 1,
        "archivedOperators": 0,
        "incidents": 0,
        "writes": 2,
        "calls": 2,
    }


async def test_writes_and_incidents_are_listed(desk: Desk) -> None:
    person = await desk.person()
    body = {"callerLookup": {"id": person["id"]}, "externalNumber": "joiner-1"}
    await desk.call("POST", "/incidents", body)
    writes = (await desk.control("GET", "/writes"))["writes"]
    incidents = (await desk.control("GET", "/incidents"))["incidents"]

    assert [write["path"] for write in writes] == ["/persons", "/incidents"]
    assert [incident["externalNumber"] for incident in incidents] == ["joiner-1"]


async def test_settings_are_switched_over_http(desk: Desk) -> None:
    body = {"version": "16.05.001", "generations": "v1", "denied": ["persons.create"]}
    changed = await desk.control("PATCH", "/settings", body)

    assert {name: changed[name] for name in body} == body
    assert await desk.control("GET", "/settings") == changed
    assert desk.tenant.settings.person_leads is False


@pytest.mark.parametrize(
    "body",
    [{"version": "newest"}, {"generations": "v3"}, {"nonsense": True}, {"denied": ["typo"]}, []],
)
async def test_a_setting_that_is_none_is_refused(desk: Desk, body: object) -> None:
    before = desk.tenant.settings.model_dump()
    reply = await desk.client.patch("/_sandbox/topdesk/settings", json=body)

    assert reply.status_code == 400
    assert desk.tenant.settings.model_dump() == before


async def test_cards_that_the_api_would_not_make_can_be_put_there(desk: Desk) -> None:
    body = {"surName": "Beheer", "loginName": "admin", "admin": True}
    made = await desk.control("POST", "/operators", body)
    read = (await desk.get(f"/operators/id/{made['id']}")).json()
    refused = await desk.client.post("/_sandbox/topdesk/operators", json={"colour": "red"})

    assert (read["loginName"], read["linkedPerson"], read["accountType"]) == (
        "ADMIN",
        None,
        "TOPdesk",
    )
    assert (await desk.archive("operators", made)).status_code == 400
    assert refused.status_code == 400


async def test_cards_can_be_hidden_and_shown_again(desk: Desk) -> None:
    card = await desk.person()
    path = f"/persons/{card['id']}"
    await desk.control("PUT", "/hidden", {"ids": [card["id"]]})
    hidden = await desk.get(path, accept=PERSON)
    await desk.control("PUT", "/hidden", {"ids": []})

    assert hidden.status_code == 404
    assert (await desk.get(path, accept=PERSON)).status_code == 200


async def test_an_archived_card_can_be_anonymised(desk: Desk) -> None:
    card = await desk.person(employeeNumber="100234", email="e@voorbeeld.example", firstName="Eva")
    body = {"id": card["id"]}
    early = await desk.client.post("/_sandbox/topdesk/anonymise", json=body)
    await desk.archive("persons", card)
    await desk.control("POST", "/anonymise", body)
    after = (await desk.get(f"/persons/{card['id']}", accept=PERSON)).json()

    assert early.status_code == 400
    assert (after["employeeNumber"], after["email"], after["firstName"]) == ("*****", "", "*****")
    assert (await desk.get("/persons", query="employeeNumber != '*****'")).status_code == 204


@pytest.mark.parametrize(("version", "left"), [("16.03.018", 1), ("16.03.019", 0)])
async def test_a_deleted_card_takes_its_operator_along_from_16_03_019(
    version: str, left: int
) -> None:
    desk = Desk(version=version)
    person = await desk.person()
    await desk.operator(person)
    await desk.control("POST", "/delete", {"id": person["id"]})
    counts = await desk.control("GET", "/counts")

    assert (counts["persons"], counts["operators"]) == (0, left)
    assert (await desk.get(f"/persons/{person['id']}", accept=PERSON)).status_code == 404
