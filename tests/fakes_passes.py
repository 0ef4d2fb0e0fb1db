"""Passes as a dictionary: one an account, a new one ends the one before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pydantic import SecretStr

from shared.apply.first_sign_in import Issued, Terms
from shared.errors import InstroomError, Permanent

CODE = "GEHEIM-PASJE"
"""What every code begins with: to look for where none may be."""


@dataclass
class FakePasses:
    """What was issued, with memory and planned failures."""

    now: Callable[[], datetime]
    usable: dict[str, str] = field(default_factory=dict)
    """The code that opens each account."""
    terms: list[Terms] = field(default_factory=list)
    """Of every pass that was ever made."""
    fails: list[InstroomError] = field(default_factory=list)
    """Raised by the next calls, in order."""
    loses: bool = False
    """The error is raised after the pass was made."""
    used: set[str] = field(default_factory=set)
    """Accounts that signed in with the pass they had."""
    moment: Callable[[str], None] = lambda _moment: None

    async def issue(self, account_id: str, terms: Terms) -> Issued:
        self.moment("before pass")
        if self.fails and not self.loses:
            raise self.fails.pop(0)
        if account_id in self.used and not terms.after_use:
            raise Permanent("the earlier pass was used", mender="operator")
        self.used.discard(account_id)
        self.terms.append(terms)
        self.usable[account_id] = f"{CODE}-{len(self.terms)}"
        self.moment("after pass")
        if self.fails:
            raise self.fails.pop(0)
        until = self.now() + timedelta(minutes=terms.minutes)
        return Issued(code=SecretStr(self.usable[account_id]), until=until)

    async def probe(self, terms: Terms) -> None:
        del terms
        if self.fails:
            raise self.fails[0]
