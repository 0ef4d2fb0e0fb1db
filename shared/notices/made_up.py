"""Made-up facts for each kind of notice: for previews, and to try templates before they matter.

The keys are all that a template may use; docs/notices.md lists them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from shared.model.notice import ABOUT_A_PERSON, NoticeKind

_PERSON: Mapping[str, object] = {
    "organisation": "Voorbeeld",
    "name": "Sanne van Dijk",
    "number": "afas:1042",
    "department": "ICT Beheer",
    "job": "Systeembeheerder",
    "employer": "Voorbeeld BV",
    "login": "sanne.vandijk@voorbeeld.example",
    "manager": "afas:1001",
    "first_day": date(2027, 1, 4),
    "last_day": date(2027, 6, 30),
    "delete_after_days": 30,
}
CODE: Mapping[str, object] = {"code": "********", "until": "4 januari 2027 10:00", "once": True}
"""What stands in a preview for a pass."""
SAMPLES: Mapping[NoticeKind, Mapping[str, object]] = {
    NoticeKind.HELD: {
        "organisation": "Voorbeeld",
        "batch": "block-1",
        "harm": "block",
        "people": 38,
        "hours": 26,
        "step": 1,
        "deputies": False,
        "because": "38 people today, the limit is 10",
        "causes": ({"people": 38, "text": "last day 2026-12-31"},),
        "seen": "614f8ce6",
    },
    NoticeKind.PARKED: {
        "organisation": "Voorbeeld",
        "people": 3,
        "groups": (
            {
                "mender": "policy",
                "people": 2,
                "problems": (
                    {
                        "text": "entra: group Servicedesk does not exist",
                        "people": 2,
                        "numbers": ("afas:1042", "afas:1043"),
                        "more": 0,
                    },
                ),
            },
            {
                "mender": "hr",
                "people": 1,
                "problems": (
                    {
                        "text": "afas record 1044, field start: is no date",
                        "people": 1,
                        "numbers": ("afas:1044",),
                        "more": 0,
                    },
                ),
            },
        ),
    },
    NoticeKind.EXPIRY: {
        "organisation": "Voorbeeld",
        "what": "TOPdesk - Secure: the signing certificate",
        "last": date(2027, 1, 31),
        "days": 30,
        "mend": "`instroom sso rotate secure` prepares the next one",
    },
    NoticeKind.UPKEEP: {
        "organisation": "Voorbeeld",
        "problems": (
            {
                "step": "single sign-on",
                "texts": ("TOPdesk - Public: group 'TOPdesk gebruikers' is empty",),
            },
        ),
    },
    NoticeKind.TASK: {
        "organisation": "Voorbeeld",
        "number": "afas:1042",
        "problem": "blocked in the cloud, waiting for Active Directory: disable account",
        "tasks": (
            {
                "place": "Active Directory",
                "what": "disable account",
                "on": {
                    "sAMAccountName": "svandijk",
                    "distinguishedName": "CN=Sanne van Dijk,OU=Staff,DC=voorbeeld,DC=local",
                },
                "fields": {"userAccountControl": "ACCOUNTDISABLE (0x2) set"},
                "why": "lifecycle: last day 2027-06-30",
                "undone": 1,
            },
        ),
    },
    NoticeKind.DRIFT: {
        "organisation": "Voorbeeld",
        "people": 2,
        "kinds": (
            {"kind": "disabled", "people": 2, "numbers": ("afas:1042", "afas:1043"), "more": 0},
        ),
    },
    **dict.fromkeys(ABOUT_A_PERSON, _PERSON),
    NoticeKind.PASS: {**_PERSON, **CODE},
}
