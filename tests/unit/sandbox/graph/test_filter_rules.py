"""Which filters the directory answers, with and without the advanced query parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sandbox.graph.service import Service

type Error = Callable[..., tuple[int, str]]

UNSUPPORTED = (400, "Request_UnsupportedQuery")

PLAIN = [
    "employeeId eq '1042'",
    "startsWith(employeeId,'10')",
    "userPrincipalName eq 'anna@bedrijf.example'",
    "mail eq 'anna@bedrijf.example'",
    "startsWith(displayName,'A')",
    "startsWith(department,'Z')",
    "userPrincipalName in ('a@bedrijf.example','b@bedrijf.example')",
    "proxyAddresses/any(p:p eq 'smtp:anna@bedrijf.example')",
    "otherMails/any(m:m eq 'a@b.example')",
    "accountEnabled eq true and department eq 'Zorg'",
    "id in ('1','2')",
    "proxyAddresses/any(p:p eq 'smtp:a@b.example' or startsWith(p,'smtp:c'))",
    "assignedLicenses/any(l:l/skuId eq 'x')",
]
ADVANCED = [
    "employeeId ne '1042'",
    "not(employeeId eq '1')",
    "endsWith(mail,'@bedrijf.example')",
    "companyName eq 'Bedrijf'",
    "mobilePhone eq '1'",
    "officeLocation eq 'A'",
    "employeeHireDate ge 2026-01-01T00:00:00Z",
    "employeeType eq 'Employee'",
    "onPremisesExtensionAttributes/extensionAttribute1 eq 'x'",
    "streetAddress eq 'x'",
    "postalCode eq 'x'",
    "employeeId eq null",
    "proxyAddresses/$count eq 0",
]
NEVER = [
    "employeeNumber eq '1'",
    "extensionAttribute15 eq 'x'",
    "contains(displayName,'x')",
    "passwordProfile eq null",
    "assignedLicenses eq null",
    "endsWith(department,'x')",
    "onPremisesExtensionAttributes/extensionAttribute16 eq 'x'",
    "displayName gt 'a'",
    "proxyAddresses/$count ge 1",
    "proxyAddresses/any(p:p ne 'x' or contains(p,'y'))",
    "displayName/any(d:d eq 'x')",
    "proxyAddresses eq 'x'",
]


def ask(service: Service, text: str, *, advanced: bool) -> Any:
    if advanced:
        return service.ask(
            "GET", f"/users?$filter={text}&$count=true", ConsistencyLevel="eventual"
        )
    return service.ask("GET", f"/users?$filter={text}")


@pytest.mark.parametrize("text", PLAIN)
def test_these_work_without_advanced_parameters(service: Service, text: str) -> None:
    assert ask(service, text, advanced=False).status == 200


@pytest.mark.parametrize("text", ADVANCED)
def test_these_need_the_header_and_the_count(service: Service, error: Error, text: str) -> None:
    assert error(ask(service, text, advanced=False)) == UNSUPPORTED
    assert ask(service, text, advanced=True).status == 200


@pytest.mark.parametrize("text", NEVER)
def test_these_are_never_answered(service: Service, error: Error, text: str) -> None:
    assert error(ask(service, text, advanced=True)) == UNSUPPORTED


@pytest.mark.parametrize("joined", ["or", "in"])
def test_fifteen_alternatives_are_the_most_of_a_plain_query(
    service: Service, error: Error, joined: str
) -> None:
    def text(number: int) -> str:
        values = [f"'{n}'" for n in range(number)]
        if joined == "in":
            return f"employeeId in ({','.join(values)})"
        return " or ".join(f"employeeId eq {value}" for value in values)

    assert ask(service, text(15), advanced=False).status == 200
    refused = ask(service, text(16), advanced=False)
    assert error(refused) == UNSUPPORTED
    assert "Max allowed: 15." in str(refused.body)
    assert ask(service, text(16), advanced=True).status == 200


def test_the_header_alone_does_not_make_a_query_advanced(service: Service, error: Error) -> None:
    url = "/users?$filter=employeeId ne '1'"

    reply = service.ask("GET", url, ConsistencyLevel="eventual")

    assert error(reply) == UNSUPPORTED
    assert "Operator 'ne' is not supported because the required parameters" in str(reply.body)


def test_a_literal_of_the_wrong_type_is_a_bad_request(service: Service, error: Error) -> None:
    reply = ask(service, "accountEnabled eq 'true'", advanced=False)

    assert error(reply) == (400, "BadRequest")
