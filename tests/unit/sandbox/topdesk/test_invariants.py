"""Whatever is written in whatever order, some things always hold of the tenant."""

from __future__ import annotations

from collections import Counter
from copy import deepcopy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from unit.sandbox.topdesk.desk import PERSON, PERSONS, Desk

from sandbox.topdesk.tenant import INDEXED, TopdeskTenant

LOGINS = st.sampled_from(["", "eva", "EVA", "tom", "Tom"])
PLACES = st.integers(0, 5)
ACTIONS = st.one_of(
    st.tuples(st.just("person"), LOGINS, PLACES),
    st.tuples(st.just("operator"), LOGINS, PLACES),
    st.tuples(st.just("login"), LOGINS, PLACES),
    st.tuples(st.just("operator login"), LOGINS, PLACES),
    st.tuples(st.sampled_from(["archive", "unarchive"]), st.just("persons"), PLACES),
    st.tuples(st.sampled_from(["archive", "unarchive"]), st.just("operators"), PLACES),
    st.tuples(st.just("role"), st.sampled_from(["POST", "DELETE"]), PLACES),
)
type Action = tuple[str, str, int]


def pick(tenant: TopdeskTenant, table: str, place: int) -> str:
    rows = [row["id"] for row in tenant.table(table).values() if not row.get("apiAccount")]
    return str(rows[place % len(rows)]) if rows else "00000000-0000-4000-8000-000000000000"


async def play(desk: Desk, action: Action) -> int:
    """Do it; the status says whether TOPdesk let it happen."""
    what, given_with, place = action
    person, operator = (pick(desk.tenant, table, place) for table in ("persons", "operators"))
    body: Any = {"surName": f"P{place}", "branch": desk.branch}
    match what:
        case "person":
            body |= {"tasLoginName": given_with, "employeeNumber": str(place)}
            reply = await desk.call("POST", "/persons", body, accept=PERSON)
        case "operator":
            body |= {"loginName": given_with, "linkedPerson": {"id": person}}
            reply = await desk.call("POST", "/operators", body)
        case "login":
            body = {"tasLoginName": given_with}
            reply = await desk.call("PATCH", f"/persons/{person}", body, accept=PERSON)
        case "operator login":
            body = {"loginName": given_with}
            reply = await desk.call("PATCH", f"/operators/id/{operator}", body)
        case "role":
            body = [desk.ref("permissiongroups", "Servicedesk")]
            path = f"/operators/id/{operator}/permissiongroups"
            reply = await desk.call(given_with, path, body)
        case _:
            card = person if given_with == "persons" else operator
            reply = await desk.call("PATCH", f"/{given_with}/id/{card}/{what}", desk.reason)
    return reply.status_code


def state(tenant: TopdeskTenant) -> Any:
    tables = {name: rows for name, rows in tenant.tables.items() if rows}
    links = [(kind, i, v) for kind, rows in tenant.links.items() for i, v in rows.items() if v]
    return deepcopy((tables, links, tenant.writes))


def check(tenant: TopdeskTenant) -> None:
    persons, operators = tenant.table("persons"), tenant.table("operators")
    for table, column in (("persons", "tasLoginName"), ("operators", "loginName")):
        logins = [row[column].casefold() for row in tenant.table(table).values() if row[column]]
        assert len(set(logins)) == len(logins)
    cards = [row for row in operators.values() if not row["apiAccount"]]
    assert max(Counter(card["linkedPerson"] for card in cards).values(), default=1) == 1
    for card in cards:
        person = persons[card["linkedPerson"]]
        assert card["archived"] or not (tenant.settings.person_leads and person["archived"])
    for row in (*persons.values(), *cards):
        assert row["archived"] is (row["reason"] is not None)
    for table, columns in INDEXED.items():
        for column in columns:
            for row in tenant.table(table).values():
                if row.get(column):
                    assert row in tenant.find(table, column, row[column])


@given(st.lists(ACTIONS, max_size=25), st.sampled_from(["16.05.001", "16.06.010"]))
@settings(max_examples=60, deadline=None)
async def test_writes_in_any_order_keep_the_rules(actions: list[Action], version: str) -> None:
    desk = Desk(version=version)
    for action in actions:
        before = state(desk.tenant)
        status = await play(desk, action)
        check(desk.tenant)

        assert status < 500
        logged = len(desk.tenant.writes) - len(before[2])
        assert logged == (1 if status < 300 else 0)
        if status >= 400:
            assert state(desk.tenant) == before


@given(st.integers(0, 12), st.integers(1, 5))
@settings(max_examples=25, deadline=None)
async def test_pages_hold_every_person_once(count: int, size: int) -> None:
    desk = Desk()
    made = {(await desk.person(surName=f"P{n % 3}"))["id"] for n in range(count)}
    first: list[str] = []
    status = 206
    while status == 206:
        reply = await desk.get("/persons", start=len(first), page_size=size)
        status = reply.status_code
        first += [row["id"] for row in reply.json()] if reply.content else []
    second: list[str] = []
    path: str | None = f"/tas/api/persons?pageSize={size}"
    while path:
        page = (await desk.client.get(path, headers={"accept": PERSONS})).json()
        second += [row["id"] for row in page["item"]]
        path = page["next"]

    assert sorted(first) == sorted(second) == sorted(made)


@given(st.lists(ACTIONS, max_size=15))
@settings(max_examples=20, deadline=None)
async def test_the_same_writes_make_the_same_tenant(actions: list[Action]) -> None:
    first, second = Desk(), Desk()
    for action in actions:
        assert await play(first, action) == await play(second, action)

    assert first.tenant.tables == second.tenant.tables
