"""What was asked, and what is answered? One call and one reply, without any server.

Handlers take a Call and give a Reply or raise Refused; only `app` knows ASGI.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.topdesk import media, refusals
from sandbox.topdesk.refusals import Refused
from sandbox.topdesk.settings import Right
from sandbox.topdesk.tenant import Row, TopdeskTenant, is_uuid

type Json = dict[str, Any]


@dataclass(frozen=True)
class Reply:
    """One answer; `ids` is for the log of writes, not for the wire."""

    status: int
    body: Any = None
    ids: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Call:
    """One call below `/tas/api`; `media_type` is what `Accept` came to."""

    tenant: TopdeskTenant
    method: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    media_type: str = media.JSON
    base_url: str = ""

    @property
    def is_v2(self) -> bool:
        """Is this the second generation of the person API?"""
        return self.media_type in media.V2

    def need(self, right: Right, refusal: str = "No permission to access the entity") -> None:
        """Refuse when the API account lacks this right."""
        if right in self.tenant.settings.denied:
            raise refusals.forbidden(refusal)

    def row(self, table: str, refusal: str = "Entity not found") -> Row:
        """The row that the path's id names; raises the 400 or the 404 of it."""
        row_id = self.params["id"]
        if not is_uuid(row_id):
            raise refusals.bad_request(
                f"The {table.removesuffix('s')} id '{row_id}' cannot be parsed"
            )
        found = self.tenant.get(table, row_id)
        if found is None:
            raise refusals.not_found(refusal)
        return found

    def json(self, content_types: tuple[str, ...] = (media.JSON,)) -> Any:
        """The body; raises 415 for another media type and 400 for what is no JSON."""
        sent = self.headers.get("content-type", "").split(";")[0].strip().lower()
        if sent not in content_types:
            raise Refused(415)
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise refusals.malformed() from error

    def json_object(self, content_types: tuple[str, ...] = (media.JSON,)) -> Json:
        """The body as an object."""
        parsed = self.json(content_types)
        if not isinstance(parsed, dict):
            raise refusals.malformed()
        return parsed

    def json_ids(self) -> list[str]:
        """The body as `[{"id": ...}, ...]`, in the order of the body, each id once."""
        parsed = self.json()
        if not isinstance(parsed, list):
            raise refusals.malformed()
        for item in parsed:
            if not isinstance(item, dict) or not is_uuid(item.get("id")):
                raise refusals.malformed()
        return list(dict.fromkeys(item["id"].lower() for item in parsed))

    def number(self, name: str, default: int, *, least: int, most: int | None = None) -> int:
        """A whole number from the query; raises 400 outside its bounds."""
        given = self.query.get(name)
        if given is None:
            return default
        if not given.isascii() or not given.isdigit():
            raise refusals.malformed()
        value = int(given)
        if value < least or (most is not None and value > most):
            raise refusals.malformed()
        return value

    def written_fields(self) -> tuple[str, ...]:
        """The names in the body, for the log of writes."""
        try:
            parsed = json.loads(self.body or b"null")
        except ValueError:
            return ()
        return tuple(parsed) if isinstance(parsed, dict) else ()
