"""The host over HTTP: routes, keys, methods, bodies and what a failure shows."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator

import httpx
import pytest
from contract.host.process import HostProcess, an_app, running

APP = """
import asyncio
import json
import logging
import threading
import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)
ANYONE = func.AuthLevel.ANONYMOUS


@app.route("echo/{name}", auth_level=ANYONE)
async def echo(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    seen = {
        "method": req.method, "url": req.url, "query": dict(req.params),
        "route": dict(req.route_params), "header": req.headers.get("X-Custom"),
        "body": req.get_body().hex(), "call": context.invocation_id,
        "trace": context.trace_context.trace_parent,
    }
    return func.HttpResponse(json.dumps(seen), mimetype="application/json", status_code=201)


@app.route("echo/fixed", methods=["GET"], auth_level=ANYONE)
def fixed(req: func.HttpRequest) -> str:
    return "fixed"


@app.route("binary", methods=["POST"], auth_level=ANYONE)
def binary(req: func.HttpRequest) -> func.HttpResponse:
    headers = {"X-One": "1", "Set-Cookie": "a=b; Path=/"}
    return func.HttpResponse(
        req.get_body()[::-1], mimetype="application/octet-stream", headers=headers
    )


@app.route("head", methods=["GET", "HEAD"], auth_level=ANYONE)
async def head(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("12345")


@app.route("locked")
async def locked(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("open")


@app.route("admin-only", auth_level=func.AuthLevel.ADMIN)
async def admin_only(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("open")


@app.route("fails", auth_level=ANYONE)
async def fails(req: func.HttpRequest) -> func.HttpResponse:
    logging.info("about to fail")
    raise ValueError("Marieke de Vries-Synthetisch")


@app.route("where", auth_level=ANYONE)
async def where(req: func.HttpRequest) -> func.HttpResponse:
    loop = id(asyncio.get_running_loop())
    return func.HttpResponse(json.dumps([threading.current_thread().name, loop]))


@app.route("where-sync", auth_level=ANYONE)
def where_sync(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(threading.current_thread().name)


@app.route("empty", auth_level=ANYONE)
async def empty(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(status_code=204)


@app.route("nothing", auth_level=ANYONE)
async def nothing(req: func.HttpRequest) -> func.HttpResponse:
    return None


@app.route("off", auth_level=ANYONE)
async def off(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("not reached")


@app.service_bus_queue_trigger("msg", "Nowhere", "q")
async def in_error(msg: func.ServiceBusMessage) -> None: ...
"""


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostProcess]:
    app = an_app(tmp_path_factory.mktemp("http"), APP)
    limit = {"FUNCTIONS_REQUEST_BODY_SIZE_LIMIT": "1000"}
    with running(app, **limit, **{"AzureWebJobs.off.Disabled": "true"}) as started:
        yield started


@pytest.fixture
def web(host: HostProcess) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=host.address, trust_env=False) as client:
        yield client


def test_function_sees_the_request(web: httpx.Client) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    headers = {"x-custom": "yes", "traceparent": trace}

    answer = web.put("/api/echo/a%20b?q=1&q=2&empty=", content=b"\xff\x00", headers=headers)

    assert answer.status_code == 201
    assert answer.headers["content-type"] == "application/json"
    seen = answer.json()
    assert seen["method"] == "PUT"
    assert seen["url"] == f"{web.base_url}/api/echo/a%20b?q=1&q=2&empty="
    assert seen["query"] == {"q": "1,2", "empty": ""}
    assert seen["route"] == {"name": "a b"}
    assert (seen["header"], seen["body"]) == ("yes", "ff00")
    mine, step, flags = seen["trace"].split("-")[1:]
    assert (mine, flags) == (trace.split("-")[1], "01"), "the caller's trace"
    assert step != trace.split("-")[2], "under a step of the host's own"


def test_literal_route_wins_over_parameter(web: httpx.Client) -> None:
    assert web.get("/api/echo/fixed").text == "fixed"
    assert web.get("/API/ECHO/FIXED").text == "fixed"
    assert web.post("/api/echo/fixed").json()["route"] == {"name": "fixed"}


def test_binary_body_and_headers_come_back(web: httpx.Client) -> None:
    answer = web.post("/api/binary", content=bytes(range(256)))

    assert answer.content == bytes(reversed(range(256)))
    assert answer.headers["x-one"] == "1"
    assert answer.headers["set-cookie"] == "a=b; Path=/"


def test_head_answers_without_a_body(web: httpx.Client) -> None:
    answer = web.head("/api/head")

    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == "5"


@pytest.mark.parametrize("path", ["/api/none", "/none", "/api", "/api/echo", "/api/off"])
def test_path_that_nobody_answers_is_404(web: httpx.Client, path: str) -> None:
    assert web.get(path).status_code == 404


def test_method_that_is_not_taken_is_405_with_allow(web: httpx.Client) -> None:
    answer = web.delete("/api/head")

    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD"
    assert web.head("/api/binary").status_code == 405


@pytest.mark.parametrize(
    ("path", "key", "expected"),
    [
        ("/api/locked", None, 401),
        ("/api/locked", "wrong", 401),
        ("/api/locked", "function", 200),
        ("/api/locked", "master", 200),
        ("/api/admin-only", "function", 401),
        ("/api/admin-only", "master", 200),
    ],
)
def test_keys_in_header_and_query(
    web: httpx.Client, path: str, key: str | None, expected: int
) -> None:
    header = {} if key is None else {"x-functions-key": key}
    query = {} if key is None else {"code": key}

    assert web.get(path, headers=header).status_code == expected
    assert web.get(path, params=query).status_code == expected


def test_body_over_the_limit_is_refused_by_its_length(web: httpx.Client) -> None:
    assert web.post("/api/binary", content=b"x" * 1000).status_code == 200
    assert web.post("/api/binary", content=b"x" * 1001).status_code == 413


def test_body_over_the_limit_is_refused_while_it_streams(web: httpx.Client) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(64):
            yield b"x" * 65_536

    assert web.post("/api/binary", content=endless()).status_code == 413


def test_large_body_is_refused_before_it_is_sent(host: HostProcess) -> None:
    name, port = host.address.removeprefix("http://").split(":")
    head = b"POST /api/binary HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000000\r\n\r\n"

    with socket.create_connection((name, int(port)), timeout=10) as raw:
        raw.sendall(head)
        answer = raw.recv(1000)

    assert answer.startswith(b"HTTP/1.1 413 ")


def test_failure_says_nothing_of_its_details(web: httpx.Client, host: HostProcess) -> None:
    answer = web.get("/api/fails")

    assert (answer.status_code, answer.content) == (500, b"")
    line = host.wait_for("fails  http  failed")
    assert "Marieke" not in line
    host.wait_for_error(line.split()[-1])  # app log and failure carry the invocation id


def test_async_functions_share_one_loop_and_sync_ones_have_threads(web: httpx.Client) -> None:
    first, second = web.get("/api/where").json(), web.get("/api/where").json()

    assert first == second
    assert first[0] == "MainThread"
    assert web.get("/api/where-sync").text.startswith("ThreadPoolExecutor")


def test_204_has_no_length(web: httpx.Client) -> None:
    answer = web.get("/api/empty")

    assert (answer.status_code, answer.content) == (204, b"")
    assert "content-length" not in answer.headers


def test_function_that_returns_nothing_is_500(web: httpx.Client) -> None:
    assert web.get("/api/nothing").status_code == 500


def test_one_line_a_call(web: httpx.Client, host: HostProcess) -> None:
    call_id = web.post("/api/echo/Marieke?q=secret", content=b"payload").json()["call"]

    line = host.wait_for(call_id)
    pattern = r"^\d{4}-\d\d-\d\dT[\d:.]{12}Z  echo  http  succeeded 201  \d+ ms  [-0-9a-f]{36}\n$"
    assert re.match(pattern, line)


def test_list_of_functions_and_what_is_in_error(host: HostProcess) -> None:
    shown = "".join(host.out)

    assert f"\tfixed: [GET] {host.address}/api/echo/fixed\n" in shown
    assert f"\toff: {host.address}/api/off (disabled)\n" in shown
    assert "The 'in_error' function is in error: Service Bus connection 'Nowhere'" in shown
    assert "master" not in shown  # keys that were given are not repeated


def test_admin_paths_want_the_master_key(web: httpx.Client) -> None:
    assert web.get("/admin/host/status").status_code == 401
    assert web.get("/admin/host/status?code=function").status_code == 401
    assert web.get("/admin/host/status?code=master").json()["state"] == "Running"


@pytest.mark.parametrize(
    ("name", "body", "expected"),
    [("nobody", b"{}", 404), ("off", b"{}", 404), ("locked", b"{}", 400)],
)
def test_what_cannot_be_started_by_hand(
    web: httpx.Client, name: str, body: bytes, expected: int
) -> None:
    answer = web.post(f"/admin/functions/{name}?code=master", content=body)

    assert answer.status_code == expected


def test_root_says_that_the_host_runs(web: httpx.Client) -> None:
    assert web.get("/").status_code == 200
