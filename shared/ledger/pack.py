"""How does a value become properties of a row, and a key legal? Used by every file of this room.

Text longer than one property may hold is cut over several: `json0`, `json1`, ...
"""

from __future__ import annotations

import re

from pydantic import BaseModel

from shared.ledger.rows import MAX_TEXT_UNITS, Properties, Row, Value

# Every character may be two UTF-16 units, and a cut may not fall between them.
_PIECE = MAX_TEXT_UNITS // 2
_UNSAFE = re.compile(r"[^A-Za-z0-9@.:_-]")


def pack(value: BaseModel) -> dict[str, Value]:
    """The properties that hold this value."""
    return pack_text(value.model_dump_json())


def unpack[M: BaseModel](model: type[M], row: Row) -> M:
    """The value that a row holds."""
    return model.model_validate_json(unpack_text(row.properties))


def pack_text(text: str) -> dict[str, Value]:
    """The properties that hold a long text."""
    pieces = range(0, max(len(text), 1), _PIECE)
    return {f"json{n}": text[at : at + _PIECE] for n, at in enumerate(pieces)}


def unpack_text(properties: Properties) -> str:
    """The long text that these properties hold."""
    pieces: list[str] = []
    while isinstance(piece := properties.get(f"json{len(pieces)}"), str):
        pieces.append(piece)
    return "".join(pieces)


def key_of(text: str) -> str:
    """The text as a legal key; different texts never share one."""
    return _UNSAFE.sub(lambda match: f"={ord(match[0]):x};", text)
