"""What an operator is asked and may say of two records; never a value of a person's."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date

import pytest
from build import a_name, a_record
from fakes import FakeClock, FakeSource, World, a_world
from rich.console import Console
from turning import settle

from shared.cli_people import answer, key, print_accounts
from shared.errors import Misconfigured
from shared.flow.collect import full_sync
from shared.ledger.sqlite import open_sqlite
from shared.model.account import Applied, LinkedAccount

BORN = date(1991, 5, 17)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    clock = FakeClock()
    store = await open_sqlite(None, wall=clock.wall)
    made, csv = a_world(store, clock=clock), FakeSource(name="csv")
    made.service = replace(made.service, sources={"afas": made.hr, "csv": csv})
    made.hr.put(a_record("1042", birth_date=BORN))
    csv.put(a_record("881", source="csv", birth_date=BORN, name=a_name(nickname="Joke", given="")))
    for source in ("afas", "csv"):
        await full_sync(made.service, source)
    await settle(made)
    yield made
    await store.close()


async def said(world: World, *words: str) -> str:
    out = io.StringIO()
    await answer(Console(file=out, width=200), world.service, words, "beheerder")
    return out.getvalue()


async def test_doubt_is_shown_with_why_and_what_to_say(world: World) -> None:
    told = await said(world, "matches")

    assert "csv:881 may be the same human as afas:1042, since 2026-11-02 10:00" in told
    assert "agree: birth_date, birth_name, initials; contradict: given" in told
    assert "instroom people same csv:881 afas:1042" in told
    assert "instroom people different csv:881 afas:1042" in told
    assert not any(value in told for value in ("Dijk", "Joke", "Sanne", "1991"))


async def test_same_joins_and_says_so(world: World) -> None:
    told = await said(world, "same", "csv:881", "1042")
    again = await said(world, "same", "csv:881", "afas:1042")

    assert "csv:881 and 1042 are one person from now on" in told
    assert "were one person already" in again
    assert await said(world, "matches") == "Nobody is in doubt.\n"


async def test_different_is_remembered(world: World) -> None:
    told = await said(world, "different", "csv:881", "afas:1042")

    assert "two people, and nobody asks again" in told
    assert await said(world, "matches") == "Nobody is in doubt.\n"


@pytest.mark.parametrize("words", [("same",), ("same", "1"), ("1042", "881"), ("matches", "1")])
async def test_words_that_are_no_question_are_told(world: World, words: tuple[str, ...]) -> None:
    with pytest.raises(Misconfigured, match="is no question about people"):
        await said(world, *words)


async def test_number_without_a_source_is_of_the_first(world: World) -> None:
    assert key(world.service, "1042") == "afas:1042"
    with pytest.raises(Misconfigured, match="Known: afas, csv"):
        key(world.service, "nmbrs:1")


def test_linked_accounts_are_listed_with_what_becomes_of_them() -> None:
    linked = (
        LinkedAccount(id="a-1", kind="admin", enabled=True),
        LinkedAccount(id="t-1", kind="test", enabled=False, on_leave="keep"),
    )
    out = io.StringIO()

    print_accounts(Console(file=out, width=200), Applied(linked=linked))

    assert out.getvalue().splitlines() == [
        "linked account: admin a-1, can sign in; when this person leaves: block",
        "linked account: test t-1, is blocked; when this person leaves: keep",
    ]
