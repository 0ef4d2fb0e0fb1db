"""Twenty calls in one: which run, in which order, and what does the envelope say?

Source: Graph, "Combine multiple HTTP requests using JSON batching". Steps that do not depend on
each other run, and answer, in no promised order: here the last comes first, so that a caller who
relies on the order finds out at once. Each step is throttled by itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from sandbox.graph import refusals
from sandbox.graph.wire import Json, Reply, Request, parse_url

MOST_STEPS = 20
FAILED = 400
BODY_VERBS = frozenset({"POST", "PATCH", "PUT"})
VERBS = BODY_VERBS | {"GET", "DELETE"}


def run(request: Request, answer: Callable[[Request], Reply]) -> Reply:
    """POST /$batch -> 200, whatever becomes of the steps."""
    steps = _checked(request.json().get("requests"))
    done: dict[str, Json] = {}
    waiting = list(steps)
    while waiting:
        ready = [step for step in waiting if all(d in done for d in _needs(step))]
        step = ready[-1]
        waiting.remove(step)
        done[_key(step)] = _step(request, step, done, answer)
    return Reply(200, {"responses": list(done.values())})


def _step(
    outer: Request, step: Json, done: dict[str, Json], answer: Callable[[Request], Reply]
) -> Json:
    if any(done[need]["status"] >= FAILED for need in _needs(step)):
        message = "The request could not be performed because a dependency failed."
        error = {"error": {"code": "FailedDependency", "message": message}}
        return {"id": step["id"], "status": 424, "headers": {}, "body": error}
    reply = answer(_inner(outer, step))
    response: Json = {"id": step["id"], "status": reply.status, "headers": dict(reply.headers)}
    if reply.body is not None:
        response["headers"].setdefault("Content-Type", "application/json")
        response["body"] = reply.body
    return response


def _inner(outer: Request, step: Json) -> Request:
    url = str(step["url"]).removeprefix(outer.base_url)
    segments, query = parse_url(url)
    headers = {str(k).lower(): str(v) for k, v in (step.get("headers") or {}).items()}
    headers.setdefault("client-request-id", outer.headers.get("client-request-id", ""))
    body = json.dumps(step["body"]).encode() if "body" in step else b""
    return Request(step["method"].upper(), segments, query, headers, body, outer.base_url)


def _checked(steps: Any) -> list[Json]:
    """The steps, or 400 for the whole batch."""
    if not isinstance(steps, list) or not steps:
        raise refusals.bad_request("Invalid batch payload format.")
    if len(steps) > MOST_STEPS:
        raise refusals.Refusal(
            400,
            "MaximumValueExceeded",
            f"Number of batch request steps exceeds the maximum value of {MOST_STEPS}.",
        )
    seen: set[str] = set()
    for step in steps:
        _check_step(step, seen)
        seen.add(_key(step))
    return steps


def _check_step(step: Any, seen: set[str]) -> None:
    if not isinstance(step, dict) or not all(
        isinstance(step.get(name), str) for name in ("id", "method", "url")
    ):
        raise refusals.bad_request("Invalid batch payload format.")
    if _key(step) in seen:
        raise refusals.bad_request(
            f"Request Id has to be unique in a batch. Duplicated value: '{step['id']}'."
        )
    if step["method"].upper() not in VERBS or "$batch" in step["url"]:
        raise refusals.bad_request(f"Invalid batch request step: '{step['id']}'.")
    if any(need not in seen for need in _needs(step)):
        raise refusals.bad_request(f"Invalid dependency for request Id '{step['id']}'.")
    names = {str(name).lower() for name in step.get("headers") or {}}
    if step["method"].upper() in BODY_VERBS and (
        "body" not in step or "content-type" not in names
    ):
        raise refusals.bad_request(
            f"Write request id : {step['id']} does not contain Content-Type header or body."
        )


def _key(step: Json) -> str:
    return str(step["id"]).casefold()


def _needs(step: Json) -> tuple[str, ...]:
    """`dependsOn`, exactly so: another spelling is ignored, as the service does."""
    return tuple(str(each).casefold() for each in step.get("dependsOn") or ())
