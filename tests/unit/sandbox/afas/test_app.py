"""Does AFAS answer over HTTP as its documentation says, errors first of all?"""

from __future__ import annotations

import asyncio
import base64
import json
from datetime import date, datetime, timedelta
from typing import Any

import httpx
import pytest

from sandbox.afas import authorization, make_app
from sandbox.clock import ManualClock
from sandbox.world import Answers, NameUse, World

TODAY = date(2026, 11, 2)
USERS = "/connectors/T4E_HelloID_Users_v2"
EMPLOYMENTS = "/connectors/T4E_HelloID_Employments_v2"
EVERYTHING = {"skip": "-1", "take": "-1"}


async def rows(afas: httpx.AsyncClient, path: str, **query: str) -> list[dict[str, Any]]:
    answer = await afas.get(path, params={**EVERYTHING, **query})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["rows"]
    return found


async def one(afas: httpx.AsyncClient, path: str, number: str) -> list[dict[str, Any]]:
    chosen = {"filterfieldids": "Medewerker", "filtervalues": number, "operatortypes": "1"}
    return await rows(afas, path, **chosen)


async def test_pages_in_order_hold_everybody_once(afas: httpx.AsyncClient) -> None:
    read: list[str] = []
    while True:
        query = {"skip": str(len(read)), "take": "7", "orderbyfieldids": "-Medewerker"}
        body = (await afas.get(USERS, params=query)).json()
        assert (body["skip"], body["take"]) == (len(read), 7)
        read += [row["Medewerker"] for row in body["rows"]]
        if len(body["rows"]) < 7:
            break

    assert read == sorted((r["Medewerker"] for r in await rows(afas, USERS)), reverse=True)


async def test_without_an_order_two_calls_differ(afas: httpx.AsyncClient) -> None:
    first, second = [await afas.get(USERS, params={"take": "10"}) for _ in range(2)]

    assert first.json()["rows"] != second.json()["rows"]


async def test_dates_are_local_time_with_a_z_behind(afas: httpx.AsyncClient, world: World) -> None:
    number = world.hire(department="ICT-BEH", job="0142", start=date(2026, 7, 1)).number

    (employment,) = await one(afas, EMPLOYMENTS, number)
    (user,) = await one(afas, "/connectors/Instroom_Users", number)

    assert employment["Begindatum_contract"] == "2026-07-01T00:00:00Z"
    assert employment["Einddatum_contract"] is None
    assert user["ModifiedDate"] == "2026-11-02T10:00:00Z"  # the clock says 09:00 UTC


async def test_the_window_of_the_views_hides_people_without_a_word(
    afas: httpx.AsyncClient, world: World, clock: ManualClock
) -> None:
    soon = world.hire(department="ICT-BEH", job="0142", start=TODAY + timedelta(days=91)).number
    late = world.hire(department="ICT-BEH", job="0142", start=TODAY + timedelta(days=92)).number
    gone = world.hire(department="ICT-BEH", job="0142", start=TODAY).number
    world.end_contract(gone, TODAY)

    assert await one(afas, USERS, soon)
    assert not await one(afas, USERS, late)
    assert await one(afas, USERS, gone)

    clock.advance(92 * 86_400)

    assert await one(afas, EMPLOYMENTS, late)
    assert not await one(afas, USERS, gone)
    employees = await rows(afas, "/connectors/Profit_Employees")
    assert gone in {row["EmployeeId"] for row in employees}


async def test_who_does_not_work_here_is_in_the_standard_view_only(
    afas: httpx.AsyncClient,
) -> None:
    assert not await one(afas, USERS, "100052")
    employees = await rows(afas, "/connectors/Profit_Employees")
    (person,) = [row for row in employees if row["EmployeeId"] == "100052"]
    assert person["EmploymentType"] == "N"


async def test_each_use_of_names_has_its_code(afas: httpx.AsyncClient, world: World) -> None:
    number = world.hire(department="ICT-BEH", job="0142", start=TODAY).number
    codes = []
    for use in (NameUse.BIRTH, NameUse.PARTNER_BIRTH, NameUse.PARTNER, NameUse.BIRTH_PARTNER):
        world.rename(number, name_use=use)
        codes += [row["Naamgebruik_code"] for row in await one(afas, USERS, number)]

    assert codes == ["0", "1", "2", "3"]


async def test_a_changed_since_filter_sees_the_finer_moment(world: World) -> None:
    clock = ManualClock(world._clock.now() + timedelta(seconds=2.4))
    world._clock = clock
    number = world.hire(department="ICT-BEH", job="0142", start=TODAY).number
    app = make_app(world, token="t", clock=clock)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app),
        base_url="http://afas.test/ProfitRestServices",
        headers={"Authorization": authorization("t")},
    ) as afas:
        (shown,) = await one(afas, "/connectors/Instroom_Users", number)
        moment = datetime.fromisoformat(shown["ModifiedDate"].removesuffix("Z"))
        since = {"filterfieldids": "ModifiedDate", "filtervalues": moment.isoformat()}
        equal = await rows(afas, "/connectors/Instroom_Users", **since, operatortypes="1")
        later = await rows(afas, "/connectors/Instroom_Users", **since, operatortypes="4")
        clock.advance(0.2)  # shown is now rounded up, past what is stored
        world.rename(number, nickname="Zo")
        (shown,) = await one(afas, "/connectors/Instroom_Users", number)
        since["filtervalues"] = shown["ModifiedDate"].removesuffix("Z")
        missed = await rows(afas, "/connectors/Instroom_Users", **since, operatortypes="2")

    assert moment.second == 2
    assert not equal
    assert [row["Medewerker"] for row in later] == [number]
    assert shown["ModifiedDate"].endswith(":03Z")
    assert not missed


async def test_a_move_changes_the_contract_and_not_the_person(
    afas: httpx.AsyncClient, world: World
) -> None:
    world.move("100030", on=TODAY, department="ICT-ONT")
    since = {
        "filterfieldids": "ModifiedDate",
        "filtervalues": "2026-11-02T00:00:00",
        "operatortypes": "2",
    }

    assert await rows(afas, "/connectors/Instroom_Users", **since) == []
    changed = await rows(afas, "/connectors/Instroom_Employments", **since)
    assert {row["Medewerker"] for row in changed} == {"100030"}


async def test_a_new_head_of_department_shows_on_rows_that_were_not_touched(
    afas: httpx.AsyncClient, world: World
) -> None:
    number = world.hire(department="ICT-BEH", job="0142", start=TODAY).number
    await one(afas, EMPLOYMENTS, number)
    world.change_manager("100030", department="ICT-BEH")

    (row,) = await one(afas, EMPLOYMENTS, number)

    assert row["Medewerkernummer_leidinggevende"] == "100030"
    assert row["Persoonsnummer_leidinggevende"] == "1000030"


async def test_a_manager_who_is_not_there_has_a_number_only(
    afas: httpx.AsyncClient, world: World
) -> None:
    number = world.hire(department="ICT-BEH", job="0142", start=TODAY).number
    world.change_manager("100062", number=number)
    (before,) = await one(afas, EMPLOYMENTS, number)
    world.hire(department="ICT", job="0002", start=TODAY)
    (after,) = await one(afas, EMPLOYMENTS, number)

    assert before["Medewerkernummer_leidinggevende"] == "100062"
    assert before["Persoonsnummer_leidinggevende"] is None
    assert after["Persoonsnummer_leidinggevende"] == "1000062"


BARE = "<token><version>1</version><data>" + "AB" * 32 + "</data></token>"


@pytest.mark.parametrize(
    "header",
    [
        "",
        "AfasToken",
        "Bearer " + base64.b64encode(BARE.encode()).decode(),
        "AfasToken " + BARE,
        "AfasToken " + base64.b64encode(BARE.replace("AB", "CD").encode()).decode(),
        "AfasToken " + base64.b64encode(("AB" * 32).encode()).decode(),
        "AfasToken %%%",
    ],
)
async def test_a_wrong_token_is_401_without_a_body(afas: httpx.AsyncClient, header: str) -> None:
    answer = await afas.get(USERS, headers={"Authorization": header})

    assert (answer.status_code, answer.content) == (401, b"")


@pytest.mark.parametrize("token", ["AB" * 32, BARE, base64.b64encode(BARE.encode()).decode()])
async def test_a_token_may_be_given_in_each_of_its_forms(token: str) -> None:
    assert authorization(token) == authorization("AB" * 32)


async def test_an_expired_token_is_401(afas: httpx.AsyncClient) -> None:
    control = "http://afas.test/_sandbox/afas"
    await afas.patch(control, json={"token_expiry": "2026-11-01"})

    assert (await afas.get("/metainfo")).status_code == 401


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("skip=2&take=-1", "An unexpected error has occurred."),
        ("orderbyfieldids=Shoe", "Connector field 'Shoe' not found"),
        (
            "filterfieldids=Shoe&filtervalues=43&operatortypes=1",
            "Connector field 'Shoe' not found",
        ),
    ],
)
async def test_mistakes_in_a_call_are_500_with_a_log_reference(
    afas: httpx.AsyncClient, query: str, message: str
) -> None:
    answer = await afas.get(f"{USERS}?{query}")
    body = answer.json()

    assert answer.status_code == 500
    assert body["externalMessage"] == message
    assert body["errorNumber"] == -2147180999
    assert len(body["profitLogReference"]) == 32


async def test_messages_follow_the_language_asked_for(afas: httpx.AsyncClient) -> None:
    dutch = await afas.get(f"{USERS}?take=-1", headers={"Accept-Language": "nl-nl"})

    assert dutch.json()["externalMessage"] == "Er is een onverwachte fout opgetreden."


@pytest.mark.parametrize("status", [500, 401, 404])
async def test_a_view_outside_the_app_connector_is_refused_in_each_documented_way(
    afas: httpx.AsyncClient, status: int
) -> None:
    await afas.patch("http://afas.test/_sandbox/afas", json={"unknown_connector": status})

    for path in ("/connectors/Nope", "/metainfo/get/Nope"):
        answer = await afas.get(path)
        assert answer.status_code == status
        assert ("not supported for this app" in answer.text) == (status == 500)


async def test_a_blocked_view_says_so_until_it_is_unblocked(afas: httpx.AsyncClient) -> None:
    control = "http://afas.test/_sandbox/afas"
    await afas.patch(control, json={"blocked": ["T4E_HelloID_Users_v2"]})
    blocked = await afas.get(USERS)
    other = await afas.get(EMPLOYMENTS)
    await afas.patch(control, json={"blocked": []})

    assert blocked.json()["externalMessage"] == "This GetConnector (definition) is blocked"
    assert (blocked.status_code, other.status_code) == (500, 200)
    assert (await afas.get(USERS)).status_code == 200


async def test_an_address_that_is_not_allowed_is_403(afas: httpx.AsyncClient) -> None:
    await afas.patch("http://afas.test/_sandbox/afas", json={"address_allowed": False})

    assert (await afas.get(USERS)).status_code == 403


async def test_maintenance_is_503_with_the_wait_in_the_body(afas: httpx.AsyncClient) -> None:
    await afas.patch("http://afas.test/_sandbox/afas", json={"maintenance_seconds": 7200})
    answer = await afas.get(USERS)

    assert answer.status_code == 503
    assert answer.json()["retry_after"] == 7200
    assert "retry-after" not in answer.headers


async def test_a_query_of_2050_characters_is_not_found(afas: httpx.AsyncClient) -> None:
    fits = "take=1&x=" + "a" * (2049 - len("?take=1&x="))

    assert (await afas.get(f"{USERS}?{fits}")).status_code == 200
    assert (await afas.get(f"{USERS}?{fits}a")).status_code == 404


async def test_too_much_at_once_is_out_of_memory(afas: httpx.AsyncClient) -> None:
    await afas.patch("http://afas.test/_sandbox/afas", json={"max_cells": 1000})
    answer = await afas.get(USERS, params=EVERYTHING)

    assert (answer.status_code, answer.json()["externalMessage"]) == (500, "Out of memory")
    assert (await afas.get(USERS, params={"take": "10"})).status_code == 200


async def test_five_calls_at_once_are_served_and_the_sixth_is_not(
    afas: httpx.AsyncClient,
) -> None:
    five = await asyncio.gather(*(afas.get(USERS, params={"take": "1"}) for _ in range(5)))
    six = await asyncio.gather(*(afas.get(USERS, params={"take": "1"}) for _ in range(6)))

    assert {answer.status_code for answer in five} == {200}
    assert sorted(answer.status_code for answer in six) == [200] * 5 + [503]


async def test_an_unknown_path_is_404_and_a_wrong_method_405(afas: httpx.AsyncClient) -> None:
    assert (await afas.get("/employees")).status_code == 404
    assert (await afas.patch(USERS)).status_code == 405


async def test_metainfo_lists_views_and_the_expiry_of_the_token(afas: httpx.AsyncClient) -> None:
    body = (await afas.get("/metainfo")).json()

    assert set(body) == {"updateConnectors", "getConnectors", "customConnectors", "info"}
    assert body["info"]["tokenExpiry"] == "2099-12-31T00:00:00Z"
    assert (await afas.get("/ProfitVersion")).status_code == 200


async def test_metainfo_and_rows_agree_on_every_field(afas: httpx.AsyncClient) -> None:
    listed = (await afas.get("/metainfo")).json()["getConnectors"]
    for entry in listed:
        fields = (await afas.get(f"/metainfo/get/{entry['id']}")).json()["fields"]
        found = await rows(afas, f"/connectors/{entry['id']}")
        assert found, entry["id"]
        for row in found:
            assert list(row) == [field["id"] for field in fields]
        kinds = {"string": str, "int": int, "decimal": float, "boolean": bool, "date": str}
        for field in fields:
            values = [row[field["id"]] for row in found if row[field["id"]] is not None]
            assert all(type(value) is kinds[field["dataType"]] for value in values), field["id"]


async def test_the_bsn_is_one_that_nobody_can_have(afas: httpx.AsyncClient) -> None:
    numbers = [row["BSN"] for row in await rows(afas, "/connectors/Profit_Employees")]
    weights = (9, 8, 7, 6, 5, 4, 3, 2, -1)

    assert len(set(numbers)) == 60
    for number in numbers:
        assert sum(w * int(d) for w, d in zip(weights, number, strict=True)) % 11 != 0


async def test_a_malformed_cell_can_be_planted(afas: httpx.AsyncClient) -> None:
    odd = {"Naamgebruik_code": "banana", "Geboortenaam": None, "InSite": "maybe"}
    cells: dict[str, Any] = {"100030": odd}
    await afas.patch("http://afas.test/_sandbox/afas", json={"cells": cells})

    (spoiled,) = await one(afas, USERS, "100030")
    (sound,) = await one(afas, USERS, "100031")
    ordered = await rows(afas, USERS, orderbyfieldids="InSite,Medewerker")

    assert (spoiled["Naamgebruik_code"], spoiled["Geboortenaam"]) == ("banana", None)
    assert sound["Naamgebruik_code"] in "0123"
    assert "maybe" in {row["InSite"] for row in ordered}


@pytest.mark.parametrize("change", [{"nonsense": 1}, {"token_expiry": "soon"}, [1]])
async def test_a_setting_that_is_none_is_refused(afas: httpx.AsyncClient, change: object) -> None:
    control = "http://afas.test/_sandbox/afas"
    before = (await afas.get(control)).json()

    assert (await afas.patch(control, json=change)).status_code == 400
    assert (await afas.get(control)).json() == before


@pytest.mark.parametrize(
    ("kind", "people"), [("empty", 0), ("half", 0.5), ("everyone-but-n", 0.9)]
)
async def test_shrunken_answers_agree_in_every_view(
    afas: httpx.AsyncClient, answers: Answers, kind: str, people: float
) -> None:
    everyone = len(await rows(afas, "/connectors/Profit_Employees"))
    answers.play(kind, n=6)  # type: ignore[arg-type]  # parametrised

    shown = await rows(afas, "/connectors/Profit_Employees")
    users = {row["Medewerker"] for row in await rows(afas, USERS)}

    assert len(shown) == people * everyone
    assert users == {row["Medewerker"] for row in await rows(afas, EMPLOYMENTS)}
    assert users <= {row["EmployeeId"] for row in shown}


async def test_a_mass_leave_is_an_end_date_on_many(
    afas: httpx.AsyncClient, answers: Answers
) -> None:
    answers.play("ended", n=20, last_day=TODAY)

    ended = [row for row in await rows(afas, EMPLOYMENTS) if row["Einddatum_contract"]]
    leaving = {r["Medewerker"] for r in ended if r["Einddatum_contract"] == "2026-11-02T00:00:00Z"}

    assert len(leaving) == 20


async def test_a_repeated_page_is_the_first_under_another_number(
    afas: httpx.AsyncClient, answers: Answers
) -> None:
    query = {"take": "10", "orderbyfieldids": "Medewerker"}
    first = (await afas.get(USERS, params=query)).json()
    answers.play("repeat-page")
    second = (await afas.get(USERS, params={**query, "skip": "10"})).json()

    assert second["skip"] == 10
    assert second["rows"] == first["rows"]


async def test_a_cut_body_is_no_json(afas: httpx.AsyncClient, answers: Answers) -> None:
    answers.play("cut-body")
    answer = await afas.get(USERS)

    assert answer.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        answer.json()
