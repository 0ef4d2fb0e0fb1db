"""Did we put there what stands in a field of HR? Pure; called by the plans of HR."""

from __future__ import annotations

from shared.model.account import Applied, HrRecord
from shared.model.hr_field import field_key, same


def is_ours(key: str, field: str, has: HrRecord, applied: Applied) -> bool:
    """Is what stands there something that we wrote, or may have written when we were stopped?"""
    known = field_key(key, field)
    ours = (applied.written.get(known), *applied.writing.get(known, ()))
    return any(same(field, one, has.fields.get(field)) for one in ours if one)
