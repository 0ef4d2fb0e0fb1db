from __future__ import annotations

import pytest
from unit.sandbox.topdesk.desk import NOWHERE, Desk, messages

KINDS = {
    "permissiongroups": ("permissiongroups", "Servicedesk"),
    "operatorgroups": ("operatorgroups", "Servicedesk"),
    "filters/branch": ("branch filters", "Alleen eigen vestiging"),
    "filters/category": ("category filters", "Zonder personeelszaken"),
    "filters/operator": ("operator filters", "Alleen eigen groep"),
}
GROUPS = ["permissiongroups", "operatorgroups"]
FILTERS = ["filters/branch", "filters/category", "filters/operator"]


@pytest.mark.parametrize("kind", KINDS)
async def test_links_are_made_and_undone_with_a_body(desk: Desk, kind: str) -> None:
    card, wanted = await desk.operator(), desk.ref(*KINDS[kind])
    path = f"/operators/id/{card['id']}/{kind}"
    before = await desk.get(path)
    linked = await desk.call("POST", path, [wanted])
    during = await desk.get(path)
    unlinked = await desk.call("DELETE", path, [wanted])
    after = await desk.get(path)

    assert (linked.status_code, linked.content) == (204, b"")
    assert (unlinked.status_code, unlinked.content) == (204, b"")
    assert [row["id"] for row in during.json()] == [wanted["id"]]
    assert (before.status_code, after.status_code) == (204, 204)


@pytest.mark.parametrize("kind", GROUPS)
async def test_an_unknown_group_links_nothing(desk: Desk, kind: str) -> None:
    card, wanted = await desk.operator(), desk.ref(*KINDS[kind])
    path = f"/operators/id/{card['id']}/{kind}"
    reply = await desk.call("POST", path, [wanted, {"id": NOWHERE}])

    assert reply.status_code == 400
    assert (await desk.get(path)).status_code == 204


@pytest.mark.parametrize("kind", FILTERS)
async def test_an_unknown_filter_is_ignored(desk: Desk, kind: str) -> None:
    card, wanted = await desk.operator(), desk.ref(*KINDS[kind])
    path = f"/operators/id/{card['id']}/{kind}"
    reply = await desk.call("POST", path, [{"id": NOWHERE}, wanted])
    again = await desk.call("POST", path, [wanted])

    assert (reply.status_code, again.status_code) == (204, 204)
    assert len((await desk.get(path)).json()) == 1


@pytest.mark.parametrize("kind", GROUPS)
@pytest.mark.parametrize("refused", [True, False])
async def test_linking_twice_may_be_refused(
    desk: Desk,
    kind: str,
    refused: bool,  # noqa: FBT001 - a table
) -> None:
    desk.tenant.settings.relink_is_refused = refused
    card, wanted = await desk.operator(), desk.ref(*KINDS[kind])
    path = f"/operators/id/{card['id']}/{kind}"
    early = await desk.call("DELETE", path, [wanted])
    await desk.call("POST", path, [wanted])
    again = await desk.call("POST", path, [wanted])

    assert early.status_code == again.status_code == (400 if refused else 204)
    assert len((await desk.get(path)).json()) == 1


@pytest.mark.parametrize("verb", ["POST", "DELETE"])
async def test_an_archived_operator_takes_no_links(desk: Desk, verb: str) -> None:
    card = await desk.operator()
    await desk.archive("operators", card)
    path = f"/operators/id/{card['id']}"
    filters = await desk.call(verb, f"{path}/filters/branch", [])
    group = await desk.call(verb, f"{path}/permissiongroups", [])
    desk.tenant.settings.archived_operators_refuse_links = False
    allowed = await desk.call(verb, f"{path}/permissiongroups", [])

    assert messages(filters) == ["Filters can not be (un)linked to/from archived operators"]
    assert group.status_code == 400
    assert allowed.status_code == 204


@pytest.mark.parametrize("body", [{}, {"id": NOWHERE}, ["x"], [{"id": "x"}], [{}]])
async def test_a_body_that_is_no_list_of_ids_is_refused(desk: Desk, body: object) -> None:
    card = await desk.operator()
    reply = await desk.call("POST", f"/operators/id/{card['id']}/permissiongroups", body)

    assert (reply.status_code, messages(reply)) == (400, ["Input parameters malformed"])


async def test_linking_needs_its_right(desk: Desk) -> None:
    card = await desk.operator()
    desk.tenant.settings.denied = frozenset({"permission groups.write"})
    reply = await desk.call("POST", f"/operators/id/{card['id']}/permissiongroups", [])

    assert (reply.status_code, messages(reply)) == (
        403,
        ["No permission to link permission groups to operators."],
    )


async def test_operator_groups_are_filtered_by_archived_and_nothing_else(desk: Desk) -> None:
    card, group = await desk.operator(), desk.ref("operatorgroups", "Servicedesk")
    path = f"/operators/id/{card['id']}/operatorgroups"
    await desk.call("POST", path, [group])
    await desk.call("PATCH", f"/operatorgroups/id/{group['id']}/archive")

    assert len((await desk.get(path)).json()) == 1
    assert (await desk.get(path, query="archived==false")).status_code == 204
    assert (await desk.get(path, query="groupName==x")).status_code == 400
