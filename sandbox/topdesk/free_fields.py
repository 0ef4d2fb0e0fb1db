"""The drop-downs of a person's optional fields: `/persons/free_fields/{tab}/searchlists/{n}`."""

from __future__ import annotations

from sandbox.topdesk import refusals, search_lists
from sandbox.topdesk.call import Call, Reply

TABS, LISTS = ("1", "2"), ("1", "2", "3", "4", "5")


def read_all(call: Call) -> Reply:
    """`GET`: the entries."""
    return search_lists.read_all(_table(call))(call)


def create(call: Call) -> Reply:
    """`POST`: another entry."""
    return search_lists.create(_table(call))(call)


def _table(call: Call) -> str:
    tab, number = call.params["tab"], call.params["number"]
    if tab not in TABS or number not in LISTS:
        raise refusals.not_found()
    return f"searchlist:{tab}:{number}"
