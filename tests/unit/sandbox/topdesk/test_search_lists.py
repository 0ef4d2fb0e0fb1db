from __future__ import annotations

from typing import Any

import pytest
from unit.sandbox.topdesk.desk import NOWHERE, PERSON, Desk, messages

TABLES = ("departments", "budgetholders", "personExtraFieldAEntries", "personExtraFieldBEntries")
COLUMNS = ("department", "budgetHolder", "personExtraFieldA", "personExtraFieldB")


def text_of(reply: Any) -> str:
    body = reply.json()
    return str(body[0]["message"] if isinstance(body, list) else body["errorMessage"])


async def make(desk: Desk, table: str, name: str, **given: Any) -> str:
    reply = await desk.call("POST", f"/{table}", {"name": name, **given})
    assert reply.status_code == 201, reply.text
    return str(reply.json()["id"])


async def names(desk: Desk, table: str, **params: Any) -> list[str]:
    return [row["name"] for row in (await desk.get(f"/{table}", **params)).json()]


@pytest.mark.parametrize("table", TABLES)
async def test_an_entry_is_created_and_listed(desk: Desk, table: str) -> None:
    entry = await make(desk, table, "Nieuw")
    rows = (await desk.get(f"/{table}")).json()

    assert {"id": entry, "name": "Nieuw"} in rows


@pytest.mark.parametrize("table", TABLES)
async def test_a_name_is_given_once_whatever_its_case(desk: Desk, table: str) -> None:
    entry = await make(desk, table, "Nieuw")
    again = await desk.call("POST", f"/{table}", {"name": "NIEUW"})
    own = await desk.call("PATCH", f"/{table}/id/{entry}", {"name": "nieuw"})

    assert again.status_code == 400
    assert text_of(again).endswith("with name 'NIEUW' already exists.")
    assert own.json()["name"] == "nieuw"


async def test_a_double_department_has_its_own_text(desk: Desk) -> None:
    reply = await desk.call("POST", "/departments", {"name": "Facilitair"})

    assert messages(reply) == ["Department with name 'Facilitair' already exists."]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "value_mandatory"),
        ({"name": ""}, "value_mandatory"),
        ({"name": "x" * 101}, "value_too_long"),
        ({"name": 7}, "invalid_value"),
        ({"name": "x", "code": "y"}, "unknown_field"),
        ({"name": "x", "externalLink": {"id": "y", "type": "0"}}, "invalid_value"),
        ({"name": "x", "externalLink": {"id": "y" * 451, "type": "1"}}, "invalid_value"),
        ({"name": "x", "externalLink": "y"}, "invalid_value"),
    ],
)
async def test_a_bad_entry_is_refused_with_a_code(desk: Desk, body: Any, code: str) -> None:
    reply = await desk.call("POST", "/budgetholders", body)

    assert (reply.status_code, reply.json()["errorCode"]) == (400, code)


async def test_an_external_link_finds_the_entry(desk: Desk) -> None:
    link = {"id": "ICT-SD", "type": "17"}
    await make(desk, "departments", "Nieuw", externalLink=link)
    found = await desk.get("/departments", external_link_id="ICT-SD", external_link_type="17")

    assert found.json()[0]["externalLink"] == link
    assert await names(desk, "departments", external_link_id="x") == []


@pytest.mark.parametrize("shows", [True, False])
async def test_an_archived_entry_may_be_unseen_and_keeps_its_name(
    desk: Desk,
    shows: bool,  # noqa: FBT001 - a table
) -> None:
    desk.tenant.settings.search_lists_show_archived = shows
    entry = await make(desk, "departments", "Oud")
    gone = await desk.call("PATCH", f"/departments/id/{entry}/archive")
    again = await desk.call("POST", "/departments", {"name": "Oud"})
    seen = "Oud" in await names(desk, "departments")
    back = await desk.call("PATCH", f"/departments/id/{entry}/unarchive")

    assert (gone.status_code, again.status_code, back.status_code) == (200, 400, 200)
    assert seen is shows
    assert "Oud" in await names(desk, "departments")


@pytest.mark.parametrize(("table", "column"), list(zip(TABLES, COLUMNS, strict=True)))
async def test_only_an_unused_entry_can_be_deleted(desk: Desk, table: str, column: str) -> None:
    entry = await make(desk, table, "Nieuw")
    person = await desk.person(**{column: {"id": entry}})
    used = await desk.call("DELETE", f"/{table}/id/{entry}")
    await desk.call("PATCH", f"/persons/{person['id']}", {column: {"id": None}}, accept=PERSON)
    unused = await desk.call("DELETE", f"/{table}/id/{entry}")

    assert (used.status_code, unused.status_code) == (409, 204)
    assert (await desk.call("DELETE", f"/{table}/id/{entry}")).status_code == 404


async def test_a_renamed_entry_shows_on_the_card(desk: Desk) -> None:
    person = await desk.person(department=desk.ref("departments", "Facilitair"))
    entry = person["department"]["id"]
    await desk.call("PATCH", f"/departments/id/{entry}", {"name": "Huisvesting"})
    card = (await desk.get(f"/persons/{person['id']}", accept=PERSON)).json()

    assert card["department"]["name"] == "Huisvesting"


async def test_writing_lists_needs_the_settings_right(desk: Desk) -> None:
    desk.tenant.settings.denied = frozenset({"supporting files settings.write"})

    assert (await desk.call("POST", "/departments", {"name": "x"})).status_code == 403


async def test_drop_downs_of_optional_fields_can_be_filled(desk: Desk) -> None:
    path = "/persons/free_fields/1/searchlists/2"
    made = await desk.call("POST", path, {"name": "Vast"})
    entry = {"id": made.json()["id"]}
    card = await desk.person(optionalFields1={"searchlist2": entry})

    assert (await desk.get(path)).json() == [{**entry, "name": "Vast"}]
    assert card["optionalFields1"]["searchlist2"] == {**entry, "name": "Vast"}
    assert (await desk.get("/persons/free_fields/3/searchlists/1")).status_code == 404


async def test_an_unknown_entry_is_a_404(desk: Desk) -> None:
    reply = await desk.call("PATCH", f"/departments/id/{NOWHERE}", {"name": "x"})

    assert reply.status_code == 404
