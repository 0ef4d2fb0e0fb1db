"""Start every outside system on loopback, and say with which settings the app meets them.

Called by `python -m sandbox`, the demo and the end-to-end tests. The systems share one process
and one clock; the function host runs in a process of its own, because Microsoft's worker keeps
its functions in a module.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import socket
import sys
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount

from sandbox import afas, broker, collector, graph, nmbrs, topdesk
from sandbox.clock import FileClock
from sandbox.exports import Exports
from sandbox.faults import AsgiApp, Faults, FaultyApp
from sandbox.nmbrs.environment import CLIENT_ID, CLIENT_SECRET, SUBSCRIPTION_KEY, Firm
from sandbox.world import Answers, World, control
from sandbox.world.library import COMPANY, NAME, library

ROOT = Path(__file__).resolve().parent.parent
DOMAIN = "voorbeeld.example"
MAILBOX = f"instroom@{DOMAIN}"
"""A shared mailbox that notices are sent from."""
EMPLOYER = "Voorbeeld B.V."
GROUPS = (
    "Alle medewerkers",
    "TOPdesk gebruikers",
    "TOPdesk behandelaars",
    "Informatievoorziening",
    "Bedrijfsvoering",
    "Publiekszaken",
    "Ruimte",
    "Sociaal Domein",
    "Leidinggevenden",
    "Financiële administratie",
    "Bibliotheek",
)
PERMISSION_GROUPS = (
    "Servicedesk",
    "Wijzigingsbeheer",
    "Facilitair",
    "Personeelszaken",
    "Functioneel beheer",
)
AFAS_SECONDS_PER_CALL = 0.02
READY_SECONDS = 30.0
STOP_SECONDS = 20.0


@dataclass(frozen=True)
class Plan:
    """How to start: where the state lies, how big the company is, and which ports to take."""

    state: Path
    seed: int = 1
    size: int = 250
    ports: dict[str, int] = field(default_factory=dict)
    """By system; those left out take a free one."""
    app: Path = ROOT
    sources: tuple[str, ...] = ("afas",)
    watched: bool = False
    """Is there somebody whom the app tells what it does?"""
    """HR systems that the app reads; `nmbrs` and `csv` are the library's and the externals'."""
    schedules: dict[str, str] = field(default_factory=dict)
    """Settings that differ from the rig's own, such as schedules."""


@dataclass
class Rig:
    """The systems as they run; `settings` is what the app needs to meet them."""

    plan: Plan
    clock: FileClock
    world: World
    library: World
    exports: Exports
    entra: graph.GraphTenant
    topdesk: topdesk.TopdeskTenant
    bus: broker.Broker
    faults: dict[str, Faults]
    settings: dict[str, str]
    heard: collector.Heard
    """What the app said of itself, when it is watched."""

    def address(self, system: str) -> str:
        """Where a system listens: `afas`, `nmbrs`, `graph`, `topdesk`."""
        return self.settings[f"SANDBOX_{system.upper()}"]

    def write_settings(self, path: Path) -> None:
        """Leave the settings where the function tools and the command line look for them."""
        document = {"IsEncrypted": False, "Values": self.settings}
        path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


@asynccontextmanager
async def running(plan: Plan) -> AsyncIterator[Rig]:
    """Run the systems until the block ends."""
    plan.state.mkdir(parents=True, exist_ok=True)
    clock = FileClock(plan.state / "clock.txt")
    token, password = secrets.token_hex(32).upper(), secrets.token_urlsafe(12)
    answers = Answers()
    world = World.generate(plan.seed, plan.size, clock.now().date(), clock=clock)
    entra = graph.GraphTenant.seeded(clock, domain=DOMAIN, groups=GROUPS)
    entra.mailboxes.add(MAILBOX)
    desk = topdesk.TopdeskTenant.seeded(
        clock,
        branches=[EMPLOYER, NAME],
        permission_groups=PERMISSION_GROUPS,
    )
    afas_app = afas.make_app(
        world, token=token, clock=clock, answers=answers, seconds_per_call=AFAS_SECONDS_PER_CALL
    )
    redirect = f"http://127.0.0.1:{plan.ports.get('consent') or _free_port()}/callback"
    books, books_answers = library(clock), Answers()
    nmbrs_app = nmbrs.make_app(
        books,
        clock=clock,
        answers=books_answers,
        firms=(Firm(COMPANY, NAME),),
        redirects=(redirect,),
    )
    apps: dict[str, AsgiApp] = {
        "afas": Starlette(routes=[*control.routes(world, answers), Mount("/", app=afas_app)]),
        "nmbrs": Starlette(
            routes=[*control.routes(books, books_answers), Mount("/", app=nmbrs_app)]
        ),
        "graph": graph.make_app(entra, throttle=graph.DOCUMENTED),
        "topdesk": topdesk.make_app(desk, username="instroom", app_password=password),
    }
    heard = collector.Heard()
    if plan.watched:
        apps["collector"] = collector.make_app(heard)
    faults = {name: Faults() for name in apps}
    async with contextlib.AsyncExitStack() as stack:
        bus = await stack.enter_async_context(
            broker.running(broker.INSTROOM_QUEUES, port=plan.ports.get("broker", 0))
        )
        addresses = {
            name: await stack.enter_async_context(
                _served(FaultyApp(app, faults[name]), plan.ports.get(name, 0))
            )
            for name, app in apps.items()
        }
        settings = _settings(plan, clock, bus, addresses, token, password)
        exports = Exports(plan.state / "exports", clock.now().date())
        exports.write("externen.csv", rested=True)
        settings |= _other_sources(plan, addresses["nmbrs"], redirect, exports)
        if plan.watched:
            settings |= _watched(addresses["collector"])
        yield Rig(plan, clock, world, books, exports, entra, desk, bus, faults, settings, heard)


@asynccontextmanager
async def host(rig: Rig) -> AsyncIterator[str]:
    """Run the function host beside the rig; gives its address. Its lines go to host.log."""
    log = rig.plan.state / "host.log"
    port = rig.plan.ports.get("host") or _free_port()
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "sandbox.host", "--app", str(rig.plan.app), "--port", str(port)),
            cwd=ROOT,
            env={**_inherited(), **rig.settings},
            stdout=output,
            stderr=output,
        )
    address = f"http://127.0.0.1:{port}"
    try:
        await _until_open(port, process, log)
        yield address
    finally:
        await _stopped(process)


def _settings(
    plan: Plan,
    clock: FileClock,
    bus: broker.Broker,
    addresses: dict[str, str],
    token: str,
    password: str,
) -> dict[str, str]:
    return {
        "FUNCTIONS_WORKER_RUNTIME": "python",
        "ServiceBusConnection": bus.connection_string,
        "LEDGER_URL": f"sqlite:///{(plan.state / 'ledger.sqlite').as_posix()}",
        "POLICY_FILE": str(plan.app / "policy.yaml"),
        "AFAS_BASE_URL": f"{addresses['afas']}/ProfitRestServices",
        "AFAS_TOKEN": token,
        "AFAS_PERSONS_CONNECTOR": "Instroom_Users",
        "AFAS_CONTRACTS_CONNECTOR": "Instroom_Employments",
        "AFAS_MODIFIED_FIELD": "ModifiedDate",
        "GRAPH_BASE_URL": f"{addresses['graph']}/v1.0",
        "GRAPH_AUTH": "none",
        "LOGIN_BASE_URL": addresses["graph"],
        "MAIL_SENDER": MAILBOX,
        "TOPDESK_URL": addresses["topdesk"],
        "TOPDESK_USERNAME": "instroom",
        "TOPDESK_APP_PASSWORD": password,
        "WEBHOOK_SECRET_AFAS": f"whsec_{b64encode(secrets.token_bytes(32)).decode()}",
        "WEBSITE_AUTH_ENABLED": "true",
        "HR_POLL_SCHEDULE": "*/15 * * * * *",
        "HR_FULL_SYNC_SCHEDULE": "0 0 3 * * *",
        "DUE_SCHEDULE": "* * * * * *",
        "DRIFT_SCHEDULE": "0 5-59/15 * * * *",
        "UPKEEP_SCHEDULE": "0 40 4 * * *",
        "CLOCK_FILE": str(clock.path),
        # The SDK's receivers hold their slot while idle: 250 people would wait for 64 slots.
        "AzureFunctionsJobHost__extensions__serviceBus__sessionIdleTimeout": "00:00:00.05",
        "SANDBOX_MASTER_KEY": secrets.token_urlsafe(16),
        "SANDBOX_FUNCTION_KEY": secrets.token_urlsafe(16),
        **{f"SANDBOX_{name.upper()}": address for name, address in addresses.items()},
        **plan.schedules,
    }


def _other_sources(
    plan: Plan, nmbrs_address: str, redirect: str, exports: Exports
) -> dict[str, str]:
    """Settings of HR systems beside AFAS, under those that the plan brings."""
    own = {
        "HR_SOURCES": ",".join(plan.sources),
        "NMBRS_BASE_URL": nmbrs_address,
        "NMBRS_IDENTITY_URL": nmbrs_address,
        "NMBRS_SUBSCRIPTION_KEY": SUBSCRIPTION_KEY,
        "NMBRS_CLIENT_ID": CLIENT_ID,
        "NMBRS_CLIENT_SECRET": CLIENT_SECRET,
        "NMBRS_REDIRECT_URL": redirect,
        "TOKEN_FOLDER": str(plan.state / "tokens"),
        "CSV_FOLDER": str(exports.folder),
    }
    return {name: value for name, value in own.items() if name not in plan.schedules}


def _watched(address: str) -> dict[str, str]:
    """Tell the collector, and soon: the app's own settings, the worker's and OpenTelemetry's."""
    return {
        "OTEL_EXPORTER_OTLP_ENDPOINT": address,
        "PYTHON_ENABLE_OPENTELEMETRY": "true",
        "OTEL_BSP_SCHEDULE_DELAY": "300",
        "OTEL_BLRP_SCHEDULE_DELAY": "300",
        "OTEL_METRIC_EXPORT_INTERVAL": "1000",
    }


class _Server(uvicorn.Server):
    """One of several servers in a process: Ctrl-C is for whoever started them all."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield


@asynccontextmanager
async def _served(app: AsgiApp, port: int) -> AsyncIterator[str]:
    """An ASGI app on loopback, until the block ends."""
    listener = socket.create_server(("127.0.0.1", port))
    config = uvicorn.Config(app, log_level="critical", lifespan="off", timeout_keep_alive=60)
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        with contextlib.suppress(asyncio.CancelledError):
            await task


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def _inherited() -> dict[str, str]:
    """The environment without settings that would reach past the rig."""
    kept = (
        "PATH",
        "HOME",
        "SYSTEMROOT",
        "TEMP",
        "TMP",
        "LANG",
        "VIRTUAL_ENV",
        "COVERAGE_PROCESS_START",
    )
    return {name: os.environ[name] for name in kept if name in os.environ}  # noqa: TID251 - the rig starts a process


async def _until_open(port: int, process: asyncio.subprocess.Process, log: Path) -> None:
    async with asyncio.timeout(READY_SECONDS):
        while True:
            if process.returncode is not None:
                raise RuntimeError(f"the function host stopped at once:\n{_end_of(log)}")
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                return
            await asyncio.sleep(0.05)


def _end_of(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace")[-2000:]


async def _stopped(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), STOP_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()
