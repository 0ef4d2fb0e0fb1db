"""What does the tenant allow of Temporary Access Passes? Its policy, and what the app may do.

Source: Graph v1.0, "temporaryAccessPassAuthenticationMethodConfiguration resource type"; the
values are those of a new tenant, but for `state`, which an administrator has switched on.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class PassPolicy:
    """The policy as read, and three things that a test may change about the tenant."""

    enabled: bool = True
    minimum_minutes: int = 60
    maximum_minutes: int = 480
    default_minutes: int = 60
    only_once: bool = False
    """A pass that can be used several times is refused."""
    includes_everyone: bool = True
    """Otherwise a pass is made and cannot be used: the policy is for other people."""
    may_write: bool = True
    """The app has UserAuthMethod-TAP.ReadWrite.All."""
    may_read: bool = True
    """The app has Policy.Read.AuthenticationMethod."""
    second_replaces: bool = True
    """A pass beside one that can still be used replaces it, as documented; else it is refused."""
