"""How does the ledger lie in Azure Tables? The store of the deployed app, opened by wiring.

A write is one entity group transaction (Microsoft Learn, "Performing entity group transactions"),
conditions are ETags, and a table is made when the first write to it finds none. Timestamp is the
service's clock. tables_errors.py says what is repeated and what is not.

Where Tables has no operation of the protocol's kind:
- `Unchanged` merges nothing into the row, on condition. The row gets a new ETag and Timestamp.
- `Delete` without an ETag fails the whole transaction when the row is gone. It is then left out
  and the rest is sent again: as if the row had been removed a moment earlier.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any, cast

import stamina
from azure.core import MatchConditions
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import AzureError
from azure.data.tables import EdmType, EntityProperty, TableEntity, UpdateMode
from azure.data.tables.aio import TableClient, TableServiceClient

from shared.errors import LostRace, Misconfigured
from shared.ledger.rows import (
    Delete,
    Insert,
    Operation,
    Properties,
    Put,
    Replace,
    Row,
    Store,
    Unchanged,
    Value,
    check_key,
    check_limits,
)
from shared.ledger.tables_errors import (
    PATIENCE_SECONDS,
    RowMissing,
    TableMissing,
    pause_before_repeating,
    translate,
)

CONNECT_SECONDS = 5
READ_SECONDS = 30
_ATTEMPTS = 4
_INT32 = 2**31

# The SDK logs every URL at INFO, and a URL holds the row's key: only its warnings are heard.
_wire_log = logging.getLogger(f"{__name__}.wire")
_wire_log.setLevel(logging.WARNING)

type _Sent = tuple[str, dict[str, Any], dict[str, Any]]
type _Token = str | None


async def open_tables(
    url_or_connection_string: str, *, credential: AsyncTokenCredential | None
) -> Store:
    """The ledger in a storage account: by URL with a credential, or by connection string.

    Nothing is sent yet. The credential stays the caller's to close. Raises Misconfigured.
    """
    options: dict[str, Any] = {
        "retry_total": 0,
        "logger": _wire_log,
        "connection_timeout": CONNECT_SECONDS,
        "read_timeout": READ_SECONDS,
    }
    is_url = url_or_connection_string.startswith(("https://", "http://"))
    if is_url and credential is None:
        raise Misconfigured("LEDGER_URL", "a URL needs an identity", "Give the app one.")
    try:
        if is_url:
            service = TableServiceClient(
                url_or_connection_string, credential=credential, **options
            )
        else:
            service = TableServiceClient.from_connection_string(
                url_or_connection_string, **options
            )
    except ValueError:
        # Not chained: the SDK's error may quote what holds the account's key.
        problem = "neither sqlite:///..., an https URL nor a connection string"
        raise Misconfigured("LEDGER_URL", problem, "See the table of settings.") from None
    return _TablesStore(service)


class _TablesStore:
    """The ledger behind one connection pool."""

    def __init__(self, service: TableServiceClient) -> None:
        self._service = service
        self._clients: dict[str, TableClient] = {}

    async def get(self, table: str, partition: str, key: str) -> Row | None:
        """The row, or None."""
        try:
            check_key(partition)
            check_key(key)
        except ValueError:
            return None  # no such row can have been written, and Tables would answer 400
        client = self._client(table)
        try:
            entity = await _patiently(lambda: client.get_entity(partition, key), is_write=False)
        except (RowMissing, TableMissing):
            return None
        return _row(table, entity)

    async def scan(
        self, table: str, partition: str, *, first: str = "", before: str | None = None
    ) -> AsyncIterator[Row]:
        """The rows of a partition with `first <= key < before`, in key order, read in pages."""
        token: _Token = None
        while True:
            try:
                page, token = await self._page(table, (partition, first, before), token)
            except TableMissing:
                return
            for entity in page:
                yield _row(table, entity)
            if token is None:
                return

    async def everything(self, table: str) -> AsyncIterator[Row]:
        """Every row of a table, for a copy of it."""
        token: _Token = None
        while True:
            try:
                page, token = await self._page(table, None, token)
            except TableMissing:
                return
            for entity in page:
                yield _row(table, entity)
            if token is None:
                return

    async def write(
        self, table: str, partition: str, operations: Sequence[Operation]
    ) -> tuple[str, ...]:
        """Do all operations or none; answers the new etags in order ("" for a delete)."""
        check_limits(table, partition, operations)
        if any(not _may_exist(operation) for operation in operations):
            raise LostRace("no row of the ledger has such a version")
        left = list(operations)
        etags: dict[str, str] = {}
        while left:
            try:
                etags = await self._submit(table, partition, left)
                break
            except TableMissing:
                await self._make(table)
            except RowMissing:
                left = await self._without_gone(table, partition, left)
        return tuple(etags.get(operation.key, "") for operation in operations)

    async def close(self) -> None:
        """Close the connections; closing twice is no error."""
        await self._service.close()

    def _client(self, table: str) -> TableClient:
        if table not in self._clients:
            self._clients[table] = self._service.get_table_client(table)
        return self._clients[table]

    async def _page(
        self, table: str, span: tuple[str, str, str | None] | None, token: _Token
    ) -> tuple[list[TableEntity], _Token]:
        """One page from where `token` points, and where the next one begins; None is the end.

        Without a span of everything.
        """
        client = self._client(table)
        if span is None:
            found = client.list_entities()
        else:
            query, values = _query(*span)
            found = client.query_entities(query, parameters=values)

        async def fetch() -> tuple[list[TableEntity], _Token]:
            pages = found.by_page(token)
            page = [entity async for entity in await anext(pages)]
            return page, pages.continuation_token  # type: ignore[attr-defined]  # AsyncPageIterator

        return await _patiently(fetch, is_write=False)

    async def _submit(
        self, table: str, partition: str, operations: Sequence[Operation]
    ) -> dict[str, str]:
        """Send one transaction; answers the etags by key."""
        client = self._client(table)
        sent = [_sent(partition, operation) for operation in operations]
        answers = await _patiently(lambda: client.submit_transaction(sent), is_write=True)
        pairs = zip(operations, answers, strict=True)
        return {operation.key: answer.get("etag", "") for operation, answer in pairs}

    async def _make(self, table: str) -> None:
        # Making a table that another task just made is no error, so this may be repeated.
        await _patiently(lambda: self._service.create_table_if_not_exists(table), is_write=False)

    async def _without_gone(
        self, table: str, partition: str, operations: Sequence[Operation]
    ) -> list[Operation]:
        """The operations without those that remove a row that is gone already.

        Raises LostRace when there is none: then a row with a condition is gone.
        """
        left = [
            operation
            for operation in operations
            if not _removes_any_version(operation)
            or await self.get(table, partition, operation.key) is not None
        ]
        if len(left) == len(operations) and any(map(_has_condition, operations)):
            raise LostRace("a row of the ledger is gone")
        return left


async def _patiently[T](call: Callable[[], Awaitable[T]], *, is_write: bool) -> T:
    """What the call answers, repeated while that is safe; its errors become ours."""
    attempts = stamina.retry_context(
        on=pause_before_repeating, attempts=_ATTEMPTS, timeout=PATIENCE_SECONDS
    )
    async for attempt in attempts:
        with attempt:
            try:
                return await call()
            except AzureError as error:
                ours = translate(error, is_write=is_write)
                if ours is error:
                    raise
                raise ours from error
    raise AssertionError("a retry loop either returns or raises")


def _removes_any_version(operation: Operation) -> bool:
    return isinstance(operation, Delete) and operation.etag is None


def _has_condition(operation: Operation) -> bool:
    return isinstance(operation, Replace | Unchanged | Delete) and operation.etag is not None


def _may_exist(operation: Operation) -> bool:
    """Can the version that the operation asks for be one that Tables gave out?

    Tables would refuse other text with 400, and take `*` for any version.
    """
    match operation:
        case Replace(etag=str(etag)) | Unchanged(etag=str(etag)) | Delete(etag=str(etag)):
            return etag.startswith('W/"')
    return True


def _sent(partition: str, operation: Operation) -> _Sent:
    """The operation in the SDK's words."""
    entity: dict[str, Any] = {"PartitionKey": partition, "RowKey": operation.key}
    match operation:
        case Insert(_, properties):
            return "create", entity | _entity(properties), {}
        case Put(_, properties):
            return "upsert", entity | _entity(properties), {"mode": UpdateMode.REPLACE}
        case Replace(_, properties, etag):
            how = {"mode": UpdateMode.REPLACE, **_only(etag)}
            return "update", entity | _entity(properties), how
        case Unchanged(_, etag):
            return "update", entity, {"mode": UpdateMode.MERGE, **_only(etag)}
        case Delete(_, etag):
            return "delete", entity, {} if etag is None else _only(etag)


def _only(etag: str) -> dict[str, Any]:
    return {"etag": etag, "match_condition": MatchConditions.IfNotModified}


def _entity(properties: Properties) -> dict[str, Any]:
    return {name: _stored(value) for name, value in properties.items()}


def _stored(value: Value) -> object:
    """The SDK sends a bare int as Edm.Int32, whatever its size."""
    if isinstance(value, int) and not -_INT32 <= value < _INT32:
        return EntityProperty(value, EdmType.INT64)
    return value


def _row(table: str, entity: TableEntity) -> Row:
    properties = dict(entity)
    partition, key = properties.pop("PartitionKey"), properties.pop("RowKey")
    values = {name: _read(value) for name, value in properties.items()}
    # The SDK's None is that of an entity which was never read.
    etag = cast("str", entity.metadata["etag"])
    written_at = cast("datetime", entity.metadata["timestamp"])
    return Row(table, partition, key, values, etag, _plain(written_at))


def _read(value: Any) -> Value:
    """Int64 comes as EntityProperty; the other three kinds of the protocol come as they are."""
    plain: Value = value.value if isinstance(value, EntityProperty) else value
    return plain


def _plain(moment: datetime) -> datetime:
    """The SDK's datetime is a subclass that remembers the text it came from."""
    return datetime.fromtimestamp(moment.timestamp(), UTC)


def _query(partition: str, first: str, before: str | None) -> tuple[str, dict[str, str]]:
    """The filter of a range of keys, with the values that the SDK quotes into it."""
    terms, values = ["PartitionKey eq @partition"], {"partition": partition}
    if first:
        terms.append("RowKey ge @first")
        values["first"] = first
    if before is not None:
        terms.append("RowKey lt @before")
        values["before"] = before
    return " and ".join(terms), values
