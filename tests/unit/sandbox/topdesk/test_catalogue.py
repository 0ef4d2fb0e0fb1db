from __future__ import annotations

import pytest
from unit.sandbox.topdesk.desk import Desk


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/permissiongroups", "Servicedesk"),
        ("/archiving-reasons", "Persoon uit organisatie"),
        ("/countries", "Nederland"),
        ("/operators/filters/branch", "Alleen eigen vestiging"),
        ("/operators/filters/category", "Zonder personeelszaken"),
        ("/operators/filters/operator", "Alleen eigen groep"),
        ("/incidents/categories", "Middelen"),
        ("/incidents/call_types", "Aanvraag"),
    ],
)
async def test_a_short_list_is_whole_and_has_names(desk: Desk, path: str, name: str) -> None:
    rows = (await desk.get(path, page_size=1)).json()

    assert name in [row["name"] for row in rows]
    assert all(set(row) == {"id", "name"} for row in rows)


async def test_languages_have_a_code(desk: Desk) -> None:
    rows = (await desk.get("/languages")).json()

    assert {row["languageCode"] for row in rows} == {"nl", "en"}


async def test_a_subcategory_names_its_category(desk: Desk) -> None:
    rows = (await desk.get("/incidents/subcategories")).json()

    assert {row["category"]["name"] for row in rows} == {"Middelen", "Accounts"}


async def test_permission_groups_cannot_be_made(desk: Desk) -> None:
    assert (await desk.call("POST", "/permissiongroups", {"name": "x"})).status_code == 405
