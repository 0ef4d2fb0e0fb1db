"""Tell the system that pushes its people of their accounts: a signed webhook of our own.

It has no interface that could be read, so what it knows is what we told it (hr_facts.py). Each
message has the same id on every try: the receiver drops what it has seen. Called by hr.py.
"""

from __future__ import annotations

from collections.abc import Collection

from shared.apply.hr_facts import message_id, remembered, told_now
from shared.errors import Permanent
from shared.model.account import Applied, HrRecord
from shared.model.change import Change, Kind
from shared.model.desired import DesiredRecord
from shared.vendors.webhooks import Outgoing

TYPE = "account.changed"


class PushWriter:
    """The receiver of account webhooks; None when no address is set."""

    def __init__(self, outgoing: Outgoing | None) -> None:
        self._outgoing = outgoing

    async def read(self, record: DesiredRecord, applied: Applied) -> HrRecord | None:
        """What it was told; see HrWriter."""
        return remembered(record, applied)

    async def write(self, change: Change, applied: Applied) -> None:
        """Send number, mail and UPN; see HrWriter. Raises Transient for whatever may pass."""
        if change.kind is not Kind.WRITE_RECORD:
            raise ValueError(f"a push source knows no change '{change.kind}'")
        facts = told_now(change, applied)
        await self._opened().send(message_id(change, facts, applied), TYPE, facts)

    async def probe(self, fields: Collection[str]) -> None:
        """Return when address and secret are set; nothing is sent."""
        if fields:
            self._opened()

    def _opened(self) -> Outgoing:
        if self._outgoing is None:
            raise Permanent(
                "PUSH_ACCOUNTS_URL is not set, and the policy says write_back.push: give it the "
                "https:// address that account webhooks are sent to, and WEBHOOK_SECRET_ACCOUNTS "
                "their secret",
                mender="settings",
            )
        return self._outgoing
