"""`python -m sandbox.broker`: the Service Bus endpoint alone, until Ctrl-C.

Prints one line with the connection string when it is ready. Without `--queue` it has Instroom's
queues; `--queue name` adds a plain one and `--queue name:session` one with sessions. Without
`--port` it takes the one that `ServiceBusConnection` names, so that app and broker meet.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import re
import signal
import sys
from collections.abc import Sequence

from sandbox.broker.queues import INSTROOM_QUEUES, QueueSettings
from sandbox.broker.server import HOST, running

DEFAULT_PORT = 5672
WITH_SESSION = "session"
LOOPBACK_ENDPOINT = re.compile(r"Endpoint=sb://(?:127\.0\.0\.1|localhost):(\d+)", re.IGNORECASE)


def main(argv: Sequence[str] | None = None) -> int:
    """Run until interrupted; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.broker", description=__doc__)
    parser.add_argument("--host", default=HOST)
    connection = os.environ.get("ServiceBusConnection", "")  # noqa: SIM112, TID251 - the app names it so
    parser.add_argument(
        "--port", type=int, default=port_of(connection), help="0 takes any free port"
    )
    parser.add_argument("--queue", action="append", type=queue_of, metavar="NAME[:session]")
    options = parser.parse_args(argv)
    try:
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(_serve(options.queue or INSTROOM_QUEUES, options.host, options.port))
    except OSError as error:
        sys.stderr.write(f"the broker cannot listen on {options.host}:{options.port}: {error}\n")
        return 1
    return 0


def port_of(connection_string: str) -> int:
    """The port of a loopback endpoint in a connection string, else AMQP's own."""
    found = LOOPBACK_ENDPOINT.search(connection_string)
    return int(found[1]) if found else DEFAULT_PORT


def queue_of(text: str) -> QueueSettings:
    """The queue that a command-line argument asks for."""
    name, _, kind = text.partition(":")
    if kind not in ("", WITH_SESSION):
        raise argparse.ArgumentTypeError(f"{text}: only ':{WITH_SESSION}' can follow the name")
    try:
        return QueueSettings(name, requires_session=kind == WITH_SESSION)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


async def _serve(queues: Sequence[QueueSettings], host: str, port: int) -> None:
    stop = asyncio.Event()
    with contextlib.suppress(NotImplementedError):  # Windows: asyncio.run turns Ctrl-C into cancel
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with running(queues, host=host, port=port) as broker:
        sys.stdout.write(f"ready {broker.connection_string}\n")
        sys.stdout.flush()
        await stop.wait()


if __name__ == "__main__":
    sys.exit(main())
