"""How is Microsoft's Python worker asked to index an app and to run one function?

The only file that knows `azure-functions-runtime`, whose interface is private and moves between
versions: 1.3.0 is pinned. It keeps its registry of functions in a module global, so a process
hosts one app and never a second one. Called by `running` and `invocations`.
"""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from azure_functions_runtime import handle_event, native_invocation, otel
from azure_functions_runtime.bindings.datumdef import Datum
from azure_functions_runtime.bindings.meta import load_binding_registry
from azure_functions_runtime.utils.executor import invocation_id_cv
from azure_functions_runtime.utils.threadpool import start_threadpool_executor


class IndexingFailed(Exception):
    """The app could not be imported, or its functions are refused; the cause hangs on it."""


@dataclass(frozen=True)
class Indexed:
    """One function as the worker's indexer reports it."""

    name: str
    function_id: str
    bindings: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class Request:
    """An HTTP request as the host hands it to a function."""

    method: str
    url: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    route: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Response:
    """What a function answered over HTTP."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


type Plain = str | bytes | int | Mapping[str, Any]
type Argument = Request | Plain


@dataclass(frozen=True)
class Result:
    """How an invocation ended; `error` is for the host's own console only."""

    ok: bool
    response: Response | None = None
    error: str = ""


def index(app: Path, *, tracing: bool = False) -> tuple[Indexed, ...]:
    """Import the app's function_app.py and list its functions; raises IndexingFailed.

    `tracing`: hand the trace of each invocation to the app (`PYTHON_ENABLE_OPENTELEMETRY`).
    Puts the app first on the import path, as the worker does. The empty tuple means that there
    is no function_app.py, or that it registers no function. RuntimeError on a second call.
    """
    if handle_event.protos is not None:
        raise RuntimeError("the worker's registry is a module global: one app a process")
    sys.path.insert(0, str(app))
    importlib.invalidate_caches()
    handle_event.protos = _PROTOS
    load_binding_registry()
    if tracing:  # as the worker does when it is initialised
        otel.otel_manager.set_otel_libs_available(True)
        otel.update_opentelemetry_status()
    try:
        handle_event.load_function_metadata(str(app), caller_info="sandbox.host")
    except Exception as error:
        raise IndexingFailed(f"{type(error).__name__}: {error}") from error
    found = handle_event._metadata_result or ()  # noqa: SLF001 - its only place
    return tuple(
        Indexed(f.name, f.function_id, tuple(json.loads(text) for text in f.raw_bindings))
        for f in found
    )


def start_threads() -> None:
    """Start the pool that runs `def` functions (size: `PYTHON_THREADPOOL_THREAD_COUNT`)."""
    start_threadpool_executor()


def current_invocation() -> str | None:
    """The invocation that the calling task or thread is in, for log lines."""
    found = invocation_id_cv.get()
    return None if found is None else str(found)


async def invoke(
    call_id: str,
    function: Indexed,
    argument: Argument,
    metadata: Mapping[str, Plain] | None = None,
    trace_parent: str = "",
) -> Result:
    """Run the function once: `async def` on this loop, `def` on the worker's threads.

    Never raises for what the function does; a cancellation passes through.
    """
    trigger = next(str(b["name"]) for b in function.bindings if is_trigger(b))
    # 1.3.0 answers five values, older versions four: only the first, second and fourth are used.
    token = invocation_id_cv.set(call_id)  # the worker resets it before it logs a failure
    try:
        answer: Sequence[Any] = await native_invocation.invocation_request_native(
            call_id,
            function.function_id,
            [(trigger, _datum(argument))],
            {name: _datum(value) for name, value in (metadata or {}).items()},
            trace_parent,
        )
    finally:
        invocation_id_cv.reset(token)
    ok, returned, error = answer[0], answer[1], answer[3]
    if not ok:
        return Result(ok=False, error=str(error))
    return Result(ok=True, response=None if returned is None else _response(returned))


def is_trigger(binding: Mapping[str, Any]) -> bool:
    """Is this the binding that starts the function?"""
    return str(binding["type"]).lower().endswith("trigger")


def _datum(value: Argument) -> Datum:
    match value:
        case Request():
            return Datum(_http(value), "http")
        case bytes():
            return Datum(value, "bytes")
        case int():
            return Datum(value, "int")
        case str():
            return Datum(value, "string")
        case _:
            return Datum(json.dumps(value, default=str), "json")


def _http(request: Request) -> dict[str, Any]:
    return {
        "method": _datum(request.method),
        "url": _datum(request.url),
        "headers": _strings(request.headers),
        "query": _strings(request.query),
        "params": _strings(request.route),
        "body": Datum(request.body, "bytes"),
    }


def _strings(values: Mapping[str, str]) -> dict[str, Datum]:
    return {name: Datum(value, "string") for name, value in values.items()}


def _response(returned: Datum) -> Response:
    if returned.type != "http":
        return Response(200, (("content-type", "text/plain; charset=utf-8"),), _bytes(returned))
    parts = returned.value
    headers = [(name, str(value.value)) for name, value in parts["headers"].items()]
    headers += [("set-cookie", text) for text in _cookies(parts.get("cookies") or ())]
    return Response(int(parts["status_code"].value), tuple(headers), _bytes(parts["body"]))


def _cookies(jars: Iterable[Any]) -> list[str]:
    return [morsel.OutputString() for jar in jars for morsel in jar.values()]


def _bytes(body: Datum) -> bytes:
    value = body.value
    return value if isinstance(value, bytes) else str(value or "").encode()


# The worker wants its protobuf module only to hold what it found; plain namespaces hold it too.
# Directions and data types are numbered as in the worker's FunctionRpc.proto.
class _BindingInfo(SimpleNamespace):
    out = 1
    inout = 2
    undefined = 0


_PROTOS = SimpleNamespace(
    BindingInfo=_BindingInfo,
    RpcFunctionMetadata=SimpleNamespace,
    RpcRetryOptions=SimpleNamespace,
)
