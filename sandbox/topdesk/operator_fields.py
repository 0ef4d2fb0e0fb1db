"""Which fields does an operator card have, and which of them can a body write?

Supporting Files API 2.7.11, POST and PATCH /operators: a body says `firstInitials` where an answer
says `initials`; `linkedPerson` and `apiAccount` are for POST only; the misspelt task is the API's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sandbox.topdesk.fields import (
    Field,
    choice,
    defaults,
    email,
    flag,
    number,
    optional_fields,
    reference,
    text,
)
from sandbox.topdesk.refusals import Bad, not_parsed

if TYPE_CHECKING:
    from sandbox.topdesk.tenant import TopdeskTenant

TASKS = (
    "installer",
    "firstLineCallOperator",
    "secondLineCallOperator",
    "problemManager",
    "problemOperator",
    "changeCoordinator",
    "changeActivitiesOperator",
    "requestForChangeOperator",
    "extensiveChangeOperator",
    "simpleChangeOperator",
    "scenarioManager",
    "planningActivityManager",
    "projectCoordinator",
    "projectActiviesOperator",
    "stockManager",
    "reservationsOperator",
    "serviceOperator",
    "externalHelpDeskParty",
    "contractManager",
    "operationsOperator",
    "operationsManager",
    "knowledgeBaseManager",
    "accountManager",
)


def _access_roles(_tenant: TopdeskTenant, name: str, value: Any) -> list[dict[str, Any]]:
    # By URL; whether these ids are those of the permission groups, no document says. Kept as sent.
    if not isinstance(value, list) or not all(isinstance(r, dict) and "href" in r for r in value):
        raise Bad(not_parsed(name))
    return value


UPDATE: Mapping[str, Field] = {
    "surName": text(50),
    "firstName": text(30),
    "firstInitials": text(10),
    "prefixes": text(10),
    "birthName": text(100),
    "title": text(35),
    "gender": choice("UNDEFINED", "MALE", "FEMALE"),
    "employeeNumber": text(20),
    "jobTitle": text(100),
    "email": email(),
    "exchangeAccount": text(100),
    "telephone": text(25),
    "mobileNumber": text(25),
    "faxNumber": text(25),
    "loginName": text(100),
    "loginPermission": flag(),
    "password": text(100),
    "networkLoginName": text(100),
    "mainframeLoginName": text(100),
    "branch": reference("branches"),
    "location": reference("locations"),
    "department": reference("departments"),
    "budgetHolder": reference("budgetholders"),
    "language": reference("languages"),
    "attention": reference("attentions"),
    "hourlyRate": number(0.0),
    "comments": text(127),
    "accessRoles": Field(_access_roles, []),
    "optionalFields1": optional_fields(1),
    "optionalFields2": optional_fields(2),
    **{task: flag() for task in TASKS},
}

CREATE: Mapping[str, Field] = {
    **UPDATE,
    "linkedPerson": reference("persons"),
    "apiAccount": flag(),
}

DEFAULTS = {**defaults(CREATE), "admin": False}
LOGIN_DATA = ("loginName", "loginPermission", "password")
