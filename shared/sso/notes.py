"""What was begun in Entra and may still come to light, kept in a file through a stop.

Called by `setup` by its protocol `Notes`. Holds no secret: keys of steps, and until when each of
them is waited for.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from shared.errors import Misconfigured


class FileNotes:
    """Notes in one JSON file; every change is on the disk before it returns."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def believed_until(self, key: str) -> datetime | None:
        """Until when this is to be waited for, if it was begun."""
        moment = self._read().get(key)
        return datetime.fromisoformat(moment) if moment else None

    def believe(self, key: str, until: datetime) -> None:
        """It is begun, or was answered: wait for it until then."""
        self._write({**self._read(), key: until.isoformat()})

    def forget(self, key: str) -> None:
        """It was refused: it was not begun after all."""
        self._write({name: at for name, at in self._read().items() if name != key})

    def _read(self) -> Mapping[str, str]:
        if not self._path.exists():
            return {}
        try:
            kept: dict[str, str] = json.loads(self._path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise Misconfigured(
                str(self._path), "cannot be read", "Wait an hour, remove it, and run this again"
            ) from error
        return kept

    def _write(self, kept: Mapping[str, str]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        staged = self._path.with_suffix(".next")
        staged.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")
        staged.replace(self._path)
