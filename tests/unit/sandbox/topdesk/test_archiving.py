from __future__ import annotations

from typing import Any

import pytest
from unit.sandbox.topdesk.desk import NOWHERE, Desk, messages, sample

OLD, NEW = "16.05.099", "16.06.007"


async def test_a_card_is_archived_as_published(desk: Desk) -> None:
    card = await desk.person(employeeNumber="100234")
    reply = await desk.archive("persons", card)

    assert desk.reason.keys() == sample("8.4-archive").keys()
    assert reply.status_code == 200
    assert sample("8.4-archived-person").keys() <= reply.json().keys()
    assert reply.json()["status"] == "personArchived"


@pytest.mark.parametrize("verb", ["PATCH", "PUT"])
async def test_both_verbs_archive_and_unarchive(desk: Desk, verb: str) -> None:
    card = await desk.person()
    path = f"/persons/id/{card['id']}"
    gone = await desk.call(verb, f"{path}/archive", desk.reason)
    back = await desk.call(verb, f"{path}/unarchive")

    assert gone.json()["status"] == "personArchived"
    assert back.json()["status"] == "person"


async def test_unarchiving_takes_null_as_a_body(desk: Desk) -> None:
    card = await desk.person()
    await desk.archive("persons", card)
    reply = await desk.client.patch(
        f"/tas/api/persons/id/{card['id']}/unarchive",
        content=b"null",
        headers={"accept": "application/json", "content-type": "application/json"},
    )

    assert (reply.status_code, reply.json()["status"]) == (200, "person")


async def test_archiving_twice_is_refused(desk: Desk) -> None:
    card = await desk.person()
    early = await desk.unarchive("persons", card)
    await desk.archive("persons", card)
    again = await desk.archive("persons", card)

    assert (early.status_code, messages(early)) == (400, ["Person is already unarchived"])
    assert (again.status_code, messages(again)) == (400, ["Person is already archived"])


async def test_an_operator_says_only_that_it_is_archived_already(desk: Desk) -> None:
    card = await desk.operator()
    early = await desk.unarchive("operators", card)
    await desk.archive("operators", card)
    again = await desk.archive("operators", card)

    assert early.status_code == 200
    assert (again.status_code, messages(again)) == (400, ["Operator is already archived"])


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (None, "Reason for archiving is mandatory"),
        ({}, "Reason for archiving is mandatory"),
        ({"id": NOWHERE}, 'The value for the field "archiving-reason" cannot be found'),
        ({"id": "x"}, "Input parameters malformed"),
    ],
)
async def test_a_reason_must_exist(desk: Desk, body: Any, text: str) -> None:
    card = await desk.person()
    reply = await desk.call("PATCH", f"/persons/id/{card['id']}/archive", body)

    assert (reply.status_code, messages(reply)) == (400, [text])


async def test_a_tenant_may_not_ask_for_a_reason(desk: Desk) -> None:
    desk.tenant.settings.archiving_reason_mandatory = False
    card = await desk.person()

    assert (await desk.call("PATCH", f"/persons/id/{card['id']}/archive")).status_code == 200


async def test_an_unknown_person_is_a_404_and_a_bad_id_a_400(desk: Desk) -> None:
    unknown = await desk.archive("persons", {"id": NOWHERE})
    bad = await desk.archive("persons", {"id": "x"})

    assert (unknown.status_code, messages(unknown)) == (404, ["The person could not be found."])
    assert (bad.status_code, messages(bad)) == (400, ["The person id 'x' cannot be parsed"])


async def test_groups_are_archived_elsewhere(desk: Desk) -> None:
    people = desk.tenant.add("persongroups", {"name": "Team", "members": []})
    desks = desk.ref("operatorgroups", "Servicedesk")

    assert messages(await desk.archive("persons", people)) == [
        "Can not archive person groups via this endpoint"
    ]
    assert messages(await desk.archive("operators", desks)) == [
        "Can not archive operator groups via this endpoint"
    ]


@pytest.mark.parametrize(("version", "follows"), [(OLD, False), (NEW, True)])
async def test_archiving_a_person_takes_the_operator_along_from_16_06_007(
    version: str,
    follows: bool,  # noqa: FBT001 - a table
) -> None:
    desk = Desk(version=version)
    person = await desk.person()
    operator = await desk.operator(person)
    await desk.archive("persons", person)

    assert desk.archived("operators", operator) is follows
    assert desk.tenant.writes[-1].ids == (
        (person["id"], operator["id"]) if follows else (person["id"],)
    )


@pytest.mark.parametrize(("version", "follows"), [(OLD, False), (NEW, True)])
async def test_reviving_an_operator_revives_the_person_from_16_06_007(
    version: str,
    follows: bool,  # noqa: FBT001 - a table
) -> None:
    desk = Desk(version=version)
    person = await desk.person()
    operator = await desk.operator(person)
    await desk.archive("operators", operator)
    await desk.archive("persons", person)
    await desk.unarchive("operators", operator)

    assert not desk.archived("operators", operator)
    assert desk.archived("persons", person) is not follows


async def test_archiving_an_operator_leaves_the_person(desk: Desk) -> None:
    person = await desk.person()
    operator = await desk.operator(person)
    await desk.archive("operators", operator)

    assert not desk.archived("persons", person)
    assert desk.archived("operators", operator)


@pytest.mark.parametrize("revives", [True, False])
async def test_reviving_a_person_may_revive_the_operator(
    desk: Desk,
    revives: bool,  # noqa: FBT001 - a table
) -> None:
    desk.tenant.settings.person_unarchive_revives_operator = revives
    person = await desk.person()
    operator = await desk.operator(person)
    await desk.archive("persons", person)
    await desk.unarchive("persons", person)

    assert not desk.archived("persons", person)
    assert desk.archived("operators", operator) is not revives


async def test_a_revived_operator_has_its_old_role(desk: Desk) -> None:
    person = await desk.person()
    operator = await desk.operator(person)
    path = f"/operators/id/{operator['id']}/permissiongroups"
    await desk.call("POST", path, [desk.ref("permissiongroups", "Servicedesk")])
    await desk.archive("persons", person)
    await desk.unarchive("persons", person)

    assert [g["name"] for g in (await desk.get(path)).json()] == ["Servicedesk"]


async def test_an_archived_operator_does_not_stop_the_person(desk: Desk) -> None:
    person = await desk.person()
    operator = await desk.operator(person)
    await desk.archive("operators", operator)

    assert (await desk.archive("persons", person)).status_code == 200


async def test_oneself_and_administrators_stay(desk: Desk) -> None:
    person = await desk.person()
    operator = await desk.operator(person)
    desk.tenant.table("operators")[operator["id"]]["admin"] = True
    own = {"id": desk.tenant.api_account}

    assert messages(await desk.archive("operators", own)) == ["Can not archive yourself"]
    assert messages(await desk.archive("operators", operator)) == ["Can not archive admins"]
    assert messages(await desk.archive("persons", person)) == ["Can not archive admins"]
    assert not desk.archived("persons", person)


async def test_a_linked_operator_needs_its_own_right(desk: Desk) -> None:
    alone, linked = await desk.person(), await desk.person()
    await desk.operator(linked)
    desk.tenant.settings.denied = frozenset({"operators.archive"})
    refused = await desk.archive("persons", linked)

    assert (await desk.archive("persons", alone)).status_code == 200
    assert (refused.status_code, messages(refused)) == (
        403,
        ["No permission to archive operators."],
    )
    assert not desk.archived("persons", linked)


async def test_only_patch_needs_the_right_on_operators_to_unarchive(desk: Desk) -> None:
    card = await desk.person()
    await desk.archive("persons", card)
    desk.tenant.settings.denied = frozenset({"operators.archive"})
    path = f"/persons/id/{card['id']}/unarchive"

    assert (await desk.call("PATCH", path)).status_code == 403
    assert (await desk.call("PUT", path)).status_code == 200


async def test_archiving_needs_its_right(desk: Desk) -> None:
    card = await desk.person()
    desk.tenant.settings.denied = frozenset({"persons.archive"})
    reply = await desk.archive("persons", card)

    assert messages(reply) == ["No permission to archive persons."]
