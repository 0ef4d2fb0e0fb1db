"""Which exports are complete? The rules that a folder and a container share, and their protocol.

csv_files.py has the folder, csv_container.py the container; both give CsvSource the newest export
whole, or say why not. Names that end otherwise than `.csv` are never looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Protocol

from shared.errors import Permanent, Transient

SETTLE_SECONDS = 5.0
MAX_BYTES = 256 * 1024 * 1024
EMPTY_SECONDS = 3600.0
"""So long an empty file may be an upload that has only begun."""


@dataclass(frozen=True)
class Export:
    """A complete file."""

    name: str
    data: bytes
    age_seconds: float


class Inbox(Protocol):
    """Where HR's exports arrive."""

    async def newest(self) -> Export:
        """The newest export, whole. Raises Transient while it is being written.

        Raises Permanent without one, and when the inbox is not there or not ours to read.
        """
        ...


def is_export(name: str) -> bool:
    """Is this the name of a finished export?"""
    return PurePosixPath(name).suffix.casefold() == ".csv" and not name.startswith((".", "~"))


def check(name: str, *, size: int, age_seconds: float) -> None:
    """See that a file is worth reading. Raises Transient and Permanent."""
    if 0 <= age_seconds < SETTLE_SECONDS:
        raise Transient(f"{name} may still be written", retry_after_seconds=SETTLE_SECONDS)
    if not size and age_seconds < EMPTY_SECONDS:
        raise Transient(
            f"{name} is empty: its upload may have only begun", retry_after_seconds=SETTLE_SECONDS
        )
    if size > MAX_BYTES:
        raise Permanent(f"{name} is larger than {MAX_BYTES} bytes", mender="hr")


def none_yet() -> Permanent:
    """There is no export at all: that is no company without people."""
    return Permanent(
        "CSV_FOLDER holds no *.csv yet; .tmp and .part are taken for unfinished", mender="hr"
    )


def changed(name: str) -> Transient:
    """What was read is not one file."""
    return Transient(f"{name} changed while it was read", retry_after_seconds=SETTLE_SECONDS)
