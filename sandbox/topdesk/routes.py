"""Which handler answers this call, in which representations, and in which shape does it refuse?

Paths are below `/tas/api`; an earlier line wins, so fixed words stand before `{id}`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sandbox.topdesk import (
    archiving,
    assets,
    branches,
    catalogue,
    changes,
    free_fields,
    incidents,
    media,
    operator_groups,
    operator_links,
    operators,
    person_details,
    person_groups,
    persons,
    search_lists,
)
from sandbox.topdesk.call import Call, Reply
from sandbox.topdesk.refusals import Shape

type Handler = Callable[[Call], Reply]

_ONE = (media.JSON, media.PERSON)
_MANY = (media.JSON, media.PERSONS)
_BOTH_VERBS = ("PATCH", "PUT")


@dataclass(frozen=True)
class Endpoint:
    """One line of the API: a verb on a path."""

    method: str
    path: str
    handler: Handler
    offers: tuple[str, ...] = (media.JSON,)
    shape: Shape = "messages"

    only_v1: bool = False

    def offered(self, generations: str) -> tuple[str, ...]:
        """The representations of it where the tenant speaks these generations."""
        if generations == "v1":
            return tuple(offer for offer in self.offers if offer not in media.V2)
        if generations == "v2" and len(self.offers) > 1:
            return tuple(offer for offer in self.offers if offer in media.V2)
        return self.offers


def _persons() -> list[Endpoint]:
    card = "/persons/id/{id}"
    return [
        Endpoint("GET", "/persons", persons.read_all, _MANY),
        Endpoint("POST", "/persons", persons.create, _ONE),
        Endpoint("GET", "/persons/count", persons.count),
        Endpoint("GET", "/persons/lookup", persons.look_up, shape="errors"),
        Endpoint("GET", card, persons.read, only_v1=True),
        *(Endpoint(verb, card, persons.update, only_v1=True) for verb in _BOTH_VERBS),
        *(Endpoint(v, f"{card}/archive", archiving.archive_person) for v in _BOTH_VERBS),
        *(Endpoint(v, f"{card}/unarchive", archiving.unarchive_person) for v in _BOTH_VERBS),
        Endpoint("GET", f"{card}/avatar", person_details.avatar),
        *_tabs(card, nested=False, verbs=_BOTH_VERBS),
        Endpoint("GET", "/persons/{id}", persons.read, (media.PERSON,), shape="descriptions"),
        Endpoint("PATCH", "/persons/{id}", persons.update, (media.PERSON,), shape="patch"),
        *_tabs("/persons/{id}", nested=True, verbs=("PATCH",)),
        Endpoint("GET", "/persons/{id}/persongroups", person_details.groups, (media.GROUPS,)),
        *_free_fields(),
    ]


def _tabs(card: str, *, nested: bool, verbs: tuple[str, ...]) -> list[Endpoint]:
    lines = []
    for tab in ("contract", "privateDetails"):
        path = f"{card}/{tab}"
        lines.append(Endpoint("GET", path, person_details.read(tab, nested=nested)))
        write = person_details.write(tab, nested=nested)
        lines += [Endpoint(verb, path, write) for verb in verbs]
    return lines


def _free_fields() -> list[Endpoint]:
    path = "/persons/free_fields/{tab}/searchlists/{number}"
    return [
        Endpoint("GET", path, free_fields.read_all),
        Endpoint("POST", path, free_fields.create, shape="one description"),
    ]


def _person_groups() -> list[Endpoint]:
    one, many = (media.GROUP,), (media.GROUPS,)
    card = "/persongroups/{id}"
    return [
        Endpoint("GET", "/persongroups", person_groups.read_all, many),
        Endpoint("POST", "/persongroups", person_groups.create, one),
        Endpoint("PATCH", card, person_groups.update, one),
        Endpoint("GET", f"{card}/persons", person_groups.read_members, (media.PERSONS,)),
        Endpoint("POST", f"{card}/archive", person_groups.archive),
        Endpoint("POST", "/persongroups/id/{id}/unarchive", person_groups.unarchive),
    ]


def _operators() -> list[Endpoint]:
    card = "/operators/id/{id}"
    lines = [
        Endpoint("GET", "/operators", operators.read_all),
        Endpoint("POST", "/operators", operators.create),
        Endpoint("GET", "/operators/lookup", operators.look_up, shape="errors"),
        Endpoint("GET", "/operators/current", operators.read_current),
        Endpoint("GET", "/operators/current/id", operators.read_current_id),
        Endpoint("GET", card, operators.read),
        *(Endpoint(verb, card, operators.update) for verb in _BOTH_VERBS),
        *(Endpoint(v, f"{card}/archive", archiving.archive_operator) for v in _BOTH_VERBS),
        *(Endpoint(v, f"{card}/unarchive", archiving.unarchive_operator) for v in _BOTH_VERBS),
    ]
    kinds = {
        "permissiongroups": operator_links.PERMISSION_GROUPS,
        "operatorgroups": operator_links.OPERATOR_GROUPS,
        **{f"filters/{kind.split()[0]}": kind for kind in operator_links.FILTERS},
    }
    for path, kind in kinds.items():
        lines += [
            Endpoint("GET", f"{card}/{path}", operator_links.read(kind)),
            Endpoint("POST", f"{card}/{path}", operator_links.link(kind)),
            Endpoint("DELETE", f"{card}/{path}", operator_links.unlink(kind)),
        ]
    for kind in operator_links.FILTERS:
        path = f"/operators/filters/{kind.split()[0]}"
        lines.append(Endpoint("GET", path, catalogue.read_all(kind)))
    return lines


def _operator_groups() -> list[Endpoint]:
    card = "/operatorgroups/id/{id}"
    return [
        Endpoint("GET", "/operatorgroups", operator_groups.read_all),
        Endpoint("POST", "/operatorgroups", operator_groups.create),
        Endpoint("GET", "/operatorgroups/lookup", operator_groups.look_up, shape="errors"),
        Endpoint("GET", card, operator_groups.read),
        *(Endpoint(verb, card, operator_groups.update) for verb in _BOTH_VERBS),
        *(Endpoint(v, f"{card}/archive", operator_groups.archive) for v in _BOTH_VERBS),
        *(Endpoint(v, f"{card}/unarchive", operator_groups.unarchive) for v in _BOTH_VERBS),
        Endpoint("GET", f"{card}/operators", operator_groups.read_operators),
    ]


def _branches() -> list[Endpoint]:
    card = "/branches/id/{id}"
    return [
        Endpoint("GET", "/branches", branches.read_all),
        Endpoint("POST", "/branches", branches.create),
        Endpoint("GET", "/branches/lookup", branches.look_up, shape="errors"),
        Endpoint("GET", card, branches.read),
        *(Endpoint(verb, card, branches.update) for verb in _BOTH_VERBS),
        Endpoint("PATCH", f"{card}/archive", branches.archive),
        Endpoint("PATCH", f"{card}/unarchive", branches.unarchive),
        Endpoint("GET", "/locations", branches.read_locations),
        Endpoint("POST", "/locations", branches.create_location),
        Endpoint("GET", "/locations/lookup", branches.look_up_locations, shape="errors"),
    ]


def _search_lists() -> list[Endpoint]:
    lines = []
    for table in search_lists.COLUMN_OF:
        card = f"/{table}/id/{{id}}"
        shape: Shape = "messages" if table == "departments" else "one description"
        lines += [
            Endpoint("GET", f"/{table}", search_lists.read_all(table)),
            Endpoint("POST", f"/{table}", search_lists.create(table), shape=shape),
            Endpoint("PATCH", card, search_lists.rename(table)),
            Endpoint("DELETE", card, search_lists.delete(table)),
            Endpoint("PATCH", f"{card}/archive", search_lists.archive(table)),
            Endpoint("PATCH", f"{card}/unarchive", search_lists.unarchive(table)),
        ]
    return lines


def _catalogue() -> list[Endpoint]:
    return [
        Endpoint("GET", "/version", catalogue.version),
        Endpoint("GET", "/productVersion", catalogue.product_version),
        Endpoint("GET", "/languages", catalogue.languages),
        *(
            Endpoint("GET", f"/{table}", catalogue.read_all(table))
            for table in ("permissiongroups", "archiving-reasons", "countries")
        ),
    ]


def _changes() -> list[Endpoint]:
    return [
        Endpoint("GET", "/operatorChanges", changes.read_all),
        Endpoint("POST", "/operatorChanges", changes.create),
        Endpoint("GET", "/applicableChangeTemplates", changes.read_templates),
        Endpoint("GET", "/assetmgmt/assets", assets.read_all, (media.ASSETS,)),
    ]


def _incidents() -> list[Endpoint]:
    return [
        Endpoint("GET", "/incidents", incidents.read_all),
        Endpoint("POST", "/incidents", incidents.create),
        Endpoint("GET", "/incidents/categories", catalogue.read_all("categories")),
        Endpoint("GET", "/incidents/subcategories", catalogue.subcategories),
        Endpoint("GET", "/incidents/call_types", catalogue.read_all("call_types")),
        Endpoint("GET", "/incidents/id/{id}", incidents.read),
        Endpoint("GET", "/incidents/number/{number}", incidents.read_by_number),
    ]


ENDPOINTS = (
    *_catalogue(),
    *_persons(),
    *_person_groups(),
    *_operators(),
    *_operator_groups(),
    *_branches(),
    *_search_lists(),
    *_incidents(),
    *_changes(),
)
