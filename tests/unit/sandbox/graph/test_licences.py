"""Licences: seats, usage location, and the two lists."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sandbox.clock import ManualClock
from sandbox.graph import GraphTenant
from sandbox.graph.service import Service
from sandbox.graph.tenant import Sku

type Create = Callable[..., str]
type Error = Callable[..., tuple[int, str]]

E3 = "05e9a617-0261-4cee-bb44-138d3ef5d965"
ADD: dict[str, Any] = {"addLicenses": [{"skuId": E3, "disabledPlans": []}], "removeLicenses": []}
TAKE: dict[str, Any] = {"addLicenses": [], "removeLicenses": [E3]}
BAD = (400, "Request_BadRequest")


@pytest.fixture
def tenant(clock: ManualClock) -> GraphTenant:
    return GraphTenant(clock, skus=[Sku(E3, "SPE_E3", 1)])


def test_a_licence_is_given_counted_and_taken(
    service: Service, create: Create, error: Error
) -> None:
    url = f"/users/{create(usageLocation='NL')}"

    assert service.ask("POST", f"{url}/assignLicense", ADD).status == 200
    skus = service.ask("GET", "/subscribedSkus")
    details = service.ask("GET", f"{url}/licenseDetails")
    assert isinstance(skus.body, dict)
    assert isinstance(details.body, dict)
    assert skus.body["value"][0]["consumedUnits"] == 1
    assert details.body["value"][0]["skuPartNumber"] == "SPE_E3"
    assert service.ask("POST", f"{url}/assignLicense", TAKE).status == 200
    assert error(service.ask("POST", f"{url}/assignLicense", TAKE)) == BAD


def test_without_usage_location_no_licence_is_given(
    service: Service, create: Create, error: Error
) -> None:
    assert error(service.ask("POST", f"/users/{create()}/assignLicense", ADD)) == BAD


def test_the_last_seat_is_the_last(service: Service, create: Create, error: Error) -> None:
    anna, bert = (create(alias, usageLocation="NL") for alias in ("anna", "bert"))
    service.ask("POST", f"/users/{anna}/assignLicense", ADD)

    assert error(service.ask("POST", f"/users/{bert}/assignLicense", ADD)) == BAD
    assert service.ask("POST", f"/users/{anna}/assignLicense", ADD).status == 200


@pytest.mark.parametrize(
    "body",
    [
        {"addLicenses": []},
        {"removeLicenses": []},
        {"addLicenses": [{"skuId": "onbekend"}], "removeLicenses": []},
    ],
)
def test_half_a_body_or_an_unknown_product_is_refused(
    service: Service, create: Create, error: Error, body: dict[str, Any]
) -> None:
    url = f"/users/{create(usageLocation='NL')}/assignLicense"

    assert error(service.ask("POST", url, body)) == BAD
