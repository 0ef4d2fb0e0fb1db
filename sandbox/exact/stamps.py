"""Which version had the first row that was modified at or after a moment? SyncTimestamp.

`modified` and `endPoint` are parameters in OData quotes. With nothing as new as that, the answer
is the newest version there is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from sandbox.exact import rows, wire
from sandbox.exact.tables import Tables
from sandbox.exact.wire import Refused

_MODIFIED = re.compile(r"datetime'([^']+)'")
_MILLISECONDS = re.compile(r"/Date\((-?\d+)\)/")


def stamp(tables: Tables, params: Mapping[str, str]) -> int | None:
    """The version; None when the endpoint has no rows at all. Raises Refused."""
    asked = _MODIFIED.fullmatch(params.get("modified", ""))
    table = params.get("endPoint", "").strip("'").rpartition("/")[2]
    if not asked or table not in rows.TABLES:
        raise Refused(400, wire.SYNTAX)
    try:
        moment = datetime.fromisoformat(asked[1])
    except ValueError:
        raise Refused(400, wire.SYNTAX) from None
    since = moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() * 1000
    found = tables.rows(table)
    newer = [one.version for one in found if _at(one.modified) >= since]
    return min(newer) if newer else max((one.version for one in found), default=None)


def _at(modified: str) -> int:
    found = _MILLISECONDS.fullmatch(modified)
    return int(found[1]) if found else 0
