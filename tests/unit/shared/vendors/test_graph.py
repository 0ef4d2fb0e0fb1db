from __future__ import annotations

import base64
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError

from shared.errors import InstroomError, NameTaken, Permanent, TargetDown, Transient, UnknownReply
from shared.vendors.graph import groups, paths, refusals, users
from shared.vendors.graph.client import Graph, connect
from shared.vendors.graph.refusals import NotVisible, Refused

BASE = "https://graph.microsoft.com/v1.0"
HOLDER = "0c0ffee0-0000-4000-8000-000000000001"

type Handler = Callable[[httpx.Request], httpx.Response]


class Credential:
    """A token without an identity provider; remembers what was asked."""

    def __init__(self, problem: Exception | None = None) -> None:
        self.asked: list[dict[str, Any]] = []
        self.problem = problem

    async def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        if self.problem:
            raise self.problem
        self.asked.append({"scopes": scopes, **options})
        return AccessToken("secret-token", int(time.time()) + 3600)


class Far:
    """Graph as a list of answers; the last one repeats."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers = list(answers)
        self.seen: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def last(self) -> httpx.Request:
        return self.seen[-1]

    @property
    def sent(self) -> Any:
        return json.loads(self.last.content)


@pytest.fixture
async def opened() -> AsyncIterator[Callable[..., Graph]]:
    graphs: list[Graph] = []

    def open_graph(
        handler: Handler, *, base_url: str = BASE, credential: Credential | None = None
    ) -> Graph:
        transport = httpx.MockTransport(handler)
        graph = connect(base_url, credential or Credential(), transport=transport)
        graphs.append(graph)
        return graph

    yield open_graph
    for graph in graphs:
        await graph.close()


type Open = Callable[..., Graph]


def refusal(
    status: int, code: str, message: str = "", details: list[dict[str, str]] | None = None
) -> httpx.Response:
    error: dict[str, Any] = {"code": code, "message": message}
    if details:
        error["details"] = details
    return httpx.Response(status, json={"error": error}, headers={"request-id": "r1"})


DONE = httpx.Response(204)


def test_the_sdk_is_imported_by_the_first_connection() -> None:
    question = (
        "import sys; from shared.vendors.graph import client, groups, users;"
        "sys.exit('msgraph' in sys.modules or 'kiota_http' in sys.modules)"
    )

    answer = subprocess.run([sys.executable, "-c", question], check=False)  # noqa: S603 - ourselves

    assert answer.returncode == 0


@pytest.mark.parametrize("base_url", [BASE, f"{BASE}/"])
async def test_one_slash_stands_between_base_and_path(opened: Open, base_url: str) -> None:
    far = Far(DONE)

    await users.delete(opened(far, base_url=base_url), "u1")

    assert str(far.last.url) == f"{BASE}/users/u1"


async def test_every_call_has_a_token_and_an_id(opened: Open) -> None:
    far, credential = Far(DONE), Credential()
    graph = opened(far, credential=credential)

    await users.delete(graph, "u1")
    await users.delete(graph, "u2")

    assert [r.headers["authorization"] for r in far.seen] == ["Bearer secret-token"] * 2
    assert len({r.headers["client-request-id"] for r in far.seen}) == 2
    assert credential.asked[0]["scopes"] == ("https://graph.microsoft.com/.default",)


async def test_a_claims_challenge_is_answered_once(opened: Open) -> None:
    claims = base64.b64encode(b'{"access_token":{}}').decode()
    challenge = httpx.Response(
        401, headers={"WWW-Authenticate": f'Bearer realm="", claims="{claims}"'}
    )
    far, credential = Far(challenge, DONE), Credential()

    await users.delete(opened(far, credential=credential), "u1")

    assert credential.asked[1]["claims"] == '{"access_token":{}}'


async def test_a_claims_challenge_without_end_is_target_down(opened: Open) -> None:
    claims = base64.b64encode(b"{}").decode()
    far = Far(httpx.Response(401, headers={"WWW-Authenticate": f'Bearer claims="{claims}"'}))

    with pytest.raises(TargetDown):
        await users.delete(opened(far), "u1")
    assert len(far.seen) == 2


async def test_no_token_is_target_down(opened: Open) -> None:
    credential = Credential(ClientAuthenticationError("AADSTS7000215"))

    with pytest.raises(TargetDown, match="identity"):
        await users.delete(opened(Far(DONE), credential=credential), "u1")


async def test_there_is_one_retry_loop(opened: Open) -> None:
    """Three attempts of ours (test mode), none of the SDK's on top of each."""
    far = Far(httpx.Response(503))

    with pytest.raises(TargetDown):
        await users.delete(opened(far), "u1")
    assert len(far.seen) == 3


@pytest.mark.parametrize("answer", [httpx.Response(504), httpx.ReadError("cut")])
async def test_a_create_whose_reply_is_lost_is_not_repeated(
    opened: Open, answer: httpx.Response | Exception
) -> None:
    far = Far(answer)

    with pytest.raises(UnknownReply):
        await users.create(opened(far), {"displayName": "x"})
    assert len(far.seen) == 1


REPEATABLE: list[Callable[[Graph], Awaitable[None]]] = [
    lambda graph: users.change(graph, "u1", {}),
    lambda graph: users.revoke_sessions(graph, "u1"),
    lambda graph: groups.add_member(graph, "g1", "u1"),
]


@pytest.mark.parametrize("ask", REPEATABLE, ids=["change", "revoke", "add member"])
async def test_what_changes_nothing_more_is_repeated_at_once(
    opened: Open, ask: Callable[[Graph], Awaitable[None]]
) -> None:
    far = Far(httpx.ReadError("cut"), DONE)

    await ask(opened(far))

    assert len(far.seen) == 2


async def test_nulls_go_out_under_their_own_names(opened: Open) -> None:
    far = Far(DONE)
    values = {
        "mobilePhone": None,
        "employeeOrgData.costCenter": "410",
        "employeeOrgData.division": None,
        "onPremisesExtensionAttributes.extensionAttribute2": None,
        "businessPhones": "010",
        "employeeHireDate": "2026-11-02",
    }

    await users.change(opened(far), "u1", users.body(values))

    assert far.last.method == "PATCH"
    assert far.sent == {
        "mobilePhone": None,
        "employeeOrgData": {"costCenter": "410", "division": None},
        "onPremisesExtensionAttributes": {"extensionAttribute2": None},
        "businessPhones": ["010"],
        "employeeHireDate": "2026-11-02T00:00:00Z",
    }


def test_attributes_are_read_as_they_are_written() -> None:
    values: dict[str, str | bool | None] = {
        "department": "Ruimte",
        "mobilePhone": None,
        "businessPhones": "010",
        "employeeHireDate": "2026-11-02",
        "employeeOrgData.costCenter": "410",
        "onPremisesExtensionAttributes.extensionAttribute1": None,
        "showInAddressList": True,
    }

    assert users.attributes(users.body(values), values) == values
    assert users.attributes({}, values) == dict.fromkeys(values)
    assert users.properties(values) == (
        "department",
        "mobilePhone",
        "businessPhones",
        "employeeHireDate",
        "employeeOrgData",
        "onPremisesExtensionAttributes",
        "showInAddressList",
    )


async def test_the_number_is_quoted_for_the_filter(opened: Open) -> None:
    far = Far(httpx.Response(200, json={"value": []}))

    await users.with_employee_id(opened(far), "o'1&x", ["id"])

    assert far.last.url.params["$filter"] == "employeeId eq 'o''1&x'"


async def test_a_name_in_a_path_is_encoded(opened: Open) -> None:
    far = Far(httpx.Response(200, json={"id": "u1"}))

    await users.get(opened(far), "o'brien#x@example.nl", ["id"])

    assert far.last.url.raw_path.startswith(b"/v1.0/users/o%27brien%23x%40example.nl?")


async def test_removing_a_member_never_addresses_the_person(opened: Open) -> None:
    """Microsoft Graph, "Remove member": without `/$ref` the person itself is deleted."""
    far = Far(DONE)

    await groups.remove_member(opened(far), "g1", "u1")

    assert far.last.method == "DELETE"
    assert far.last.url.path == "/v1.0/groups/g1/members/u1/$ref"


async def test_only_known_paths_may_be_deleted(opened: Open) -> None:
    graph = opened(Far(DONE))

    with pytest.raises(ValueError, match="nothing may be deleted"):
        await graph.call(
            "DELETE", "/groups/{group}/members/{user}", at={"group": "g", "user": "u"}
        )
    assert all(
        path.endswith("/$ref")
        for path in paths.DELETABLE
        if "members" in path or "manager" in path
    )


@pytest.mark.parametrize("user_id", ["", ".", ".."])
async def test_a_path_value_is_never_empty(opened: Open, user_id: str) -> None:
    with pytest.raises(ValueError, match="no value for user"):
        await users.delete(opened(Far(DONE)), user_id)


async def test_pages_are_followed(opened: Open) -> None:
    far = Far(
        httpx.Response(200, json={"value": [{"id": "g1"}], "@odata.nextLink": f"{BASE}/x?t=1"}),
        httpx.Response(200, json={"value": [], "@odata.nextLink": f"{BASE}/x?t=2"}),
        httpx.Response(200, json={"value": [{"id": "g2"}, {"id": "g3"}]}),
    )

    found = await users.member_of(opened(far), "u1", {"g1", "g2", "g9"})

    assert found == {"g1", "g2"}
    assert far.last.url.params["t"] == "2"


async def test_pages_in_a_circle_are_refused(opened: Open) -> None:
    far = Far(httpx.Response(200, json={"value": [], "@odata.nextLink": f"{BASE}/x?t=1"}))

    with pytest.raises(Permanent, match="circle"):
        await users.member_of(opened(far), "u1", {"g1"})


async def test_the_token_follows_no_page_to_another_server(opened: Open) -> None:
    far = Far(
        httpx.Response(200, json={"value": [], "@odata.nextLink": "https://evil.example/v1.0/x"})
    )

    with pytest.raises(Permanent, match="another server"):
        await users.member_of(opened(far), "u1", {"g1"})
    assert len(far.seen) == 1


async def test_no_question_is_asked_about_no_groups(opened: Open) -> None:
    far = Far(DONE)

    assert await users.member_of(opened(far), "u1", ()) == frozenset()
    assert far.seen == []


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (refusal(404, "Request_ResourceNotFound"), NotVisible),
        (refusal(403, "Authorization_RequestDenied"), Refused),
        (refusal(400, "Request_BadRequest"), Refused),
        (refusal(401, "InvalidAuthenticationToken"), TargetDown),
        (refusal(409, "Conflict"), Transient),
        (refusal(429, "TooManyRequests"), Transient),
        (refusal(400, "Directory_ExpiredPageToken"), Transient),
        (httpx.Response(418, text="<html>"), Refused),
    ],
)
async def test_an_error_answer_becomes_an_error_of_ours(
    opened: Open, answer: httpx.Response, expected: type[InstroomError]
) -> None:
    with pytest.raises(expected) as caught:
        await users.change(opened(Far(answer)), "u1", {})
    assert type(caught.value) is expected


CONFLICT = [{"code": "ObjectConflict", "target": "userPrincipalName"}]


@pytest.mark.parametrize(
    ("details", "field", "holder"),
    [
        (CONFLICT, "userPrincipalName", None),
        (
            [*CONFLICT, {"code": "ConflictingObjects", "target": f"User_{HOLDER}"}],
            "userPrincipalName",
            HOLDER,
        ),
        (
            [
                {"code": "ConflictingObjects", "target": "Group_g1"},
                {"code": "ObjectConflict", "target": "proxyAddresses"},
            ],
            "proxyAddresses",
            None,
        ),
    ],
)
async def test_a_taken_name_says_who_has_it(
    opened: Open, details: list[dict[str, str]], field: str, holder: str | None
) -> None:
    far = Far(refusal(400, "Request_BadRequest", "Another object with ...", details))

    with pytest.raises(NameTaken) as caught:
        await users.create(opened(far), {})
    assert (caught.value.field, caught.value.holder_id) == (field, holder)


def test_a_refusal_names_properties_and_no_values() -> None:
    answer = refusal(
        400,
        "Request_BadRequest",
        "Invalid value specified for property 'mobilePhone' of resource 'User'. Got '0612345678'.",
        [{"code": "InvalidValue", "target": "mobilePhone", "message": "0612345678"}],
    )

    assert str(refusals.read(answer)) == "400 Request_BadRequest (mobilePhone)"


def test_a_refusal_that_puts_the_property_first_names_it_too() -> None:
    said = "The domain portion of the userPrincipalName property is invalid. You must use one of"

    assert refusals.read(refusal(400, "Request_BadRequest", said)).properties == (
        "userPrincipalName",
    )


async def test_a_refusal_is_logged_with_the_ids_that_support_asks_for(
    opened: Open, caplog: pytest.LogCaptureFixture
) -> None:
    far = Far(refusal(403, "Authorization_RequestDenied", "Insufficient privileges"))

    with pytest.raises(Refused):
        await users.change(opened(far), "u1", {"mobilePhone": "0612345678"})
    line = next(r.getMessage() for r in caplog.records if r.name == "shared.vendors.graph.client")
    assert line == (
        "graph: PATCH /users/{user}: 403 Authorization_RequestDenied; request-id r1, "
        f"client-request-id {far.last.headers['client-request-id']}"
    )


async def test_blocking_goes_first_when_throttled(opened: Open) -> None:
    far = Far(DONE)

    await users.change(opened(far), "u1", {"accountEnabled": False}, urgent=True)

    assert far.last.headers["x-ms-throttle-priority"] == "high"


async def test_a_group_is_found_by_name_or_id(opened: Open) -> None:
    by_name = Far(httpx.Response(200, json={"value": [{"id": "g1"}, {"id": "g2"}]}))
    by_id = Far(httpx.Response(200, json={"id": HOLDER}))

    assert len(await groups.find(opened(by_name), "Kees' team")) == 2
    assert by_name.last.url.params["$filter"] == "displayName eq 'Kees'' team'"
    assert await groups.find(opened(by_id), HOLDER) == ({"id": HOLDER},)
    assert by_id.last.url.path == f"/v1.0/groups/{HOLDER}"
