"""What does an error of Azure Tables mean for the ledger? Called by tables.py around every call.

The question that decides is whether a write may have been carried out. The SDK blurs it: aiohttp's
"server disconnected" comes as ServiceRequestError ("never sent"), and its retry policy repeats a
POST after 500, 503 and 504. A transaction that was carried out and whose reply was lost then
comes back as 409 or 412, which reads as somebody else's write. So the SDK's retries are off, and
a write is repeated only when it certainly was not carried out. Otherwise it is an UnknownReply:
whoever wrote reads again and decides again, as after a crash at that point.

Messages hold the service's code and never a key: the register of names has names in its keys.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus

from aiohttp import ClientConnectorError
from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    DecodeError,
    HttpResponseError,
    ServiceRequestError,
    ServiceRequestTimeoutError,
    ServiceResponseError,
)
from azure.data.tables import RequestTooLargeError

from shared.errors import LostRace, TargetDown, Transient, UnknownReply

PATIENCE_SECONDS = 20.0
"""How long one call may be repeated; a longer wait that the service asks for is not slept."""

_CHANGED = "a row of the ledger changed between reading and writing it"
_TOO_LARGE = frozenset({"EntityTooLarge", "PropertyValueTooLarge", "RequestBodyTooLarge"})
_REFUSED_AT_THE_DOOR = frozenset({"ServerBusy", "TableBeingDeleted"})
"""Nothing was carried out, unlike with any other 5xx."""


class RowMissing(Exception):
    """A row that an operation needs is not there. It never leaves the room."""


class TableMissing(Exception):
    """The table is not there yet. It never leaves the room."""


_STATE: Mapping[str, Callable[[], Exception]] = {
    "TableNotFound": TableMissing,
    "ResourceNotFound": RowMissing,
    "EntityNotFound": RowMissing,
    "EntityAlreadyExists": lambda: LostRace(_CHANGED),
}


def translate(error: AzureError, *, is_write: bool) -> Exception:
    """Our error for the SDK's, to be raised from it; an error that means a bug is given back."""
    lost: type[Transient] = UnknownReply if is_write else Transient
    if isinstance(error, RequestTooLargeError):
        return ValueError("the transaction is larger than Azure Tables takes")
    if isinstance(error, ClientAuthenticationError):
        return TargetDown(f"the ledger refuses us ({_code(error)})")
    if _never_connected(error):
        return TargetDown("the ledger cannot be reached")
    if isinstance(error, ServiceRequestError | ServiceResponseError | DecodeError):
        return lost(f"no answer from the ledger ({type(error).__name__})")
    return _by_answer(error, lost) if isinstance(error, HttpResponseError) else error


def pause_before_repeating(error: Exception) -> float | bool:
    """Is it worth a second try, and after how long? A backoff hook for stamina."""
    if not isinstance(error, Transient) or isinstance(error, UnknownReply):
        return False
    wait = error.retry_after_seconds
    if not wait:
        return True
    return wait if wait <= PATIENCE_SECONDS else False


def _by_answer(error: HttpResponseError, lost: type[Transient]) -> Exception:
    code = _code(error)
    said = f"the ledger answered {error.status_code} {code}"
    match error.status_code:
        case 404 | 409 if code in _STATE:
            return _STATE[code]()
        case 412:
            return LostRace(_CHANGED)
        case 401 | 403:
            return TargetDown(said)
        case 400 | 413 if code in _TOO_LARGE:
            return ValueError(said)
        case status if status == HTTPStatus.TOO_MANY_REQUESTS or code in _REFUSED_AT_THE_DOOR:
            return Transient(said, retry_after_seconds=_retry_after(error))
        case 408 | 500 | 502 | 503 | 504:
            return lost(said, retry_after_seconds=_retry_after(error))
    return error


def _never_connected(error: AzureError) -> bool:
    return isinstance(error, ServiceRequestTimeoutError) or isinstance(
        error.inner_exception, ClientConnectorError
    )


def _code(error: HttpResponseError) -> str:
    code = getattr(error, "error_code", None)
    return str(getattr(code, "value", code or "without a code"))


def _retry_after(error: HttpResponseError) -> float | None:
    """Seconds; Azure Storage sends no HTTP dates here, and whatever else is ignored."""
    headers: Mapping[str, str] = getattr(error.response, "headers", {})
    text = headers.get("Retry-After", "")
    return float(text) if text.isdecimal() else None
