"""Which divisions does the consenting user see? Two lists with status codes that differ.

system/Divisions: 0 inactive, 1 active, 2 archived; hrm/Divisions: 0 regular, 1 archived.
"""

from __future__ import annotations

from typing import Any

from sandbox.exact import wire
from sandbox.exact.settings import Division, Environment

_ARCHIVED = 2


def current(environment: Environment, division: Division) -> dict[str, Any]:
    """What current/Me says."""
    return {
        "CurrentDivision": division.code,
        "ServerTime": wire.moment(environment.clock.now()),
        "ServerUtcOffset": 0,
    }


def system(environment: Environment) -> list[dict[str, Any]]:
    """The rows of system/Divisions."""
    return [
        {
            "Code": one.code,
            "Description": one.name,
            "Status": one.status,
            "DivisionMoveDate": wire.moment(one.moved) if one.moved else None,
            "DivisionHRLinkUnlinkDate": wire.moment(one.linked) if one.linked else None,
        }
        for one in environment.divisions
    ]


def hrm(environment: Environment) -> list[dict[str, Any]]:
    """The rows of hrm/Divisions."""
    return [
        {"Code": one.code, "Description": one.name, "Status": int(one.status == _ARCHIVED)}
        for one in environment.divisions
    ]
