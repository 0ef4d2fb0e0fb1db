"""What somebody has: the list of assets, as far as a ticket names them.

Asset Management API 1.91.1: 50 a page unless `pageSize` says more, 206 when there are more.
"""

from __future__ import annotations

from sandbox.topdesk.call import Call, Reply
from sandbox.topdesk.refusals import Refused

USUAL_PAGE = 50
LARGEST_PAGE = 1000


def read_all(call: Call) -> Reply:
    """`GET /assetmgmt/assets?linkedTo=person/{id}`."""
    if not call.tenant.settings.offers_assets:
        raise Refused(404)
    call.need("calls.read")
    linked = call.query.get("linkedTo", "").removeprefix("person/")
    rows = [
        {"id": row["id"], "name": row["name"], "templateName": row["templateName"]}
        for row in call.tenant.visible("assets")
        if row["person"] == linked and not row["archived"]
    ]
    start = call.number("pageStart", 0, least=0)
    size = call.number("pageSize", USUAL_PAGE, least=1, most=LARGEST_PAGE)
    more = start + size < len(rows)
    return Reply(206 if more else 200, {"dataSet": rows[start : start + size]})
