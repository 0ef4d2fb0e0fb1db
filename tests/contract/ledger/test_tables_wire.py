"""What the store over Azure Tables makes of lost replies and of errors on the way."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Self
from uuid import uuid4

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError
from fakes_storage import Answer, Lose, Wire, wire

from shared.errors import LostRace, Misconfigured, TargetDown, Transient, UnknownReply
from shared.ledger.rows import Insert, Put, Replace, Store
from shared.ledger.tables import open_tables

TABLE = "contract"

pytestmark = pytest.mark.timeout(300)  # the first one may have to install Azurite


@asynccontextmanager
async def over_wire(upstream_port: int | None = None) -> AsyncIterator[tuple[Store, Wire]]:
    async with wire(upstream_port) as line:
        store = await open_tables(line.connection_string, credential=None)
        yield store, line
        await store.close()


@pytest.mark.parametrize(
    "fault",
    [
        Lose(),
        Lose(keep=10),
        Lose(keep=400),
        Answer(500, "InternalError", carried_out=True),
        Answer(500, "OperationTimedOut", retry_after_seconds=1, carried_out=True),
        Answer(503, "InternalError", carried_out=True),
        Answer(504, "", carried_out=True),
    ],
    ids=str,
)
async def test_a_transaction_is_not_repeated_when_it_may_have_happened(
    azurite_port: int, part: str, fault: Lose | Answer
) -> None:
    """Repeated, the insert would meet its own row and answer LostRace."""
    async with over_wire(azurite_port) as (store, line):
        await store.write(TABLE, part, [Put("table")])
        sent_before, line.plan = line.transactions, [fault]
        with pytest.raises(UnknownReply):
            await store.write(TABLE, part, [Insert("k", {"by": "us"})])

        row = await store.get(TABLE, part, "k")
        assert line.transactions == sent_before + 1
        assert row is not None
        assert row.properties == {"by": "us"}


async def test_a_transaction_refused_at_the_door_is_repeated(azurite_port: int, part: str) -> None:
    async with over_wire(azurite_port) as (store, line):
        await store.write(TABLE, part, [Put("table")])
        line.plan = [Answer(503, "ServerBusy"), Answer(429, "TooManyRequests")]
        (etag,) = await store.write(TABLE, part, [Insert("k")])
        line.plan = [Answer(503, "ServerBusy")]
        await store.write(TABLE, part, [Replace("k", {"n": 1}, etag)])

        with pytest.raises(LostRace):
            await store.write(TABLE, part, [Replace("k", {"n": 2}, etag)])


@pytest.mark.parametrize(
    "fault", [Lose(), Lose(keep=300), Answer(500, "InternalError"), Answer(408, "")], ids=str
)
async def test_reading_is_repeated(azurite_port: int, part: str, fault: Lose | Answer) -> None:
    async with over_wire(azurite_port) as (store, line):
        await store.write(TABLE, part, [Insert("k", {"n": 1})])
        line.plan = [fault, fault]
        row = await store.get(TABLE, part, "k")

        assert row is not None
        assert row.properties == {"n": 1}


async def test_a_lost_page_is_read_again_and_once(azurite_port: int, part: str) -> None:
    keys = [f"k{n:04}" for n in range(1010)]
    async with over_wire(azurite_port) as (store, line):
        for at in range(0, len(keys), 100):
            await store.write(TABLE, part, [Insert(key) for key in keys[at : at + 100]])
        found = []
        async for row in store.scan(TABLE, part):
            found.append(row.key)
            if len(found) == 1000:
                line.plan = [Lose(keep=500), Answer(503, "ServerBusy")]

        assert found == keys
        assert line.plan == []


async def test_a_lost_reply_to_making_the_table_is_no_matter(azurite_port: int, part: str) -> None:
    table = f"new{uuid4().hex}"
    async with over_wire(azurite_port) as (store, line):
        missing = Answer(404, "TableNotFound")
        line.plan = [missing, Lose()]
        await store.write(table, part, [Insert("k")])

        assert await store.get(table, part, "k") is not None


async def test_a_service_that_is_down_is_transient() -> None:
    async with over_wire() as (store, line):
        line.plan = [Answer(500, "InternalError") for _ in range(4)]
        with pytest.raises(Transient, match="500 InternalError") as failure:
            await store.get(TABLE, "p", "k")

        assert not isinstance(failure.value, UnknownReply)
        assert len(line.asked) == 4


async def test_a_long_wait_is_left_to_the_caller() -> None:
    async with over_wire() as (store, line):
        line.plan = [Answer(503, "ServerBusy", retry_after_seconds=60)]
        with pytest.raises(Transient) as failure:
            await store.write(TABLE, "p", [Insert("k")])

        assert failure.value.retry_after_seconds == 60
        assert len(line.asked) == 1


async def test_a_short_wait_is_taken_here() -> None:
    async with over_wire() as (store, line):
        line.plan = [Answer(503, "ServerBusy", retry_after_seconds=1) for _ in range(4)]
        with pytest.raises(Transient):
            await store.write(TABLE, "p", [Insert("k")])

        assert len(line.asked) == 4


async def test_nobody_listening_is_a_target_that_is_down() -> None:
    async with wire() as line:
        pass  # the port is free again
    store = await open_tables(line.connection_string, credential=None)
    with pytest.raises(TargetDown):
        await store.write(TABLE, "p", [Insert("k")])
    with pytest.raises(TargetDown):
        await store.get(TABLE, "p", "k")
    await store.close()


@pytest.mark.parametrize(
    ("status", "code"),
    [(403, "AuthorizationPermissionMismatch"), (403, "AuthenticationFailed"), (401, "")],
)
async def test_refused_credentials_are_a_target_that_is_down(status: int, code: str) -> None:
    async with over_wire() as (store, line):
        line.plan = [Answer(status, code) for _ in range(8)]
        with pytest.raises(TargetDown):
            await store.get(TABLE, "p", "k")
        with pytest.raises(TargetDown):
            await store.write(TABLE, "p", [Insert("k")])


async def test_a_transaction_too_large_on_the_wire_is_refused() -> None:
    async with over_wire() as (store, line):
        line.plan = [Answer(413, "RequestBodyTooLarge")]
        with pytest.raises(ValueError, match="larger"):
            await store.write(TABLE, "p", [Insert("k")])


async def test_keys_never_reach_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """The register of names has names in its keys, and the SDK logs URLs at INFO."""
    caplog.set_level(logging.INFO)
    async with over_wire() as (store, line):
        line.plan = [Answer(404, "ResourceNotFound"), *[Answer(500, "InternalError")] * 4]
        assert await store.get(TABLE, "upn:pietersen", "name") is None
        with pytest.raises(Transient) as failure:
            await store.get(TABLE, "upn:pietersen", "name")

    assert len(line.asked) == 5
    assert "pietersen" not in caplog.text
    assert "pietersen" not in str(failure.value)


class NoToken:
    """An identity that gets no token today."""

    async def get_token(self, *_: str, **__: object) -> AccessToken:
        raise ClientAuthenticationError("the identity endpoint said no")

    async def close(self) -> None: ...

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None: ...


async def test_an_identity_without_a_token_is_a_target_that_is_down() -> None:
    store = await open_tables("https://example.table.core.windows.net", credential=NoToken())
    with pytest.raises(TargetDown, match="refuses us"):
        await store.write(TABLE, "p", [Insert("k")])
    await store.close()


async def test_a_token_is_not_sent_unencrypted() -> None:
    with pytest.raises(Misconfigured, match="https"):
        await open_tables("http://127.0.0.1:10002/devstoreaccount1", credential=NoToken())


async def test_an_answer_that_means_a_bug_is_left_to_rise() -> None:
    async with over_wire() as (store, line):
        line.plan = [Answer(400, "InvalidInput")]
        with pytest.raises(HttpResponseError, match="InvalidInput"):
            await store.write(TABLE, "p", [Insert("k")])


async def test_a_row_the_service_finds_too_large_is_refused() -> None:
    async with over_wire() as (store, line):
        line.plan = [Answer(400, "EntityTooLarge")]
        with pytest.raises(ValueError, match="EntityTooLarge"):
            await store.write(TABLE, "p", [Insert("k")])


async def test_a_url_needs_an_identity() -> None:
    with pytest.raises(Misconfigured, match="identity"):
        await open_tables("https://example.table.core.windows.net", credential=None)


async def test_what_is_no_connection_string_is_not_quoted() -> None:
    with pytest.raises(Misconfigured) as failure:
        await open_tables("AccountKey=hush;", credential=None)

    assert "hush" not in str(failure.value)
    assert failure.value.__cause__ is None
