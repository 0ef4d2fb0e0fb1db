"""A file of ours in a container: an ExportFile over blobs. For wiring, where CSV_EXPORT is one."""

from __future__ import annotations

from shared.vendors.blobs import Blobs, Changed
from shared.vendors.export_file import Stale


class BlobFile:
    """One blob, replaced over the version that was read."""

    def __init__(self, blobs: Blobs, name: str) -> None:
        self._blobs = blobs
        self._name = name

    async def read(self) -> tuple[bytes, str]:
        """See ExportFile."""
        return await self._blobs.held(self._name)

    async def write(self, data: bytes, version: str) -> None:
        """See ExportFile."""
        try:
            await self._blobs.put(self._name, data, version)
        except Changed:
            raise Stale from None

    async def probe(self) -> None:
        """See ExportFile. That it may be read is all that can be seen without a write."""
        await self._blobs.held(self._name)
