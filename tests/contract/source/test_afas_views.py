"""Which views of AFAS can be read, and what is said when one is not as it should be."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import httpx
import pytest

from sandbox.afas import codes, make_app
from sandbox.clock import ManualClock
from sandbox.world import World
from shared.errors import InstroomError, Permanent, TargetDown, Transient
from shared.flow.answer import opened
from shared.intake.afas import AfasSource, Views
from shared.intake.afas_fields import Ids
from shared.intake.source import Reading, Unread
from shared.model.person import Record
from shared.policy.sources import AFAS_FIELDS
from shared.vendors.afas import AT_ONCE, EQUAL, Afas, Filter

TODAY = date(2026, 11, 2)
TOKEN = "EF" * 32
STANDARD = Views("Profit_Employees", "Profit_Employees")
OURS = {
    "number": "EmployeeId",
    "name.birth": "BirthName",
    "contract.start": "EmploymentStart",
    "contract.end": "EmploymentEnd",
    "department.code": "OrgUnit",
}


@dataclass
class Rig:
    """AFAS played, and everything that was asked of it."""

    clock: ManualClock = field(default_factory=ManualClock)
    asked: list[httpx.Request] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.world = World.generate(3, 60, TODAY, clock=self.clock)
        app = make_app(self.world, token=TOKEN, clock=self.clock)
        self.inner = httpx.ASGITransport(app)
        self.transport = _Noted(self.inner, self.asked)
        self.afas = Afas("http://afas.test/ProfitRestServices", TOKEN, self.transport)

    def source(self, views: Views, own: Mapping[str, Ids] | None = None) -> AfasSource:
        async def own_fields() -> Mapping[str, Ids]:
            return own or {}

        return AfasSource(self.afas, views, own_fields)

    async def set(self, **settings: Any) -> None:
        async with httpx.AsyncClient(transport=self.inner, base_url="http://afas.test") as http:
            (await http.patch("/_sandbox/afas", json=settings)).raise_for_status()


class _Noted(httpx.AsyncBaseTransport):
    def __init__(self, inner: httpx.AsyncBaseTransport, asked: list[httpx.Request]) -> None:
        self._inner = inner
        self._asked = asked

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self._asked.append(request)
        return await self._inner.handle_async_request(request)


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    made = Rig()
    yield made
    await made.afas.close()


async def everyone(source: AfasSource) -> dict[str, Record]:
    readings: list[Reading] = [opened(one) async for one in source.everyone()]
    assert all(isinstance(reading, Record) for reading in readings)
    return {reading.number: reading for reading in readings if isinstance(reading, Record)}


async def refused(source: AfasSource) -> InstroomError:
    with pytest.raises(InstroomError) as caught:
        await everyone(source)
    return caught.value


# --- the standard view -----------------------------------------------------------------------


async def test_standard_view_says_the_same_of_a_person_as_helloids(rig: Rig) -> None:
    one = await everyone(rig.source(STANDARD))
    two = await everyone(rig.source(Views()))

    assert set(two) <= set(one) == set(rig.world.people)
    for number in two:
        names = one[number].name, two[number].name
        assert names[0] == names[1].model_copy(update={"given": ""})
        assert one[number].human_key == two[number].human_key
        (contract,) = one[number].contracts
        assert any(_alike(contract, other) for other in two[number].contracts)


def _alike(one: Any, other: Any) -> bool:
    return (one.start <= other.start, one.department, one.job, one.hours, one.employer.code) == (
        True,
        other.department,
        other.job,
        other.hours,
        other.employer.code,
    )


async def test_citizen_service_number_reaches_nothing(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    """A GetConnector call cannot choose fields, so it comes over the wire; and no further."""
    caplog.set_level(logging.DEBUG)
    numbers = {codes.bsn(person) for person in rig.world.people.values()}
    key = ("EmployeeId",)
    rows = [row async for row in rig.afas.rows("Profit_Employees", key, key=key)]
    records = await everyone(rig.source(STANDARD))
    await rig.set(cells={number: {"EmploymentStart": "ooit"} for number in records})
    bad = [opened(one) async for one in rig.source(STANDARD).everyone()]

    told = f"{rows} {records} {bad} {caplog.text}"

    assert len(bad) == len(records) == len(rows)
    assert [number for number in numbers if number in told] == []


async def test_rows_of_several_employments_are_one_person() -> None:
    rows = [
        employee("1", "2020-01-01", "2025-12-31", "HRM"),
        employee("1", "2026-01-01", None, "ICT"),
        employee("2", "2026-01-01", None, "ICT"),
        employee("3", None, None, None),
    ]

    readings = await played(rows)

    assert [
        (
            reading.number,
            [str(one.department and one.department.code) for one in reading.contracts],
        )
        for reading in readings
        if isinstance(reading, Record)
    ] == [("1", ["HRM", "ICT"]), ("2", ["ICT"]), ("3", [])]


async def test_one_number_in_two_places_is_no_order_and_so_no_answer() -> None:
    rows = [
        employee("1", "2020-01-01", None, "HRM"),
        employee("2", "2020-01-01", None, "HRM"),
        employee("1", "2026-01-01", None, "ICT"),
    ]

    with pytest.raises(Transient, match="parts the rows of one employee number"):
        await played(rows)


def employee(number: str, start: str | None, end: str | None, unit: str | None) -> dict[str, Any]:
    return {
        "EmployeeId": number,
        "BirthName": "Jansen",
        "EmploymentStart": start,
        "EmploymentEnd": end,
        "OrgUnit": unit,
        "BSN": "999999999",
    }


async def played(rows: list[dict[str, Any]]) -> list[Reading]:
    """What a source makes of these rows of a view that has only these fields."""
    ids: dict[str, str | None] = {field: OURS.get(field) for field in AFAS_FIELDS}

    def answer(request: httpx.Request) -> httpx.Response:
        if "metainfo" in request.url.path:
            return httpx.Response(200, json={"fields": [{"id": name} for name in rows[0]]})
        return httpx.Response(
            200, json={"rows": rows if request.url.params["skip"] == "0" else []}
        )

    async def own_fields() -> Mapping[str, Ids]:
        return {"Profit_Employees": ids}

    afas = Afas("http://afas.test", TOKEN, httpx.MockTransport(answer))
    try:
        source = AfasSource(afas, STANDARD, own_fields)
        return [opened(one) async for one in source.everyone()]
    finally:
        await afas.close()


# --- views of the customer -------------------------------------------------------------------

OWN = {
    "Instroom_Users": {"phone": "Mobielnr_prive", "mobile": None, "human_key": None},
    "Instroom_Employments": {"contract.kind": "Dienstbetrekking", "cost_centre.name": None},
}


async def test_fields_of_a_customers_view_are_read_as_the_policy_says(rig: Rig) -> None:
    views = Views("Instroom_Users", "Instroom_Employments")

    known, own = await everyone(rig.source(views)), await everyone(rig.source(views, OWN))

    assert {record.mobile for record in own.values()} == {None}
    assert {record.human_key for record in own.values()} == {None}
    for number, record in own.items():
        assert record.phone == rig.world.people[number].mobile
        assert record.name == known[number].name
        for contract in record.contracts:
            assert contract.kind in ("Fulltime", "Parttime")
            assert contract.cost_centre is not None
            assert contract.cost_centre.name == ""


async def test_field_that_a_view_lost_stops_the_read_before_anybody(rig: Rig) -> None:
    own = {"Instroom_Users": {"name.birth": "Geboortenam"}}

    error = await refused(rig.source(Views("Instroom_Users", "Instroom_Employments"), own))

    assert str(error) == (
        "AFAS view Instroom_Users lacks Geboortenam (Geboortenam is perhaps Geboortenaam): add "
        "them to the GetConnector, or say in the policy under "
        "sources.afas.fields.Instroom_Users which field is meant, null for none"
    )
    assert [request for request in rig.asked if "/connectors/" in request.url.path] == []


async def test_view_of_the_policy_that_nobody_reads_is_told(rig: Rig) -> None:
    error = await refused(rig.source(Views(), {"Instroom_Userz": {"phone": "X"}}))

    assert isinstance(error, Permanent)
    assert error.mender == "settings"
    assert "names view Instroom_Userz" in str(error)
    assert "T4E_HelloID_Users_v2 and T4E_HelloID_Employments_v2" in str(error)


async def test_log_field_that_the_view_lacks_is_told(rig: Rig) -> None:
    views = Views(modified="ModifiedDate")

    assert "T4E_HelloID_Users_v2 lacks ModifiedDate" in str(await refused(rig.source(views)))


async def test_one_person_needs_no_second_look_at_the_fields(rig: Rig) -> None:
    source = rig.source(Views())
    number = min(await everyone(source))
    rig.asked.clear()

    assert await source.one(number) is not None

    assert [r.url.path for r in rig.asked if "metainfo" in r.url.path] == []


# --- refusals of AFAS ------------------------------------------------------------------------


async def test_blocked_view_says_who_mends_it(rig: Rig) -> None:
    await rig.set(blocked=["T4E_HelloID_Employments_v2"])

    error = await refused(rig.source(Views()))

    assert isinstance(error, Permanent)
    assert "T4E_HelloID_Employments_v2" in str(error)
    assert "Blocked" in str(error)


@pytest.mark.parametrize("code", [500, 401, 404])
async def test_view_outside_the_app_connector_is_told_alike(rig: Rig, code: int) -> None:
    """AFAS documents an error and a 401, and a wrong name is a 404: one mend for all."""
    await rig.set(unknown_connector=code)

    error = await refused(rig.source(Views("Mijn_personen", "Mijn_contracten")))

    assert "Mijn_personen" in str(error)
    assert "app connector" in str(error)


async def test_expired_token_in_the_middle_is_no_shorter_answer(rig: Rig) -> None:
    source = rig.source(Views())
    readings = source.everyone()
    await anext(readings)
    await rig.set(token_expiry=str(TODAY - timedelta(days=1)))

    error = await refused(source)

    assert isinstance(error, TargetDown)
    assert "AFAS_TOKEN" in str(error)


async def test_address_that_may_not_come_in_is_told(rig: Rig) -> None:
    await rig.set(address_allowed=False)

    assert "403" in str(await refused(rig.source(Views())))


async def test_maintenance_is_waited_for_as_long_as_afas_says(rig: Rig) -> None:
    await rig.set(maintenance_seconds=7200)

    error = await refused(rig.source(Views()))

    assert isinstance(error, Transient)
    assert error.retry_after_seconds == 7200


async def test_no_more_than_five_calls_are_under_way(rig: Rig) -> None:
    """The sixth would be answered with 503."""
    await rig.set(seconds_per_call=0.01)

    await asyncio.gather(*(rig.source(Views()).probe() for _ in range(4 * AT_ONCE)))

    assert len(rig.asked) == 2 * 4 * AT_ONCE


async def test_question_that_is_too_long_is_told(rig: Rig) -> None:
    too_many = Filter("Medewerker", EQUAL, [str(10**14 + n) for n in range(90)])
    key = ("Medewerker",)

    with pytest.raises(Permanent, match="or the question was too long"):
        [row async for row in rig.afas.rows("T4E_HelloID_Users_v2", key, key=key, only=too_many)]


async def test_overlap_of_a_poll_finds_what_a_rounded_moment_hides(rig: Rig) -> None:
    source = rig.source(Views("Instroom_Users", "Instroom_Employments", "ModifiedDate"))
    rig.clock.advance(7200.4)
    number = min(await everyone(source))
    rig.world.move(number, on=TODAY, department="ICT-SD")
    moment = rig.clock.now()

    found = {one.number async for one in source.changed_since(moment - timedelta(hours=1))}

    assert number in found


# --- the department tree -----------------------------------------------------------------------

TREE = "T4E_HelloID_OrganizationalUnits_v2"


def with_tree(rig: Rig, view: str = TREE) -> AfasSource:
    async def tree_view() -> str:
        return view

    return AfasSource(rig.afas, Views(), tree_view=tree_view)


async def test_departments_come_with_all_that_they_are_part_of(rig: Rig) -> None:
    source = with_tree(rig)
    parents = {d.code: d.parent for d in rig.world.departments.values() if d.parent}

    seen = [reading async for sighting in source.everyone() for reading in (opened(sighting),)]

    units = {
        contract.department
        for record in seen
        if isinstance(record, Record)
        for contract in record.contracts
        if contract.department
    }
    assert any(unit.above for unit in units)
    for unit in units:
        up = (unit.code, *unit.above)
        assert all(parents[low] == high for low, high in itertools.pairwise(up))
        assert up[-1] not in parents, "up to the top"


async def test_one_person_does_not_ask_for_the_tree_each_time(rig: Rig) -> None:
    source = with_tree(rig)
    numbers = [person.number for person in list(rig.world.people.values())[:3]]

    for number in numbers:
        await source.one(number)

    asked = [request for request in rig.asked if f"connectors/{TREE}" in request.url.path]
    assert len(asked) == 2, "the rows, and the empty page behind them"


async def test_another_tree_is_news_of_everybody(rig: Rig) -> None:
    without = AfasSource(rig.afas, Views())

    before = {s.number: s.mark async for s in without.everyone() if isinstance(s, Unread)}
    after = {s.number: s.mark async for s in with_tree(rig).everyone() if isinstance(s, Unread)}

    assert before.keys() == after.keys()
    assert all(before[number] != after[number] for number in before)


async def test_a_view_that_is_no_tree_is_told_with_its_fields(rig: Rig) -> None:
    with pytest.raises(Permanent, match="lacks ExternalId and ParentExternalId: name one"):
        await with_tree(rig, "T4E_HelloID_Groups_v2").probe()
