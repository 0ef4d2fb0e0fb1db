"""One human in several HR systems, or under several numbers, is one person with one account."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import permutations
from typing import Any

import pytest
from build import POLICY, TODAY, a_contract, a_name, a_record
from fakes import FakeClock, FakeSource, World, a_world
from turning import days_pass, settle

from shared import flow
from shared.errors import Misconfigured, Permanent
from shared.flow import exceptions
from shared.flow.collect import full_sync, signalled
from shared.ledger.people import Dossier
from shared.ledger.sqlite import open_sqlite
from shared.model.desired import TargetName
from shared.model.exemption import Exemption
from shared.model.person import BadRecord, Record, Stop, Unit

BORN = date(1991, 5, 17)
ZORG = Unit(code="ZORG", name="Zorg")
TWIN = a_name(initials="J.", given="Johanna", nickname="Joke")


@dataclass
class Office:
    """A world with two HR systems."""

    world: World
    csv: FakeSource

    async def reads(self, *sources: str) -> None:
        for source in sources or ("afas", "csv"):
            await full_sync(self.world.service, source)
        await settle(self.world)

    async def dossier(self, key: str) -> Dossier:
        source, _, number = key.partition(":")
        known = await self.world.service.ledger.identities.find(source, number)
        assert known is not None, key
        return await self.world.service.ledger.people.read(known.person_id)

    async def told(self, key: str) -> list[str]:
        history = self.world.service.ledger.history
        return [one.what async for one in history.of((await self.dossier(key)).person_id)]

    async def asked(self) -> list[tuple[str, str]]:
        matches = self.world.service.ledger.matches
        return [(one.newcomer, one.known) async for one in matches.proposals()]


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    async for made in an_office(POLICY):
        yield made


async def an_office(policy: str) -> AsyncIterator[Office]:
    clock = FakeClock()
    store = await open_sqlite(None, wall=clock.wall)
    world, csv = a_world(store, clock=clock, policy=policy), FakeSource(name="csv")
    both = {"afas": world.hr, "csv": csv}
    yield Office(replace(world, service=replace(world.service, sources=both)), csv)
    await store.close()


def in_afas(number: str = "1042", **changes: Any) -> Record:
    return a_record(number, **{"birth_date": BORN, "human_key": f"P{number}", **changes})


def in_csv(number: str = "881", **changes: Any) -> Record:
    zorg = a_contract(key=f"c{number}", department=ZORG, hours=8.0)
    given = {"source": "csv", "birth_date": BORN, "contracts": (zorg,), **changes}
    return a_record(number, **given)


async def test_second_source_adds_its_rights_to_the_one_account(office: Office) -> None:
    office.world.hr.put(in_afas())
    await office.reads("afas")
    office.csv.put(in_csv())

    await office.reads("csv")

    assert len(office.world.entra.accounts) == len(office.world.topdesk.cards) == 1
    account = office.world.entra.by_number("1042")
    assert account is not None
    assert account.groups == {"Iedereen", "ICT", "Zorg"}
    one, other = await office.dossier("afas:1042"), await office.dossier("csv:881")
    assert one.person_id == other.person_id


@pytest.mark.parametrize("order", list(permutations(("afas", "csv", "rehire"))), ids="-".join)
async def test_whoever_is_read_first_ends_the_same(office: Office, order: tuple[str, ...]) -> None:
    records = {"afas": in_afas(), "csv": in_csv(), "rehire": in_csv("882")}
    for one in order:
        record = records[one]
        (office.world.hr if record.source == "afas" else office.csv).put(record)
        await signalled(office.world.service, record.source, record.number)
    await settle(office.world)

    assert len(office.world.entra.accounts) == 1
    (account,) = office.world.entra.accounts.values()
    assert account.groups == {"Iedereen", "ICT", "Zorg"}
    person = (await office.dossier("afas:1042")).decision
    assert person is not None
    assert {r.key for r in person.person.records} == {"afas:1042", "csv:881", "csv:882"}


async def test_who_leaves_one_and_stays_in_the_other_stays(office: Office) -> None:
    office.world.hr.put(in_afas())
    office.csv.put(in_csv())
    await office.reads()

    ended = a_contract(key="1042-1", end=TODAY - timedelta(days=1))
    office.world.hr.put(in_afas(contracts=(ended,)))
    await office.reads()

    account = office.world.entra.by_number("1042")
    assert account is not None
    assert account.enabled
    assert account.groups == {"Iedereen", "Zorg"}


async def test_employee_id_stays_when_another_record_takes_the_lead(office: Office) -> None:
    """A contractor becomes an employee: the account keeps its number, its name and its owner."""
    office.csv.put(in_csv())
    await office.reads("csv")
    card = office.world.topdesk.by_number("881")
    assert card is not None

    ended = a_contract(key="c881", department=ZORG, end=TODAY - timedelta(days=1))
    office.csv.put(in_csv(contracts=(ended,)))
    office.world.hr.put(in_afas())
    await office.reads("afas", "csv")
    await days_pass(office.world, 40)

    (account,) = office.world.entra.accounts.values()
    assert account.enabled
    assert account.employee_id == "881"
    assert account.groups == {"Iedereen", "ICT"}
    (same,) = office.world.topdesk.cards.values()
    assert (same.id, same.employee_number, same.archived) == (card.id, "881", False)
    decision = (await office.dossier("afas:1042")).decision
    assert decision is not None
    assert decision.person.primary_record.key == "afas:1042"


async def test_rehire_under_a_new_number_returns_to_the_old_account(office: Office) -> None:
    office.world.hr.put(in_afas(human_key="P1"))
    await office.reads("afas")
    login = next(iter(office.world.entra.accounts.values())).user_principal_name
    ended = a_contract(key="1042-1", end=TODAY)
    office.world.hr.put(in_afas(human_key="P1", contracts=(ended,)))
    await office.reads("afas")
    await days_pass(office.world, 5)
    account = office.world.entra.by_number("1042")
    assert account is not None
    assert not account.enabled

    again = a_contract(key="2001-1", start=TODAY + timedelta(days=6))
    # HelloID's views hold no birth date: AFAS' own key of the human is enough.
    office.world.hr.put(in_afas("2001", human_key="P1", birth_date=None, contracts=(again,)))
    await office.reads("afas")
    await days_pass(office.world, 2)

    (account,) = office.world.entra.accounts.values()
    assert account.enabled
    assert (account.user_principal_name, account.employee_id) == (login, "1042")


async def test_twin_waits_for_a_human_and_nothing_is_made(office: Office) -> None:
    office.world.hr.put(in_afas())
    office.csv.put(in_csv(name=TWIN))

    await office.reads()

    assert len(office.world.entra.accounts) == 1
    assert await office.asked() == [("csv:881", "afas:1042")]
    stored = (await office.dossier("csv:881")).records["csv:881"]
    assert stored.mender == "operator"
    assert stored.problem == (
        "csv:881 may be the same human as afas:1042: say `instroom people same csv:881 "
        "afas:1042` or `instroom people different csv:881 afas:1042`"
    )


async def test_twins_who_are_different_get_accounts_and_nobody_asks_again(
    office: Office,
) -> None:
    office.world.hr.put(in_afas())
    office.csv.put(in_csv(name=TWIN))
    await office.reads()

    await flow.different(office.world.service, "afas:1042", "csv:881", who="beheerder")
    await settle(office.world)
    office.csv.put(in_csv(name=TWIN, phone="1"))
    await office.reads()

    assert {a.employee_id for a in office.world.entra.accounts.values()} == {"1042", "881"}
    assert await office.asked() == []
    assert (await office.dossier("csv:881")).records["csv:881"].problem is None
    assert "is not one human: afas:1042 and csv:881" in await office.told("csv:881")


async def test_doubtful_that_is_the_same_joins_the_account(office: Office) -> None:
    office.world.hr.put(in_afas())
    office.csv.put(in_csv(name=TWIN))
    await office.reads()
    waited = (await office.dossier("csv:881")).person_id

    assert await flow.same(office.world.service, "csv:881", "afas:1042", who="beheerder")
    await settle(office.world)
    await office.reads()

    (account,) = office.world.entra.accounts.values()
    assert account.groups == {"Iedereen", "ICT", "Zorg"}
    one, other = await office.dossier("afas:1042"), await office.dossier("csv:881")
    assert one.person_id == other.person_id != waited
    assert any(line.startswith("is one human with") for line in await office.told("csv:881"))
    ended = await office.world.service.ledger.people.read(waited)
    assert (ended.moved_to, ended.records) == (one.person_id, {})
    assert not await flow.same(office.world.service, "afas:1042", "csv:881", who="beheerder")


async def test_who_was_stopped_stays_out_whoever_they_turn_out_to_be(office: Office) -> None:
    office.world.hr.put(in_afas())
    office.csv.put(in_csv(name=TWIN))
    await office.reads()
    await flow.stop(office.world.service, "csv", "881", who="beheerder", reason="ticket 1")

    await flow.same(office.world.service, "csv:881", "afas:1042", who="beheerder")
    await settle(office.world)

    account = office.world.entra.by_number("1042")
    assert account is not None
    assert not account.enabled
    await flow.lift(office.world.service, "csv", "881", who="beheerder", reason="ticket 2")
    await settle(office.world)
    account = office.world.entra.by_number("1042")
    assert account is not None
    assert account.enabled


async def test_stop_of_a_person_who_ends_at_that_moment_is_not_lost(office: Office) -> None:
    office.world.hr.put(in_afas())
    office.csv.put(in_csv(name=TWIN))
    await office.reads()
    old = (await office.dossier("csv:881")).person_id
    await flow.same(office.world.service, "csv:881", "afas:1042", who="beheerder")
    people = office.world.service.ledger.people
    stopped = Stop(who="beheerder", reason="ticket 1", at=office.world.clock.now())
    await people.stop(await people.read(old), stopped)

    await flow.decide(office.world.service, old)
    await settle(office.world)

    assert (await people.read(old)).stop is None
    account = office.world.entra.by_number("1042")
    assert account is not None
    assert not account.enabled


async def test_exceptions_go_along_with_who_turns_out_to_be_another(office: Office) -> None:
    office.world.hr.put(in_afas())
    office.csv.put(in_csv(name=TWIN))
    await office.reads()
    service = office.world.service
    one = Exemption(
        target=TargetName.ENTRA,
        right="Zorg",
        gives=False,
        until=TODAY + timedelta(days=9),
        reason="ticket 1",
        owner="hoofd",
    )
    await exceptions.make(service, "csv", "881", one, who="beheerder")
    ended = (await office.dossier("csv:881")).person_id

    await flow.same(service, "csv:881", "afas:1042", who="beheerder")
    await settle(office.world)

    stays = await office.dossier("afas:1042")
    assert [stored.current for stored in stays.exceptions.values()] == [one]
    assert (await service.ledger.people.read(ended)).exceptions == {}
    account = office.world.entra.by_number("1042")
    assert account is not None
    assert "Zorg" not in account.groups


async def test_doubt_that_hr_mends_is_gone_by_itself(office: Office) -> None:
    office.world.hr.put(in_afas())
    office.csv.put(in_csv(name=TWIN))
    await office.reads()

    office.csv.put(in_csv())
    await office.reads("csv")

    assert len(office.world.entra.accounts) == 1
    one, other = await office.dossier("afas:1042"), await office.dossier("csv:881")
    assert one.person_id == other.person_id
    assert await office.asked() == []


async def test_doubt_that_hr_mends_the_other_way_lets_the_newcomer_in(office: Office) -> None:
    office.world.hr.put(in_afas())
    office.csv.put(in_csv(name=TWIN))
    await office.reads()

    office.csv.put(in_csv(name=TWIN, birth_date=date(1990, 1, 1)))
    await office.reads("csv")

    assert len(office.world.entra.accounts) == 2
    assert await office.asked() == []


async def test_doubtful_goes_on_apart_when_the_policy_says_so() -> None:
    async for office in an_office(POLICY + "sources: {doubtful: apart}\n"):
        office.world.hr.put(in_afas())
        office.csv.put(in_csv(name=TWIN))

        await office.reads()

        assert len(office.world.entra.accounts) == 2
        assert await office.asked() == [("csv:881", "afas:1042")]


async def test_two_people_with_accounts_are_not_made_one() -> None:
    async for office in an_office(POLICY + "sources: {doubtful: apart}\n"):
        office.world.hr.put(in_afas())
        office.csv.put(in_csv(name=TWIN))
        await office.reads()

        with pytest.raises(Permanent, match="two accounts cannot be made one"):
            await flow.same(office.world.service, "csv:881", "afas:1042", who="beheerder")

        assert await office.asked() == [("csv:881", "afas:1042")]


async def test_nobody_is_matched_when_the_policy_says_off() -> None:
    async for office in an_office(POLICY + "sources: {match: off}\n"):
        office.world.hr.put(in_afas())
        office.csv.put(in_csv())

        await office.reads()

        assert len(office.world.entra.accounts) == 2


async def test_two_certain_hits_are_for_a_human_to_say(office: Office) -> None:
    """Twins whom AFAS tells apart by its own key, and an export that shows no first name."""
    office.world.hr.put(in_afas(), in_afas("1043", name=TWIN))
    no_first_name = a_name(initials="", given="", nickname="")
    office.csv.put(in_csv(name=no_first_name))

    await office.reads()

    assert len(office.world.entra.accounts) == 2
    assert await office.asked() == [("csv:881", "afas:1042"), ("csv:881", "afas:1043")]


async def test_two_keys_of_one_source_do_not_meet_in_one_person(office: Office) -> None:
    office.world.hr.put(in_afas())
    office.csv.put(in_csv())
    await office.reads()

    office.world.hr.put(in_afas("1043", name=a_name(given="Susanna")))
    await office.reads()

    assert await office.asked() == [("afas:1043", "csv:881")]
    assert len(office.world.entra.accounts) == 1


async def test_record_that_is_read_well_only_later_joins_all_the_same(office: Office) -> None:
    office.world.hr.put(in_afas())
    office.csv.put(BadRecord(source="csv", number="881", field="naam", problem="is empty"))
    await office.reads()

    office.csv.put(in_csv())
    await office.reads()

    assert len(office.world.entra.accounts) == 1
    one, other = await office.dossier("afas:1042"), await office.dossier("csv:881")
    assert one.person_id == other.person_id


async def test_silence_of_one_source_is_no_absence_while_another_speaks(office: Office) -> None:
    office.world.hr.put(*(in_afas(str(n), birth_date=None) for n in range(20)), in_afas())
    office.csv.put(in_csv(), *(in_csv(f"9{n}", birth_date=None) for n in range(20)))
    await office.reads()
    del office.csv.people["881"]

    await office.reads("csv")
    await days_pass(office.world, 20)

    account = office.world.entra.by_number("1042")
    assert account is not None
    assert account.enabled
    held = [one async for one in office.world.service.ledger.batches.unfinished()]
    assert held == []


async def test_silence_is_absence_when_the_other_source_says_that_they_left(
    office: Office,
) -> None:
    """Or a row that was never ended, in an export that no longer shows it, lives for ever."""
    office.world.hr.put(in_afas())
    office.csv.put(in_csv(), *(in_csv(f"9{n}", birth_date=None) for n in range(20)))
    await office.reads()
    del office.csv.people["881"]
    await office.reads("csv")

    office.world.hr.put(in_afas(contracts=(a_contract(key="1042-1", end=TODAY),)))
    await office.reads("afas")
    await days_pass(office.world, 20)

    (held,) = [one async for one in office.world.service.ledger.batches.unfinished()]
    assert [member.number for member in held.members] == ["csv:881"]


async def test_manager_is_found_under_either_number(office: Office) -> None:
    office.world.hr.put(in_afas("1", human_key="P1"))
    of_afas = a_contract(key="2-1", manager="1")
    of_csv = a_contract(key="c3", manager="55")
    office.world.hr.put(
        in_afas("2", birth_date=None, name=a_name(nickname="Bo"), contracts=(of_afas,))
    )
    office.csv.put(in_csv("3", birth_date=None, name=a_name(nickname="Cas"), contracts=(of_csv,)))
    await office.reads()
    manager = office.world.entra.by_number("1")
    waits = office.world.entra.by_number("3")
    assert manager is not None
    assert waits is not None
    assert waits.manager_id is None

    office.csv.put(in_csv("55"))
    await signalled(office.world.service, "csv", "55")
    await settle(office.world)

    for number in ("2", "3"):
        report = office.world.entra.by_number(number)
        assert report is not None
        assert report.manager_id == manager.id
    card = office.world.topdesk.by_number("1")
    assert card is not None
    assert card.is_manager


async def test_people_known_before_they_could_be_matched_are_asked_about(office: Office) -> None:
    office.world.hr.put(in_afas(), in_afas("7", birth_date=date(1980, 1, 1)))
    office.csv.put(in_csv("882"))
    off = replace(office.world.service, policy_text=lambda: POLICY + "sources: {match: off}\n")
    on, office.world.service = office.world.service, off
    await office.reads()
    assert len(office.world.entra.accounts) == 3

    office.world.service = on
    await settle(office.world)
    await office.reads()
    office.csv.put(in_csv("883", birth_date=date(1980, 1, 1)))
    await office.reads()

    assert await office.asked() == [("csv:882", "afas:1042")]
    assert len(office.world.entra.accounts) == 3
    one, other = await office.dossier("afas:7"), await office.dossier("csv:883")
    assert one.person_id == other.person_id


async def test_a_mass_leave_counts_nobody_who_stays_elsewhere(office: Office) -> None:
    days = [BORN + timedelta(days=n) for n in range(6)]
    office.world.hr.put(*(in_afas(str(n), birth_date=day) for n, day in enumerate(days)))
    office.csv.put(*(in_csv(f"8{n}", birth_date=day) for n, day in enumerate(days)))
    await office.reads()

    ended = (a_contract(key="x", end=TODAY - timedelta(days=1)),)
    office.world.hr.put(
        *(in_afas(str(n), birth_date=day, contracts=ended) for n, day in enumerate(days))
    )
    await office.reads()

    cursor, _ = await office.world.service.ledger.cursors.read("afas")
    assert cursor.mass_leave is None
    assert all(account.enabled for account in office.world.entra.accounts.values())
    assert [b async for b in office.world.service.ledger.batches.unfinished()] == []


async def test_word_on_a_number_nobody_knows_is_refused(office: Office) -> None:
    office.world.hr.put(in_afas())
    await office.reads("afas")

    with pytest.raises(Misconfigured, match="csv:1"):
        await flow.same(office.world.service, "afas:1042", "csv:1", who="beheerder")


async def test_who_are_one_person_cannot_be_told_apart(office: Office) -> None:
    office.world.hr.put(in_afas())
    office.csv.put(in_csv())
    await office.reads()

    with pytest.raises(Permanent, match="cannot be cut in two"):
        await flow.different(office.world.service, "afas:1042", "csv:881", who="beheerder")


async def test_a_small_source_shares_the_limit_of_all() -> None:
    """One counter for all sources: of its own three people a tenth would be nobody."""
    tenth = "joiner: {count: 20, share: 0.1}"
    policy = POLICY.replace("joiner: {count: 20, minimum_population: 100}", tenth)
    async for office in an_office(policy):
        small, large = ["7", "8", "9"], [str(number) for number in range(2000, 2040)]
        office.world.hr.put(*(_apart(in_afas(number)) for number in large))
        office.csv.put(*(_apart(in_csv(number)) for number in small))
        await office.reads()
        office.world.hr.put(_apart(in_afas("3001")), _apart(in_afas("3002")))
        await office.reads("afas")
        office.csv.put(_apart(in_csv("10")))
        await office.reads("csv")

        assert len(office.world.entra.accounts) == 40 + 3 + 2 + 1


def _apart(record: Record) -> Record:
    """Nobody else's twin."""
    name = a_name(birth=f"Nr{record.number}")
    return record.model_copy(update={"name": name, "birth_date": None, "human_key": None})
