"""Which representation does this caller get? `Accept` decides the generation of the person API.

The trap: `*/*`, what most HTTP clients send unasked, is answered in v1, because the v2 types have
a low preference on the server (Supporting Files 2.7.11, `qs=0.1`).
"""

from __future__ import annotations

from collections.abc import Sequence

JSON = "application/json"
PERSON = "application/x.topdesk-person-v2+json"
PERSONS = "application/x.topdesk-collection-person-v2+json"
GROUP = "application/x.topdesk-person-group-v2+json"
GROUPS = "application/x.topdesk-collection-person-group-v2+json"
ASSETS = "application/x.topdesk-am-assets-v2+json"
PERSON_CONTENT = "application/x-topdesk-person-v2+json"

V2 = frozenset({PERSON, PERSONS, GROUP, GROUPS})


def choose(accept: str, offered: Sequence[str]) -> str | None:
    """The offered type the caller likes best, the earlier one when he has no preference."""
    best, best_quality = None, 0.0
    ranges = [_range(part) for part in (accept or "*/*").split(",") if part.strip()]
    for media_type in offered:
        quality = max((q for wanted, q in ranges if _covers(wanted, media_type)), default=0.0)
        if quality > best_quality:
            best, best_quality = media_type, quality
    return best


def _range(part: str) -> tuple[str, float]:
    media_type, *parameters = (piece.strip() for piece in part.split(";"))
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q":
            return media_type.lower(), _quality(value)
    return media_type.lower(), 1.0


def _quality(value: str) -> float:
    try:
        return float(value)
    except ValueError:
        return 0.0


def _covers(wanted: str, media_type: str) -> bool:
    if wanted in ("*/*", media_type):
        return True
    return wanted.endswith("/*") and media_type.startswith(wanted[:-1])
