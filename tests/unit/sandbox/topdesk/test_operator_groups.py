from __future__ import annotations

from unit.sandbox.topdesk.desk import Desk, messages


async def test_an_operator_group_needs_name_and_branch(desk: Desk) -> None:
    made = await desk.call(
        "POST",
        "/operatorgroups",
        {"groupName": "ICT", "branch": desk.branch, "contact": {"email": "ict@voorbeeld.example"}},
    )

    assert (made.status_code, made.json()["status"]) == (201, "operatorGroup")
    assert made.json()["contact"] == {"email": "ict@voorbeeld.example"}
    assert messages(await desk.call("POST", "/operatorgroups", {"groupName": "x" * 31})) == [
        'The value for the field "groupName" can only be 30 characters long.',
        "Mandatory field 'branch' is missing.",
    ]


async def test_operator_groups_are_listed_in_pages_and_by_query(desk: Desk) -> None:
    first = await desk.get("/operatorgroups", page_size=1)
    found = (await desk.get("/operatorgroups", query="groupName=='Servicedesk'")).json()

    assert first.status_code == 206
    assert [row["groupName"] for row in found] == ["Servicedesk"]
    assert (await desk.get("/operatorgroups", page_size=101)).status_code == 400
    assert (await desk.get("/operatorgroups", query="groupName==x")).status_code == 204


async def test_a_group_is_changed_archived_and_revived(desk: Desk) -> None:
    group = desk.ref("operatorgroups", "Servicedesk")
    path = f"/operatorgroups/id/{group['id']}"
    changed = await desk.call("PATCH", path, {"groupName": "Desk", "installer": True})
    gone = await desk.call("PATCH", f"{path}/archive")
    listed = (await desk.get("/operatorgroups")).json()
    back = await desk.call("PUT", f"{path}/unarchive")

    assert (changed.json()["groupName"], changed.json()["installer"]) == ("Desk", True)
    assert gone.json()["status"] == "operatorGroupArchived"
    assert [row["groupName"] for row in listed] == ["Facilitair"]
    assert back.json()["status"] == "operatorGroup"
    assert (await desk.get(path)).json() == back.json()


async def test_a_bad_change_is_refused(desk: Desk) -> None:
    group = desk.ref("operatorgroups", "Servicedesk")
    reply = await desk.call("PATCH", f"/operatorgroups/id/{group['id']}", {"name": "x"})

    assert messages(reply) == ['The field "name" does not exist.']


async def test_a_group_shows_its_operators(desk: Desk) -> None:
    group = desk.ref("operatorgroups", "Servicedesk")
    path = f"/operatorgroups/id/{group['id']}/operators"
    empty = await desk.get(path)
    card = await desk.operator()
    await desk.call("POST", f"/operators/id/{card['id']}/operatorgroups", [group])

    assert empty.status_code == 204
    assert (await desk.get(path)).json() == [{"id": card["id"], "name": "Jansen"}]


async def test_groups_can_be_looked_up(desk: Desk) -> None:
    found = (await desk.get("/operatorgroups/lookup", name="serv")).json()["results"]

    assert [row["name"] for row in found] == ["Servicedesk"]
