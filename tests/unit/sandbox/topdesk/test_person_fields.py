from __future__ import annotations

from typing import Any

import httpx
import pytest
from unit.sandbox.topdesk.desk import JSON, NOWHERE, PERSON, Desk, Json, messages


async def create(desk: Desk, accept: str = PERSON, /, **given: Any) -> httpx.Response:
    body = {"surName": "Jansen", "branch": desk.branch, **given}
    return await desk.call("POST", "/persons", body, accept=accept)


async def patch(desk: Desk, card: Json, **given: Any) -> httpx.Response:
    return await desk.call("PATCH", f"/persons/{card['id']}", given, accept=PERSON)


@pytest.mark.parametrize(
    ("field", "limit"),
    [
        ("surName", 50),
        ("firstName", 30),
        ("firstInitials", 10),
        ("prefixes", 10),
        ("birthName", 100),
        ("title", 35),
        ("jobTitle", 100),
        ("employeeNumber", 20),
        ("phoneNumber", 25),
        ("mobileNumber", 25),
        ("fax", 25),
        ("tasLoginName", 100),
        ("networkLoginName", 100),
        ("mainframeLoginName", 100),
    ],
)
async def test_a_text_has_a_limit(desk: Desk, field: str, limit: int) -> None:
    fits = await create(desk, **{field: "é" * limit})
    not_so = await create(desk, **{field: "é" * (limit + 1)})
    text = f'The value for the field "{field}" can only be {limit} characters long.'

    assert fits.status_code == 201
    assert messages(not_so) == [text]


@pytest.mark.parametrize(
    ("field", "accept"),
    [
        ("nonsense", PERSON),
        ("gender", PERSON),
        ("password", PERSON),
        ("departmentFree", PERSON),
        ("archived", PERSON),
        ("id", PERSON),
        ("ssoLoginName", PERSON),
        ("isCaller", JSON),
        ("hasSspAccess", JSON),
        ("showObjectsOfBranch", JSON),
    ],
)
async def test_an_unknown_field_is_refused(desk: Desk, field: str, accept: str) -> None:
    reply = await create(desk, accept, **{field: "x"})

    assert messages(reply) == [f'The field "{field}" does not exist.']


async def test_a_mail_address_has_a_limit(desk: Desk) -> None:
    domain = "@voorbeeld.example"
    longest = "x" * (100 - len(domain)) + domain

    assert (await create(desk, email=longest)).status_code == 201
    assert (await create(desk, email=f"x{longest}")).status_code == 400


@pytest.mark.parametrize("given", [{"tasLoginName": "eva"}, {"password": "long enough"}])
async def test_login_data_has_its_own_right(desk: Desk, given: Json) -> None:
    card = await desk.person()
    desk.tenant.settings.denied = frozenset({"login data.write"})
    reply = await desk.call("PATCH", f"/persons/id/{card['id']}", given)

    assert (reply.status_code, messages(reply)) == (403, ["May not set login credentials."])


async def test_an_early_v2_does_not_know_later_fields(desk: Desk) -> None:
    desk.tenant.settings.missing_v2_fields = frozenset({"isCaller"})
    refused = await create(desk, isCaller=False)
    card = await create(desk, hasSspAccess=False)

    assert messages(refused) == ['The field "isCaller" does not exist.']
    assert "isCaller" not in card.json()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("surName", 7),
        ("email", "no address"),
        ("isManager", "perhaps"),
        ("branch", "text"),
        ("branch", {"id": "no-uuid"}),
        ("manager", {"name": "Bakker"}),
        ("optionalFields1", []),
        ("optionalFields1", {"number1": "x"}),
        ("optionalFields1", {"date1": "soon"}),
        ("attention", {"who": 1}),
    ],
)
async def test_a_value_of_the_wrong_form_is_refused(desk: Desk, field: str, value: Any) -> None:
    reply = await create(desk, **{field: value})

    assert reply.status_code == 400
    assert messages(reply)[0].endswith("cannot be parsed")


async def test_booleans_may_be_words(desk: Desk) -> None:
    assert (await create(desk, isManager="True")).json()["isManager"] is True


@pytest.mark.parametrize("field", ["location", "department", "manager", "language", "attention"])
async def test_an_unknown_id_is_refused(desk: Desk, field: str) -> None:
    reply = await create(desk, PERSON, **{field: {"id": NOWHERE}})

    assert messages(reply) == [f'The value for the field "{field}" cannot be found.']


@pytest.mark.parametrize(
    ("way", "by_id", "by_null"), [("both", 200, 200), ("id", 200, 400), ("null", 400, 200)]
)
async def test_a_lookup_is_cleared_one_way_or_the_other(
    desk: Desk, way: Any, by_id: int, by_null: int
) -> None:
    desk.tenant.settings.clears_lookup_by = way
    card = await desk.person(department=desk.ref("departments", "Facilitair"))

    assert (await patch(desk, card, department={"id": None})).status_code == by_id
    assert (await patch(desk, card, department=None)).status_code == by_null
    assert desk.tenant.table("persons")[card["id"]]["department"] is None


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (
            {"authorizeAll": True},
            "Authorization checkboxes may only be set if the person is a manager.",
        ),
        (
            {"showSubsidiaries": True},
            "The field 'showSubsidiaries' can not be true when 'showBranch' is false.",
        ),
        (
            {"isManager": True, "authorizeSubsidiaryBranches": True},
            (
                "The field 'authorizeSubsidiaryBranches' can no be true when 'authorizeBranch' is"
                " false."
            ),
        ),
        (
            {"optionalFields1": {"memo1": "x"}},
            "Memo fields cannot be modified via the API: 'memo1'",
        ),
    ],
)
async def test_contradictions_are_refused(desk: Desk, given: Json, text: str) -> None:
    assert messages(await create(desk, **given)) == [text]


async def test_departments_are_a_list_or_plain_text(desk: Desk) -> None:
    named = desk.ref("departments", "Facilitair")
    as_list = await create(desk, department={"name": "Facilitair"})
    desk.tenant.settings.department_is_text = True
    as_text = await create(desk, department=named)
    second = await create(desk, department={"name": "Facilitair"})
    first = await create(desk, JSON, departmentFree="Facilitair")
    too_long = await create(desk, department={"name": "x" * 101})

    assert as_list.status_code == 400
    assert messages(as_text) == [
        "Can not set department from an id if the setting for departments is plain text."
    ]
    assert second.json()["department"] == {"id": None, "name": "Facilitair"}
    assert first.json()["departmentFree"] == "Facilitair"
    assert too_long.status_code == 400


async def test_a_department_is_cleared_in_both_settings(desk: Desk) -> None:
    card = await desk.person(department=desk.ref("departments", "Facilitair"))
    as_list = await patch(desk, card, department={"id": None})
    desk.tenant.settings.department_is_text = True
    await patch(desk, card, department={"name": "Facilitair"})
    as_text = await patch(desk, card, department={"name": None})
    bad = await patch(desk, card, department={"name": 7})

    assert as_list.json()["department"] is None
    assert as_text.json()["department"] is None
    assert bad.status_code == 400


async def test_v1_says_so_when_departments_are_no_plain_text(desk: Desk) -> None:
    reply = await create(desk, JSON, departmentFree="Facilitair")

    assert messages(reply) == [
        "Can not set department from plain text if the setting for departments is not plain text."
    ]


async def test_numbers_and_dates_of_optional_fields_can_be_emptied(desk: Desk) -> None:
    card = await desk.person(optionalFields1={"number1": 3, "date1": "2026-09-01"})
    after = await patch(desk, card, optionalFields1={"number1": None, "date1": None})

    assert (card["optionalFields1"]["number1"], card["optionalFields1"]["date1"]) == (
        3.0,
        "2026-09-01",
    )
    assert after.json()["optionalFields1"]["number1"] == 0.0
    assert after.json()["optionalFields1"]["date1"] is None


async def test_a_language_is_set_by_id_or_code(desk: Desk) -> None:
    by_code = await create(desk, language={"code": "en"})
    by_id = await create(desk, language=desk.ref("languages", "Nederlands"))

    assert by_code.json()["language"]["name"] == "English"
    assert by_id.json()["language"]["code"] == "nl"
    assert (await create(desk, language={"code": "xx"})).status_code == 400


async def test_attention_has_a_comment(desk: Desk) -> None:
    seen = desk.tenant.add("attentions", {"name": "Let op"})
    card = await desk.person(attention={"id": seen["id"], "comment": "VIP"})
    cleared = await patch(desk, card, attention=None)

    assert card["attention"] == {"id": seen["id"], "name": "Let op", "comment": "VIP"}
    assert card["hasAttention"] is True
    assert cleared.json()["attention"] is None
