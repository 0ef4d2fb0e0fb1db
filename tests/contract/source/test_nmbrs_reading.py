"""How Nmbrs is read: tokens that end in mid-read, limits, rights, pages, companies, managers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date, timedelta

import httpx
import pytest
from contract.source.nmbrs_stage import FIRMS, TODAY, Rig

from sandbox.faults import Fault
from sandbox.nmbrs import Firm
from shared.errors import InstroomError, Permanent, TargetDown, Transient
from shared.flow.answer import opened
from shared.intake.nmbrs import NmbrsSource
from shared.intake.source import Reading
from shared.model.person import BadRecord, Record
from shared.vendors.nmbrs import SCOPES

type MakeRig = Callable[..., Awaitable[Rig]]


@pytest.fixture
async def a_rig() -> AsyncIterator[MakeRig]:
    """Rigs that are closed again."""
    made: list[Rig] = []

    async def make(size: int = 40, firms: tuple[Firm, ...] = FIRMS) -> Rig:
        made.append(Rig.of(size, firms))
        await made[-1].open()
        return made[-1]

    yield make
    for one in made:
        await one.close()


@pytest.fixture
async def rig(a_rig: MakeRig) -> Rig:
    return await a_rig()


async def everyone(source: NmbrsSource) -> dict[str | None, Reading]:
    return {one.number: opened(one) async for one in source.everyone()}


async def refusal(source: NmbrsSource) -> InstroomError:
    with pytest.raises(InstroomError) as caught:
        await everyone(source)
    return caught.value


async def record(source: NmbrsSource, number: str) -> Record:
    sighting = await source.one(number)
    assert sighting
    reading = opened(sighting)
    assert isinstance(reading, Record)
    return reading


# --- tokens ----------------------------------------------------------------------------------


class Expiring(httpx.AsyncBaseTransport):
    """The rig, whose token runs out while the second page of a list is asked for."""

    def __init__(self, rig: Rig) -> None:
        self._rig, self._inner = rig, rig.transport
        self.refused: list[int] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        is_second = request.url.params.get("pageNumber") == "2"
        if is_second and not self.refused:
            self._rig.clock.advance(3601)
        answer = await self._inner.handle_async_request(request)
        if is_second:
            self.refused.append(answer.status_code)
        return answer


async def test_token_that_ends_between_two_pages_is_renewed(a_rig: MakeRig) -> None:
    rig = await a_rig(150)
    rig.transport = way = Expiring(rig)

    assert set(await everyone(rig.source())) == rig.numbers()
    assert way.refused[:2] == [401, 200]
    assert (await rig.settings())["refreshed"] == 1


async def test_workers_that_read_at_once_spend_one_token(rig: Rig) -> None:
    """The rig ends the consent when a refresh token comes twice."""
    await rig.consent()
    rig.clock.advance(3600)

    read = await asyncio.gather(*(everyone(rig.source()) for _ in range(4)))

    assert all(set(numbers) == rig.numbers() for numbers in read)
    assert (await rig.settings())["refreshed"] == 1


async def test_consent_left_alone_for_a_month_names_the_command(rig: Rig) -> None:
    await rig.consent()
    rig.clock.advance(31 * 86_400)

    error = await refusal(rig.source())

    assert isinstance(error, Permanent)
    assert error.mender == "operator"
    assert "instroom hr connect nmbrs" in str(error)


async def test_lost_reply_of_a_refresh_needs_a_new_consent_and_says_so(rig: Rig) -> None:
    await rig.consent()
    rig.clock.advance(3600)
    rig.faults.plan(Fault("lose_reply", path="/connect/token"))
    source = rig.source()
    first = await refusal(source)
    second = await refusal(source)
    await rig.consent()

    assert isinstance(first, Transient)
    assert "instroom hr connect nmbrs" in str(second)
    assert set(await everyone(source)) == rig.numbers()


async def test_wrong_subscription_key_says_which_setting(rig: Rig) -> None:
    await rig.settings(subscription_key="another")

    error = await refusal(rig.source())

    assert isinstance(error, TargetDown)
    assert "NMBRS_SUBSCRIPTION_KEY" in str(error)


# --- limits and rights -----------------------------------------------------------------------


async def test_used_up_quota_is_not_asked_again(rig: Rig) -> None:
    await rig.settings(quota=5)

    error = await refusal(rig.source())

    assert isinstance(error, Transient)
    assert error.retry_after_seconds == 3600
    assert (await rig.settings())["calls"] == 6


async def test_too_many_calls_are_waited_for_and_never_data(rig: Rig) -> None:
    await rig.settings(calls_per_minute=3)

    assert isinstance(await refusal(rig.source()), Transient)


@pytest.mark.parametrize(
    "scope", ["employee.info.read", "employee.employment.read", "employee.payment.read"]
)
async def test_missing_scope_fails_probe_and_read(rig: Rig, scope: str) -> None:
    await rig.consent(SCOPES.replace(f" {scope}", ""))
    source = rig.source()

    with pytest.raises(TargetDown, match="lacks a scope"):
        await source.probe()
    assert "lacks a scope" in str(await refusal(source))


async def test_disabled_environment_is_told_apart(rig: Rig) -> None:
    await rig.settings(disabled=True)

    assert "subscription ended" in str(await refusal(rig.source()))


async def test_rights_that_hide_every_employment_are_no_leave(rig: Rig) -> None:
    """An empty list for a company full of people is a matter of rights."""
    empty = '{"data": [], "pagination": {"totalPages": 1, "totalRecords": 0}}'
    rig.faults.plan(Fault("status", status=200, path=r".*/employments", body=empty))

    error = await refusal(rig.source())

    assert isinstance(error, Permanent)
    assert "employments of none" in str(error)


@pytest.mark.parametrize("status", [400, 404, 500, 501])
async def test_any_refusal_stops_the_whole_read(rig: Rig, status: int) -> None:
    rig.faults.plan(Fault("status", count=9, status=status, path=r".*/functions"))

    assert isinstance(await refusal(rig.source()), Permanent | Transient)


# --- pages -----------------------------------------------------------------------------------


async def test_every_page_of_a_large_company_is_read(a_rig: MakeRig) -> None:
    rig = await a_rig(450)

    assert set(await everyone(rig.source())) == rig.numbers()


async def test_repeated_page_is_an_error_and_no_data(a_rig: MakeRig) -> None:
    rig = await a_rig(450)
    rig.answers.play("repeat-page")

    error = await refusal(rig.source())

    assert isinstance(error, Transient)
    assert "repeated a page" in str(error)


async def test_list_that_grew_while_read_is_read_anew(a_rig: MakeRig) -> None:
    """Somebody hired between two pages would shift somebody else past both."""
    rig = await a_rig(450)
    source = rig.source()
    await source.probe()
    rig.faults.plan(Fault("slow", path=r".*/personalinfo", skip=1, seconds=0.05))
    reading = asyncio.create_task(everyone(source))
    hired = ""
    while not reading.done():
        await asyncio.sleep(0.01)
        if rig.faults.calls > 30 and not rig.faults.planned and not hired:
            hired = rig.world.hire(department="ICT-SD", job="0141", start=TODAY).number

    assert rig.numbers() - {f"1-{hired}"} <= set(await reading)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        "{}",
        '{"data": null}',
        '{"data": {}}',
        '{"data": [7]}',
        '{"data": [{}]}',
        '{"data": [], "pagination": []}',
        '{"data": [], "pagination": {"totalPages": 3}}',
        '{"data": [{"employeeId": "x"}, {"employeeId": "x"}], "pagination": {}}',
        '{"data": [{"employeeId": []}], "pagination": {}}',
        "[" * 100_000,
    ],
    ids=range(12),
)
async def test_odd_answer_is_an_error_of_ours(rig: Rig, body: str) -> None:
    rig.faults.plan(Fault("status", status=200, path=r".*/employees", body=body))

    assert isinstance(await refusal(rig.source()), Transient)


# --- companies and people --------------------------------------------------------------------


async def test_only_the_companies_asked_for_are_read(rig: Rig) -> None:
    found = await everyone(rig.source("2"))

    assert set(found) == {number for number in rig.numbers() if number.startswith("2-")}
    assert found


async def test_company_that_is_not_shown_names_those_that_are(rig: Rig) -> None:
    error = await refusal(rig.source("1", "9"))

    assert isinstance(error, Permanent)
    assert "company 9" in str(error)
    assert "1, 2" in str(error)


async def test_several_debtors_are_read_in_turn(a_rig: MakeRig) -> None:
    """`/api/companies` is refused where the consent spans several."""
    firms = (FIRMS[0], Firm(2, "Zorg", ("SO",), debtor=2))
    rig = await a_rig(firms=firms)

    assert set(await everyone(rig.source())) == rig.numbers(firms)


async def test_one_number_for_two_companies_is_refused(a_rig: MakeRig) -> None:
    rig = await a_rig(firms=(FIRMS[0], Firm(1, "Zorg", ("SO",), debtor=2)))

    error = await refusal(rig.source())

    assert "more than one debtor" in str(error)


async def test_applicants_are_nobody_yet(a_rig: MakeRig) -> None:
    rig = await a_rig(120)
    hired = [p.number for p in rig.world.people.values() if p.kind == "not working"]

    found = await everyone(rig.source())

    assert hired
    assert not {f"1-{number}" for number in hired} & set(found)


async def test_number_that_two_employees_have_parks_both(rig: Rig) -> None:
    """The specification says that the number is not unique."""
    await rig.settings(numbers={"100001": 100002})

    found = await everyone(rig.source())

    bad = found["1-100002"]
    assert isinstance(bad, BadRecord)
    assert bad.field == "employeeNumber"
    assert "1-100001" not in found
    assert sum(isinstance(reading, BadRecord) for reading in found.values()) == 1


async def test_managers_are_found_by_mail_and_by_name(rig: Rig) -> None:
    """Half of the world has no work mail yet."""
    found = await everyone(rig.source())
    wanted: dict[str, str] = {}
    for person in rig.world.people.values():
        for number in {f"1-{person.number}", f"2-{person.number}"} & found.keys():
            if len(person.contracts) == 1:
                manager = rig.world.manager_of(person, person.contracts[0])
                wanted[number] = manager or ""

    told = {number: found[number].contracts[0].manager or "" for number in wanted}  # type: ignore[union-attr]

    assert len(wanted) > 30
    assert {number: manager[2:] for number, manager in told.items()} == wanted


async def test_move_next_month_is_known_today(rig: Rig) -> None:
    """Nmbrs gives departments by payroll period, so a move counts from its first day."""
    number = next(p.number for p in rig.world.people.values() if _is_simple(p.contracts))
    source = rig.source()
    rig.world.move(number, on=date(2026, 12, 1), department="ICT-SD", job="0141")

    found = await record(source, f"1-{number}")

    assert [c.department.name if c.department else "" for c in found.contracts][
        -1
    ] == "Servicedesk"
    assert found.contracts[-1].start == date(2026, 12, 1)
    assert found.contracts[-2].end == date(2026, 11, 30)


async def test_end_of_employment_is_the_last_day(rig: Rig) -> None:
    number = next(p.number for p in rig.world.people.values() if _is_simple(p.contracts))
    last = date(2028, 2, 29)
    rig.world.end_contract(number, last)

    found = await record(rig.source(), f"1-{number}")

    assert found.contracts[-1].end == last


async def test_poll_without_changes_reads_nobody(rig: Rig) -> None:
    source = rig.source()

    found = [opened(r) async for r in source.changed_since(rig.clock.now() - timedelta(hours=1))]

    assert found == []


async def test_poll_finds_an_end_date_that_was_set(rig: Rig) -> None:
    number = next(p.number for p in rig.world.people.values() if _is_simple(p.contracts))
    moment = rig.clock.now()
    rig.clock.advance(60)
    rig.world.end_contract(number, date(2026, 12, 31))

    found = [opened(r) async for r in rig.source().changed_since(moment)]

    assert [reading.number for reading in found] == [f"1-{number}"]


async def test_many_changes_are_read_with_the_whole_company(a_rig: MakeRig) -> None:
    rig = await a_rig(120)
    moment = rig.clock.now()
    rig.clock.advance(60)
    numbers = sorted(number for number in rig.numbers() if number.startswith("1-"))[:30]
    for number in numbers:
        rig.world.rename(number.partition("-")[2], nickname="Anders")
    before = rig.faults.calls

    found = {r.number: opened(r) async for r in rig.source().changed_since(moment)}

    assert set(numbers) <= set(found)
    assert rig.faults.calls - before < 7 * len(numbers)


@pytest.mark.parametrize("hour", [0, 1, 2, 3])
@pytest.mark.parametrize("day", [date(2026, 3, 29), date(2026, 10, 25), date(2028, 2, 29)])
async def test_poll_misses_nothing_on_odd_days(a_rig: MakeRig, day: date, hour: int) -> None:
    """The clock goes forward or back, or there is one more day: local stamps jump or repeat."""
    rig = await a_rig(12)
    rig.clock.advance((day - TODAY).total_seconds() + (hour - 9) * 3600)
    moment = rig.clock.now()
    rig.clock.advance(60)
    number = next(iter(rig.numbers()))
    rig.world.rename(number.partition("-")[2], nickname="Anders")

    found = {r.number async for r in rig.source().changed_since(moment)}

    assert number in found


async def test_no_name_or_token_is_logged(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)

    found = await everyone(rig.source())

    names = {r.name.birth for r in found.values() if isinstance(r, Record)}
    assert [name for name in names if name in caplog.text] == []
    assert all(text not in caplog.text for text in rig.vault.kept.values())
    assert "Bearer" not in caplog.text


def _is_simple(contracts: tuple[object, ...]) -> bool:
    row = contracts[0]
    assert hasattr(row, "department")
    return len(contracts) == 1 and row.department.startswith("ICT") and row.end is None  # type: ignore[attr-defined]
