"""Are someone's rows as they were? A mark tells, without looking into them.

Used by the sources that read a hundred thousand people of whom nothing changed. A mark is good
for as long as the same code reads the rows; after that everybody is looked into once more.
"""

from __future__ import annotations

import hashlib
import inspect
import marshal
from collections.abc import Iterable
from functools import cache
from types import ModuleType
from typing import Any

from shared.errors import Transient

_FORMAT = 2
"""Of `marshal`: the last in which the same cells always make the same bytes."""


def key_of(*readers: ModuleType, by: object = ()) -> bytes:
    """What rows are read by: these modules and, by its `repr`, what they were told."""
    return hashlib.sha256(_code(readers) + repr(by).encode()).digest()


def packed(said: Any) -> bytes:
    """Cells of an answer, small and cheap to compare. Raises Transient when nested too deep."""
    try:
        return marshal.dumps(said, _FORMAT)
    except ValueError as error:
        raise Transient("HR sent a value that is nested too deep to be read") from error


def unpacked(cells: bytes) -> Any:
    """The cells again."""
    return marshal.loads(cells)  # noqa: S302 - made by `packed`, in this process


def mark(key: bytes, said: Iterable[bytes]) -> str:
    """Another one whenever anything that was said changes, or the way in which it is read."""
    return hashlib.blake2b(b"".join(said), digest_size=8, key=key).hexdigest()


@cache
def _code(readers: tuple[ModuleType, ...]) -> bytes:
    return "".join(map(inspect.getsource, readers)).encode()
