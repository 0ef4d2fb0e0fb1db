"""What would an AFAS administrator set? Token, blocked views, maintenance, and cells gone wrong.

The rig's `/_sandbox/afas` reads and changes it; nothing here is distorted by the world's tricks.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from sandbox.afas.wire import Refused, Value, unavailable
from sandbox.clock import Clock

MAX_PARALLEL = 5
MAX_CELLS = 1_500_000
_BUSY_SECONDS = 1
OWN_FIELD = "0A1B2C3D4E5F40718293A4B5C6D7E8F9"
"""A field that the customer made on the employee, as KnEmployee knows it."""


def token_xml(token: str) -> str:
    """A token as Profit shows it, from its 64 digits, its XML or its base64."""
    if token.startswith("<token>"):
        return token
    try:
        decoded = base64.b64decode(token, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        decoded = ""
    if decoded.startswith("<token>"):
        return decoded
    return f"<token><version>1</version><data>{token}</data></token>"


def authorization(token: str) -> str:
    """The header that a client sends for this token."""
    return f"AfasToken {base64.b64encode(token_xml(token).encode()).decode()}"


@dataclass
class Environment:
    """One Profit environment and its app connector.

    `unknown_connector` says how a view outside the app connector is refused: AFAS documents both
    an error (500) and a 401, and a wrong address is a 404. `cells` overwrites single fields:
    employee number -> field id -> value, which may be one that AFAS would never send. Calls that
    take no time are never seen to overlap on sockets: `seconds_per_call` above zero shows it.
    `updates` are the UpdateConnectors of the app connector, `taken` the UPNs and addresses of
    users in other environments; the next `fails_after_writing` writes are done and answered with
    an error. `writes` counts what was carried out, `unchanged` what was refused as no change.
    """

    token: str
    clock: Clock
    token_expiry: date = date(2099, 12, 31)
    unknown_connector: Literal[500, 401, 404] = 500
    blocked: set[str] = field(default_factory=set)
    address_allowed: bool = True
    maintenance_seconds: int = 0
    max_parallel: int = MAX_PARALLEL
    max_cells: int = MAX_CELLS
    seconds_per_call: float = 0.0
    cells: dict[str, dict[str, Value]] = field(default_factory=dict)
    updates: set[str] = field(default_factory=lambda: {"KnEmployee", "KnPerson", "KnUser"})
    own_fields: set[str] = field(default_factory=lambda: {OWN_FIELD})
    taken: set[str] = field(default_factory=set)
    fails_after_writing: int = 0
    calls: int = 0
    busy: int = 0
    writes: int = 0
    unchanged: int = 0

    def admit(self, header: str) -> None:
        """Raises Refused unless this caller may come in now."""
        if header != authorization(self.token) or self.clock.now().date() > self.token_expiry:
            raise Refused(401)
        if not self.address_allowed:
            raise Refused(403)
        if self.maintenance_seconds:
            raise unavailable(self.maintenance_seconds, as_published=True)
        if self.busy > self.max_parallel:
            raise unavailable(_BUSY_SECONDS, as_published=False)
