"""Which object does this call speak of, and how is a page of such objects answered?"""

from __future__ import annotations

from sandbox.graph import queries, refusals
from sandbox.graph.call import Call
from sandbox.graph.replication import Versioned
from sandbox.graph.schema import Schema
from sandbox.graph.wire import Json, Reply


def one(call: Call, store: Versioned[str, Json], name: str) -> Json:
    """The addressed object as this replica shows it; 404 when it does not yet."""
    key = call.params[name].lower()
    found = store.get(key, call.as_of)
    if found is None:
        raise refusals.not_found(key)
    return found


def to_write(call: Call, store: Versioned[str, Json], name: str) -> Json:
    """The object as it really is, provided that this replica knows it at all."""
    key = str(one(call, store, name)["id"])
    found = store.get(key)
    if found is None:
        raise refusals.not_found(key)
    return found


def page(call: Call, store: Versioned[str, Json], schema: Schema, ids: list[str] | None) -> Reply:
    """One page of a collection on this replica; `ids` of all there are when not narrowed."""
    query = queries.parse(call.request, schema)
    candidates = store.keys(call.as_of) if ids is None else ids
    return Reply(
        200, call.page(query, schema, candidates, lambda each: store.get(each, call.as_of))
    )


def single(call: Call, item: Json, schema: Schema, status: int = 200) -> Reply:
    """The body of one object."""
    query = queries.parse(call.request, schema)
    shown = queries.shown(item, query, schema)
    return Reply(status, call.context(f"{schema.collection}/$entity") | shown, ids=(item["id"],))
