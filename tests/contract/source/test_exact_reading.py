"""Exact Online against its rig: what is never believed, what is read whole, and nasty weather."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest
from contract.source.exact_stage import DIVISION, SITE, TODAY, Granted

from sandbox.clock import ManualClock
from sandbox.exact import Division, make_app
from sandbox.exact.rows import guid
from sandbox.world import Answers, Kind, NameUse, Person, World
from shared.errors import Permanent, Transient
from shared.flow.answer import opened
from shared.grant import Provider, TokenEndpoint
from shared.intake.exact import AT_ONCE, FEW, ExactSource
from shared.intake.exact_rows import Administration
from shared.intake.source import Reading
from shared.ledger.sqlite import open_sqlite
from shared.ledger.tokens import Turns
from shared.model.name import NameUsage
from shared.model.person import Record
from shared.oauth import Bearer, Connection
from shared.vendors.exact.client import Exact

SECOND = 654321


@dataclass
class Company:
    """Forty people in Exact, and the source that reads them."""

    settings: dict[str, Any] = field(default_factory=dict)
    divisions: tuple[Administration, ...] = (Administration(DIVISION),)
    auth: httpx.Auth | None = None

    def __post_init__(self) -> None:
        self.clock = ManualClock()
        self.world = World.generate(1, 40, TODAY, clock=self.clock)
        self.clock.advance(6 * 3600)
        self.answers = Answers()
        given = {"page_size": 7, "sync_page_size": 11, "per_minute": 1000} | self.settings
        self.app = make_app(self.world, clock=self.clock, answers=self.answers, **given)
        self.rig = self.app.state.rig
        self.paths: list[str] = []
        self.statuses: set[int] = set()
        self.waits = 0
        self.exact = Exact(
            SITE,
            self.auth or Granted(self.rig, self.clock),
            transport=Counting(self),
            wall=self.clock.wall,
            monotonic=self.clock.wall,
            pause=self._pause,
        )
        self.source = ExactSource(self.exact, self.divisions)

    async def _pause(self, seconds: float) -> None:
        self.waits += 1
        self.clock.advance(seconds)

    async def everyone(self) -> dict[str | None, Reading]:
        return {one.number: opened(one) async for one in self.source.everyone()}

    async def changed(self, *, hours: float = 1) -> dict[str | None, Reading]:
        since = self.clock.now() - timedelta(hours=hours)
        return {one.number: opened(one) async for one in self.source.changed_since(since)}

    async def one(self, number: str) -> Reading | None:
        sighting = await self.source.one(number)
        return opened(sighting) if sighting else None

    def working(self) -> list[Person]:
        return [p for p in self.world.people.values() if p.kind is not Kind.NOT_WORKING]


class Counting(httpx.AsyncBaseTransport):
    """The rig in this process, and which paths were asked."""

    def __init__(self, company: Company) -> None:
        self._inner = httpx.ASGITransport(company.app)
        self._company = company

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self._company.paths.append(request.url.path.removeprefix("/api/v1/"))
        answer = await self._inner.handle_async_request(request)
        self._company.statuses.add(answer.status_code)
        return answer


@pytest.fixture
async def company() -> AsyncIterator[Company]:
    made = Company()
    yield made
    await made.exact.close()


# --- the same people as in the world ---

_USAGE = {use: NameUsage(use.value) for use in NameUse}


async def test_people_are_those_of_the_world_day_by_day(company: Company) -> None:
    found = await company.everyone()

    assert set(found) == {person.number for person in company.working()}
    for person in company.working():
        record = found[person.number]
        assert isinstance(record, Record)
        assert (record.name.nickname, record.name.birth) == (person.nickname, person.birth_name)
        if person.partner_name:
            assert record.name.usage == _USAGE[person.name_use]
        for on in (TODAY + timedelta(days=30 * n) for n in range(-24, 6)):
            said = {c.department.code for c in record.contracts if c.covers(on) and c.department}
            assert said == {row.department for row in person.contracts if row.covers(on)}


async def test_manager_is_the_one_of_the_world(company: Company) -> None:
    found = await company.everyone()

    for person in company.working():
        record = found[person.number]
        assert isinstance(record, Record)
        current = max(person.contracts, key=lambda row: (row.covers(TODAY), row.start))
        expected = company.world.manager_of(person, current)
        assert {contract.manager for contract in record.contracts} == {expected}


@pytest.mark.parametrize("use", list(NameUse))
async def test_marriage_shows_in_the_surname(company: Company, use: NameUse) -> None:
    number = company.working()[0].number
    person = company.world.rename(
        number, partner_prefix="van der", partner_name="Berg", name_use=use
    )

    record = (await company.changed())[number]

    assert isinstance(record, Record)
    assert record.name.surname.replace(" - ", "-") == person.surname()


# --- what is never believed ---


async def test_user_who_lost_the_right_to_personal_data_renames_nobody(company: Company) -> None:
    company.rig.environment.personal_rights = False
    number = company.working()[0].number

    for reading in (company.everyone(), company.changed(), company.one(number)):
        with pytest.raises(Permanent, match="View personal information of employees"):
            await reading


async def test_one_person_without_a_birth_date_is_read(company: Company) -> None:
    number = company.working()[0].number
    company.rig.environment.cells = {number: {"BirthDate": None}}

    assert isinstance(await company.one(number), Record)


async def test_employees_without_any_employment_end_nobody(company: Company) -> None:
    for person in company.working():
        company.rig.environment.cells[person.number] = {"Employee": "somebody else"}
    company.rig.tables.clear()
    table = company.rig.of(company.rig.environment.divisions[0])
    table.rows("Employees")
    table.stored["Employments"].clear()

    with pytest.raises(Permanent, match="and no employment; nothing was changed"):
        await company.everyone()


async def test_lapsed_licence_is_no_empty_company(company: Company) -> None:
    company.rig.environment.expired = {DIVISION}

    with pytest.raises(Permanent, match="license expired"):
        await company.everyone()


async def test_anonymised_employee_is_shown_no_more_and_is_no_rename(company: Company) -> None:
    number = company.working()[0].number
    company.rig.environment.anonymised = {number}

    assert number not in await company.everyone()
    assert number not in await company.changed()
    assert await company.one(number) is None


async def test_tricks_of_an_answer_are_seen(company: Company) -> None:
    company.answers.play("repeat-page")
    with pytest.raises(Transient, match="repeated a row"):
        await company.everyone()
    company.answers.play("empty")
    assert await company.everyone() == {}


@pytest.mark.parametrize("status", [0, 2])
async def test_division_that_is_not_active_is_refused(status: int) -> None:
    company = Company({"divisions": (Division(1, "x"), Division(DIVISION, "y", (), status))})

    with pytest.raises(Permanent, match=f"division {DIVISION} is archived or inactive"):
        await company.everyone()


async def test_division_out_of_sight_is_refused() -> None:
    company = Company(divisions=(Administration(DIVISION), Administration(999, "X")))

    for reading in (company.everyone(), company.changed(), company.source.probe()):
        with pytest.raises(Permanent, match="999 is not one that the user sees"):
            await reading


# --- several divisions ---

TWO = (Division(DIVISION, "Voorbeeld B.V."), Division(SECOND, "Voorbeeld Zorg B.V.", ("SO",)))


async def test_people_of_two_divisions_have_numbers_and_employers_of_their_own() -> None:
    both = (Administration(DIVISION), Administration(SECOND, "Z"))
    company = Company({"divisions": (TWO[1], TWO[0])}, both)

    found = await company.everyone()

    care = {p.number for p in company.working() if p.contracts[0].department.startswith("SO")}
    assert {number for number in found if number and number[0] == "Z"} == {f"Z{n}" for n in care}
    for number, record in found.items():
        assert isinstance(record, Record)
        assert number is not None
        assert await company.one(number) == record
        names = {contract.employer.name for contract in record.contracts if contract.employer}
        assert names == {"Voorbeeld Zorg B.V." if number[0] == "Z" else "Voorbeeld B.V."}


async def test_one_number_in_two_divisions_stops_the_import() -> None:
    company = Company(
        {"divisions": (TWO[1], TWO[0])}, (Administration(DIVISION), Administration(SECOND))
    )
    number = next(p.number for p in company.working() if p.contracts[0].department[:2] == "SO")
    other = next(p.number for p in company.working() if p.contracts[0].department[:2] != "SO")
    company.rig.environment.cells = {number: {"Code": other}}

    with pytest.raises(Permanent, match="stands in two divisions"):
        await company.everyone()


# --- changes ---


async def test_quiet_hour_costs_few_calls(company: Company) -> None:
    """The newest row of each table may be read again: its version is all that Exact tells."""
    await company.everyone()
    company.paths.clear()

    assert len(await company.changed()) <= 5
    assert len(company.paths) <= 24


async def test_changed_few_are_read_by_name(company: Company) -> None:
    await company.everyone()
    moved = company.working()[0].number
    company.world.move(moved, on=TODAY, department="ICT-SD")
    company.paths.clear()

    found = await company.changed()

    assert set(found) == {moved}
    assert f"{DIVISION}/payroll/EmploymentOrganizations" in company.paths
    assert AT_ONCE < FEW


async def test_withdrawn_contract_makes_the_division_be_read_whole(company: Company) -> None:
    await company.everyone()
    person = next(p for p in company.working() if len(p.contracts) > 1)
    company.world.end_contract(person.number, person.contracts[0].end or TODAY)
    # A correction that no story of the world has: the later rows never were.
    company.world._write(
        replace(company.world.person(person.number), contracts=person.contracts[:1])
    )

    found = await company.changed()

    record = found[person.number]
    assert isinstance(record, Record)
    assert len(found) == len(company.working())
    assert {c.department.code for c in record.contracts if c.department} == {
        person.contracts[0].department
    }


async def test_moved_division_is_read_whole(company: Company) -> None:
    await company.everyone()
    company.rig.environment.divisions[0].moved = company.clock.now() - timedelta(hours=2)
    company.rig.of(company.rig.environment.divisions[0]).regenerate()

    assert set(await company.changed()) == {p.number for p in company.working()}
    company.rig.environment.divisions[0].moved = None


# --- weather ---


async def test_minutes_that_are_used_up_are_waited_for(company: Company) -> None:
    company.rig.environment.per_minute = 5

    found = await company.everyone()

    assert len(found) == len(company.working())
    assert company.waits >= len(company.paths) // 5 - 1
    assert company.statuses == {200}


async def test_day_that_is_used_up_is_told_with_the_wait(company: Company) -> None:
    company.rig.environment.per_day = 5

    with pytest.raises(Transient, match="calls of this day are used up") as told:
        await company.everyone()

    assert told.value.retry_after_seconds is not None
    assert 3600 < told.value.retry_after_seconds <= 86_401
    assert len(company.paths) == 5


@pytest.mark.parametrize("lacking", [{"system/Divisions", "hrm/Divisions"}, {"hrm/Divisions"}])
async def test_licence_without_a_list_of_divisions_is_read(
    company: Company, lacking: set[str]
) -> None:
    company.rig.environment.refused = lacking

    assert len(await company.everyone()) == len(company.working())
    company.rig.environment.expired = {DIVISION}
    with pytest.raises(Permanent, match="license expired"):
        await company.everyone()


async def test_division_whose_single_reads_are_refused_is_read_whole(company: Company) -> None:
    await company.everyone()
    moved = company.working()[0].number
    company.world.rename(moved, nickname="Nieuw")
    company.rig.environment.refused = {"payroll/Employees"}

    assert set(await company.changed()) == {p.number for p in company.working()}


async def test_webhook_key_leads_to_the_person(company: Company) -> None:
    number = company.working()[0].number
    record = await company.one(number)
    whom = guid(DIVISION, "Employees", f"{number}:")
    employment = guid(DIVISION, "Employments", f"{number}:1")

    assert await company.one(f"{DIVISION}/Employees/{whom}") == record
    assert await company.one(f"{DIVISION}/Employments/{employment.upper()}") == record
    assert await company.one(f"{DIVISION}/Employees/{employment}") is None
    assert await company.one(f"{DIVISION}/Accounts/{whom}") is None
    assert await company.one(f"{SECOND}/Employees/{whom}") is None


class Vault:
    """One secret in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}

    async def read(self, name: str) -> str | None:
        return self.kept.get(name)

    async def write(self, name: str, text: str) -> None:
        self.kept[name] = text


async def test_token_that_ends_in_the_middle_of_a_read_is_renewed() -> None:
    """Six hundred seconds; each call takes twenty, so that a full read sees several tokens."""
    company = Company()
    store = await open_sqlite(None, wall=lambda: datetime(2026, 11, 2, tzinfo=UTC))

    def wall() -> datetime:
        return company.clock.now()

    provider = Provider(
        name="exact",
        authorize_url=f"{SITE}/api/oauth2/auth",
        token_url=f"{SITE}/api/oauth2/token",
        client_id="instroom",
        client_secret="exact-client-secret",
        secret_in_body=True,
        youngest_seconds=570,
    )
    transport = httpx.ASGITransport(company.app)
    connection = Connection(
        provider,
        endpoint=TokenEndpoint(provider, transport),
        vault=Vault(),
        turns=Turns(store),
        wall=wall,
    )
    redirect = "https://instroom.test/callback"
    code = company.rig.tokens.consent(redirect)
    await connection.connect(code, redirect=redirect, verifier="")
    exact = Exact(SITE, Bearer(connection), transport=Slow(company), wall=company.clock.wall)
    source = ExactSource(exact, company.divisions)

    found = [opened(one) async for one in source.everyone()]

    assert len(found) == len(company.working())
    assert len(company.rig.tokens.spent) >= 1
    await exact.close()
    await connection.close()
    await store.close()


class Slow(Counting):
    """Every call takes thirty seconds of everybody's clock."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self._company.clock.advance(30)
        return await super().handle_async_request(request)


@pytest.mark.parametrize("local", [True, False])
@pytest.mark.parametrize("on", [date(2026, 3, 29), date(2026, 10, 25), date(2028, 2, 29)])
async def test_days_on_which_clocks_change_and_29_february_are_days(
    on: date, *, local: bool
) -> None:
    company = Company({"local_midnight": local})
    number = company.world.hire(department="ICT-SD", job="0141", start=on, end=on).number

    record = await company.one(number)

    assert isinstance(record, Record)
    assert [(one.start, one.end) for one in record.contracts] == [(on, on)]
