"""What lies below a person card: contract, private details, picture, groups.

v1 has a flat contract under `/persons/id/{id}`, v2 a nested one under `/persons/{id}`. The rights
are those of the card's tabs. Membership of person groups can only be read, here and anywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy

from sandbox.topdesk import fields, lists, refusals
from sandbox.topdesk.call import Call, Json, Reply
from sandbox.topdesk.fields import Field, moment, number, text
from sandbox.topdesk.person_groups import shown as shown_group
from sandbox.topdesk.persons import NOT_FOUND
from sandbox.topdesk.refusals import Refused
from sandbox.topdesk.settings import Right

CONTRACT: Mapping[str, Field] = {
    "hireDate": moment(),
    "employmentTerminationDate": moment(),
    "contractStartDate": moment(),
    "contractExpiryDate": moment(),
    "endOfProbationaryPeriod": moment(),
    "contractType": text(100),
    "contractHours": number(),
}
PRIVATE: Mapping[str, Field] = {
    "socialSecurityNumber": text(30),
    "bankAccount": text(34),
    "privateEmail": text(100),
    "privatePhoneNumber": text(25),
}
_WRAPPED_IN = {"contract": "contractInformation", "privateDetails": "privateContactDetails"}
_FIELDS = {"contract": CONTRACT, "privateDetails": PRIVATE}
_READ: Mapping[str, Right] = {
    "contract": "person contract tab.read",
    "privateDetails": "person private tab.read",
}
_WRITE: Mapping[str, Right] = {
    "contract": "person contract tab.write",
    "privateDetails": "person private tab.write",
}


def read(tab: str, *, nested: bool) -> Callable[[Call], Reply]:
    """`GET` of the tab."""

    def handler(call: Call) -> Reply:
        call.need(_READ[tab])
        call.row("persons", NOT_FOUND)
        return Reply(200, _shown(call, tab, nested=nested))

    return handler


def write(tab: str, *, nested: bool) -> Callable[[Call], Reply]:
    """`PATCH` (and in v1 `PUT`) of the tab."""

    def handler(call: Call) -> Reply:
        call.need(_WRITE[tab])
        person = call.row("persons", NOT_FOUND)
        body = call.json_object()
        if nested:
            body = _unwrapped(body, _WRAPPED_IN[tab])
        values, problems = fields.check(call.tenant, body, _FIELDS[tab])
        if problems:
            raise Refused(400, *problems)
        call.tenant.table(tab).setdefault(person["id"], {}).update(values)
        return Reply(200, _shown(call, tab, nested=nested), ids=(person["id"],))

    return handler


def avatar(call: Call) -> Reply:
    """`GET /persons/id/{id}/avatar`: nobody has a picture here."""
    call.row("persons", NOT_FOUND)
    raise refusals.not_found()


def groups(call: Call) -> Reply:
    """`GET /persons/{id}/persongroups`."""
    person = call.row("persons", NOT_FOUND)
    rows = [row for row in call.tenant.visible("persongroups") if person["id"] in row["members"]]
    return lists.collection(call, rows, shown=lambda row: shown_group(call, row))


def _unwrapped(body: Json, wrapper: str) -> Json:
    problems = [refusals.unknown_field(name) for name in body if name != wrapper]
    if problems:
        raise Refused(400, *problems)
    inner = body.get(wrapper, {})
    if not isinstance(inner, dict):
        raise Refused(400, refusals.not_parsed(wrapper))
    return inner


def _shown(call: Call, tab: str, *, nested: bool) -> Json:
    empty = deepcopy(fields.defaults(_FIELDS[tab]))
    values = {**empty, **call.tenant.table(tab).get(call.params["id"].lower(), {})}
    return {_WRAPPED_IN[tab]: values} if nested else values
