"""Which user names may a person get, best first? Pure; flow reserves them and Entra has the say.

The patterns of the policy come filled in; here they become legal local parts, and after them the
first one numbered. Microsoft Graph ("Create User") takes A-Z a-z 0-9 ' . - _ ! # ^ ~ and no
accents, 64 characters before the @ and 113 in all; mailNickname takes 64 too. We give only
a-z 0-9 . - _, for a quote or a tilde in an address is mistyped by everybody.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

from anyascii import anyascii

MAX_LOCAL_PART = 64
MAX_NAME = 113
MAX_NUMBER = 999
RESERVED = frozenset(
    {
        "abuse",
        "admin",
        "administrator",
        "hostmaster",
        "majordomo",
        "postmaster",
        "root",
        "secure",
        "security",
        "ssl-admin",
        "webmaster",
    }
)
"""Addresses that the world takes for the organisation's (RFC 2142; Graph, "Create group")."""
NAMELESS = "person"
"""The stem for someone whose name and number leave nothing legal."""

_OMICRON_UPSILON = re.compile("[\u039f\u03bf][\u03a5\u03c5\u03cd\u1f7a\u1fe6]")
"""Greek ou, with any accent: letter by letter Papadopoulos would be Papadopoylos."""
_ALSO_HYPHENS = re.compile(r"[/+&\\|]")


def candidates(filled: Iterable[str], domain: str, *, otherwise: str) -> Iterator[str]:
    """User principal names in the order in which to try them; they are all different.

    `otherwise` is the local part for someone whose name leaves nothing legal: the number.
    """
    room = _room(domain)
    parts = _parts(filled, room, otherwise)
    for part in parts:
        if part not in RESERVED:
            yield f"{part}@{domain}"
    for number in range(2, MAX_NUMBER + 1):
        numbered = _numbered(parts[0], number, room)
        if numbered not in parts:
            yield f"{numbered}@{domain}"


def is_candidate(name: str, filled: Iterable[str], domain: str, *, otherwise: str) -> bool:
    """Could `candidates` have yielded this user principal name?"""
    local, _, behind = name.casefold().partition("@")
    if behind != domain.casefold():
        return False
    room = _room(domain)
    parts = _parts(filled, room, otherwise)
    if local in parts:
        return local not in RESERVED
    number = re.search(r"[1-9][0-9]{0,2}$", local)
    # 12 may be the number 12, or the number 2 behind a name that ends with 1.
    tails = [number[0][at:] for at in range(len(number[0]))] if number else []
    return any(
        tail[0] != "0" and int(tail) > 1 and local == _numbered(parts[0], int(tail), room)
        for tail in tails
    )


def address(text: str) -> str:
    """An address with what stands before the @ as `candidates` would have written it."""
    local, at, domain = text.partition("@")
    return f"{local_part(local)}{at}{domain.strip()}" if at else text


def local_part(text: str, room: int = MAX_LOCAL_PART) -> str:
    """The text as a legal local part in lower case; "" when nothing legal is left.

    `Zoë van der Meer - Łukasz` becomes `zoe.van.der.meer-lukasz`.
    """
    plain = _ascii(text).lower()
    plain = re.sub(r"\s*-\s*", "-", plain)
    plain = re.sub(r"\s+", ".", plain.strip())
    plain = re.sub(r"[^a-z0-9._-]", "", plain)
    plain = re.sub(r"[._]*-[._-]*", "-", plain)
    plain = re.sub(r"[._]*_[._]*", "_", plain)
    return re.sub(r"\.{2,}", ".", plain).strip("._-")[:room].strip("._-")


def _ascii(text: str) -> str:
    """Letters and digits of any script in a-z and 0-9; hyphens, dots and blanks stay."""
    composed = unicodedata.normalize("NFC", text)
    composed = _ALSO_HYPHENS.sub("-", _OMICRON_UPSILON.sub("ou", composed))
    return "".join(map(_ascii_letter, composed))


def _ascii_letter(letter: str) -> str:
    category = unicodedata.category(letter)
    if letter.isspace():
        return " "
    if category == "Pd":
        return "-"
    if letter in "._":
        return letter
    # Symbols have names in anyascii (`:grinning:`), and punctuation would part a word.
    return re.sub(r"[^A-Za-z0-9]", "", anyascii(letter)) if category[0] in "LMN" else ""


def _room(domain: str) -> int:
    return max(1, min(MAX_LOCAL_PART, MAX_NAME - len(domain) - 1))


def _parts(filled: Iterable[str], room: int, otherwise: str) -> list[str]:
    """The local parts of the patterns; without any that of the number."""
    made = dict.fromkeys(filter(None, (local_part(text, room) for text in filled)))
    return list(made) or [local_part(otherwise, room) or NAMELESS]


def _numbered(part: str, number: int, room: int) -> str:
    return f"{part[: room - len(str(number))].rstrip('._-')}{number}"
