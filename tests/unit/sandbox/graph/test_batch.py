"""Batches: what spoils the whole, what spoils one step, and what order means."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sandbox.graph import GraphTenant, Limits
from sandbox.graph.service import Service

type Create = Callable[..., str]
type Error = Callable[..., tuple[int, str]]

SAMPLES = Path(__file__).parents[3] / "samples"


def step(number: int, url: str = "/organization", **more: Any) -> dict[str, Any]:
    return {"id": str(number), "method": "GET", "url": url, **more}


def patch(number: int, user_id: str, body: dict[str, Any], **more: Any) -> dict[str, Any]:
    headers = {"Content-Type": "application/json"}
    url = f"/users/{user_id}"
    return {
        "id": str(number),
        "method": "PATCH",
        "url": url,
        "headers": headers,
        "body": body,
        **more,
    }


def run(service: Service, *steps: dict[str, Any]) -> dict[str, Any]:
    reply = service.ask("POST", "/$batch", {"requests": list(steps)})
    assert reply.status == 200, reply.body
    assert isinstance(reply.body, dict)
    return {each["id"]: each for each in reply.body["responses"]}


def test_the_documented_batch_answers_each_step(service: Service, create: Create) -> None:
    create("anna")
    body = json.loads((SAMPLES / "graph-3.1-batch.json").read_text(encoding="utf-8"))

    responses = run(service, *body["requests"])

    assert {n: each["status"] for n, each in responses.items()} == {"1": 200, "2": 404, "3": 424}


def test_steps_without_dependence_answer_in_no_order(service: Service) -> None:
    assert list(run(service, step(1), step(2), step(3))) == ["3", "2", "1"]


def test_a_dependent_step_runs_after_its_predecessor(
    service: Service, create: Create, tenant: GraphTenant
) -> None:
    anna = create()
    steps = [
        patch(1, anna, {"department": "Zorg"}),
        patch(2, anna, {"department": "ICT"}, dependsOn=["1"]),
    ]

    run(service, *steps)

    assert tenant.users[anna]["department"] == "ICT"


def test_a_misspelt_dependence_is_ignored(
    service: Service, create: Create, tenant: GraphTenant
) -> None:
    anna = create()
    steps = [
        patch(1, anna, {"department": "Zorg"}),
        patch(2, anna, {"department": "ICT"}, depends_on=["1"]),
    ]

    run(service, *steps)

    assert tenant.users[anna]["department"] == "Zorg"


def test_failure_spreads_along_dependence_only(service: Service) -> None:
    responses = run(
        service,
        step(1, "/nergens"),
        step(2, dependsOn=["1"]),
        step(3, dependsOn=["2"]),
        step(4),
    )

    statuses = {n: each["status"] for n, each in responses.items()}
    assert statuses == {"1": 400, "2": 424, "3": 424, "4": 200}


def test_each_step_is_throttled_by_itself(tenant: GraphTenant) -> None:
    service = Service(tenant, Limits(units=2))

    responses = run(service, step(1), step(2), step(3))

    assert [responses[n]["status"] for n in ("3", "2", "1")] == [200, 200, 429]
    assert responses["1"]["headers"]["Retry-After"] == "5"


def test_an_unknown_option_spoils_its_step_only(service: Service) -> None:
    responses = run(service, step(1, "/users?$skip=1"), step(2))

    assert (responses["1"]["status"], responses["2"]["status"]) == (400, 200)


def test_revoking_in_a_batch_needs_a_body(service: Service, create: Create) -> None:
    url = f"/users/{create()}/revokeSignInSessions"
    bare = {"id": "1", "method": "POST", "url": url}
    full = {**bare, "body": {}, "headers": {"Content-Type": "application/json"}}

    assert service.ask("POST", "/$batch", {"requests": [bare]}).status == 400
    assert run(service, full)["1"]["body"]["value"] is True


@pytest.mark.parametrize(
    ("steps", "code"),
    [
        ([step(n) for n in range(21)], "MaximumValueExceeded"),
        ([], "BadRequest"),
        ([step(1), step(1)], "BadRequest"),
        ([{**step(1), "id": "a"}, {**step(2), "id": "A"}], "BadRequest"),
        ([step(1, dependsOn=["2"]), step(2)], "BadRequest"),
        ([step(1, "/$batch")], "BadRequest"),
        ([{"id": "1", "method": "GET"}], "BadRequest"),
        ([{"id": "1", "method": "PATCH", "url": "/users/x", "body": {}}], "BadRequest"),
        (["x"], "BadRequest"),
    ],
)
def test_a_malformed_batch_is_refused_as_a_whole(
    service: Service, tenant: GraphTenant, error: Error, steps: list[Any], code: str
) -> None:
    assert error(service.ask("POST", "/$batch", {"requests": steps})) == (400, code)
    assert tenant.writes == []


def test_twenty_steps_are_taken(service: Service) -> None:
    assert len(run(service, *(step(n) for n in range(20)))) == 20


def test_writes_in_a_batch_are_in_the_log(
    service: Service, create: Create, tenant: GraphTenant
) -> None:
    anna = create()

    run(service, patch(1, anna, {"department": "Zorg"}))

    assert (tenant.writes[-1].path, tenant.writes[-1].status) == (f"/users/{anna}", 204)
