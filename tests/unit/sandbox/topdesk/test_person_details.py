from __future__ import annotations

import pytest
from unit.sandbox.topdesk.desk import GROUPS, NOWHERE, Desk, messages

from sandbox.topdesk.settings import Right


async def test_a_contract_is_flat_in_v1_and_nested_in_v2(desk: Desk) -> None:
    card = await desk.person()
    first, second = f"/persons/id/{card['id']}/contract", f"/persons/{card['id']}/contract"
    written = await desk.call("PUT", first, {"hireDate": "2026-09-01"})
    nested = {"contractInformation": {"contractHours": 36}}
    patched = await desk.call("PATCH", second, nested)

    assert written.json()["hireDate"] == "2026-09-01"
    assert patched.json()["contractInformation"]["hireDate"] == "2026-09-01"
    assert (await desk.get(first)).json()["contractHours"] == 36
    assert (await desk.get(second)).json() == patched.json()


@pytest.mark.parametrize(
    "body",
    [
        {"hireDate": "2026-09-01"},
        {"contractInformation": []},
        {"contractInformation": {"hireDate": "soon"}},
        {"contractInformation": {"salary": 1}},
    ],
)
async def test_a_bad_contract_is_refused(desk: Desk, body: dict[str, object]) -> None:
    card = await desk.person()
    reply = await desk.call("PATCH", f"/persons/{card['id']}/contract", body)

    assert reply.status_code == 400


@pytest.mark.parametrize(
    ("tab", "right"),
    [
        ("contract", "person contract tab.write"),
        ("privateDetails", "person private tab.write"),
    ],
)
async def test_each_tab_has_its_own_rights(desk: Desk, tab: str, right: Right) -> None:
    card = await desk.person()
    path = f"/persons/id/{card['id']}/{tab}"
    desk.tenant.settings.denied = frozenset({right})

    assert (await desk.get(path)).status_code == 200
    assert (await desk.call("PATCH", path, {})).status_code == 403


async def test_nobody_has_a_picture(desk: Desk) -> None:
    card = await desk.person()

    assert (await desk.get(f"/persons/id/{card['id']}/avatar")).status_code == 404


async def test_groups_of_a_person_can_be_read(desk: Desk) -> None:
    card = await desk.person()
    path = f"/persons/{card['id']}/persongroups"
    empty = await desk.get(path, accept=GROUPS)
    body = {"name": "BHV", "branch": desk.branch}
    group = (await desk.call("POST", "/persongroups", body, accept="*/*")).json()
    desk.tenant.table("persongroups")[group["id"]]["members"].append(card["id"])
    page = (await desk.get(path, accept=GROUPS)).json()

    assert (empty.status_code, empty.json()["item"]) == (200, [])
    assert [row["name"] for row in page["item"]] == ["BHV"]


async def test_a_tab_of_nobody_is_a_404(desk: Desk) -> None:
    reply = await desk.get(f"/persons/{NOWHERE}/contract")

    assert messages(reply) == ["The person could not be found."]
