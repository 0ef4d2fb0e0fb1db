"""Where do secrets lie that the app itself renews, such as rotating tokens? Never in the ledger.

`TokenStore` is what shared/oauth.py needs; `FileVault` keeps one file a name that only its owner
can read, for a laptop or a mounted share. Nothing here logs, prints or looks into what it keeps.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import stat
from pathlib import Path
from typing import Protocol
from uuid import uuid4

from shared.errors import Misconfigured, Transient

OWNER_ONLY = 0o600
FOLDER_OWNER_ONLY = 0o700
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
"""Also a legal name of a Key Vault secret."""


class TokenStore(Protocol):
    """A place for one secret text a name."""

    async def read(self, name: str) -> str | None:
        """What was written last under this name; None when nothing was."""
        ...

    async def write(self, name: str, text: str) -> None:
        """Keep the text: once this returns, a crash does not lose it. Raises Transient."""
        ...


class FileVault:
    """A folder of files with mode 0600.

    Windows has no such mode: there a file inherits its folder's access list, so the folder should
    lie in the user's own profile, which other users cannot open.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def read(self, name: str) -> str | None:
        """See TokenStore. Raises Misconfigured when others can read the file."""
        return await asyncio.to_thread(self._read, self._path(name))

    async def write(self, name: str, text: str) -> None:
        """See TokenStore: written beside its place, flushed to disk, then moved there."""
        await asyncio.to_thread(self._write, self._path(name), text)

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no name of a secret")
        return self._folder / f"{name}.json"

    def _read(self, path: Path) -> str | None:
        try:
            if os.name == "posix" and path.stat().st_mode & _OTHERS:
                raise Misconfigured(
                    str(path), "others can read this secret", f"Run `chmod 600 {path}`"
                )
            return path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise Transient(f"{path} cannot be read: {type(error).__name__}") from error

    def _write(self, path: Path, text: str) -> None:
        staged = path.with_name(f".{path.stem}-{uuid4().hex}")
        try:
            self._folder.mkdir(mode=FOLDER_OWNER_ONLY, parents=True, exist_ok=True)
            # The mode is there from the first byte on: no moment in which others can read.
            opened = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
            with os.fdopen(opened, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            staged.replace(path)
            _flush_folder(self._folder)
        except OSError as error:
            with contextlib.suppress(OSError):
                staged.unlink(missing_ok=True)
            raise Transient(f"{path} cannot be written: {type(error).__name__}") from error


def _flush_folder(folder: Path) -> None:
    """The new name on disk too; Windows does it by itself and cannot open a folder."""
    if os.name != "posix":
        return
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
