"""Which blob of the container is HR's last word? The other place that CSV exports arrive in.

As csv_files.Folder, with blobs for files: the newest one directly under the prefix, read on the
condition that it is still the one that was listed. wiring opens it; vendors/blobs.py speaks.
"""

from __future__ import annotations

from collections.abc import Callable

from shared.intake import csv_inbox
from shared.intake.csv_inbox import Export
from shared.vendors.blobs import Blob, Blobs, Changed

_ATTEMPTS = 3


class Container:
    """The blobs whose names begin with `prefix`; `wall` gives seconds since the epoch."""

    def __init__(self, blobs: Blobs, prefix: str, *, wall: Callable[[], float]) -> None:
        self._blobs = blobs
        self._prefix = prefix
        self._wall = wall

    async def newest(self) -> Export:
        """See csv_inbox.Inbox. A blob that changed in between is looked for anew."""
        name = ""
        for _ in range(_ATTEMPTS):
            blob = await self._newest()
            name, age = self._name(blob), self._wall() - blob.changed_at.timestamp()
            csv_inbox.check(name, size=blob.size, age_seconds=age)
            try:
                return Export(name, await self._blobs.read(blob), age)
            except Changed:
                continue
        raise csv_inbox.changed(name)

    async def _newest(self) -> Blob:
        listed = await self._blobs.listed(self._prefix)
        found = [blob for blob in listed if csv_inbox.is_export(self._name(blob))]
        if not found:
            raise csv_inbox.none_yet()
        # The service tells whole seconds: of one second the last by name counts.
        return max(found, key=lambda blob: (blob.changed_at, blob.name))

    def _name(self, blob: Blob) -> str:
        return blob.name.removeprefix(self._prefix)
