"""How does Graph say no? Every error the rig answers, with its status, code and words.

Sources: Graph, "Microsoft Graph error responses and resource types" for the shape, the API pages
and public captures for the texts. Callers key on status and code, so those are exact; words
follow the captures where there is one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

type Details = tuple[Mapping[str, str], ...]

ADVANCED_HINT = (
    "because the required parameters might be missing. Try adding $count=true query parameter and "
    "ConsistencyLevel:eventual header. Refer to https://aka.ms/graph-docs/advanced-queries for "
    "more information"
)


class Refusal(Exception):
    """An error answer on its way out."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        details: Details = (),
        headers: Mapping[str, str] | None = None,
        inner: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.details = details
        self.headers = dict(headers or {})
        self.inner = dict(inner or {})

    def body(self, *, request_id: str, client_request_id: str, date: str) -> dict[str, Any]:
        """The documented error object."""
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.details:
            error["details"] = [dict(detail) for detail in self.details]
        error["innerError"] = {
            **self.inner,
            "date": date,
            "request-id": request_id,
            "client-request-id": client_request_id,
        }
        return {"error": error}


def bad_request(message: str) -> Refusal:
    """400 from Graph's front door, before the directory is asked."""
    return Refusal(400, "BadRequest", message)


def unreadable_body() -> Refusal:
    """400: the body is no JSON object."""
    return bad_request(
        "Unable to read JSON request payload. Please ensure Content-Type header is set and payload"
        " is of valid JSON format."
    )


def unknown_segment(segment: str) -> Refusal:
    """400: no such resource."""
    return bad_request(f"Resource not found for the segment '{segment}'.")


def wrong_method() -> Refusal:
    """405: the path is right, the verb is not."""
    message = "Specified HTTP method is not allowed for the request target."
    return Refusal(405, "Request_BadRequest", message)


def directory(message: str, details: Details = ()) -> Refusal:
    """400 from the directory itself."""
    return Refusal(400, "Request_BadRequest", message, details=details)


def invalid_property(name: str) -> Refusal:
    """400: the body has a property that the resource does not declare."""
    return directory(f"Invalid property '{name}'.")


def read_only(name: str, resource: str) -> Refusal:
    """400: the property exists and cannot be written."""
    return directory(f"Property '{name}' is read-only and cannot be set on resource '{resource}'.")


def invalid_value(name: str, resource: str) -> Refusal:
    """400: a value of the wrong type, too long, empty, or null where null is not allowed."""
    message = f"Invalid value specified for property '{name}' of resource '{resource}'."
    return directory(
        message, details=({"code": "InvalidValue", "message": message, "target": name},)
    )


def required(name: str, resource: str) -> Refusal:
    """400: a create lacks a property."""
    return directory(f"A value is required for property '{name}' of resource '{resource}'.")


def conflict(target: str, holder: str) -> Refusal:
    """400, not 409: someone else has the value; `holder` is `User_<id>` or `Group_<id>`."""
    message = f"Another object with the same value for property {target} already exists."
    return directory(
        message,
        details=(
            {"code": "ObjectConflict", "message": message, "target": target},
            {
                "code": "ConflictingObjects",
                "message": "The following objects hold the conflicting value.",
                "target": holder,
            },
        ),
    )


def not_found(name: str) -> Refusal:
    """404: the object, or one that the call refers to, is not there (yet)."""
    return Refusal(
        404,
        "Request_ResourceNotFound",
        f"Resource '{name}' does not exist or one of its queried reference-property objects are"
        " not present.",
    )


def forbidden() -> Refusal:
    """403: dynamic group, role-assignable group, or a target who holds an admin role."""
    message = "Insufficient privileges to complete the operation."
    return Refusal(403, "Authorization_RequestDenied", message)


def synced() -> Refusal:
    """400: Active Directory is the master of this."""
    return directory(
        "Unable to update the specified properties for on-premises mastered Directory Sync objects"
        " or objects currently undergoing migration."
    )


def already_referenced(relation: str) -> Refusal:
    """400: at least one of the references exists; nobody was added."""
    return directory(
        "One or more added object references already exist for the following modified properties:"
        f" '{relation}'."
    )


def unsupported_query(message: str) -> Refusal:
    """400: a query that the directory does not answer, or not without advanced parameters."""
    return Refusal(400, "Request_UnsupportedQuery", message)


def unknown_query_property(name: str) -> Refusal:
    """400: `$filter`, `$select` or `$orderby` names what is not there."""
    return unsupported_query(
        f"Property '{name}' does not exist as a declared property or extension property."
    )


def unsupported_clause(name: str, resource: str) -> Refusal:
    """400: this property cannot be filtered that way."""
    return unsupported_query(
        f"Unsupported or invalid query filter clause specified for property '{name}' of resource"
        f" '{resource}'."
    )


def missing_advanced(operator: str) -> Refusal:
    """400: the operator needs `ConsistencyLevel: eventual` and `$count=true`."""
    return unsupported_query(f"Operator '{operator}' is not supported {ADVANCED_HINT}")


def not_implemented() -> Refusal:
    """501: a SharePoint-held property in a list of users."""
    return Refusal(501, "NotImplemented", "The operation is not supported for this property.")


def throttled(retry_after_seconds: int, *, scope: str, information: str) -> Refusal:
    """429 (Graph, "Microsoft Graph throttling guidance": sample response)."""
    return Refusal(
        429,
        "TooManyRequests",
        "Please retry again later.",
        headers={
            "Retry-After": str(retry_after_seconds),
            "x-ms-throttle-scope": scope,
            "x-ms-throttle-information": information,
        },
        inner={"code": "429", "message": "Please retry after", "status": "429"},
    )
