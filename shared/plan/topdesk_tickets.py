"""Which tickets are to be made for somebody now? Pure; called by plan/topdesk.py."""

from __future__ import annotations

from collections.abc import Iterator

from shared.model.account import Applied
from shared.model.change import Change, Harm, Kind
from shared.model.desired import DesiredTopdesk, Reason
from shared.model.ticket import is_news, marked, number


def ticket_changes(
    desired: DesiredTopdesk, applied: Applied, harm: Harm | None = None
) -> Iterator[Change]:
    """Those whose rule sees something new and has something to say of it."""
    for rule, ticket in desired.tickets.items():
        was = applied.tickets.get(rule)
        if ticket.values and is_news(was, ticket):
            count = marked(was, ticket.key).count
            yield Change(
                kind=Kind.CREATE_TICKET,
                what=rule,
                values={
                    **ticket.values,
                    "externalNumber": number(desired.employee_number, rule, count),
                },
                reasons=(Reason(rule=f"topdesk.tickets ({rule})", because=desired.why.because),),
                harm=harm,
            )
