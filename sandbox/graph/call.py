"""What does a handler know? The request, the tenant, and the moment its replica is at.

Handlers are plain functions from a `Call` to a `Reply`; they raise `Refusal` to say no.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.graph import queries, refusals
from sandbox.graph.queries import Cursors, Query
from sandbox.graph.refusals import ADVANCED_HINT
from sandbox.graph.replication import Versioned
from sandbox.graph.schema import EXTENSION_ATTRIBUTES, GROUP, USER, Schema
from sandbox.graph.tenant import GraphTenant
from sandbox.graph.wire import Json, Reply, Request

ANY = Schema(
    "directoryObject",
    "#microsoft.graph.directoryObject",
    {**USER.properties, **GROUP.properties},
)
EXPANDABLE = frozenset({"manager"})


@dataclass(frozen=True)
class Call:
    """One request on its way through a handler."""

    tenant: GraphTenant
    request: Request
    params: Mapping[str, str]
    as_of: float | None
    cursors: Cursors = field(default_factory=Cursors)

    def user(self, name: str = "user") -> Json:
        """The addressed user as this replica shows it; 404 when it does not yet."""
        return self.tenant.find_user(self.params[name], self.as_of)

    def user_to_write(self, name: str = "user") -> Json:
        """The user as it really is, provided that this replica knows it at all."""
        return self.tenant.find_user(self.user(name)["id"])

    def group(self) -> Json:
        """The addressed group as this replica shows it."""
        return self.tenant.find_group(self.params["group"], self.as_of)

    def group_to_write(self) -> Json:
        """The group as it really is, provided that this replica knows it at all."""
        return self.tenant.find_group(self.group()["id"])

    def lookup(self, object_id: str) -> Json | None:
        """A user or group on this replica, or None."""
        return self.tenant.accounts.get(object_id, self.as_of) or self.tenant.group_objects.get(
            object_id, self.as_of
        )

    def context(self, fragment: str) -> Json:
        """The `@odata.context` annotation."""
        return {"@odata.context": f"{self.request.base_url}/$metadata#{fragment}"}

    def page(
        self,
        query: Query,
        schema: Schema,
        candidates: Iterable[str],
        lookup: queries.Lookup,
    ) -> Json:
        """One page of a collection as this replica shows it."""
        return queries.collection(
            self.request,
            query,
            schema,
            candidates=candidates,
            lookup=lookup,
            cursors=self.cursors,
            wall=self.tenant.clock.wall(),
            show=lambda item: (
                show_any(self, item, query) if schema is ANY else show(self, item, query, schema)
            ),
        )

    def page_of_objects(self, ids: Iterable[str], cast: str | None = None) -> Reply:
        """A collection of users and groups together, or of one of them after a type cast."""
        schema = {"microsoft.graph.user": USER, "microsoft.graph.group": GROUP}.get(
            cast or "", ANY
        )
        query = queries.parse(self.request, schema)
        if (query.filter or query.order) and not query.wants_count:
            # Graph, "List group members": these need the advanced parameters on every relation.
            raise refusals.unsupported_query(f"The query is not supported {ADVANCED_HINT}")
        store = {USER.resource: self.tenant.accounts, GROUP.resource: self.tenant.group_objects}
        chosen = store.get(schema.resource)
        if chosen is None:
            return Reply(200, self.page(query, schema, ids, self.lookup))
        return Reply(200, self.page(query, schema, ids, lambda i: chosen.get(i, self.as_of)))


def show(call: Call, item: Json, query: Query, schema: Schema) -> Json:
    """One object with the selected properties and what was expanded."""
    body = queries.shown(item, query, schema)
    if "passwordProfile" in body:
        body["passwordProfile"] = None  # never readable
    if "onPremisesExtensionAttributes" in body:
        written = body["onPremisesExtensionAttributes"] or {}
        body["onPremisesExtensionAttributes"] = {n: written.get(n) for n in EXTENSION_ATTRIBUTES}
    for name, names in query.expand:
        if name == "manager":
            body |= _expanded_manager(call, item, names)
    return body


def show_any(call: Call, item: Json, query: Query) -> Json:
    """One object of a mixed collection, with its type."""
    schema = schema_of(item)
    kept = Query(select=tuple(n for n in query.select if n in schema.properties))
    if query.select and not kept.select:
        return {"@odata.type": schema.odata_type, "id": item["id"]}
    return {"@odata.type": schema.odata_type, **show(call, item, kept, schema)}


def schema_of(item: Json) -> Schema:
    """The resource type of an object."""
    return USER if "userPrincipalName" in item else GROUP


def kind_of(item: Json) -> str:
    """The name of its type as a cast writes it."""
    return schema_of(item).odata_type.removeprefix("#")


def _expanded_manager(call: Call, item: Json, names: tuple[str, ...]) -> Json:
    """An absent manager is left out, not null (Graph, "List manager": expand)."""
    manager_id = call.tenant.managers.get(item["id"], call.as_of)
    manager = call.tenant.accounts.get(manager_id, call.as_of) if manager_id else None
    if manager is None:
        return {}
    for name in names:
        if name not in USER.properties:
            raise refusals.unknown_query_property(name)
    shown_manager = show(call, manager, Query(select=names), USER)
    return {"manager": {"@odata.type": USER.odata_type, **shown_manager}}


def reference_id(reference: Any) -> str:
    """The object id in an `@odata.id` URL: .../directoryObjects/{id} or .../users/{id}."""
    parts = str(reference).rstrip("/").split("/")
    if not isinstance(reference, str) or len(parts) < 2 or "://" not in reference:  # noqa: PLR2004 - collection and id
        raise refusals.directory("Invalid URL format specified in payload.")
    if parts[-2] not in ("directoryObjects", "users", "groups"):
        raise refusals.directory("Invalid URL format specified in payload.")
    return parts[-1].lower()


def linked(links: Versioned[str, bool], as_of: float | None) -> tuple[str, ...]:
    """The ids at the other end of a relation, on that replica."""
    return tuple(links.keys(as_of))
