from __future__ import annotations

import pytest
from unit.sandbox.topdesk.desk import NOWHERE, Desk, messages


async def test_branches_show_id_and_name_unasked(desk: Desk) -> None:
    few = (await desk.get("/branches")).json()
    more = (await desk.get("/branches", **{"$fields": "name,branchType"})).json()

    assert few == [{**desk.branch, "name": "Gemeente Voorbeeld"}]
    assert more == [{"name": "Gemeente Voorbeeld", "branchType": "independentBranch"}]


async def test_a_branch_needs_only_a_name(desk: Desk) -> None:
    address = {"country": {"name": "Nederland"}, "city": "Utrecht"}
    body = {"name": "Stadskantoor", "address": address}
    made = await desk.call("POST", "/branches", body)
    card = await desk.person(branch={"id": made.json()["id"]})

    assert (made.status_code, made.json()["address"]) == (201, address)
    assert card["city"] == "Utrecht"
    assert messages(await desk.call("POST", "/branches", {})) == [
        "Mandatory field 'name' is missing."
    ]


@pytest.mark.parametrize(
    "body",
    [
        {"name": "x" * 61},
        {"name": "x", "branchType": "other"},
        {"name": "x", "colour": "red"},
        {"name": "x", "address": {"planet": "Mars"}},
        {"name": "x", "headBranch": {"id": NOWHERE}},
    ],
)
async def test_a_bad_branch_is_refused(desk: Desk, body: dict[str, object]) -> None:
    assert (await desk.call("POST", "/branches", body)).status_code == 400


async def test_a_branch_is_read_and_changed(desk: Desk) -> None:
    path = f"/branches/id/{desk.branch['id']}"
    changed = await desk.call("PATCH", path, {"phone": "+31302000000", "address": None})

    assert changed.json()["phone"] == "+31302000000"
    assert (await desk.get(path)).json() == changed.json()
    assert (await desk.call("PUT", path, {"name": 1})).status_code == 400


async def test_an_archived_branch_leaves_the_list_unless_queried(desk: Desk) -> None:
    path = f"/branches/id/{desk.branch['id']}"
    await desk.call("PATCH", f"{path}/archive")
    twice = await desk.call("PATCH", f"{path}/archive")
    listed = (await desk.get("/branches")).json()
    queried = (await desk.get("/branches", query="name=='Gemeente Voorbeeld'")).json()
    back = await desk.call("PATCH", f"{path}/unarchive")
    again = await desk.call("PATCH", f"{path}/unarchive")

    assert (listed, len(queried)) == ([], 1)
    assert (twice.status_code, back.status_code, again.status_code) == (400, 200, 400)


async def test_branches_can_be_looked_up(desk: Desk) -> None:
    found = (await desk.get("/branches/lookup", name="gem")).json()["results"]

    assert found == [{**desk.branch, "name": "Gemeente Voorbeeld"}]


async def test_locations_lie_in_branches(desk: Desk) -> None:
    for number in ("1", "2"):
        room = {"name": f"Kamer {number}", "roomNumber": number, "branch": desk.branch}
        assert (await desk.call("POST", "/locations", room)).status_code == 201
    cut = (await desk.get("/locations", pageSize=1)).json()
    found = (await desk.get("/locations", query=f"branch.id=={desk.branch['id']}")).json()
    looked_up = (await desk.get("/locations/lookup", name="Kamer 2")).json()["results"]

    assert len((await desk.get("/locations")).json()) == 2
    assert [row["name"] for row in cut] == ["Kamer 1"]
    assert len(found) == 2
    assert [row["name"] for row in looked_up] == ["Kamer 2"]
    assert (await desk.call("POST", "/locations", {"name": "x"})).status_code == 400
