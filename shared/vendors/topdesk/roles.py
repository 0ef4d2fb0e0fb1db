"""Which permission groups are paid for? As far as TOPdesk tells, by name.

Access roles API (SaaS), a service of its own beside the REST API, below `/services/permissions`:
`GET /roles` gives `name` and `licensed`, and the roles are what permission groups are called now.
Whether it is there, and open to the API account, differs by tenant: then nobody knows.
"""

from __future__ import annotations

from typing import Any, Final

import httpx

from shared.errors import InstroomError
from shared.vendors.topdesk.tenant import Row, Tenant, decoded

ROLES: Final = "/services/permissions/roles"
_INSIDE: Final = ("roles", "results", "items", "value", "_embedded")


async def licensed(tenant: Tenant) -> dict[str, bool] | None:
    """By the role's name, whether its holders are paid for; None when TOPdesk does not tell."""
    try:
        response = await tenant.beside(ROLES)
        if response.status_code != httpx.codes.OK:
            return None
        rows = _rows(decoded(response))
    except InstroomError:
        return None
    return {str(r["name"]): r["licensed"] is True for r in rows if "name" in r and "licensed" in r}


def _rows(body: Any) -> list[Row]:
    """The rows, however deep the document wraps them: it shows no example."""
    if isinstance(body, list):
        return [row for row in body if isinstance(row, dict)]
    if isinstance(body, dict):
        return next((rows for key in _INSIDE if (rows := _rows(body.get(key)))), [])
    return []
