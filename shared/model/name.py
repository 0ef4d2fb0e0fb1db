"""How is somebody called? The parts of a name as HR keeps them, and every way to write them.

Pure text. Prefixes (van, de, van der, 't, d') stand apart in Dutch HR systems, because names are
sorted without them; titles are not read and never written. plan/names.py makes user names of it.
"""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum
from typing import Annotated

from pydantic import BeforeValidator

from shared.model.frozen import Frozen

_JOINERS = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"
_APOSTROPHES = "'\N{RIGHT SINGLE QUOTATION MARK}\N{MODIFIER LETTER APOSTROPHE}`\N{ACUTE ACCENT}"
_NOT_PRINTED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})


def clean(text: object) -> object:
    """A part of a name as it is written: composed, without what does not print, blanks as one.

    A part that holds no letter and no digit (`-`, `.`, `?`) is HR's way to say that there is none.
    """
    if not isinstance(text, str):
        return text
    if not (text.isascii() and text.isprintable()):
        text = _printed(text)
    written = " ".join(text.split())
    return written if any(letter.isalnum() for letter in written) else ""


def _printed(text: str) -> str:
    """Composed, with plain blanks, and without marks and characters that do not print."""
    kept: list[str] = []
    for letter in text:
        if letter.isspace():
            kept.append(" ")
        elif unicodedata.category(letter) not in _NOT_PRINTED or _joins(letter, kept):
            kept.append(letter)
    return unicodedata.normalize("NFC", "".join(kept).strip(_JOINERS + " "))


def _joins(letter: str, before: list[str]) -> bool:
    """A joiner shapes the letters of Persian and Indic scripts; elsewhere it is dirt."""
    return (
        letter in _JOINERS
        and bool(before)
        and unicodedata.category(before[-1]) in {"Lo", "Mn", "Mc"}
    )


type Part = Annotated[str, BeforeValidator(clean)]


class NameUsage(StrEnum):
    """Which surname someone uses; Dutch HR systems keep birth name and partner name apart."""

    BIRTH = "B"
    PARTNER = "P"
    PARTNER_BIRTH = "PB"
    BIRTH_PARTNER = "BP"


class PersonName(Frozen):
    """A name in its parts. Any of them may be empty, for people have one name, or many."""

    initials: Part = ""
    given: Part = ""
    nickname: Part = ""
    birth_prefix: Part = ""
    birth: Part
    partner_prefix: Part = ""
    partner: Part = ""
    usage: NameUsage = NameUsage.BIRTH

    @property
    def first(self) -> str:
        """What colleagues call them: nickname, else given name, else initials."""
        return self.nickname or self.given or self.formal_initials

    @property
    def formal_initials(self) -> str:
        """The initials as one writes them: `S.M.`, `Th.J.`, `J.-P.`, `IJ.`.

        Without initials those of the given names, else of the nickname.
        """
        return _dotted(self.initials) or _initials_of(self.given or self.nickname)

    @property
    def surname(self) -> str:
        """The surname in use, prefixes in place: `de Boer - van Dijk`."""
        return " - ".join(_joined(prefix, name) for prefix, name in self._used())

    @property
    def surname_prefix(self) -> str:
        """The prefix of the first surname in use, as TOPdesk keeps it apart."""
        return self._used()[0][0]

    @property
    def surname_without_prefix(self) -> str:
        """The surname in use from its first capital on: `Boer - van Dijk`."""
        return self.surname.removeprefix(self.surname_prefix).strip()

    @property
    def birth_surname(self) -> str:
        """The birth name with its prefix."""
        return _joined(self.birth_prefix, self.birth)

    @property
    def partner_surname(self) -> str:
        """The partner's name with its prefix."""
        return _joined(self.partner_prefix, self.partner)

    @property
    def display(self) -> str:
        """First name and surname in use: `Sanne de Boer - van Dijk`."""
        return f"{self.first} {self.surname}".strip()

    @property
    def formal(self) -> str:
        """Initials and surname in use: `S.M. de Boer - van Dijk`; of one name, that name."""
        return f"{self._formal_first} {self.surname}".strip()

    @property
    def sort(self) -> str:
        """As a Dutch list is sorted, by the name without its prefix: `Boer - van Dijk, Sanne de`.

        A Belgian `De Smet` has no prefix in HR: the capital is part of the name.
        """
        return self._sorted_with(self.first)

    @property
    def formal_sort(self) -> str:
        """The same with initials: `Boer - van Dijk, S.M. de`."""
        return self._sorted_with(self._formal_first)

    @property
    def _formal_first(self) -> str:
        """Somebody with one name is not called by an initial."""
        return self.formal_initials if self.surname else self.first

    def _sorted_with(self, first: str) -> str:
        behind = f"{first} {self.surname_prefix}".strip()
        return ", ".join(filter(None, (self.surname_without_prefix, behind)))

    def _used(self) -> tuple[tuple[str, str], ...]:
        birth = (self.birth_prefix, self.birth)
        partner = (self.partner_prefix, self.partner)
        if not self.partner:
            return (birth,)
        if not self.birth:
            return (partner,)
        match self.usage:
            case NameUsage.BIRTH:
                return (birth,)
            case NameUsage.PARTNER:
                return (partner,)
            case NameUsage.PARTNER_BIRTH:
                return (partner, birth)
            case NameUsage.BIRTH_PARTNER:
                return (birth, partner)


def _joined(prefix: str, name: str) -> str:
    """Prefix and name; `d'` and `'s-` hold on to what follows."""
    if not name:
        return ""
    glue = "" if not prefix or prefix[-1] in f"{_APOSTROPHES}-" else " "
    return f"{prefix}{glue}{name}"


def _dotted(initials: str) -> str:
    """`SM`, `S M`, `s.m` and `S.M.` are all `S.M.`; a dot ends each, a hyphen stays."""
    parts = re.findall(r"-?[^\W_]+", initials)
    if len(parts) == 1 and "." not in initials:
        parts = _at_capitals(parts[0])
    return "".join(f"{_capital(part)}." for part in parts)


def _at_capitals(text: str) -> list[str]:
    """`ThM` as `Th` and `M`; IJ is one letter."""
    parts: list[str] = []
    for letter in text:
        is_ij = letter == "J" and bool(parts) and parts[-1] == "I"
        if parts and (is_ij or not letter.isupper()):
            parts[-1] += letter
        else:
            parts.append(letter)
    return parts


def _initials_of(names: str) -> str:
    """The first letter of each name; a hyphen between two stays."""
    first = (_first_letter(name) for name in re.split(r"\s+|(?<=\w)(?=-)", names))
    return "".join(f"{letter}." for letter in first if letter)


def _first_letter(name: str) -> str:
    hyphen = "-" if name.startswith("-") else ""
    bare = re.sub(r"^[\W\d_]+", "", name)
    letter = "IJ" if bare.startswith("IJ") else bare[:1].title()
    return hyphen + letter if letter else ""


def _capital(part: str) -> str:
    """With a capital in front, and the rest as it is: `Th`, `-P`, `IJ`."""
    at = 1 if part.startswith("-") else 0
    return f"{part[:at]}{part[at : at + 1].title()}{part[at + 1 :]}"
