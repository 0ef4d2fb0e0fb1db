from __future__ import annotations

from typing import Any

import httpx
import pytest
from unit.sandbox.topdesk.desk import NOWHERE, Desk, Json, messages, sample

from sandbox.topdesk.settings import Right


async def create(desk: Desk, person: Json, **given: Any) -> httpx.Response:
    linked = {"linkedPerson": {"id": person["id"]}, "branch": desk.branch}
    return await desk.call("POST", "/operators", {"surName": "Jansen", **linked, **given})


async def patch(desk: Desk, card: Json, **given: Any) -> httpx.Response:
    return await desk.call("PATCH", f"/operators/id/{card['id']}", given)


async def test_an_operator_is_created_as_published(desk: Desk) -> None:
    person = await desk.person(firstName="Eva", prefixes="van")
    body, published = sample("8.5-create-operator"), sample("8.5-created-operator")
    body |= {
        "branch": desk.branch,
        "department": desk.ref("departments", "Personeelszaken"),
        "linkedPerson": {"id": person["id"]},
    }
    reply = await desk.call("POST", "/operators", body)
    card = reply.json()

    assert reply.status_code == 201
    assert published.keys() <= card.keys()
    assert card["linkedPerson"] == {"id": person["id"], "name": "Jansen, Eva van"}
    for name in ("status", "accountType", "initials", "loginName", "email", "hourlyRate"):
        assert card[name] == published[name]
    assert "firstInitials" not in card
    assert "password" not in card


async def test_the_linked_person_is_mandatory(desk: Desk) -> None:
    reply = await desk.call("POST", "/operators", {"surName": "X", "branch": desk.branch})

    assert messages(reply) == ["Mandatory field 'linkedPerson' is missing."]


async def test_the_person_must_exist_and_be_active(desk: Desk) -> None:
    gone = await desk.person()
    await desk.archive("persons", gone)
    text = 'The value for the field "linkedPerson" cannot be found.'

    assert messages(await create(desk, {"id": NOWHERE})) == [text]
    assert messages(await create(desk, gone)) == [text]


async def test_a_person_has_one_operator_card(desk: Desk) -> None:
    person = await desk.person()
    first = await desk.operator(person)
    again = await create(desk, person)
    await desk.archive("operators", first)

    assert again.status_code == 400
    assert (await create(desk, person)).status_code == 400


async def test_an_unknown_branch_is_a_404(desk: Desk) -> None:
    reply = await create(desk, await desk.person(), branch={"id": NOWHERE})

    assert (reply.status_code, messages(reply)) == (
        404,
        [f'The branch "{NOWHERE}" cannot be found'],
    )


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (
            {"loginPermission": True},
            "The new operator has login permission, but mandatory login credentials are missing.",
        ),
        ({"tasLoginName": "x"}, 'The field "tasLoginName" does not exist.'),
        ({"initials": "E."}, 'The field "initials" does not exist.'),
        ({"phoneNumber": "1"}, 'The field "phoneNumber" does not exist.'),
        ({"password": "1234"}, "Password for operators must be at least 5 characters long."),
        ({"gender": "X"}, 'The value for the field "gender" cannot be parsed'),
        ({"title": "x" * 36}, 'The value for the field "title" can only be 35 characters long.'),
        ({"accessRoles": [1]}, 'The value for the field "accessRoles" cannot be parsed'),
    ],
)
async def test_what_an_operator_may_not_be(desk: Desk, given: Json, text: str) -> None:
    assert messages(await create(desk, await desk.person(), **given)) == [text]


async def test_a_login_name_is_given_once_among_operators(desk: Desk) -> None:
    person = await desk.person(tasLoginName="eva")
    await desk.operator(person, loginName="eva")
    other = await desk.operator()
    text = "The given login name of this operator already exists but it must be unique."

    assert messages(await create(desk, await desk.person(), loginName="Eva")) == [text]
    assert messages(await patch(desk, other, loginName="EVA")) == [text]


async def test_login_names_come_back_in_upper_case(desk: Desk) -> None:
    card = await desk.operator(loginName="eva@voorbeeld.example")

    assert card["loginName"] == "EVA@VOORBEELD.EXAMPLE"
    assert (await patch(desk, card, loginName="eva@voorbeeld.example")).status_code == 200


@pytest.mark.parametrize("field", ["linkedPerson", "apiAccount"])
async def test_what_is_for_create_only_cannot_be_patched(desk: Desk, field: str) -> None:
    card = await desk.operator()
    reply = await patch(desk, card, **{field: card[field]})

    assert messages(reply) == [f'The field "{field}" does not exist.']


async def test_tasks_are_switched_by_patch(desk: Desk) -> None:
    card = await desk.operator()
    on = await patch(desk, card, firstLineCallOperator=True, firstInitials="E.M.")
    off = await desk.call("PUT", f"/operators/id/{card['id']}", {"firstLineCallOperator": False})

    assert (on.json()["firstLineCallOperator"], on.json()["initials"]) == (True, "E.M.")
    assert off.json()["firstLineCallOperator"] is False


async def test_an_archived_operator_refuses_changes(desk: Desk) -> None:
    card = await desk.operator()
    await desk.archive("operators", card)

    assert (await patch(desk, card, firstLineCallOperator=True)).status_code == 400


async def test_passwords_can_be_mandatory(desk: Desk) -> None:
    text = "No password was provided, but passwords are set to be mandatory for operators."
    card = await desk.operator(loginName="bakker")
    desk.tenant.settings.login_change_needs_password = True
    change = await patch(desk, card, loginName="visser")
    desk.tenant.settings.operator_password_mandatory = True
    without = await create(desk, await desk.person(), loginName="eva")
    with_one = await create(desk, await desk.person(), loginName="eva", password="long enough")

    assert messages(change) == [text]
    assert messages(without) == [text]
    assert with_one.status_code == 201


async def test_the_login_of_an_administrator_is_out_of_reach(desk: Desk) -> None:
    card = await desk.operator(loginName="beheer")
    desk.tenant.table("operators")[card["id"]]["admin"] = True

    assert messages(await patch(desk, card, loginName="x")) == [
        "Not allowed to change login credentials of admin as non-admin."
    ]


async def test_the_licence_counts_active_operators(desk: Desk) -> None:
    desk.tenant.settings.licensed_operators = 1
    first = await desk.operator()
    over = await create(desk, await desk.person())
    await desk.archive("operators", first)
    await desk.operator()
    back = await desk.unarchive("operators", first)

    assert (over.status_code, back.status_code) == (400, 400)
    assert desk.archived("operators", first)


@pytest.mark.parametrize(
    ("right", "text"),
    [
        ("operators.create", "No permission to create operators"),
        ("persons.write", "No permission to update persons"),
        ("login data.write", "May not set login credentials."),
    ],
)
async def test_creating_needs_several_rights(desk: Desk, right: Right, text: str) -> None:
    person = await desk.person()
    desk.tenant.settings.denied = frozenset({right})
    reply = await create(desk, person, loginName="eva")

    assert (reply.status_code, messages(reply)) == (403, [text])


async def test_an_api_account_needs_no_licence(desk: Desk) -> None:
    desk.tenant.settings.licensed_operators = 0

    assert (await create(desk, await desk.person(), apiAccount=True)).status_code == 201


async def test_access_roles_are_kept_as_sent(desk: Desk) -> None:
    roles = [{"href": "/roles/1", "type": "application/json"}]

    assert (await desk.operator(accessRoles=roles))["accessRoles"] == roles


async def test_access_roles_are_hidden_without_the_right(desk: Desk) -> None:
    card = await desk.operator()
    desk.tenant.settings.denied = frozenset({"permission groups.read"})

    assert "accessRoles" in card
    assert "accessRoles" not in (await desk.get(f"/operators/id/{card['id']}")).json()


async def test_a_list_hides_the_archived_unless_queried(desk: Desk) -> None:
    gone = await desk.operator(employeeNumber="1")
    await desk.archive("operators", gone)
    await desk.operator(employeeNumber="2")

    async def numbers(**params: Any) -> list[str]:
        rows = (await desk.get("/operators", fields="employeeNumber", **params)).json()
        return sorted(row["employeeNumber"] for row in rows if row["employeeNumber"])

    assert await numbers() == ["2"]
    assert await numbers(query="employeeNumber!=null") == ["1", "2"]
    assert await numbers(query="archived==false") == ["2"]


async def test_a_page_holds_a_hundred_at_most(desk: Desk) -> None:
    for _ in range(10):
        await desk.operator()
    first = await desk.get("/operators")

    assert (first.status_code, len(first.json())) == (206, 10)
    assert (await desk.get("/operators", start=10)).status_code == 200
    assert (await desk.get("/operators", start=11)).status_code == 204
    assert (await desk.get("/operators", page_size=100)).status_code == 200
    assert (await desk.get("/operators", page_size=101)).status_code == 400


async def test_operators_are_found_by_person_and_by_task(desk: Desk) -> None:
    person = await desk.person()
    card = await desk.operator(person, stockManager=True)
    grouped = await desk.operator()
    group = desk.ref("operatorgroups", "Facilitair")
    await desk.call("PATCH", f"/operatorgroups/id/{group['id']}", {"stockManager": True})
    await desk.call("POST", f"/operators/id/{grouped['id']}/operatorgroups", [group])

    async def ids(query: str) -> set[str]:
        reply = await desk.get("/operators", query=query)
        return {row["id"] for row in reply.json()} if reply.content else set()

    assert await ids(f"linkedPerson.id=={person['id']}") == {card["id"]}
    assert await ids("linkedPerson==null") == {desk.tenant.api_account}
    assert await ids("(stockManager==true,operatorGroup.stockManager==true);archived==false") == {
        card["id"],
        grouped["id"],
    }
    assert await ids("operatorGroup.name==Facilitair") == {grouped["id"]}


@pytest.mark.parametrize(
    "query", ["linkedPerson=sw=x", "linkedPerson.name=sw=x", "linkedPerson==x"]
)
async def test_the_linked_person_takes_few_comparisons(desk: Desk, query: str) -> None:
    assert (await desk.get("/operators", query=query)).status_code == 400


async def test_the_api_account_knows_itself(desk: Desk) -> None:
    own = (await desk.get("/operators/current")).json()
    own_id = (await desk.get("/operators/current/id")).json()

    assert (own["loginName"], own["apiAccount"], own["linkedPerson"]) == ("INSTROOM", True, None)
    assert own_id == {"id": own["id"]}


async def test_operators_can_be_looked_up(desk: Desk) -> None:
    card = await desk.operator(await desk.person(surName="Visser"))
    group = desk.ref("operatorgroups", "Servicedesk")
    await desk.call("POST", f"/operators/id/{card['id']}/operatorgroups", [group])
    found = (await desk.get("/operators/lookup", operatorgroupid=group["id"])).json()

    assert found == {"results": [{"id": card["id"], "name": "Visser"}]}


async def test_an_unknown_operator_is_a_404(desk: Desk) -> None:
    reply = await desk.get(f"/operators/id/{NOWHERE}")

    assert (reply.status_code, messages(reply)) == (404, ["The operator could not be found"])
