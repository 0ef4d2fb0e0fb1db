"""Paths: which are known, with which verbs, and what the unknown are called."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sandbox.graph import routes
from sandbox.graph.service import Service
from sandbox.graph.wire import Request

type Error = Callable[..., tuple[int, str]]


@pytest.mark.parametrize(
    ("url", "segment"),
    [
        ("/gebruikers", "gebruikers"),
        ("/users/x/nergens", "nergens"),
        ("/groups/x/members/y/$ref/z", "z"),
        ("/", ""),
    ],
)
def test_an_unknown_segment_is_named(
    service: Service, error: Error, url: str, segment: str
) -> None:
    reply = service.ask("GET", url)

    assert error(reply) == (400, "BadRequest")
    assert f"segment '{segment}'" in str(reply.body)


@pytest.mark.parametrize(
    ("method", "url"),
    [
        ("DELETE", "/users"),
        ("PATCH", "/users/x/manager/$ref"),
        ("GET", "/$batch"),
        ("POST", "/groups/x"),
    ],
)
def test_a_wrong_verb_is_405(service: Service, error: Error, method: str, url: str) -> None:
    assert error(service.ask(method, url, {})) == (405, "Request_BadRequest")


def test_a_doubled_slash_is_one(service: Service) -> None:
    assert service.ask("GET", "//users").status == 200


def test_no_pattern_hides_another() -> None:
    for path, handlers in routes.TABLE.items():
        segments = tuple(
            "microsoft.graph.user" if part == "{cast}" else part for part in path.split("/")
        )
        for method, handler in handlers.items():
            assert (path, routes.find(method, segments)[0]) == (path, handler)


@pytest.mark.parametrize("body", [b"", b"[1]", b"{", b'"x"'])
def test_a_body_that_is_no_object_is_refused(service: Service, error: Error, body: bytes) -> None:
    headers = {"content-type": "application/json"}

    reply = service.answer(Request("POST", ("users",), {}, headers, body))

    assert error(reply) == (400, "BadRequest")


def test_a_body_without_its_type_is_refused(service: Service, error: Error) -> None:
    reply = service.ask("POST", "/users", {}, content_type="text/plain")

    assert error(reply) == (400, "BadRequest")
