from __future__ import annotations

from typing import Any
from urllib.parse import urljoin

import pytest
from unit.sandbox.topdesk.desk import PERSON, PERSONS, Desk, messages, sample

from sandbox.topdesk import person_view


async def persons(desk: Desk, count: int) -> list[str]:
    return [(await desk.person(surName=f"P{n:02d}"))["id"] for n in range(count)]


async def names_v1(desk: Desk, **params: Any) -> list[str]:
    reply = await desk.get("/persons", **params)
    return [row["surName"] for row in reply.json()] if reply.content else []


async def names_v2(desk: Desk, **params: Any) -> list[str]:
    reply = await desk.get("/persons", accept=PERSONS, **{"fields": "surName", **params})
    return [row["surName"] for row in reply.json()["item"]]


async def test_v1_pages_by_ten_with_206_until_the_last(desk: Desk) -> None:
    await persons(desk, 12)
    first = await desk.get("/persons")
    last = await desk.get("/persons", start=10)
    beyond = await desk.get("/persons", start=12)

    assert (first.status_code, len(first.json())) == (206, 10)
    assert (last.status_code, len(last.json())) == (200, 2)
    assert (beyond.status_code, beyond.content) == (204, b"")


async def test_v1_without_anyone_is_a_204(desk: Desk) -> None:
    assert (await desk.get("/persons")).status_code == 204


@pytest.mark.parametrize("params", [{"page_size": 5001}, {"page_size": 0}, {"start": "-1"}])
async def test_v1_refuses_impossible_pages(desk: Desk, params: dict[str, Any]) -> None:
    assert (await desk.get("/persons", **params)).status_code == 400


@pytest.mark.parametrize("params", [{"pageSize": 5001}, {"pageStart": "x"}, {"sort": "x:asc"}])
async def test_v2_refuses_impossible_pages(desk: Desk, params: dict[str, Any]) -> None:
    assert (await desk.get("/persons", accept=PERSONS, **params)).status_code == 400


async def test_v2_pages_by_fifty_unasked(desk: Desk) -> None:
    await persons(desk, 51)
    reply = await desk.get("/persons", accept=PERSONS)

    assert reply.status_code == 206
    assert reply.json()["size"] == 50


@pytest.mark.parametrize("absolute", [True, False])
async def test_v2_is_read_to_the_end_by_next(desk: Desk, absolute: bool) -> None:  # noqa: FBT001
    desk.tenant.settings.next_is_absolute = absolute
    made = await persons(desk, 5)
    url = "https://voorbeeld.topdesk.example/tas/api/persons?pageSize=2&fields=id"
    seen, codes = [], []
    while url:
        reply = await desk.client.get(url, headers={"accept": PERSONS})
        page = reply.json()
        codes.append(reply.status_code)
        seen += [row["id"] for row in page["item"]]
        assert page["next"] is None or page["next"].startswith("https://") is absolute
        url = urljoin(url, page["next"]) if page["next"] else ""

    assert seen == made
    assert codes == [206, 206, 200]


async def test_v2_answers_as_the_published_list(desk: Desk) -> None:
    await persons(desk, 2)
    fields = "id,employeeNumber,archived"
    page = (await desk.get("/persons", accept=PERSONS, pageSize=1, fields=fields)).json()
    published = sample("8.3-person-list")

    assert page.keys() == published.keys()
    assert page["item"][0].keys() == published["item"][0].keys()
    assert page["next"].split("?")[0] == published["next"].split("?")[0]


async def test_v2_lists_show_little_unasked(desk: Desk) -> None:
    await desk.person()
    few = (await desk.get("/persons", accept=PERSONS)).json()["item"][0]
    all_of_it = (await desk.get("/persons", accept=PERSONS, fields="*")).json()["item"][0]

    assert set(few) == {"id", "dynamicName"}
    assert set(all_of_it) == set(person_view.V2)


async def test_a_field_of_the_other_generation_cannot_be_asked(desk: Desk) -> None:
    second = await desk.get("/persons", accept=PERSONS, fields="id,gender")
    first = await desk.get("/persons", **{"$fields": "id,isCaller"})

    assert messages(second) == ['The field "gender" does not exist.']
    assert messages(first) == ['The field "isCaller" does not exist.']


async def test_v1_takes_fields_with_a_dollar(desk: Desk) -> None:
    await desk.person()
    reply = await desk.get("/persons", **{"$fields": "id,surName"})
    ignored = await desk.get("/persons", fields="id")

    assert set(reply.json()[0]) == {"id", "surName"}
    assert len(ignored.json()[0]) > 2


async def test_archived_cards_show_where_nobody_expects_them(desk: Desk) -> None:
    """v1 hides them unless a query is given; v2 shows them unless a query leaves them out."""
    await desk.archive("persons", await desk.person(surName="Weg"))
    await desk.person(surName="Hier")

    assert await names_v1(desk) == ["Hier"]
    assert await names_v1(desk, archived="true") == ["Weg"]
    assert await names_v1(desk, query="surName!=x") == ["Hier", "Weg"]
    assert await names_v1(desk, query="archived==true") == ["Weg"]
    assert await names_v2(desk) == ["Hier", "Weg"]
    assert await names_v2(desk, query="archived==false") == ["Hier"]


async def test_a_query_finds_by_employee_number(desk: Desk) -> None:
    await desk.person(surName="Jansen", employeeNumber="100234")
    await desk.person(surName="Bakker", employeeNumber="100235")

    assert await names_v1(desk, query="employeeNumber=='100234'") == ["Jansen"]
    assert await names_v2(desk, query="employeeNumber=='100234'") == ["Jansen"]
    assert await names_v2(desk, query="employeeNumber=='100236'") == []
    assert await names_v2(desk, query="(employeeNumber=='100234',surName==Bakker)") == [
        "Bakker",
        "Jansen",
    ]


async def test_a_query_looks_into_lookups_and_optional_fields(desk: Desk) -> None:
    await desk.person(department=desk.ref("departments", "Facilitair"))
    await desk.person(surName="Bakker", optionalFields1={"text1": "2026-09-01"})

    assert await names_v2(desk, query="department.name==Facilitair") == ["Jansen"]
    assert await names_v2(desk, query="department==null") == ["Bakker"]
    assert await names_v2(desk, query="optionalFields1.text1=='2026-09-01'") == ["Bakker"]
    assert await names_v2(desk, query=f"branch.id=={desk.branch['id']}") == ["Bakker", "Jansen"]


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("nonsense==1", 'The field "nonsense" does not exist.'),
        ("gender==MALE", 'The field "gender" does not exist.'),
        ("branch.city==x", 'The field "branch.city" does not exist.'),
        ("surName=", "Input parameters malformed"),
        ("branch==x", "Input parameters malformed"),
        ("optionalFields1.memo1==x", 'The field "optionalFields1.memo1" does not exist.'),
    ],
)
async def test_a_query_on_what_is_not_there_is_refused(desk: Desk, query: str, text: str) -> None:
    reply = await desk.get("/persons", accept=PERSONS, query=query)

    assert reply.status_code == 400
    assert messages(reply) == [text]


async def test_an_early_v2_cannot_be_queried_on_later_fields(desk: Desk) -> None:
    desk.tenant.settings.missing_v2_fields = frozenset({"isCaller"})
    reply = await desk.get("/persons", accept=PERSONS, query="isCaller==true")

    assert messages(reply) == ['The field "isCaller" does not exist.']


async def test_v1_cannot_be_asked_for_status(desk: Desk) -> None:
    reply = await desk.get("/persons", query="status==person")

    assert messages(reply) == ['The field "status" does not exist.']


async def test_old_parameters_filter_in_v1_and_only_without_a_query(desk: Desk) -> None:
    await desk.person(surName="Jansen", email="jansen@voorbeeld.example")
    await desk.person(surName="Bakker")

    assert await names_v1(desk, email="JANSEN@voorbeeld.example") == ["Jansen"]
    assert await names_v1(desk, lastname="bakker") == ["Bakker"]
    assert await names_v1(desk, lastname="bakker", query="surName==Jansen") == ["Jansen"]


async def test_parameters_of_the_other_generation_are_ignored(desk: Desk) -> None:
    """The trap: `?email=` with the v2 type gives everybody, not nobody."""
    await desk.person(surName="Jansen", email="jansen@voorbeeld.example")
    await desk.person(surName="Bakker")

    assert await names_v2(desk, email="jansen@voorbeeld.example") == ["Bakker", "Jansen"]
    assert await names_v2(desk, page_size=1) == ["Bakker", "Jansen"]


async def test_v2_sorts_as_it_is_told(desk: Desk) -> None:
    await persons(desk, 3)

    assert await names_v2(desk, sort="surName:desc") == ["P02", "P01", "P00"]


async def test_persons_can_be_counted(desk: Desk) -> None:
    await persons(desk, 3)
    counted = await desk.get("/persons/count", query="surName=in=(P00,P02)")

    assert (await desk.get("/persons/count")).json() == {"numberOfPersons": 3}
    assert counted.json() == {"numberOfPersons": 2}


async def test_a_lookup_is_by_the_start_of_the_name(desk: Desk) -> None:
    await desk.person(surName="Jansen", isCaller=False)
    await desk.person(surName="Jansma")
    await desk.person(surName="Bakker")

    async def found(**params: Any) -> list[str]:
        results = (await desk.get("/persons/lookup", **params)).json()["results"]
        return [row["name"] for row in results]

    assert await found(name="jans") == ["Jansen", "Jansma"]
    assert await found(name="jans", isCaller="true") == ["Jansma"]
    assert await found(**{"$top": 1}) == ["Bakker"]
    assert await found(**{"$top": 1, "$all": "true"}) == ["Bakker", "Jansen", "Jansma"]
    assert await found(archived="true") == []


async def test_a_filter_hides_a_card_everywhere(desk: Desk) -> None:
    card = await desk.person(employeeNumber="100234", tasLoginName="jansen")
    desk.tenant.hidden.add(card["id"])
    again = {"surName": "X", "branch": desk.branch, "tasLoginName": "JANSEN"}
    clash = await desk.call("POST", "/persons", again, accept=PERSON)

    assert await names_v2(desk) == []
    assert await names_v2(desk, query="employeeNumber==100234") == []
    assert (await desk.get(f"/persons/{card['id']}", accept=PERSON)).status_code == 404
    assert clash.status_code == 400
