"""Temporary Access Pass: shown once, replaced by the next, within bounds."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sandbox.clock import ManualClock
from sandbox.graph.service import Service

type Create = Callable[..., str]
type Error = Callable[..., tuple[int, str]]


@pytest.fixture
def url(create: Create) -> str:
    return f"/users/{create()}/authentication/temporaryAccessPassMethods"


def test_the_code_is_shown_once(service: Service, url: str) -> None:
    made = service.ask("POST", url, {"lifetimeInMinutes": 60, "isUsableOnce": True})
    listed = service.ask("GET", url)

    assert isinstance(made.body, dict)
    assert isinstance(listed.body, dict)
    assert made.status == 201
    assert made.body["temporaryAccessPass"]
    assert [each["temporaryAccessPass"] for each in listed.body["value"]] == [None]


def test_a_second_pass_replaces_the_first(service: Service, url: str, error: Error) -> None:
    first, second = service.ask("POST", url), service.ask("POST", url)
    assert isinstance(first.body, dict)
    assert isinstance(second.body, dict)

    gone = service.ask("DELETE", f"{url}/{first.body['id']}")

    assert error(gone) == (404, "Request_ResourceNotFound")
    assert service.ask("DELETE", f"{url}/{second.body['id']}").status == 204


@pytest.mark.parametrize("minutes", [9, 43_201, 59, 481, "60"])
def test_a_lifetime_out_of_bounds_or_policy_is_refused(
    service: Service, url: str, minutes: object
) -> None:
    assert service.ask("POST", url, {"lifetimeInMinutes": minutes}).status == 400


def test_a_pass_for_the_first_working_day_is_not_yet_valid(
    service: Service, url: str, clock: ManualClock
) -> None:
    service.ask("POST", url, {"startDateTime": "2026-11-02T10:00:00Z"})

    reasons = []
    for seconds in (0, 3600, 3600):
        clock.advance(seconds)
        reply = service.ask("GET", url)
        assert isinstance(reply.body, dict)
        reasons.append(reply.body["value"][0]["methodUsabilityReason"])

    assert reasons == ["NotYetValid", "EnabledByPolicy", "Expired"]


def test_an_unknown_property_of_a_pass_is_refused(
    service: Service, url: str, error: Error
) -> None:
    reply = service.ask("POST", url, {"lifetime_in_minutes": 60})

    assert error(reply) == (400, "Request_BadRequest")
