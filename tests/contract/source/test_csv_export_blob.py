"""Is the file with the accounts kept whole in a container, over the real Blob service?"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from azure.storage.blob.aio import ContainerClient
from azurite import ACCOUNT, connection_string

from shared.apply.hr_csv import CsvWriter
from shared.model.account import Applied
from shared.model.change import Change, Kind
from shared.vendors.blob_file import BlobFile
from shared.vendors.blobs import TO_WRITE, Blobs


@pytest.fixture
async def blobs(blob_port: int) -> AsyncIterator[Blobs]:
    name, opening = uuid4().hex, connection_string("blob", blob_port)
    async with ContainerClient.from_connection_string(opening, name) as container:
        await container.create_container()
    url = f"http://127.0.0.1:{blob_port}/{ACCOUNT}/{name}"
    opened = Blobs(url, connection=opening, use=TO_WRITE)
    yield opened
    await opened.close()


async def test_many_at_once_lose_no_line(blobs: Blobs) -> None:
    """Two processes, each with a writer of its own."""
    writers = [CsvWriter(BlobFile(blobs, "terug/accounts.csv")) for _ in range(2)]
    told = [
        Change(kind=Kind.WRITE_RECORD, what=f"csv:{n}", values={"mail": "a@b.example"})
        for n in range(8)
    ]
    await asyncio.gather(
        *(writers[n % 2].write(change, Applied()) for n, change in enumerate(told))
    )
    data, _ = await blobs.held("terug/accounts.csv")

    assert data.decode().splitlines() == [
        "number;mail;upn",
        *(f"{n};a@b.example;" for n in range(8)),
    ]
