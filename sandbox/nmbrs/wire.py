"""What do answers look like on the wire? Errors and pages (Nmbrs REST API specification)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

DEFAULT_PAGE, LARGEST_PAGE = 20, 100
_TYPES = {
    400: "validationError",
    401: "authenticationError",
    403: "invalidRequestError",
    404: "invalidRequestError",
    429: "throttlingError",
}


class Refused(Exception):
    """This call is answered with an error."""

    def __init__(self, status: int, code: int, title: str, detail: str = "") -> None:
        super().__init__(title)
        self.status = status
        self.body = {
            "type": _TYPES.get(status, "apiError"),
            "httpStatus": status,
            "code": code,
            "title": title,
            "detail": detail or title.replace("_", " "),
            "invalid-params": [],
            "docUrl": "https://developer.nmbrs.com/api/docs/errors",
        }


class Gateway(Refused):
    """The gateway before the API refuses the subscription key, in its own words."""

    def __init__(self, problem: str) -> None:
        super().__init__(401, 0, problem)
        message = f"Access denied due to {problem} subscription key."
        self.body = {"statusCode": 401, "message": message}


def page(
    rows: Sequence[Mapping[str, Any]], query: Mapping[str, str], address: str, *, stuck: bool
) -> bytes:
    """One page of a list. `stuck`: whatever page is asked for, it is the first.

    The links lack the page size, and the last page's next link is empty text instead of null: both
    have been seen.
    """
    size = min(_number(query, "pageSize", DEFAULT_PAGE), LARGEST_PAGE)
    number = _number(query, "pageNumber", 1)
    total = max(1, -(-len(rows) // size))
    first = 0 if stuck else (number - 1) * size

    def link(to: int) -> str:
        return f"{address}?pageNumber={to}"

    pagination = {
        "pageNumber": number,
        "pageSize": size,
        "firstPage": link(1),
        "lastPage": link(total),
        "totalPages": total,
        "totalRecords": len(rows),
        "nextPage": link(number + 1) if number < total else "",
        "previousPage": link(number - 1) if number > 1 else None,
    }
    return json.dumps({"data": rows[first : first + size], "pagination": pagination}).encode()


def _number(query: Mapping[str, str], name: str, default: int) -> int:
    try:
        number = int(query.get(name, default))
    except ValueError:
        number = 0
    if number < 1:
        raise Refused(400, 40033, "Parameter_Invalid", f"{name} is no number above zero")
    return number
