"""What does a PUT of personal information make? Another version, of what the body says alone.

A PUT replaces the resource (the vendor's how-to): what is left out is empty afterwards. Names and
limits as in the Nmbrs REST API specification; it is not documented how a closed period is refused.
"""

from __future__ import annotations

import json
import uuid
from typing import Any

from sandbox.nmbrs.environment import Environment
from sandbox.nmbrs.wire import Refused

_FIELDS = {
    "basicInfo": {
        "employeeNumber": 0,
        "firstName": 50,
        "firstNameInFull": 50,
        "prefix": 50,
        "initials": 50,
        "lastName": 100,
    },
    "birthInfo": {
        "birthDate": 0,
        "birthCountryCodeISO": 2,
        "nationalityCodeISO": 2,
        "deceasedOn": 0,
        "gender": 0,
    },
    "contactInfo": {
        "privateEmail": 100,
        "businessEmail": 100,
        "businessPhone": 50,
        "businessMobilePhone": 50,
        "privatePhone": 50,
        "privateMobilePhone": 50,
        "otherPhone": 50,
    },
    "partnerInfo": {"partnerPrefix": 50, "partnerName": 100, "ascriptionCode": 0},
}
"""Section to field to its longest text; 0 for what is no text."""


def version(
    environment: Environment, basic: dict[str, Any], body: bytes, made: str
) -> dict[str, Any]:
    """The version that this body makes of that employee at that moment. Raises Refused."""
    try:
        said = json.loads(body)
        sections = {name: dict(said.get(name) or {}) for name in _FIELDS}
        period = {"year": int(said["period"]["year"]), "period": int(said["period"]["period"])}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise _invalid("period") from None
    for name in said.keys() - _FIELDS.keys() - {"period"}:
        raise _invalid(str(name))
    for section, fields in sections.items():
        for name, value in fields.items():
            longest = _FIELDS[section].get(name)
            if longest is None or (longest and len(str(value or "")) > longest):
                raise _invalid(name)
    if not sections["basicInfo"].get("lastName"):
        raise _invalid("lastName")
    if (period["year"], period["period"]) < tuple(environment.closed_before):
        raise Refused(400, 40050, "Period_Closed")
    return {
        "personalInfoId": str(uuid.uuid4()),
        **_as_read(sections, basic),
        "period": period,
        "createdAt": made,
    }


def _as_read(sections: dict[str, dict[str, Any]], basic: dict[str, Any]) -> dict[str, Any]:
    whole = {name: dict.fromkeys(_FIELDS[name]) | fields for name, fields in sections.items()}
    whole["basicInfo"]["employeeType"] = basic["employeeBasicInfo"]["employeeType"]
    birth, partner = whole["birthInfo"], whole["partnerInfo"]
    for name in ("birthCountry", "nationality"):
        birth[name] = {"codeISO": birth.pop(f"{name}CodeISO"), "description": None}
    partner["ascription"] = {"code": partner.pop("ascriptionCode"), "ascription": ""}
    return whole


def _invalid(name: str) -> Refused:
    refused = Refused(400, 40033, "Parameter_Invalid", name)
    refused.body["invalid-params"] = [{"name": name, "reason": "is not valid"}]
    return refused
