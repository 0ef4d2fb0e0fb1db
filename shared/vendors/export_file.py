"""How is a file of ours replaced as a whole, though others may be replacing it? On a disk.

Read with a version, written only over that version: into a file beside it, which then takes its
place. Called by apply/hr_csv.py; knows nothing of what is in it.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from shared.errors import Permanent

_STALE_SECONDS = 60.0
"""A lock that is older was left by a process that was killed."""


class Stale(Exception):
    """The file was replaced since it was read."""


class ExportFile(Protocol):
    """A file, wherever it lies."""

    async def read(self) -> tuple[bytes, str]:
        """What it holds, and of which version; nothing of a file that is not there."""
        ...

    async def write(self, data: bytes, version: str) -> None:
        """Replace that version. Raises Stale when it is another one by now."""
        ...

    async def probe(self) -> None:
        """Return when it could be written. Raises Permanent with the mend; writes nothing."""
        ...


class DiskFile:
    """A file in a folder of this machine."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def read(self) -> tuple[bytes, str]:
        """See ExportFile."""
        data = await asyncio.to_thread(self._data)
        return data, _version(data)

    async def write(self, data: bytes, version: str) -> None:
        """See ExportFile."""
        try:
            await asyncio.to_thread(self._replace, data, version)
        except OSError as error:
            raise self._refused(error) from error

    async def probe(self) -> None:
        """See ExportFile."""
        folder = self._path.parent
        if not folder.is_dir() or not os.access(folder, os.W_OK):
            raise Permanent(
                "CSV_EXPORT: the folder of the file is not there, or may not be written; make it, "
                "or name another",
                mender="settings",
            )

    def _data(self) -> bytes:
        try:
            return self._path.read_bytes()
        except FileNotFoundError:
            return b""
        except OSError as error:
            raise self._refused(error) from error

    def _replace(self, data: bytes, version: str) -> None:
        with self._alone():
            if _version(self._data()) != version:
                raise Stale
            fresh = self._path.with_name(f".{self._path.name}.{os.getpid()}")
            with fresh.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self._path)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Nobody else replaces it now. Raises Stale while somebody does."""
        lock = self._path.with_name(f".{self._path.name}.lock")
        with contextlib.suppress(FileNotFoundError):
            if time.time() - lock.stat().st_mtime > _STALE_SECONDS:
                lock.unlink(missing_ok=True)
        try:
            os.close(os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        except FileExistsError:
            raise Stale from None
        try:
            yield
        finally:
            lock.unlink(missing_ok=True)

    def _refused(self, error: OSError) -> Permanent:
        return Permanent(
            f"CSV_EXPORT cannot be used ({type(error).__name__}); see that its folder is there "
            "and may be written",
            mender="settings",
        )


def _version(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
