"""Which work should people at the desk get when somebody joins, moves or leaves?

What a rule of the policy has to say, and what the ledger remembers it to have seen: of the two
follows whether there is news. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping

from shared.model.frozen import Frozen


class TicketMark(Frozen):
    """How far one rule for tickets has come for one person."""

    key: str
    """What it has last seen: that somebody is in, or out, or the facts of a mover."""
    count: int = 0
    """So many changes it has seen; part of a ticket's number, so that none is made twice."""


def marked(was: TicketMark | None, key: str) -> TicketMark:
    """The mark after this was seen; what a rule sees first is where it begins."""
    if was is None:
        return TicketMark(key=key)
    return was if was.key == key else TicketMark(key=key, count=was.count + 1)


def is_news(was: TicketMark | None, ticket: Ticket) -> bool:
    """Has a rule something new to say?

    A move is one between two known states of the same fields: neither a first sight, nor a
    return, nor another list of fields in the policy.
    """
    if ticket.from_nothing:
        return was is None or was.key != ticket.key
    return was is not None and was.key != ticket.key and _fields(was.key) == _fields(ticket.key)


def _fields(key: str) -> str:
    return key.partition(":")[0]


class Ticket(Frozen):
    """One ticket as a rule words it, and when the rule has something to say."""

    key: str
    """Another one than the mark's is something new; a mover's is `fields:values`."""
    values: Mapping[str, str] = {}
    """What stands in it, by TOPdesk's names; `kind` says which sort of ticket."""
    from_nothing: bool = False
    """Is there something to say of somebody whom the rule sees for the first time?"""


def number(employee_number: str, rule: str, count: int) -> str:
    """The ticket's `externalNumber`: the same for the same news of the same person.

    At most 60 characters (Incident API 4.2.6).
    """
    return f"instroom {employee_number} {rule}"[:50] + f" {count}"
