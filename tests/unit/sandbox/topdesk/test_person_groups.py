from __future__ import annotations

from unit.sandbox.topdesk.desk import GROUPS, NOWHERE, PERSONS, Desk, Json

GROUP = "application/x.topdesk-person-group-v2+json"


async def make(desk: Desk, name: str = "BHV") -> Json:
    body = {"name": name, "branch": desk.branch}
    reply = await desk.call("POST", "/persongroups", body, accept=GROUP)
    assert reply.status_code == 201
    group: Json = reply.json()
    return group


async def test_without_groups_the_list_is_a_204(desk: Desk) -> None:
    empty = await desk.get("/persongroups", accept=GROUPS)
    await make(desk)
    page = await desk.get("/persongroups", accept=GROUPS)

    assert empty.status_code == 204
    assert (page.status_code, page.json()["size"]) == (200, 1)


async def test_a_group_needs_name_and_branch(desk: Desk) -> None:
    reply = await desk.call("POST", "/persongroups", {"name": ""}, accept=GROUP)

    assert reply.status_code == 400


async def test_a_group_is_changed(desk: Desk) -> None:
    group = await make(desk)
    path = f"/persongroups/{group['id']}"
    changed = await desk.call("PATCH", path, {"name": "EHBO"}, accept=GROUP)
    refused = await desk.call("PATCH", path, {"members": []}, accept=GROUP)

    assert changed.json()["name"] == "EHBO"
    assert refused.status_code == 400


async def test_members_can_only_be_read(desk: Desk) -> None:
    group, card = await make(desk), await desk.person()
    desk.tenant.table("persongroups")[group["id"]]["members"].append(card["id"])
    path = f"/persongroups/{group['id']}/persons"
    page = (await desk.get(path, accept=PERSONS)).json()

    assert [row["id"] for row in page["item"]] == [card["id"]]
    assert (await desk.call("POST", path, [])).status_code == 405


async def test_archiving_for_another_reason_is_a_conflict(desk: Desk) -> None:
    group = await make(desk)
    path = f"/persongroups/{group['id']}/archive"
    other = desk.ref("archiving-reasons", "Niet langer geldig")
    first = await desk.call("POST", path, desk.reason)
    same = await desk.call("POST", path, desk.reason)
    conflict = await desk.call("POST", path, other)
    unknown = await desk.call("POST", path, {"id": NOWHERE})
    back = await desk.call("POST", f"/persongroups/id/{group['id']}/unarchive")

    assert [r.status_code for r in (first, same, conflict, unknown)] == [200, 200, 409, 400]
    assert back.json()["archived"] is False
