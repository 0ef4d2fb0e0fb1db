"""What does the app's own token say that it may? Read, not verified: nobody else's comes here."""

from __future__ import annotations

import base64
import json


def roles(token: str) -> frozenset[str] | None:
    """The application permissions in it; None when it is a human's, or cannot be read.

    A token of Graph's is promised to Graph alone (Microsoft identity platform, "Access tokens"):
    one that cannot be read means nothing.
    """
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        if "scp" in claims:
            return None
        return frozenset(map(str, claims.get("roles", ())))
    except (AttributeError, IndexError, TypeError, ValueError):
        return None
