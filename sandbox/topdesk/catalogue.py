"""The short lists that the API only reads, and two answers about the product itself."""

from __future__ import annotations

from collections.abc import Callable

from sandbox.topdesk.call import Call, Reply
from sandbox.topdesk.tenant import name_of

API_VERSION = "4.2.6"


def version(_call: Call) -> Reply:
    """`GET /version`: of the REST API, not of the product."""
    return Reply(200, {"version": API_VERSION})


def product_version(call: Call) -> Reply:
    """`GET /productVersion`: three numbers."""
    major, minor, patch = call.tenant.settings.product_version
    return Reply(200, {"major": major, "minor": minor, "patch": patch})


def read_all(table: str) -> Callable[[Call], Reply]:
    """`GET` of a list of `{"id", "name"}`, active entries only."""

    def handler(call: Call) -> Reply:
        rows = call.tenant.visible(table)
        return Reply(
            200, [{"id": row["id"], "name": name_of(row)} for row in rows if not row["archived"]]
        )

    return handler


def languages(call: Call) -> Reply:
    """`GET /languages`."""
    shown = ("id", "name", "languageCode")
    return Reply(200, [{n: row[n] for n in shown} for row in call.tenant.visible("languages")])


def subcategories(call: Call) -> Reply:
    """`GET /incidents/subcategories`: each says which category it belongs to."""
    return Reply(
        200,
        [
            {
                "id": row["id"],
                "name": row["name"],
                "category": call.tenant.reference("categories", row["category"]),
            }
            for row in call.tenant.visible("subcategories")
        ],
    )
