"""How is a container of Azure Blob Storage spoken to? Blobs are listed and read; one is replaced.

Called by intake/csv_container.py to read, and by blob_file.py to keep a file of ours; it decides
nothing. Facts: Microsoft Learn,
Blob service REST API, "List Blobs", "Get Blob", "Specifying conditional headers for Blob service
operations", "Status and error codes". The SDK's own retries are off, as everywhere. Messages hold
the service's code and never an address: behind a question mark it may hold a signature.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, TypeGuard

import stamina
from azure.core import MatchConditions
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    ServiceRequestError,
)
from azure.storage.blob import BlobProperties
from azure.storage.blob.aio import ContainerClient

from shared.errors import InstroomError, Permanent, TargetDown, Transient
from shared.secret import Secret, at_hand
from shared.telemetry import spans

CHUNK_BYTES = 4 * 1024 * 1024
PATIENCE_SECONDS = 20.0


@dataclass(frozen=True)
class Use:
    """What a container is used for: the setting that names it, and what that takes."""

    setting: str = "CSV_FOLDER"
    role: str = "Storage Blob Data Reader"
    rights: str = "read and list"


TO_WRITE = Use("CSV_EXPORT", "Storage Blob Data Contributor", "read, create and write")
_ATTEMPTS = 4
_OPTIONS: dict[str, Any] = {
    "retry_total": 0,
    "connection_timeout": 5,
    "read_timeout": 30,
    "max_single_get_size": CHUNK_BYTES,
    "max_chunk_get_size": CHUNK_BYTES,
}

# The SDK logs addresses at INFO; only its warnings are heard.
_wire_log = logging.getLogger(f"{__name__}.wire")
_wire_log.setLevel(logging.WARNING)


@dataclass(frozen=True)
class Blob:
    """A blob as it was listed."""

    name: str
    size: int
    etag: str
    """Another one whenever the blob is written."""
    changed_at: datetime
    """In whole seconds of the service's clock."""


class Changed(Exception):
    """The blob is no longer the one that was listed."""


class Blobs:
    """One container, opened with the app's identity or with a connection string."""

    def __init__(
        self,
        url: str,
        *,
        credential: AsyncTokenCredential | None = None,
        connection: str | Secret = "",
        use: Use = Use(),
    ) -> None:
        self._url = url
        self._use = use
        self._credential = credential
        self._connection = connection
        self._clients: dict[str, ContainerClient] = {}
        """By connection string: what still runs on a rotated one may end."""

    async def listed(self, prefix: str) -> list[Blob]:
        """The blobs directly under the prefix, without its folders. Raises InstroomError."""

        async def pages(client: ContainerClient) -> list[Blob]:
            found = client.walk_blobs(prefix, include=["metadata"], delimiter="/")
            return [_blob(one) async for one in found if _is_file(one)]

        return await self._asked(pages)

    async def read(self, blob: Blob) -> bytes:
        """What the blob holds, held once. Raises Changed when it was written or removed since."""

        async def download(client: ContainerClient) -> bytes:
            whole = io.BytesIO()
            stream = await client.download_blob(
                blob.name, etag=blob.etag, match_condition=MatchConditions.IfNotModified
            )
            async for chunk in stream.chunks():
                whole.write(chunk)
            return whole.getvalue()

        data = await self._asked(download)
        if len(data) != blob.size:
            raise Transient(f"a blob came with {len(data)} of its {blob.size} bytes")
        return data

    async def held(self, name: str) -> tuple[bytes, str]:
        """What the blob of this name holds, and its etag; nothing when there is none."""

        async def download(client: ContainerClient) -> tuple[bytes, str]:
            stream = await client.download_blob(name)
            return await stream.readall(), str(stream.properties.etag)

        try:
            return await self._asked(download)
        except Changed:
            return b"", ""

    async def put(self, name: str, data: bytes, etag: str) -> None:
        """Replace the blob of this etag; "" is none. Raises Changed when it is another by now.

        A reply that was lost ends in Changed too: whoever asked looks again.
        """

        async def upload(client: ContainerClient) -> None:
            condition: dict[str, Any] = (
                {"etag": etag, "match_condition": MatchConditions.IfNotModified} if etag else {}
            )
            await client.upload_blob(name, data, overwrite=bool(etag), **condition)

        await self._asked(upload)

    async def close(self) -> None:
        """Give back the connections; the credential stays the caller's."""
        for client in self._clients.values():
            await client.close()

    async def _asked[T](self, call: Callable[[ContainerClient], Awaitable[T]]) -> T:
        """Ask; with a rotated connection string once more."""
        with spans.span("blob storage", spans.CALL, system="blobs"):
            return await self._answered(call)

    async def _answered[T](self, call: Callable[[ContainerClient], Awaitable[T]]) -> T:
        connection = await at_hand(self._connection)
        try:
            return await _patiently(call, self._client(connection), self._use)
        except (_Refused, _Forbidden):
            renewed = await at_hand(self._connection, rejected=connection)
            if renewed == connection:
                raise
            return await _patiently(call, self._client(renewed), self._use)

    def _client(self, connection: str) -> ContainerClient:
        if connection not in self._clients:
            self._clients[connection] = self._opened(connection)
        return self._clients[connection]

    def _opened(self, connection: str) -> ContainerClient:
        options = {**_OPTIONS, "logger": _wire_log}
        if not connection:
            return ContainerClient.from_container_url(self._url, self._credential, **options)
        name = self._url.rpartition("/")[2]
        try:
            client = ContainerClient.from_connection_string(connection, name, **options)
        except ValueError:
            # Not chained: the SDK's error may quote what holds the account's key.
            raise Permanent(
                "CSV_CONNECTION is no connection string of a storage account", mender="settings"
            ) from None
        if client.url.partition("?")[0].casefold() != self._url.casefold():
            raise Permanent(
                f"CSV_CONNECTION opens another storage account than {self._use.setting} names: "
                "make them agree",
                mender="settings",
            )
        return client


class _Refused(TargetDown):
    """Who we say we are was not believed; another secret may be."""


class _Forbidden(Permanent):
    """Who we are may not do this; another signature may allow it."""


def _is_file(one: object) -> TypeGuard[BlobProperties]:
    """A folder is listed as a prefix; with a hierarchical namespace maybe as a marked blob."""
    return isinstance(one, BlobProperties) and "hdi_isfolder" not in (one.metadata or {})


def _blob(one: BlobProperties) -> Blob:
    etag = str(one.etag)  # listed without the quotes that a condition wants
    quoted = etag if etag.startswith('"') else f'"{etag}"'
    return Blob(str(one.name), int(one.size or 0), quoted, one.last_modified)


async def _patiently[T](
    call: Callable[[ContainerClient], Awaitable[T]], client: ContainerClient, use: Use
) -> T:
    """Ask again while that helps: what is written is written over one version alone."""
    async for attempt in stamina.retry_context(
        on=_pause, attempts=_ATTEMPTS, timeout=PATIENCE_SECONDS
    ):
        with attempt:
            try:
                return await call(client)
            except AzureError as error:
                raise _meaning(error, use) from error
    raise AssertionError("a retry loop either returns or raises")


def _pause(error: Exception) -> bool | float:
    if not isinstance(error, Transient) or isinstance(error, _Refused):
        return False
    wait = error.retry_after_seconds
    return True if wait is None else wait if wait <= PATIENCE_SECONDS else False


def _meaning(error: AzureError, use: Use) -> Exception:
    """Our error for the SDK's."""
    code = _code(error)
    if isinstance(error, ClientAuthenticationError):
        return _refused(error, code, use)
    if isinstance(error, ServiceRequestError):
        return TargetDown(
            f"{use.setting} cannot be reached: see whether the name of the storage account is "
            "right, and whether this network may reach it"
        )
    if not isinstance(error, HttpResponseError) or error.status_code is None:
        return Transient(f"{use.setting} gave no answer ({type(error).__name__})")
    match error.status_code:
        case status if status == HTTPStatus.PRECONDITION_FAILED or code in (
            "BlobNotFound",
            "BlobAlreadyExists",
        ):
            return Changed()
        case 404:
            return _settings(
                use,
                f"the storage account has no such container ({code}). Make it, or mend the name",
            )
        case 401 | 403:
            return _forbidden(code, use)
        case 408 | 409 | 429 | 500 | 502 | 503 | 504:
            told = f"{use.setting}: blob storage answered {error.status_code} ({code})"
            return Transient(told, retry_after_seconds=_retry_after(error))
    return _settings(use, f"blob storage answered {error.status_code} ({code})")


def _refused(error: ClientAuthenticationError, code: str, use: Use) -> InstroomError:
    if error.status_code is None:
        return TargetDown(
            f"{use.setting}: no sign-in for this identity. In Azure the app needs its identity, "
            "of the storage account's tenant; at a desk run `az login`"
        )
    return _Refused(
        f"{use.setting}: the storage account does not believe who we are ({code}). With "
        "CSV_CONNECTION see whether its key or signature was renewed or has run out; without, "
        "whether the app's identity is of the account's tenant"
    )


def _forbidden(code: str, use: Use) -> InstroomError:
    match code:
        case "AuthorizationFailure":
            problem = (
                f"the storage account is closed to this network ({code}). Come from a network "
                "that it allows, such as that of its private endpoint; with Azurite it means "
                "that CSV_CONNECTION holds another key"
            )
        case "KeyBasedAuthenticationNotPermitted":
            problem = (
                f"the storage account takes no keys ({code}). Remove CSV_CONNECTION, and give the "
                f"app's identity the role {use.role} on the container"
            )
        case _:
            problem = (
                f"this identity may not use the container ({code}). Give it the role {use.role} "
                "there, which may take minutes to work; a signature in CSV_CONNECTION needs "
                f"{use.rights}"
            )
    return _Forbidden(f"{use.setting}: {problem}", mender="settings")


def _settings(use: Use, problem: str) -> Permanent:
    return Permanent(f"{use.setting}: {problem}", mender="settings")


def _code(error: AzureError) -> str:
    code = getattr(error, "error_code", None)
    return str(getattr(code, "value", code or "without a code"))


def _retry_after(error: HttpResponseError) -> float | None:
    headers = getattr(error.response, "headers", {})
    text = str(headers.get("Retry-After", ""))
    return float(text) if text.isdecimal() else None
