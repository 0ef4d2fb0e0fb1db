"""By what can two records be told to be one human? Shared by intake, flow and ledger.

Everything about the human is a hash: equal or not is all that a match asks, and an index of
people must not be a second place to read their names and birth dates in.
"""

from __future__ import annotations

from enum import StrEnum

from shared.model.frozen import Frozen


class Traits(Frozen):
    """What of one record takes part in a match; an empty text is unknown."""

    key: str
    """`source:number`."""
    human: str = ""
    """The source's own key of the human, with the source."""
    born: str = ""
    """The birth date."""
    birth: str = ""
    """The birth name, without prefixes, accents and case."""
    sound: str = ""
    """The birth name as it is heard, so that a typing error may show."""
    partner: str = ""
    """The partner's name, written as `birth`."""
    firsts: frozenset[str] = frozenset()
    """What they are called: the first given name, all given names, the nickname."""
    given: str = ""
    """All given names, of somebody who has more than one."""
    initials: tuple[str, ...] = ()
    """The first initial, the first two, and so on."""

    @property
    def source(self) -> str:
        """The HR system."""
        return self.key.partition(":")[0]


class Alike(StrEnum):
    """How sure is it that two records are one human?"""

    CERTAIN = "certain"
    DOUBTFUL = "doubtful"
    DIFFERENT = "different"
    """Nothing says that they are one."""
    NEVER = "never"
    """Something says that they are two."""


class Likeness(Frozen):
    """What a match of two records came to; only names of fields, never a value."""

    alike: Alike
    agree: tuple[str, ...] = ()
    contradict: tuple[str, ...] = ()
