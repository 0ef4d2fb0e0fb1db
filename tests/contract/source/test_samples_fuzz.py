"""The vendors' own samples with something changed in them give readings, or errors of ours.

The whole way of an answer is taken, from its bytes to the reading.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from contract.source.test_source_fuzz import BYTES, STRUCTURES, Spoil
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.errors import InstroomError
from shared.flow.answer import opened
from shared.intake.afas import AfasSource, Views
from shared.intake.exact import ExactSource
from shared.intake.exact_rows import Administration
from shared.intake.nmbrs import NmbrsSource
from shared.intake.source import Source
from shared.model.person import Record
from shared.vendors.afas import Afas
from shared.vendors.exact.client import Exact
from shared.vendors.nmbrs import Nmbrs

SAMPLES = Path(__file__).parents[2] / "samples"
EMPTY = {"skip": 0, "take": 1000, "rows": []}

type Answer = Callable[[httpx.Request], Any]
"""What a vendor says; bytes are the sample that is spoiled."""


def sample(name: str) -> bytes:
    return (SAMPLES / f"{name}.json").read_bytes()


def _ids(*names: str) -> dict[str, Any]:
    """Metainfo that knows every field of these samples."""
    rows = [row for name in names for row in json.loads(sample(name))["rows"]]
    return {"fields": [{"id": id_} for row in rows for id_ in row]}


def _afas_in_two(request: httpx.Request) -> Any:
    if "metainfo" in request.url.path:
        return _ids("afas-2.9-users", "afas-2.9-employments")
    if request.url.params["skip"] != "0":
        return EMPTY
    return sample("afas-2.9-users" if "Users" in request.url.path else "afas-2.9-employments")


def _afas_in_one(request: httpx.Request) -> Any:
    if "metainfo" in request.url.path:
        return _ids("afas-2.3-profit-employees")
    return EMPTY if request.url.params["skip"] != "0" else sample("afas-2.3-profit-employees")


def _nmbrs(request: httpx.Request) -> Any:
    *_, last = request.url.path.split("/")
    lists = {
        "debtors": [{"debtorId": "d"}],
        "companies": [{"companyId": "c", "number": 1, "name": "Voorbeeld"}],
        "period": [{"periodType": "month", "period": {"year": 2026, "period": 11}}],
        "employees": [
            {
                "employeeId": one["employeeId"],
                "employeeBasicInfo": {"employeeNumber": "7", "employeeType": "payroll"},
            }
            for one in json.loads(sample("nmbrs-3.7-employments"))["data"]
        ],
    }
    if last in ("personalinfo", "employments", "contracts"):
        return sample(f"nmbrs-3.7-{last}")
    return {"data": lists.get(last, []), "pagination": {"totalPages": 1}}


def _exact(request: httpx.Request) -> Any:
    *_, last = request.url.path.split("/")
    if "$skiptoken" in request.url.params:
        return {"d": {"results": []}}
    if last == "Divisions":
        return {"d": {"results": [{"Code": 1, "Description": "Voorbeeld", "Status": 1}]}}
    if last in ("Employees", "EmploymentOrganizations"):
        kind = "employees" if last == "Employees" else "organizations"
        return sample(f"exact-5.8-sync-{kind}")
    rows = json.loads(sample("exact-5.8-sync-employees"))["d"]["results"]
    days = {"StartDate": "/Date(1772323200000)/", "EndDate": None, "Timestamp": "7"}
    made = [{"ID": f"e{n}", "Employee": row.get("ID"), **days} for n, row in enumerate(rows)]
    return {"d": {"results": made if last == "Employments" else []}}


def _afas_source(way: httpx.AsyncBaseTransport, *views: str) -> Source:
    return AfasSource(Afas("http://afas.test", "AB" * 32, way), Views(*views))


def _nmbrs_source(way: httpx.AsyncBaseTransport) -> Source:
    return NmbrsSource(Nmbrs("http://nmbrs.test", "key", httpx.Auth(), way))


def _exact_source(way: httpx.AsyncBaseTransport) -> Source:
    exact = Exact("https://start.exactonline.nl", httpx.Auth(), transport=way)
    return ExactSource(exact, [Administration(1)])


VENDORS: dict[str, tuple[Answer, Callable[[httpx.AsyncBaseTransport], Source]]] = {
    "AFAS": (_afas_in_two, _afas_source),
    "AFAS in one view": (
        _afas_in_one,
        lambda way: _afas_source(way, "Profit_Employees", "Profit_Employees"),
    ),
    "Nmbrs": (_nmbrs, _nmbrs_source),
    "Exact": (_exact, _exact_source),
}


async def _read(name: str, spoil: Spoil, at: int) -> list[Any]:
    answer, made = VENDORS[name]
    seen = 0

    def play(request: httpx.Request) -> httpx.Response:
        nonlocal seen
        said = answer(request)
        if not isinstance(said, bytes):
            return httpx.Response(200, json=said)
        seen += 1
        return httpx.Response(200, content=spoil(said) if seen - 1 == at else said)

    source = made(httpx.MockTransport(play))
    return [opened(one) async for one in source.everyone()]


@pytest.mark.parametrize("name", list(VENDORS))
async def test_sample_as_it_stands_is_read(name: str) -> None:
    found = await _read(name, lambda body: body, 0)

    assert found
    assert all(isinstance(one, Record) for one in found), found


@pytest.mark.parametrize("name", list(VENDORS))
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(at=st.integers(0, 2), spoil=STRUCTURES | BYTES)
def test_spoiled_sample_gives_readings_or_an_error_of_ours(
    name: str, at: int, spoil: Spoil
) -> None:
    try:
        found = asyncio.run(_read(name, spoil, at))
    except InstroomError:
        return
    assert all(one.source == name.split(maxsplit=1)[0].casefold() for one in found)
