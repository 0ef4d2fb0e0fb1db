"""May this caller start this function? Keys of the host, pure.

Called by `web`. The master key opens everything; the function key what is not `admin` (Azure
Functions documentation, "Work with access keys"). One function key serves the whole app here.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from sandbox.host.functions import AuthLevel

HEADER = "x-functions-key"


@dataclass(frozen=True)
class Keys:
    """The two keys of a host; they stay out of its repr."""

    master: str = field(repr=False)
    function: str = field(repr=False)

    def allow(self, level: AuthLevel, presented: str) -> bool:
        """Does the presented key reach this level? Compared in constant time."""
        match level:
            case "anonymous":
                return True
            case "function":
                return _same(presented, self.function) or self.is_master(presented)
            case "admin":
                return self.is_master(presented)

    def is_master(self, presented: str) -> bool:
        """Is it `_master`?"""
        return _same(presented, self.master)


def from_settings(settings: Mapping[str, str]) -> Keys:
    """The keys that the settings name, or new random ones."""
    return Keys(
        master=settings.get("SANDBOX_MASTER_KEY") or secrets.token_urlsafe(24),
        function=settings.get("SANDBOX_FUNCTION_KEY") or secrets.token_urlsafe(24),
    )


def _same(presented: str, key: str) -> bool:
    return hmac.compare_digest(presented.encode(), key.encode())
