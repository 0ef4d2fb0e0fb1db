"""Are two records of HR one human? Pure, symmetric, and never by a citizen service number.

Certain is what the policy's `sources.match` asks for, with nothing against it. Doubtful is what a
human must look at: twins (born on one day with one name), a birth name that is the other's
partner name (a source that keeps only the name in use), one that sounds the same (a typing
error), and one that was corrected, when all of at least two given names agree. A birth date with
one first name is no more than chance: among 100,000 people some thousand pairs have that.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Collection, Iterable

from shared.model.name import PersonName
from shared.model.person import Record
from shared.model.traits import Alike, Likeness, Traits

FIRST_YEAR = 1910
"""An earlier birth date stands for an unknown one: systems write 01-01-1900."""
_PREFIXES = frozenset(
    (
        *("aan", "af", "al", "am", "auf", "aus", "bij", "da", "dal", "de", "degli", "dei", "del"),
        *("della", "den", "der", "des", "di", "do", "dos", "du", "een", "el", "het", "im", "in"),
        *("l", "la", "las", "le", "les", "lo", "los", "onder", "op", "over", "s", "t", "te"),
        *("ten", "ter", "thoe", "tot", "uit", "van", "vanden", "vander", "vom", "von", "voor"),
        *("zu", "zum", "zur"),
    )
)
_NOT_DECOMPOSED = str.maketrans(
    {"ß": "ss", "ø": "o", "œ": "oe", "æ": "ae", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ħ": "h"}
)
_HEARD = (
    (r"sch", "s"),
    (r"ij|ei|ey", "y"),
    (r"c?k|c", "k"),
    (r"ph", "f"),
    (r"th|dt", "t"),
    (r"gh", "g"),
    (r"ae", "a"),
    (r"oe", "o"),
    (r"ue", "u"),
    (r"z", "s"),
    (r"v", "f"),
    (r"d$", "t"),
    (r"(.)\1+", r"\1"),
)


def traits(record: Record) -> Traits:
    """What of this record takes part in a match."""
    name = record.name
    born = record.birth_date
    if born and born.year < FIRST_YEAR:
        born = None
    birth = _surname(name.birth)
    given = _words(name.given)
    initials = _initials(name)
    return Traits(
        key=record.key,
        human=_hash("human", f"{record.source}:{record.human_key}") if record.human_key else "",
        born=_hash("born", born.isoformat()) if born else "",
        birth=_hash("surname", birth),
        sound=_hash("sound", _heard(birth)),
        partner=_hash("surname", _surname(name.partner)),
        firsts=frozenset(_hash("first", first) for first in _firsts(name)),
        given=_hash("given", "".join(given)) if len(given) > 1 and not _is_initials(given) else "",
        initials=tuple(_hash("initials", initials[:n]) for n in range(1, len(initials) + 1)),
    )


def match(one: Traits, other: Traits, alternatives: Iterable[Collection[str]]) -> Likeness:
    """How sure is it that these are one human, by these alternatives of fields?"""
    same_source = one.source == other.source and bool(one.human and other.human)
    if same_source and one.human != other.human:
        return Likeness(alike=Alike.NEVER, contradict=("human_key",))
    said = {
        "human_key": True if same_source else None,
        "birth_date": _equal(one.born, other.born),
        "birth_name": _equal(one.birth, other.birth),
        "given": bool(one.firsts & other.firsts) if one.firsts and other.firsts else None,
        "initials": _initials_agree(one, other),
    }
    agree = tuple(field for field, same in said.items() if same)
    contradict = tuple(field for field, same in said.items() if same is False)
    alike = _alike(one, other, said, [frozenset(fields) for fields in alternatives])
    return Likeness(alike=alike, agree=agree, contradict=contradict)


def _alike(
    one: Traits,
    other: Traits,
    said: dict[str, bool | None],
    alternatives: Collection[frozenset[str]],
) -> Alike:
    agree = {field for field, same in said.items() if same}
    met = [fields for fields in alternatives if fields <= agree]
    if said["birth_date"] is False:
        # Also under HR's own key: it would be the first time that somebody was born twice.
        return Alike.DOUBTFUL if any("human_key" in fields for fields in met) else Alike.NEVER
    if any("human_key" in fields for fields in met):
        return Alike.CERTAIN
    if met:
        return Alike.DOUBTFUL if False in said.values() else Alike.CERTAIN
    if "birth_date" in agree and any("birth_date" in fields for fields in alternatives):
        return Alike.DOUBTFUL if _may_be(one, other, said) else Alike.DIFFERENT
    return Alike.DIFFERENT


def _may_be(one: Traits, other: Traits, said: dict[str, bool | None]) -> bool:
    """Born on one day; does anything else speak for one human?"""
    if said["birth_name"]:
        return True
    if not said["given"]:
        return False
    return (
        bool(_equal(one.sound, other.sound))
        or bool(_equal(one.given, other.given))
        or bool(_equal(one.partner, other.birth))
        or bool(_equal(one.birth, other.partner))
    )


def _equal(one: str, other: str) -> bool | None:
    return one == other if one and other else None


def _initials_agree(one: Traits, other: Traits) -> bool | None:
    """As many as both have; `S.` does not contradict `S.M.`."""
    both = min(len(one.initials), len(other.initials))
    return one.initials[both - 1] == other.initials[both - 1] if both else None


# --- names --------------------------------------------------------------------------------------


def _words(text: str) -> list[str]:
    """The words of a name without case, accents and signs."""
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_NOT_DECOMPOSED))
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    return re.findall(r"[^\W_]+", plain)


def _surname(text: str) -> str:
    """The name without its prefixes, wherever the system keeps those: `Berg, van den` too."""
    words = _words(text)
    while len(words) > 1 and words[0] in _PREFIXES:
        words = words[1:]
    while len(words) > 1 and words[-1] in _PREFIXES:
        words = words[:-1]
    return "".join(words)


def _heard(surname: str) -> str:
    for written, heard in _HEARD:
        surname = re.sub(written, heard, surname)
    return surname


def _firsts(name: PersonName) -> set[str]:
    found: set[str] = set()
    for text in (name.given, name.nickname):
        words = _words(text)
        if words and not _is_initials(words):
            found |= {words[0], "".join(words)}
    return found


def _is_initials(words: Collection[str]) -> bool:
    """Some exports write `S.M.` where a first name belongs."""
    return all(len(word) == 1 for word in words)


def _initials(name: PersonName) -> str:
    """One letter for each given name."""
    words = _words(name.initials) or _words(name.given)
    if len(words) == 1 and name.initials.strip().isupper() and "." not in name.initials:
        return words[0]  # SM
    return "".join(word[0] for word in words)


def _hash(kind: str, text: str) -> str:
    return hashlib.sha256(f"{kind}|{text}".encode()).hexdigest()[:24] if text else ""
