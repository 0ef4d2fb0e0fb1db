"""What did we tell an HR system that cannot be asked? By our own memory; for hr_push.py.

Three facts: the number, the mail address and the user principal name.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from shared.model.account import Applied, HrRecord
from shared.model.change import Change
from shared.model.desired import DesiredRecord
from shared.model.hr_field import FACTS, Value, field_key


def remembered(record: DesiredRecord, applied: Applied) -> HrRecord:
    """The record as it was told last; nothing of what was sent and not known to have arrived."""
    fields = {field: applied.written.get(field_key(record.key, field)) for field in FACTS}
    return HrRecord(key=record.key, fields=fields)


def told_now(change: Change, applied: Applied) -> dict[str, Value]:
    """Every fact of the record after this change, also those that stay as they were."""
    was = {field: applied.written.get(field_key(change.what, field)) for field in FACTS}
    number = change.what.partition(":")[2]
    return {"number": number, **was, **{f: v or None for f, v in change.values.items()}}


def message_id(change: Change, facts: Mapping[str, Value], applied: Applied) -> str:
    """The same for every try of the same news, another one for the next."""
    said = json.dumps([change.what, dict(facts), applied.deliveries], sort_keys=True)
    return f"msg_{hashlib.sha256(said.encode()).hexdigest()[:32]}"
