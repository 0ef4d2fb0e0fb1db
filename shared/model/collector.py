"""Who comes for somebody's first sign-in, and how do we know?"""

from __future__ import annotations

from shared.model.frozen import Frozen

SIGNED_IN = ", signed in"
"""Behind a name that is the platform's word."""


class Collector(Frozen):
    """A human who is signed in, or who works at the app's own command line."""

    name: str
    """As the audit has it, with how we know."""
    account_id: str | None = None
    """Entra object id."""
    groups: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    second_factor: bool | None = None
    """Was there one? None when the sign-in does not say."""
    at_the_desk: bool = False
    """Has the app's own settings, and with them every right that it has."""
