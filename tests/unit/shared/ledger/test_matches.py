"""The index of records that may be one human: found by a key, entered by one lane at a time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import pytest
from build import NOW, a_name, a_record

from shared.errors import LostRace
from shared.intake.match import traits
from shared.ledger.matches import Matches, Proposal, Verdict
from shared.ledger.rows import Operation, Row, Store
from shared.ledger.sqlite import open_sqlite
from shared.model.person import PersonId
from shared.model.traits import Alike, Likeness, Traits

BORN = date(1991, 5, 17)
ANN, BOB = PersonId("ann"), PersonId("bob")


def of(number: str, born: date = BORN, **name: str) -> Traits:
    return traits(a_record(number, birth_date=born, name=a_name(**name)))


@dataclass
class CountedStore:
    """A ledger that counts what is read."""

    inner: Store
    rows: int = 0
    questions: int = 0
    seen: set[str] = field(default_factory=set)

    async def get(self, table: str, partition: str, key: str) -> Row | None:
        self.questions += 1
        return await self.inner.get(table, partition, key)

    async def scan(
        self, table: str, partition: str, *, first: str = "", before: str | None = None
    ) -> AsyncIterator[Row]:
        self.questions += 1
        async for row in self.inner.scan(table, partition, first=first, before=before):
            self.rows += 1
            yield row

    async def write(
        self, table: str, partition: str, operations: Sequence[Operation]
    ) -> tuple[str, ...]:
        self.seen.add(partition)
        for operation in operations:
            self.seen |= {operation.key, str(getattr(operation, "properties", ""))}
        return await self.inner.write(table, partition, operations)

    async def close(self) -> None:
        await self.inner.close()


@pytest.fixture
async def store() -> AsyncIterator[CountedStore]:
    made = CountedStore(await open_sqlite(None, wall=lambda: NOW))
    yield made
    await made.close()


@pytest.fixture
def matches(store: CountedStore) -> Matches:
    return Matches(store)


async def enter(matches: Matches, one: Traits, person_id: PersonId) -> None:
    await matches.enter(await matches.shelves(one), one, person_id)


async def test_whoever_shares_a_key_is_found_and_nobody_else(matches: Matches) -> None:
    await enter(matches, of("1"), ANN)
    await enter(matches, of("2", birth="Boer"), BOB)
    await enter(matches, of("3", BORN + timedelta(days=1)), BOB)
    await enter(matches, of("4", birth="Boer", given="Joke", nickname=""), BOB)

    (shelf,) = await matches.shelves(of("5"))

    assert set(shelf.entries) == {"afas:1", "afas:2"}
    assert shelf.entries["afas:1"].person_id == ANN


async def test_second_of_two_who_looked_at_once_must_look_again(matches: Matches) -> None:
    one, other = of("1"), of("2", birth="Boer")
    seen, also_seen = await matches.shelves(one), await matches.shelves(other)
    await matches.enter(seen, one, ANN)

    with pytest.raises(LostRace):
        await matches.enter(also_seen, other, BOB)

    (shelf,) = await matches.shelves(other)
    assert set(shelf.entries) == {"afas:1"}


async def test_who_is_there_as_they_are_is_not_written_again(matches: Matches) -> None:
    await enter(matches, of("1"), ANN)
    before = await matches.shelves(of("1"))
    await matches.enter(before, of("1"), ANN)

    assert await matches.shelves(of("1")) == before
    assert await matches.holds(of("1"))
    assert not await matches.holds(of("1", nickname="Suus"))


async def test_record_that_changed_leaves_its_old_places(matches: Matches) -> None:
    old, new = of("1"), of("1", birth="Boer")
    await enter(matches, old, ANN)
    await enter(matches, new, ANN)
    await matches.leave(old, stays=new)

    (by_name,) = await matches.shelves(of("2", given="", nickname="", initials=""))
    (by_first,) = await matches.shelves(of("2", birth="Jansen"))
    assert set(by_name.entries) == set()
    assert by_first.entries["afas:1"].traits == new


async def test_a_look_up_reads_no_more_when_there_are_many(
    matches: Matches, store: CountedStore
) -> None:
    """A thousand born on the same day, as when a system fills in a day for everyone."""
    for number in range(1000):
        await enter(matches, of(str(number), birth=f"N{number}", given="", nickname=""), ANN)
    await enter(matches, of("1001"), BOB)
    store.rows = store.questions = 0

    (shelf,) = await matches.shelves(of("1002"))

    assert set(shelf.entries) == {"afas:1001"}
    assert store.rows <= 3
    assert store.questions <= 4


async def test_no_name_and_no_birth_date_stands_in_the_index(
    matches: Matches, store: CountedStore
) -> None:
    await enter(matches, of("1"), ANN)

    told = "\n".join(store.seen).casefold()
    assert [word for word in ("dijk", "sanne", "susanna", "1991") if word in told] == []


async def test_proposal_is_asked_once_and_closed_from_either_side(matches: Matches) -> None:
    asked = Proposal(
        newcomer="csv:8", known="afas:1", likeness=Likeness(alike=Alike.DOUBTFUL), since=NOW
    )
    turned = asked.model_copy(update={"newcomer": "afas:1", "known": "csv:8"})

    assert [await matches.propose(one) for one in (asked, asked, turned)] == [True, False, False]
    assert [one async for one in matches.proposals("csv:8")] == [asked]
    assert [one async for one in matches.proposals("csv:88")] == []
    await matches.close("afas:1", "csv:8")
    assert [one async for one in matches.proposals()] == []


async def test_verdict_is_of_the_pair_whoever_is_named_first(matches: Matches) -> None:
    await matches.decide("csv:8", "afas:1", Verdict(said="different", by="x", at=NOW))
    await matches.decide("afas:1", "csv:8", Verdict(said="same", by="x", at=NOW))

    found = await matches.verdict("csv:8", "afas:1")
    assert found is not None
    assert found.said == "same"
    assert await matches.verdict("csv:8", "afas:2") is None
