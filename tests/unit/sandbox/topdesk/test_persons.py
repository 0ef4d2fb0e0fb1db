from __future__ import annotations

from typing import Any

import httpx
import pytest
from unit.sandbox.topdesk.desk import JSON, NOWHERE, PERSON, Desk, Json, messages, sample

TAKEN = "The given login name of this person already exists but it must be unique."


async def create(desk: Desk, accept: str = PERSON, /, **given: Any) -> httpx.Response:
    body = {"surName": "Jansen", "branch": desk.branch, **given}
    return await desk.call("POST", "/persons", body, accept=accept)


async def patch(desk: Desk, card: Json, **given: Any) -> httpx.Response:
    return await desk.call("PATCH", f"/persons/{card['id']}", given, accept=PERSON)


async def test_a_card_is_created_as_published(desk: Desk) -> None:
    manager = await desk.person(surName="Bakker", firstName="Tom", isManager=True)
    holder = (await desk.call("POST", "/budgetholders", {"name": "KP 4100"})).json()
    body, published = sample("8.1-create-person"), sample("8.2-created-person")
    body |= {
        "branch": desk.branch,
        "department": desk.ref("departments", "Personeelszaken"),
        "budgetHolder": {"id": holder["id"]},
        "manager": {"id": manager["id"]},
    }
    reply = await desk.call("POST", "/persons", body, accept=PERSON)
    card = reply.json()
    same = body.keys() - {"branch", "department", "budgetHolder", "manager", "language"}

    assert reply.status_code == 201
    assert card.keys() == published.keys()
    assert {name: card[name] for name in same - {"optionalFields1"}} == {
        name: published[name] for name in same - {"optionalFields1"}
    }
    assert card["dynamicName"] == published["dynamicName"]
    assert card["manager"] == {"id": manager["id"], "name": "Bakker, Tom"}
    assert card["language"]["code"] == "nl"
    assert card["branch"].keys() == published["branch"].keys()
    assert card["optionalFields1"]["text1"] == "2026-09-01"


async def test_the_same_card_reads_in_both_generations(desk: Desk) -> None:
    made = await desk.person(firstName="Eva")
    second = (await desk.get(f"/persons/{made['id']}", accept=PERSON)).json()
    first = (await desk.get(f"/persons/id/{made['id']}")).json()

    assert second == made
    assert first["status"] == "person"
    assert first["gender"] == "UNDEFINED"
    assert {"timeZone", "extraA", "extraB"} <= first["branch"].keys()
    assert not {"principalId", "hasSspAccess", "isCaller", "archived"} & first.keys()


async def test_one_card_can_be_read_by_field(desk: Desk) -> None:
    made = await desk.person()
    path = f"/persons/{made['id']}"
    named = await desk.get(path, accept=PERSON, fields="id,archived")
    desk.tenant.settings.single_is_limited = True
    unasked = await desk.get(path, accept=PERSON)

    assert named.json() == {"id": made["id"], "archived": False}
    assert set(unasked.json()) == {"id", "dynamicName"}


async def test_a_new_person_may_call_and_sign_in(desk: Desk) -> None:
    card = await desk.person()

    assert (card["isCaller"], card["hasSspAccess"], card["isManager"]) == (True, True, False)


@pytest.mark.parametrize("accept", [PERSON, JSON])
async def test_surname_and_branch_are_mandatory(desk: Desk, accept: str) -> None:
    reply = await desk.call("POST", "/persons", {"surName": "", "branch": None}, accept=accept)

    assert messages(reply)[-2:] == [
        "Mandatory field 'surName' is missing.",
        "Mandatory field 'branch' is missing.",
    ]


async def test_v2_may_do_without_a_branch(desk: Desk) -> None:
    desk.tenant.settings.v2_requires_branch = False
    second = await desk.call("POST", "/persons", {"surName": "Jansen"}, accept=PERSON)
    first = await desk.call("POST", "/persons", {"surName": "Jansen"})

    assert second.json()["branch"] is None
    assert first.status_code == 400


async def test_an_unknown_branch_is_400_in_v2_and_404_in_v1(desk: Desk) -> None:
    second = await create(desk, branch={"id": NOWHERE})
    first = await create(desk, JSON, branch={"id": NOWHERE})

    assert (second.status_code, messages(second)) == (
        400,
        ['The value for the field "branch" cannot be found.'],
    )
    assert (first.status_code, messages(first)) == (
        404,
        [f'The branch "{NOWHERE}" cannot be found'],
    )


async def test_a_login_name_is_given_once_whatever_its_case(desk: Desk) -> None:
    first = await desk.person(tasLoginName="eva@voorbeeld.example")
    await desk.archive("persons", first)
    other = await desk.person(surName="Bakker")

    assert messages(await create(desk, tasLoginName="EVA@voorbeeld.example")) == [TAKEN]
    assert messages(await patch(desk, other, tasLoginName="Eva@voorbeeld.example")) == [TAKEN]


async def test_an_emptied_login_name_is_free_again(desk: Desk) -> None:
    first = await desk.person(tasLoginName="eva@voorbeeld.example")
    await patch(desk, first, tasLoginName="")

    assert (await create(desk, tasLoginName="eva@voorbeeld.example")).status_code == 201


async def test_a_card_keeps_its_own_login_name(desk: Desk) -> None:
    card = await desk.person(tasLoginName="eva")

    assert (await patch(desk, card, tasLoginName="EVA")).json()["tasLoginName"] == "EVA"


async def test_a_patch_changes_what_it_names(desk: Desk) -> None:
    card = await desk.person(firstName="Eva", optionalFields1={"text1": "a", "text2": "b"})
    desk.clock.advance(60)
    reply = await patch(desk, card, prefixes="van", optionalFields1={"text1": "c"})
    after = reply.json()
    changed = {name for name in card if card[name] != after[name]}

    assert reply.status_code == 200
    assert changed == {"prefixes", "dynamicName", "optionalFields1", "modificationDate"}
    assert after["optionalFields1"]["text2"] == "b"


@pytest.mark.parametrize("verb", ["PATCH", "PUT"])
async def test_v1_takes_both_verbs(desk: Desk, verb: str) -> None:
    card = await desk.person()
    reply = await desk.call(verb, f"/persons/id/{card['id']}", {"gender": "FEMALE"})

    assert (reply.status_code, reply.json()["gender"]) == (200, "FEMALE")


async def test_v2_has_no_put(desk: Desk) -> None:
    card = await desk.person()
    reply = await desk.call("PUT", f"/persons/{card['id']}", {}, accept=PERSON)

    assert reply.status_code == 405


async def test_mandatory_fields_cannot_be_emptied(desk: Desk) -> None:
    card = await desk.person()

    assert messages(await patch(desk, card, surName="")) == [
        "Surname is a mandatory field and can't be set to null or empty string."
    ]
    assert messages(await patch(desk, card, branch={"id": None})) == [
        "Branch is a mandatory field and can't be set to null."
    ]


async def test_a_manager_must_be_a_manager(desk: Desk) -> None:
    other, card = await desk.person(), await desk.person()
    manager = {"id": other["id"]}
    refused = await patch(desk, card, manager=manager)
    await patch(desk, other, isManager=True)

    assert messages(refused) == ["Can not set a person as manager who is not a manager."]
    assert (await patch(desk, card, manager=manager)).json()["manager"]["id"] == other["id"]


async def test_a_location_must_lie_in_the_branch(desk: Desk) -> None:
    other = (await desk.call("POST", "/branches", {"name": "Stadskantoor"})).json()
    room = {"name": "Kamer 1", "branch": {"id": other["id"]}}
    location = {"id": (await desk.call("POST", "/locations", room)).json()["id"]}
    card = await desk.person(branch={"id": other["id"]}, location=location)
    moved = await patch(desk, card, branch=desk.branch)
    both = await patch(desk, card, branch=desk.branch, location={"id": None})
    text = "The given location doesn't belong to the given branch."

    assert messages(await create(desk, location=location)) == [text]
    assert messages(moved) == [text]
    assert both.json()["location"] is None


async def test_a_mandatory_password_stops_a_login_in_v2(desk: Desk) -> None:
    desk.tenant.settings.person_password_mandatory = True
    text = "No password was provided, but passwords are set to be mandatory for persons."
    second = await create(desk, tasLoginName="eva")
    first = await create(desk, JSON, tasLoginName="eva", password="long enough")

    assert messages(second) == [text]
    assert first.status_code == 201
    assert (await create(desk)).status_code == 201


async def test_a_password_is_not_short_and_never_shown(desk: Desk) -> None:
    short = await create(desk, JSON, password="1234")
    long = await create(desk, JSON, password="12345")

    assert "at least 5 characters" in messages(short)[0]
    assert "password" not in long.json()


@pytest.mark.parametrize("refuses", [True, False])
async def test_an_archived_card_may_refuse_changes(
    desk: Desk,
    refuses: bool,  # noqa: FBT001 - a table
) -> None:
    desk.tenant.settings.archived_cards_refuse_changes = refuses
    card = await desk.person()
    await desk.archive("persons", card)

    assert (await patch(desk, card, email="")).status_code == (400 if refuses else 200)


async def test_an_id_that_is_none_is_a_400(desk: Desk) -> None:
    reply = await desk.get("/persons/id/no-uuid")

    assert messages(reply) == ["The person id 'no-uuid' cannot be parsed"]
