"""The inboxes that exports arrive in, each with whoever puts them there."""

from __future__ import annotations

import asyncio
import io
import os
import shutil
import time
from pathlib import Path
from typing import Protocol
from uuid import uuid4

from azure.storage.blob.aio import ContainerClient
from azurite import ACCOUNT, connection_string

from shared.intake.csv_container import Container
from shared.intake.csv_files import Folder
from shared.intake.csv_inbox import Inbox
from shared.vendors.blobs import Blobs

_PART_BYTES = 1024 * 1024
"""aiohttp warns of more in one piece."""


class Hr(Protocol):
    """Whoever writes the exports."""

    inbox: Inbox

    async def put(self, name: str, data: bytes) -> None:
        """The export is there, changed at this moment."""

    async def put_at_once(self, *names: str) -> None:
        """Several of one moment, each holding its own name."""

    async def next_moment(self) -> None:
        """What is put from now on is newer."""

    def wait(self, seconds: float) -> None:
        """The reader's clock goes on."""

    async def lose(self) -> None:
        """The whole inbox is gone."""


class FolderOfHr:
    """A folder of this machine."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._now = 1_793_000_000.0
        self.inbox: Inbox = Folder(path, wall=lambda: self._now)

    async def put(self, name: str, data: bytes) -> None:
        file = self._path / name
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(data)
        os.utime(file, (self._now, self._now))

    async def put_at_once(self, *names: str) -> None:
        for name in names:
            await self.put(name, name.encode())

    async def next_moment(self) -> None:
        self.wait(1)

    def wait(self, seconds: float) -> None:
        self._now += seconds

    async def lose(self) -> None:
        shutil.rmtree(self._path)


class ContainerOfHr:
    """A container of Azurite, whose clock cannot be set: the reader's is its own and `wait`."""

    PREFIX = "in hr/"

    def __init__(self, port: int, *, reader_port: int | None = None) -> None:
        name = f"hr-{uuid4().hex[:12]}"
        self.port = reader_port or port
        self.client = ContainerClient.from_connection_string(
            connection_string("blob", port),
            name,
            max_single_put_size=_PART_BYTES,
            max_block_size=_PART_BYTES,
        )
        self.url = f"http://127.0.0.1:{self.port}/{ACCOUNT}/{name}"
        self.blobs = Blobs(self.url, connection=connection_string("blob", self.port))
        self._waited = 0.0
        self.inbox: Inbox = Container(
            self.blobs, self.PREFIX, wall=lambda: time.time() + self._waited
        )

    async def put(self, name: str, data: bytes) -> None:
        body = io.BytesIO(data)
        await self.client.upload_blob(
            f"{self.PREFIX}{name}", body, length=len(data), overwrite=True
        )

    async def put_at_once(self, *names: str) -> None:
        """Until they fall into one second, the least that the service tells."""
        seconds: set[object] = set()
        while len(seconds) != 1:
            await self.next_moment()
            for name in names:
                await self.put(name, name.encode())
            listed = await self.blobs.listed(self.PREFIX)
            seconds = {blob.changed_at for blob in listed}

    async def next_moment(self) -> None:
        await asyncio.sleep(1.02 - time.time() % 1)

    def wait(self, seconds: float) -> None:
        self._waited += seconds

    async def lose(self) -> None:
        await self.client.delete_container()

    async def close(self) -> None:
        await self.blobs.close()
        await self.client.close()
