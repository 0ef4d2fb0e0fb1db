"""How is consent asked of Exact Online, and what do its refusals mean? The numbers of its OAuth.

A token lives 600 s and is not renewed before 570 s (refused as TooEarlyToRefreshTokens). A refresh
token is good for one use and 30 days: an old one is `unauthorized_client`, an expired one
`invalid_request` (issues of picqer/exact-php-client; Exact's OAuth documentation).
"""

from __future__ import annotations

from shared.grant import Provider
from shared.secret import Secret

YOUNGEST_SECONDS = 570.0
MARGIN_SECONDS = 20.0
GONE = frozenset({"invalid_grant", "invalid_request", "unauthorized_client"})


def provider(base_url: str, client_id: str, client_secret: str | Secret) -> Provider:
    """The app that is registered at the site of one country."""
    site = base_url.rstrip("/")
    return Provider(
        name="exact",
        authorize_url=f"{site}/api/oauth2/auth",
        token_url=f"{site}/api/oauth2/token",
        client_id=client_id,
        client_secret=client_secret,
        secret_in_body=True,
        margin_seconds=MARGIN_SECONDS,
        youngest_seconds=YOUNGEST_SECONDS,
        gone=GONE,
    )
