"""At which path does Graph keep what? The only place where a path of Graph is written.

Placeholders are filled and percent-encoded by `rest.fill`, and the template is what logs show.
"""

from __future__ import annotations

USERS = "/users"
USER = "/users/{user}"
USER_MANAGER = "/users/{user}/manager/$ref"
USER_GROUPS = "/users/{user}/memberOf/microsoft.graph.group"
USER_REVOKE = "/users/{user}/revokeSignInSessions"

GROUPS = "/groups"
GROUP = "/groups/{group}"
GROUP_MEMBERS = "/groups/{group}/members/$ref"
GROUP_MEMBER = "/groups/{group}/members/{user}/$ref"
"""Without the last part, DELETE removes the person instead of the membership."""

DELETED_ITEM = "/directory/deletedItems/{user}"
RESTORE = "/directory/deletedItems/{user}/restore"

DELETABLE = frozenset({USER, USER_MANAGER, GROUP_MEMBER})
"""All that may ever be sent with DELETE."""
