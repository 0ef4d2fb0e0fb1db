"""What would an administrator of Nmbrs set? Companies, limits, rights, and rows gone wrong.

The rig's `/_sandbox/nmbrs` reads and changes it; nothing here is distorted by the world's tricks.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any

from sandbox.clock import Clock
from sandbox.nmbrs.wire import Refused

CLIENT_ID = "PartnerApp_Instroom_sandbox"
CLIENT_SECRET = "s*ndbox$secret"  # noqa: S105 - of a rig; the signs are what real ones have
SUBSCRIPTION_KEY = "0" * 32
REDIRECTS = ("http://localhost:8765/callback", "http://127.0.0.1:8765/callback")
_MINUTE = 60.0


@dataclass(frozen=True)
class Firm:
    """A company in Nmbrs; `divisions` are the beginnings of the departments that it employs."""

    number: int
    name: str
    divisions: tuple[str, ...] = ("",)
    debtor: int = 1


@dataclass
class Environment:
    """One Nmbrs environment, and the app that was registered for it.

    `withheld` are scopes that the consent does not give, whatever was asked. `hidden` are employee
    numbers that the tags of the consenting login filter out. `numbers` gives employees another
    number than the world's. `items` overwrites fields of the items of a list: employee number ->
    list -> field -> value, which may be one that Nmbrs would never send. `reuse_revokes`: a
    refresh token that is used twice ends the consent. `closed_before` is the first open payroll
    period. `written` are versions of personal information by employee id, `writes` counts them;
    the next `fails_after_writing` are done and answered with an error.
    """

    clock: Clock
    firms: tuple[Firm, ...] = (Firm(1, "Voorbeeld B.V."),)
    client_id: str = CLIENT_ID
    client_secret: str = CLIENT_SECRET
    subscription_key: str = SUBSCRIPTION_KEY
    redirects: tuple[str, ...] = REDIRECTS
    token_seconds: int = 3600
    refresh_days: int = 30
    code_seconds: int = 300
    reuse_revokes: bool = True
    period_type: str = "month"
    calls_per_minute: int | None = None
    quota: int | None = None
    disabled: bool = False
    withheld: set[str] = field(default_factory=set)
    hidden: set[str] = field(default_factory=set)
    numbers: dict[str, int] = field(default_factory=dict)
    items: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    closed_before: tuple[int, int] = (0, 0)
    written: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    writes: int = 0
    fails_after_writing: int = 0
    calls: int = 0
    _recent: deque[float] = field(default_factory=deque)

    @property
    def debtors(self) -> tuple[int, ...]:
        """The numbers of the debtors that have a company."""
        return tuple(sorted({firm.debtor for firm in self.firms}))

    def count_call(self) -> None:
        """Raises Refused when the plan's limits are reached."""
        self.calls += 1
        if self.quota is not None and self.calls > self.quota:
            raise Refused(429, 42909, "Quota_Exceeded")
        now = self.clock.wall()
        while self._recent and self._recent[0] <= now - _MINUTE:
            self._recent.popleft()
        if self.calls_per_minute is not None and len(self._recent) >= self.calls_per_minute:
            raise Refused(429, 42908, "Too_Many_Calls")
        self._recent.append(now)
