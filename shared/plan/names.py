"""Which user names may a person get, best first? Pure; flow reserves them and Entra has the say.

The patterns of the policy come filled in; here they become legal local parts (Microsoft Graph,
user resource: A-Z a-z 0-9 ' . - _ ! # ^ ~ and no accents), and after them the first one numbered.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

MAX_LOCAL_PART = 64
MAX_NUMBER = 999
_NO_DECOMPOSITION = str.maketrans(
    {
        "ß": "ss",
        "ø": "o",
        "œ": "oe",
        "æ": "ae",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "\N{LATIN SMALL LETTER DOTLESS I}": "i",
        "ŋ": "ng",
        "ħ": "h",
    }
)


def candidates(filled: Iterable[str], domain: str, *, otherwise: str) -> Iterator[str]:
    """User principal names in the order in which to try them; they are all different.

    `otherwise` is the local part for someone whose name leaves nothing legal: the number.
    """
    parts = list(dict.fromkeys(filter(None, map(local_part, filled)))) or [local_part(otherwise)]
    for part in parts:
        yield f"{part}@{domain}"
    for number in range(2, MAX_NUMBER + 1):
        numbered = f"{parts[0][: MAX_LOCAL_PART - len(str(number))]}{number}"
        if numbered not in parts:
            yield f"{numbered}@{domain}"


def local_part(text: str) -> str:
    """The text as a legal local part in lower case; "" when nothing legal is left.

    `Zoë van der Meer - Łukasz` becomes `zoe.van.der.meer-lukasz`.
    """
    plain = unicodedata.normalize("NFKD", text.lower().translate(_NO_DECOMPOSITION))
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    plain = re.sub(r"\s*-\s*", "-", plain)
    plain = re.sub(r"\s+", ".", plain.strip())
    plain = re.sub(r"[^a-z0-9.-]", "", plain)
    plain = re.sub(r"\.*-+\.*", "-", plain)
    return re.sub(r"\.{2,}", ".", plain)[:MAX_LOCAL_PART].strip(".-")
