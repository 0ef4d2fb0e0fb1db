"""Is a ticket of ours found again, whatever of the question TOPdesk refuses to hear?"""

from __future__ import annotations

import httpx
import pytest

from shared.rest import Rest
from shared.vendors.topdesk.tenant import Tenant
from shared.vendors.topdesk.tickets import CHANGE, INCIDENT, Tickets

NUMBER = "instroom-7-laptop-1"


@pytest.mark.parametrize("refused", [set[str](), {"query"}, {"query", "sort", "pageSize"}])
@pytest.mark.parametrize("kind", [INCIDENT, CHANGE])
async def test_a_parameter_that_is_refused_is_left_out(kind: str, refused: set[str]) -> None:
    """Which parameters the list of changes takes no document says."""

    def answer(request: httpx.Request) -> httpx.Response:
        if refused & set(request.url.params):
            return httpx.Response(400, json=[{"message": "unknown parameter"}])
        rows = [{"id": "a", "externalNumber": "other"}, {"id": "b", "externalNumber": NUMBER}]
        return httpx.Response(200, json=rows if kind == INCIDENT else {"results": rows})

    client = httpx.AsyncClient(
        base_url="https://x.topdesk.net", transport=httpx.MockTransport(answer)
    )
    async with client:
        tickets = Tickets(Tenant(Rest(client, name="TOPdesk", concurrency=1)))
        assert await tickets.find(kind, NUMBER) == "b"
