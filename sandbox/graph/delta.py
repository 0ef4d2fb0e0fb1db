"""What changed since the token? Delta queries over users and groups.

Source: Graph, "Use delta query to track changes" and "user: delta", "group: delta". As the page
warns, a round may begin with an empty page, the last object of a page comes again on the next,
and a token of more than seven days is gone: 410, start again. Options of the first call live on
in the token.
"""

from __future__ import annotations

import base64
import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

from sandbox.graph import queries, refusals
from sandbox.graph.call import Call, show
from sandbox.graph.schema import GROUP, USER, Schema
from sandbox.graph.tenant import GraphTenant
from sandbox.graph.wire import Json, Reply, Request

TOKEN_DAYS = 7
PAGE = 200
_RELATIONS = {"user": ("manager",), "group": ("members",)}
REFUSED_OPTIONS = ("$expand", "$top", "$orderby", "$search", "$count")


@dataclass(frozen=True)
class Token:
    """Where a round stands: changes from `since` up to `until`, `skip` objects already shown."""

    kind: str
    select: str
    since: int
    until: int
    skip: int
    begun: bool
    issued: str

    def encode(self) -> str:
        """Opaque to callers."""
        return base64.urlsafe_b64encode(json.dumps(asdict(self)).encode()).decode().rstrip("=")


def users(call: Call) -> Reply:
    """GET /users/delta; a manager as `manager@delta` when `manager` is selected."""
    return _round(call, "user", USER)


def groups(call: Call) -> Reply:
    """GET /groups/delta; memberships as `members@delta` when `members` is selected."""
    return _round(call, "group", GROUP)


def _round(call: Call, kind: str, schema: Schema) -> Reply:
    for name in REFUSED_OPTIONS:
        if name in call.request.query:
            raise refusals.bad_request(f"The query parameter '{name}' is not supported.")
    token = _token(call, kind)
    if call.request.query.get("$deltatoken") == "latest":
        return Reply(200, _context(call, schema) | {"value": []} | _delta_link(call, token))
    selected = [name for name in token.select.split(",") if name not in ("", *_RELATIONS[kind])]
    query = queries.parse(_selecting(call.request, selected), schema)
    if token.since and not token.begun:
        # An empty page with a next link is normal; clients that stop here lose changes.
        begun = replace(token, begun=True)
        return Reply(200, _context(call, schema) | {"value": []} | _next_link(call, begun))
    ids = _changed_ids(call.tenant, token)
    value = [
        _entry(call, each, query, schema, token) for each in ids[token.skip : token.skip + PAGE]
    ]
    body = _context(call, schema) | {"value": [each for each in value if each]}
    if token.skip + PAGE < len(ids):
        replay = 1
        return Reply(
            200,
            body | _next_link(call, replace(token, begun=True, skip=token.skip + PAGE - replay)),
        )
    return Reply(200, body | _delta_link(call, token))


def _token(call: Call, kind: str) -> Token:
    query, tenant = call.request.query, call.tenant
    text = query.get("$skiptoken") or query.get("$deltatoken")
    fresh = Token(
        kind,
        query.get("$select", ""),
        since=0,
        until=len(tenant.changes),
        skip=0,
        begun=False,
        issued=tenant.timestamp(),
    )
    if not text or text == "latest":
        return fresh
    token = _decode(text, kind)
    if tenant.clock.now() - datetime.fromisoformat(token.issued) > timedelta(days=TOKEN_DAYS):
        raise refusals.Refusal(
            410,
            "syncStateNotFound",
            "The sync state was not found. Please restart with a full synchronization.",
            headers={"Location": f"{call.request.base_url}{call.request.path}?$deltatoken="},
        )
    return token if "$skiptoken" in query else replace(token, until=len(tenant.changes))


def _decode(text: str, kind: str) -> Token:
    try:
        token = Token(**json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))))
    except (ValueError, TypeError) as error:
        raise refusals.bad_request("Badly formed token.") from error
    if token.kind != kind:
        raise refusals.bad_request("Badly formed token.")
    return token


def _changed_ids(tenant: GraphTenant, token: Token) -> tuple[str, ...]:
    kinds = ("user",) if token.kind == "user" else ("group", "member")
    changes = tenant.changes[token.since : token.until]
    ids = dict.fromkeys(object_id for kind, object_id, _ in changes if kind in kinds)
    if token.since:
        return tuple(ids)
    live = tenant.users if token.kind == "user" else tenant.groups
    return tuple(each for each in ids if each in live)


def _entry(call: Call, object_id: str, query: queries.Query, schema: Schema, token: Token) -> Json:
    tenant = call.tenant
    live = tenant.users if token.kind == "user" else tenant.groups
    if object_id not in live:
        reason = "changed" if object_id in tenant.deleted else "deleted"
        return {"id": object_id, "@removed": {"reason": reason}}
    item = live[object_id]
    shown = show(call, item, query, schema)
    body = {name: value for name, value in shown.items() if name == "id" or name in item}
    body["id"] = object_id
    if token.kind == "group" and "members" in token.select.split(","):
        body["members@delta"] = _member_entries(tenant, object_id, token)
    if token.kind == "user" and "manager" in token.select.split(","):
        body |= _manager_entries(tenant, object_id, token)
    return body


def _manager_entries(tenant: GraphTenant, user_id: str, token: Token) -> Json:
    """Who is the manager now and who was before; nothing where nothing changed."""
    changes = tenant.changes[token.since : token.until]
    before = [m for kind, each, m in changes if kind == "manager" and each == user_id]
    if not before:
        return {}
    now = tenant.manager_of(user_id)
    gone = dict.fromkeys(was for was in before if token.since and was not in ("", now))
    entries = [_person(was) | {"@removed": {"reason": "deleted"}} for was in gone]
    entries += [_person(now)] if now else []
    return {"manager@delta": entries} if entries else {}


def _person(user_id: str) -> Json:
    return {"@odata.type": USER.odata_type, "id": user_id}


def _member_entries(tenant: GraphTenant, group_id: str, token: Token) -> list[Json]:
    changes = tenant.changes[token.since : token.until]
    touched = dict.fromkeys(
        m for kind, each, m in changes if kind == "member" and each == group_id
    )
    present = tenant.memberships[group_id].current
    entries: list[Json] = []
    for each in touched:
        schema = USER if each in tenant.users else GROUP
        entry: Json = {"@odata.type": schema.odata_type, "id": each}
        if each in present:
            entries.append(entry)
        elif token.since:
            entries.append(entry | {"@removed": {"reason": "deleted"}})
    return entries


def _selecting(request: Request, names: list[str]) -> Request:
    return replace(request, query={"$select": ",".join(names)} if names else {})


def _context(call: Call, schema: Schema) -> Json:
    return call.context(schema.collection)


def _next_link(call: Call, token: Token) -> Json:
    where = f"{call.request.base_url}{call.request.path}"
    return {"@odata.nextLink": f"{where}?$skiptoken={token.encode()}"}


def _delta_link(call: Call, token: Token) -> Json:
    where = f"{call.request.base_url}{call.request.path}"
    following = replace(
        token, since=token.until, skip=0, begun=False, issued=call.tenant.timestamp()
    )
    return {"@odata.deltaLink": f"{where}?$deltatoken={following.encode()}"}
