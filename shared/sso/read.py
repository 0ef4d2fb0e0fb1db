"""What does Graph say of one of TOPdesk's doors to an administrator? The claims policy too.

Reads only; called by plan's and check's callers.
"""

from __future__ import annotations

from dataclasses import replace

from shared.sso.bare import bare
from shared.sso.found import Found
from shared.sso.wanted import Wanted
from shared.vendors.graph import applications
from shared.vendors.graph.client import Graph, Json


async def read(graph: Graph, wanted: Wanted) -> Found:
    """All there is of this door. Raises as `bare` does."""
    found = await bare(graph, wanted)
    own = [
        each
        for each in await applications.claims_policies(graph)
        if each["displayName"] == wanted.claims_name
    ]
    principal = found.principal
    if principal:
        claims = await applications.claims_of(graph, principal.id)
        principal = replace(
            principal,
            claims_id=str(claims[0]["id"]) if claims else None,
            claims_name=str(claims[0]["displayName"]) if claims else None,
            claims_definition=_definition(claims[0]) if claims else "",
        )
    return replace(
        found,
        principal=principal,
        own_claims_id=str(own[0]["id"]) if own else None,
        own_claims_definition=_definition(own[0]) if own else "",
        claims_known=True,
    )


def _definition(row: Json) -> str:
    return "".join(row.get("definition") or ())
