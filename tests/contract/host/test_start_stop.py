"""Starting, refusing to start, timers for real, and an orderly stop."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import httpx
import pytest
from contract.host.process import ROOT, an_app, running, start

TIMERS = """
import asyncio
import json
import logging
import os
import azure.functions as func

app = func.FunctionApp()


@app.timer_trigger("timer", "%EVERY%")
async def tick(timer: func.TimerRequest) -> None:
    logging.info("past due %s status %s", timer.past_due, sorted(timer.schedule_status))
    logging.debug("quiet")


@app.timer_trigger("timer", "0 0 0 1 1 *", run_on_startup=True)
def at_start(timer: func.TimerRequest) -> None:
    logging.info("setting is %s in %s", os.environ["FROM_FILE"], os.path.basename(os.getcwd()))


@app.timer_trigger("timer", "%MISSING%")
async def lost(timer: func.TimerRequest) -> None: ...


@app.service_bus_queue_trigger("msg", "Bus", "q")
async def queued(msg: func.ServiceBusMessage) -> None:
    logging.info("by hand %s", json.loads(msg.get_body()))
"""
SLOW = """
import asyncio
import sys
import time
import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)


def begun() -> None:
    print("begun", flush=True)


@app.route("slow")
async def slow(req: func.HttpRequest) -> func.HttpResponse:
    begun()
    await asyncio.sleep(float(req.params["seconds"]))
    return func.HttpResponse("done")


@app.route("stuck")
def stuck(req: func.HttpRequest) -> func.HttpResponse:
    begun()
    time.sleep(60)
    return func.HttpResponse("never")
"""
IN_PROCESS = """
import asyncio
import sys
from pathlib import Path
import httpx
from sandbox.host import running


async def main(app: Path) -> None:
    lines = []
    async with running(app, {"GIVEN": "yes"}, say=lines.append) as host:
        async with httpx.AsyncClient(base_url=host.address, trust_env=False) as web:
            answer = await web.get("/api/slow?seconds=0")
    print("answer", answer.text, [line.function for line in lines], flush=True)
    try:
        async with running(app):
            pass
    except RuntimeError as error:
        print("second", error, flush=True)


asyncio.run(main(Path(sys.argv[1])))
"""


def test_host_runs_inside_a_process_of_its_own_and_only_once(tmp_path: Path) -> None:
    app = an_app(tmp_path, SLOW)
    script = [sys.executable, "-c", IN_PROCESS, str(app)]

    done = subprocess.run(  # noqa: S603 - our own script
        script, cwd=ROOT, capture_output=True, text=True, timeout=30, check=True
    )

    assert "answer done ['slow']" in done.stdout
    assert "second the worker's registry is a module global: one app a process" in done.stdout


def test_timer_runs_on_its_schedule_from_a_setting(tmp_path: Path) -> None:
    with running(an_app(tmp_path / "app", TIMERS, EVERY="* * * * * *", FROM_FILE="x")) as host:
        host.wait_for("tick  timer  succeeded")
        host.wait_for("tick  timer  succeeded")
        host.interrupt()

        assert host.ended() == 0
    assert "past due False status ['Last', 'LastUpdated', 'Next']" in host.err
    assert "setting is x in app" in host.err
    assert "quiet" not in host.err
    assert "The 'lost' function is in error: '%MISSING%' does not resolve" in "".join(host.out)


def test_functions_are_started_by_hand(tmp_path: Path) -> None:
    app = an_app(tmp_path, TIMERS, EVERY="0 0 0 1 1 *", FROM_FILE="x")
    bus = "Endpoint=sb://127.0.0.1:9;SharedAccessKeyName=a;SharedAccessKey=b;"
    with (
        running(app, Bus=f"{bus}UseDevelopmentEmulator=true;") as host,
        httpx.Client(
            base_url=host.address, trust_env=False, headers={"x-functions-key": "master"}
        ) as web,
    ):
        assert web.post("/admin/functions/tick", json={}).status_code == 202
        host.wait_for("tick  timer by hand  succeeded")
        answer = web.post("/admin/functions/queued", json={"input": '{"a": 1}'})
        assert answer.status_code == 202
        host.wait_for("queued  queue by hand  succeeded")
        assert web.post("/admin/functions/tick", content=b"[]").status_code == 400
        assert web.post("/admin/functions/tick", content=b"{").status_code == 400
        assert (
            web.post("/admin/functions/tick?code=x", headers={"x-functions-key": "x"}).status_code
            == 401
        )
    assert "by hand {'a': 1}" in host.err


def test_a_host_that_was_down_runs_past_due_once(tmp_path: Path) -> None:
    app = an_app(tmp_path / "app", TIMERS, EVERY="0 0 0 1 1 *", FROM_FILE="x")
    file = tmp_path / "timers.json"
    file.write_text('{"tick": {"Last": "", "Next": "2020-01-01T00:00:00+00:00"}}', "utf-8")

    with running(app, "--monitor-file", str(file)) as host:
        host.wait_for("tick  timer  succeeded")

    assert "past due True" in host.err


def test_log_level_setting_lets_debug_lines_through(tmp_path: Path) -> None:
    app = an_app(tmp_path, TIMERS, EVERY="* * * * * *", FROM_FILE="x")

    with running(app, LOG_LEVEL="DEBUG") as host:
        host.wait_for("tick  timer  succeeded")

    assert "quiet" in host.err


def test_missing_monitor_file_is_made(tmp_path: Path) -> None:
    app = an_app(tmp_path / "app", TIMERS, EVERY="0 0 0 1 1 *", FROM_FILE="x")
    file = tmp_path / "timers.json"

    with running(app, "--monitor-file", str(file)) as host:
        host.wait_for("at_start  timer  succeeded")
        host.interrupt()
        assert host.ended() == 0

    assert set(json.loads(file.read_text("utf-8"))) == {"tick", "at_start"}


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("import azure.functions as func\napp = func.FunctionApp()\n", "No job functions found"),
        ("import nowhere_at_all\n", "Worker failed to index functions. ModuleNotFoundError"),
        ("x = \n", "Worker failed to index functions. SyntaxError"),
        ("x = 1\n", "Could not find top level function app instances"),
    ],
)
def test_app_that_cannot_be_indexed_ends_the_host(tmp_path: Path, code: str, told: str) -> None:
    host = start(an_app(tmp_path, code))

    assert host.ended() == 1
    assert told in host.err


def test_annotation_that_the_worker_refuses_ends_the_host(tmp_path: Path) -> None:
    code = TIMERS.replace("msg: func.ServiceBusMessage", "msg: list[func.ServiceBusMessage]")
    host = start(an_app(tmp_path, code, EVERY="* * * * * *"))

    assert host.ended() == 1
    assert "FunctionLoadError" in host.err


def test_directory_without_an_app_ends_the_host(tmp_path: Path) -> None:
    host = start(tmp_path)

    assert host.ended() == 1
    assert "no host.json" in host.err


def test_port_that_is_taken_ends_the_host(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        host = start(an_app(tmp_path, SLOW), "--port", port)

        assert host.ended() == 1
    assert "in use" in host.err


def test_random_keys_are_shown(tmp_path: Path) -> None:
    app = an_app(tmp_path, SLOW)

    with running(app, SANDBOX_MASTER_KEY="", SANDBOX_FUNCTION_KEY="") as host:
        shown = "".join(host.out)
        found = re.search(r"master key (\S{20,})  function key (\S{20,})", shown)
        assert found is not None
        status = httpx.get(f"{host.address}/admin/host/status?code={found[1]}", trust_env=False)

    assert status.status_code == 200


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stop_finishes_the_request_that_is_open(tmp_path: Path, number: int) -> None:
    with running(an_app(tmp_path, SLOW)) as host:
        answers: list[httpx.Response] = []

        def call() -> None:
            answers.append(httpx.get(f"{host.address}/api/slow?seconds=0.5", trust_env=False))

        caller = threading.Thread(target=call)
        caller.start()
        host.wait_for("^begun")
        host.interrupt(number)
        caller.join()

        assert host.ended() == 0
    assert [answer.text for answer in answers] == ["done"]


@pytest.mark.parametrize("path", ["slow?seconds=60", "stuck"])
def test_stop_cuts_off_what_outlasts_the_grace(tmp_path: Path, path: str) -> None:
    with running(an_app(tmp_path, SLOW), "--grace", "0.2") as host:

        def call() -> None:
            with pytest.raises(httpx.HTTPError):
                httpx.get(f"{host.address}/api/{path}", trust_env=False).raise_for_status()

        caller = threading.Thread(target=call)
        caller.start()
        host.wait_for("^begun")
        host.interrupt()

        assert host.ended() == 0
        caller.join()
    assert "cut off" in "".join(host.out)
