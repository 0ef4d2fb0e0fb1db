from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from shared.errors import NameTaken, Permanent, TargetDown, UnknownReply
from shared.rest import Rest
from shared.vendors.topdesk.lookups import DEPARTMENT, LOCATION, Lookups
from shared.vendors.topdesk.operators import Operators
from shared.vendors.topdesk.persons import Persons, Ref, Written
from shared.vendors.topdesk.tenant import PERSON_BODY_V2, Generation, Tenant, base_url

type Answer = httpx.Response | Callable[[httpx.Request], httpx.Response]


class Line:
    """Answers each path from its own list, in order; the last answer of a path repeats."""

    def __init__(self) -> None:
        self.answers: dict[str, list[Answer]] = {}
        self.seen: list[httpx.Request] = []

    def on(self, method: str, path: str, *answers: Answer) -> Line:
        self.answers[f"{method} /tas/api{path}"] = list(answers)
        return self

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request)
        steps = self.answers[f"{request.method} {request.url.path}"]
        step = steps.pop(0) if len(steps) > 1 else steps[0]
        return step(request) if callable(step) else step

    def asked(self) -> list[str]:
        return [f"{r.method} {r.url.path.removeprefix('/tas/api')}" for r in self.seen]

    def sent(self, at: int = -1) -> Any:
        return json.loads(self.seen[at].content)

    def tenant(self) -> Tenant:
        client = httpx.AsyncClient(
            transport=httpx.MockTransport(self), base_url="https://acme.topdesk.example"
        )
        return Tenant(Rest(client, name="topdesk", concurrency=4))


def found(body: Any, status: int = 200) -> httpx.Response:
    return httpx.Response(status, json=body)


def refused(text: str, status: int = 400) -> httpx.Response:
    return httpx.Response(status, json=[{"message": text}])


V2 = found({"item": [], "size": 0, "next": None})
V1 = httpx.Response(406)
CARD: dict[str, Any] = {"id": "p1", "employeeNumber": "1042", "archived": False}


def v2_line() -> Line:
    return Line().on("GET", "/persons", V2)


def v1_line() -> Line:
    return Line().on("GET", "/persons", V1)


def writing(**values: Any) -> Written:
    return values


# --- which TOPdesk is this? ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (V2, Generation.V2),
        (found([{"id": "p1"}], 206), Generation.V1),
        (V1, Generation.V1),
        (httpx.Response(204), Generation.V2),
    ],
)
async def test_the_generation_is_asked_once(answer: httpx.Response, expected: Generation) -> None:
    line = Line().on("GET", "/persons", answer)
    tenant = line.tenant()

    assert await tenant.generation() is expected
    assert await tenant.generation() is expected
    assert len(line.seen) == 1


async def test_no_call_accepts_anything() -> None:
    """`*/*` gets either generation, as TOPdesk pleases."""
    line = v2_line().on("GET", "/departments", found([])).on("GET", "/persons/p1", found(CARD))
    tenant = line.tenant()
    await tenant.whole("/departments")
    await Persons(tenant).by_id("p1")

    assert [r.headers["accept"] for r in line.seen] == [
        "application/json",
        "application/x.topdesk-collection-person-v2+json",
        "application/x.topdesk-person-v2+json",
    ]


async def test_the_product_version_is_asked_once() -> None:
    line = Line().on("GET", "/productVersion", found({"major": 16, "minor": 6, "patch": 7}))
    tenant = line.tenant()

    assert await tenant.product_version() == (16, 6, 7)
    assert await tenant.product_version() == (16, 6, 7)
    assert len(line.seen) == 1


@pytest.mark.parametrize(
    "setting",
    [
        "https://acme.topdesk.net",
        "https://acme.topdesk.net/",
        " https://acme.topdesk.net/tas/ ",
        "https://acme.topdesk.net/tas/api",
    ],
)
def test_the_address_may_be_pasted_in_any_length(setting: str) -> None:
    assert base_url(setting) == "https://acme.topdesk.net"


async def test_a_sign_in_page_instead_of_json_is_told_as_that() -> None:
    line = Line().on("GET", "/departments", httpx.Response(200, html="<html>sign in</html>"))

    with pytest.raises(TargetDown, match="TOPDESK_URL"):
        await line.tenant().whole("/departments")


# --- pages -------------------------------------------------------------------------------------


def pages(*sizes: int) -> list[Answer]:
    """Full pages as 206, the last one as 200."""
    rows = iter(range(sum(sizes)))
    bodies = [[{"id": str(next(rows))} for _ in range(size)] for size in sizes]
    return [found(body, 206 if body is not bodies[-1] else 200) for body in bodies]


async def test_pages_are_read_to_the_end() -> None:
    line = Line().on("GET", "/operators", *pages(100, 100, 3))
    rows = await line.tenant().rows("/operators", {"query": "x"})

    assert [row["id"] for row in rows] == [str(n) for n in range(203)]
    assert [r.url.params["start"] for r in line.seen] == ["0", "100", "200"]


async def test_a_v2_list_is_paged_by_its_own_parameters() -> None:
    first = found({"item": [{"id": "a"}], "next": "https://elsewhere/next"}, 206)
    line = Line().on("GET", "/persons", first, found({"item": [{"id": "b"}], "next": None}))
    rows = await line.tenant().rows_v2("/persons", {})

    assert [row["id"] for row in rows] == ["a", "b"]
    assert [r.url.params["pageStart"] for r in line.seen] == ["0", "1"]


async def test_no_content_is_an_empty_list() -> None:
    line = Line().on("GET", "/operators", httpx.Response(204))

    assert await line.tenant().rows("/operators", {}) == []


@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        ([found([{"id": "a"}], 206), found([{"id": "a"}], 206)], "again and again"),
        ([found([{"id": "a"}], 206), found([], 206)], "gives nothing"),
        ([found({"what": "is this"})], "shape that nobody documented"),
    ],
)
async def test_a_list_that_cannot_be_right_is_refused(
    answers: list[Answer], sentence: str
) -> None:
    line = Line().on("GET", "/operators", *answers)

    with pytest.raises(TargetDown, match=sentence):
        await line.tenant().rows("/operators", {})


# --- persons -----------------------------------------------------------------------------------


async def test_v1_has_its_own_path_and_needs_no_fields() -> None:
    line = v1_line().on("GET", "/persons/id/p1", found({**CARD, "status": "personArchived"}))
    person = await Persons(line.tenant()).by_id("p1", ["email"])

    assert person is not None
    assert person.employee_number == "1042"
    assert dict(line.seen[-1].url.params) == {}


async def test_an_id_with_a_slash_stays_one_part_of_the_path() -> None:
    line = v2_line().on("GET", "/persons/../secret", httpx.Response(404))

    assert await Persons(line.tenant()).by_id("../secret") is None
    assert line.seen[-1].url.raw_path.startswith(b"/tas/api/persons/..%2Fsecret?")


async def test_a_field_of_a_later_version_is_left_out_after_one_refusal() -> None:
    unknown = refused('The field "hasSspAccess" does not exist.')
    line = v2_line().on("GET", "/persons/p1", unknown, found(CARD))
    tenant = line.tenant()
    await Persons(tenant).by_id("p1", ["hasSspAccess", "email"])
    await Persons(tenant).by_id("p1", ["hasSspAccess", "email"])

    asked = [r.url.params["fields"] for r in line.seen if r.url.path.endswith("/p1")]
    assert ["hasSspAccess" in fields for fields in asked] == [True, False, False]
    assert all("email" in fields for fields in asked)


async def test_a_field_that_never_was_is_refused() -> None:
    line = v2_line().on("PATCH", "/persons/p1", refused('The field "surname" does not exist.'))

    with pytest.raises(Permanent, match="surname"):
        await Persons(line.tenant()).update("p1", writing(surname="x"))


async def test_v1_is_sent_nothing_it_cannot_know() -> None:
    line = v1_line().on("PATCH", "/persons/id/p1", found(CARD))
    build = writing(surName="Boer", isCaller=True, hasSspAccess=False)
    await Persons(line.tenant()).update("p1", build)

    assert line.sent() == {"surName": "Boer"}


async def test_a_body_names_lookups_by_id_and_empties_by_rule() -> None:
    line = v2_line().on("PATCH", "/persons/p1", found(CARD))
    build = writing(
        branch=Ref("Utrecht", "b1"),
        budgetHolder=None,
        email=None,
        manager="boss",
        **{"optionalFields1.text1": "a", "optionalFields1.boolean1": True},
    )
    await Persons(line.tenant()).update("p1", build)

    assert line.sent() == {
        "branch": {"id": "b1"},
        "budgetHolder": {"id": None},
        "email": "",
        "manager": {"id": "boss"},
        "optionalFields1": {"text1": "a", "boolean1": True},
    }


async def test_a_lookup_is_emptied_the_other_way_when_refused() -> None:
    wrong = refused('The value for the field "manager" cannot be parsed')
    line = v2_line().on("PATCH", "/persons/p1", wrong, found(CARD))
    await Persons(line.tenant()).update("p1", writing(manager=None))

    assert line.sent() == {"manager": None}


async def test_an_unparsed_value_that_empties_nothing_is_refused_at_once() -> None:
    line = v2_line().on("PATCH", "/persons/p1", refused('The field "email" cannot be parsed'))

    with pytest.raises(Permanent):
        await Persons(line.tenant()).update("p1", writing(email="nonsense"))
    assert line.asked().count("PATCH /persons/p1") == 1


async def test_a_department_that_is_plain_text_goes_by_name() -> None:
    text = "Can not set department from an id if the setting for departments is plain text."
    line = v2_line().on("PATCH", "/persons/p1", refused(text), found(CARD))
    build = writing(department=Ref("ICT", "d1"))
    await Persons(line.tenant()).update("p1", build)

    assert line.sent() == {"department": {"name": "ICT"}}


async def test_v1_has_another_field_for_a_plain_text_department() -> None:
    text = "Can not set department from an id if the setting for departments is plain text."
    line = v1_line().on("PATCH", "/persons/id/p1", refused(text), found(CARD))
    build = writing(department=Ref("ICT", "d1"))
    await Persons(line.tenant()).update("p1", build)

    assert line.sent() == {"departmentFree": "ICT"}


async def test_an_older_v2_wants_its_own_content_type_for_a_create() -> None:
    line = v2_line().on("POST", "/persons", httpx.Response(415), found(CARD, 201))
    tenant = line.tenant()
    for _ in range(2):
        await Persons(tenant).create(writing(surName="Boer"))

    types = [r.headers["content-type"] for r in line.seen if r.method == "POST"]
    assert types == ["application/json", PERSON_BODY_V2, PERSON_BODY_V2]


async def test_a_taken_login_is_told_as_one() -> None:
    text = "The given login name of this person already exists but it must be unique."
    line = v2_line().on("POST", "/persons", refused(text))

    with pytest.raises(NameTaken) as taken:
        await Persons(line.tenant()).create(writing(surName="Boer"))
    assert taken.value.field == "tasLoginName"


async def test_a_create_that_may_have_happened_is_not_repeated() -> None:
    line = v2_line().on("POST", "/persons", httpx.Response(500))

    with pytest.raises(UnknownReply):
        await Persons(line.tenant()).create(writing(surName="Boer"))
    assert line.asked().count("POST /persons") == 1


async def test_cards_nobody_asked_for_stop_everything() -> None:
    """Parameters of the other generation may be ignored, and everybody comes back."""
    line = Line().on("GET", "/persons", V2, found({"item": [{"id": "x", "employeeNumber": "7"}]}))

    with pytest.raises(TargetDown, match="ignores"):
        await Persons(line.tenant()).by_number("1042")


async def test_a_number_that_means_many_is_never_sought() -> None:
    line = v2_line()

    for number in ("", "*****"):
        with pytest.raises(Permanent):
            await Persons(line.tenant()).by_number(number)
    assert line.seen == []


@pytest.mark.parametrize("verb", ["archive", "unarchive"])
async def test_what_is_archived_already_is_done(verb: str) -> None:
    text = f"Person is already {verb}d"
    line = v2_line().on("PATCH", f"/persons/id/p1/{verb}", refused(text))
    persons = Persons(line.tenant())

    await (persons.archive("p1", "r1") if verb == "archive" else persons.unarchive("p1"))
    assert line.sent() if verb == "archive" else not line.seen[-1].content


# --- operators ---------------------------------------------------------------------------------


def operator(number: str = "1042", person: str | None = "p1", **more: Any) -> dict[str, Any]:
    link = {"id": person, "name": "x"} if person else None
    return {
        "id": "o1",
        "status": "operator",
        "employeeNumber": number,
        "linkedPerson": link,
        **more,
    }


async def test_an_operator_is_sought_by_link_or_number() -> None:
    line = Line().on("GET", "/operators", found([operator(status="operatorArchived")]))
    rows = await Operators(line.tenant()).of_person("p1", "1042")

    assert [(row.id, row.archived) for row in rows] == [("o1", True)]
    assert line.seen[0].url.params["query"] == "(linkedPerson.id=='p1',employeeNumber=='1042')"


async def test_a_linked_operator_goes_before_one_that_shares_the_number() -> None:
    rows = [operator(person=None), operator() | {"id": "o2"}]
    line = Line().on("GET", "/operators", found(rows))

    assert [row.id for row in await Operators(line.tenant()).of_person("p1", "1042")] == ["o2"]


async def test_an_operator_of_somebody_else_with_the_number_is_left() -> None:
    line = Line().on("GET", "/operators", found([operator(person="p2")]))

    assert await Operators(line.tenant()).of_person("p1", "1042") == []


async def test_operators_nobody_asked_for_stop_everything() -> None:
    line = Line().on("GET", "/operators", found([operator("7", "p2")]))

    with pytest.raises(TargetDown, match="ignores"):
        await Operators(line.tenant()).of_person("p1", "1042")


async def test_before_the_link_existed_the_number_must_do() -> None:
    unknown = refused('The field "linkedPerson.id" does not exist.')
    line = Line().on("GET", "/operators", unknown, found([operator(person=None)]))
    tenant = line.tenant()
    await Operators(tenant).of_person("p1", "1042")
    await Operators(tenant).of_person("p1", "1042")

    assert [r.url.params["query"] for r in line.seen][1:] == ["employeeNumber=='1042'"] * 2


async def test_an_operator_is_linked_where_links_exist() -> None:
    unknown = refused('The field "linkedPerson" does not exist.')
    line = Line().on("POST", "/operators", unknown, found(operator(person=None), 201))
    await Operators(line.tenant()).create("p1", writing(surName="Boer"))

    assert line.sent(0) == {"surName": "Boer", "linkedPerson": {"id": "p1"}}
    assert line.sent() == {"surName": "Boer"}


async def test_permission_groups_are_unlinked_with_a_body() -> None:
    line = Line().on("DELETE", "/operators/id/o1/permissiongroups", httpx.Response(204))
    await Operators(line.tenant()).unlink("permission group", "o1", "g1")

    assert line.sent() == [{"id": "g1"}]


# --- lookups -----------------------------------------------------------------------------------


class Ticking:
    """A monotonic clock that stands still until it is told."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


async def test_a_list_is_read_once_and_names_have_no_case() -> None:
    line = Line().on("GET", "/branches", found([{"id": "b1", "name": "Utrecht"}]))
    lookups = Lookups(line.tenant(), monotonic=Ticking())

    assert await lookups.find("branch", "UTRECHT ") == "b1"
    assert await lookups.find("branch", "utrecht") == "b1"
    assert len(line.seen) == 1


async def test_a_missing_name_has_the_list_read_again_once_a_minute() -> None:
    clock = Ticking()
    line = Line().on("GET", "/branches", found([]), found([{"id": "b1", "name": "Utrecht"}]))
    lookups = Lookups(line.tenant(), monotonic=clock)

    assert await lookups.find("branch", "Utrecht") is None
    assert await lookups.find("branch", "Utrecht") is None
    assert len(line.seen) == 1
    clock.seconds += 60
    assert await lookups.find("branch", "Utrecht") == "b1"


async def test_a_name_that_is_there_twice_is_nobody_s_guess() -> None:
    rows = [{"id": "g1", "name": "Desk"}, {"id": "g2", "name": "desk"}]
    line = Line().on("GET", "/permissiongroups", found(rows))

    with pytest.raises(Permanent, match="2 times"):
        await Lookups(line.tenant()).find("permission group", "Desk")


async def test_a_location_is_one_of_its_branch() -> None:
    rows = [
        {"id": "l1", "name": "Balie", "branch": {"id": "b1"}},
        {"id": "l2", "name": "Balie", "branch": {"id": "b2"}},
    ]
    line = Line().on("GET", "/locations", found(rows))

    assert await Lookups(line.tenant()).find(LOCATION, "Balie", branch_id="b2") == "l2"


async def test_a_missing_department_is_made_once() -> None:
    made = found({"id": "d1", "name": "ICT"}, 201)
    line = Line().on("GET", "/departments", found([])).on("POST", "/departments", made)
    lookups = Lookups(line.tenant())

    assert await lookups.entry("department", code=None, make=True, name="ICT") == "d1"
    assert await lookups.entry("department", code=None, make=True, name="ict") == "d1"
    assert line.asked() == ["GET /departments", "POST /departments"]


async def test_a_department_that_another_process_made_is_found() -> None:
    line = (
        Line()
        .on("GET", "/departments", found([]), found([{"id": "d9", "name": "ICT"}]))
        .on("POST", "/departments", refused("Department with name 'ICT' already exists."))
    )

    assert (
        await Lookups(line.tenant()).entry("department", code=None, make=True, name="ICT") == "d9"
    )


async def test_a_department_that_lies_archived_is_told_with_the_mend() -> None:
    line = (
        Line()
        .on("GET", "/departments", found([]))
        .on("POST", "/departments", refused("Department with name 'ICT' already exists."))
    )

    with pytest.raises(Permanent, match="un-archive it"):
        await Lookups(line.tenant()).entry("department", code=None, make=True, name="ICT")


async def test_forgetting_reads_everything_again() -> None:
    line = Line().on("GET", "/departments", found([{"id": "d1", "name": "ICT"}]))
    lookups = Lookups(line.tenant())

    assert not lookups.forget()
    await lookups.find(DEPARTMENT, "ICT")
    assert lookups.forget()
    assert await lookups.find(DEPARTMENT, "ICT") == "d1"
    assert len(line.seen) == 2
