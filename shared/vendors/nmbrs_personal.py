"""How is personal information of Nmbrs written? The whole of it, field by field, with its period.

Facts: Nmbrs REST API specification, PUT personalInfo, and the vendor's how-to: a PUT replaces the
resource, so everything that was read is sent back. Some fields are written under other names than
they are read (`birthCountry.codeISO` as `birthCountryCodeISO`), and some are not written at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import httpx

from shared.errors import Permanent, TargetDown, Transient
from shared.vendors.nmbrs import WRITING, Nmbrs, Row

CONTACT: Final = "contactInfo"
_SECTIONS: Final = ("basicInfo", "birthInfo", CONTACT, "partnerInfo")
_NEVER_WRITTEN: Final = frozenset({"employeeType", "maritalStatus"})
_CODES: Final = {
    "birthCountry": ("codeISO", "birthCountryCodeISO"),
    "nationality": ("codeISO", "nationalityCodeISO"),
    "ascription": ("code", "ascriptionCode"),
}
"""Coded things: the key of the code as it is read, and the name it is written under."""
_REFUSED: Final = (400, 409, 422)


def body(info: Row, changes: Mapping[str, str | None], period: Row) -> dict[str, Any]:
    """The personal information that was read, with these fields of its contact data changed."""
    whole: dict[str, Any] = {name: _section(info.get(name)) for name in _SECTIONS}
    whole[CONTACT] |= changes
    whole["period"] = {"year": period.get("year"), "period": period.get("period")}
    return whole


def contact(info: Row) -> Row:
    """The contact data of a version."""
    found = info.get(CONTACT)
    return found if isinstance(found, Mapping) else {}


async def put(nmbrs: Nmbrs, employee: str, content: Row) -> None:
    """Send a body; returns when it was taken.

    Raises Permanent when the body is refused or without the right, Transient for a defect of
    theirs, UnknownReply when it may have been carried out.
    """
    answer = await nmbrs.put_personal_info(employee, content)
    if answer.is_success:
        return
    status, told = answer.status_code, _told(answer)
    if status in _REFUSED:
        raise Permanent(
            f"Nmbrs refused personal information ({told}): if the payroll period is closed, open "
            "it there; else mend the field it names",
            mender="hr",
        )
    if status == httpx.codes.UNAUTHORIZED:
        raise TargetDown(f"Nmbrs refused the token ({told}); run `instroom hr connect nmbrs`")
    if status == httpx.codes.FORBIDDEN:
        raise Permanent(
            f"Nmbrs lets nobody write with this consent ({told}): it lacks scope {WRITING}, or "
            "the login that gave it may not; mend it, then run `instroom hr connect nmbrs`",
            mender="settings",
        )
    if status == httpx.codes.NOT_FOUND:
        raise Permanent("Nmbrs does not know this employee any more (404)", mender="hr")
    raise Transient(f"Nmbrs: personal information was answered with {told}")


def _section(part: object) -> dict[str, Any]:
    """One section under the names that are written."""
    written: dict[str, Any] = {}
    for name, value in part.items() if isinstance(part, Mapping) else ():
        if name in _CODES:
            key, under = _CODES[name]
            written[under] = value.get(key) if isinstance(value, Mapping) else value
        elif name not in _NEVER_WRITTEN:
            written[name] = value
    return written


def _told(answer: httpx.Response) -> str:
    """Status, code, title and the names of the fields: never the detail, which may hold values."""
    try:
        said = answer.json()
    except (ValueError, RecursionError):
        return str(answer.status_code)
    if not isinstance(said, Mapping):
        return str(answer.status_code)
    wrong = said.get("invalid-params")
    names = [
        str(one.get("name"))
        for one in (wrong if isinstance(wrong, list) else [])
        if isinstance(one, Mapping) and one.get("name")
    ]
    parts = (str(answer.status_code), said.get("code"), said.get("title"), ", ".join(names))
    return " ".join(str(part) for part in parts if part)
