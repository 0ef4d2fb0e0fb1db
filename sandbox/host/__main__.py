"""`python -m sandbox.host [--app DIR] [--port 7071]`: run one function app until Ctrl-C.

Exits 0 after an orderly stop, 1 when the app cannot start. `python -m sandbox host` calls `main`.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from sandbox.host import console, settings
from sandbox.host.invocations import Line
from sandbox.host.running import GRACE_SECONDS, NoFunctions, running
from sandbox.host.worker import IndexingFailed

DEFAULT_PORT = 7071


def main(argv: Sequence[str] | None = None) -> int:
    """Run the host; returns the exit code."""
    arguments = _arguments(argv)
    try:
        cut_off = asyncio.run(_run(arguments))
    except (settings.SettingsRefused, OSError) as error:
        _complain(str(error))
    except IndexingFailed as error:
        _complain(f"Worker failed to index functions. {error}")
    except NoFunctions as error:
        _complain(f"No job functions found: {error}")
    else:
        if cut_off:
            os._exit(0)  # a thread that outlasted the grace would keep the process for ever
        return 0
    return 1


async def _run(arguments: argparse.Namespace) -> int:
    """Run until a signal; how many calls had to be cut off."""
    app = arguments.app.resolve()
    if not app.is_dir():
        raise settings.SettingsRefused(f"{app} is no directory")
    values = settings.layered(app, {})
    os.chdir(app)  # as the real host does: relative paths in settings start at the app
    console.log_to_stderr(console.level(settings.read_host_json(app, values), values))
    port = arguments.port
    if port is None:
        port = int(settings.read_local_settings(app).host.get("LocalHttpPort", DEFAULT_PORT))
    async with running(
        app,
        port=port,
        grace_seconds=arguments.grace,
        monitor_file=arguments.monitor_file,
        say=_say,
    ) as host:
        stop = _stop_on_signals()
        sys.stdout.write(console.listing(host) + "\n" + console.ready(host, values) + "\n")
        sys.stdout.flush()
        await stop.wait()
        sys.stdout.write("Stopping: finishing what is open.\n")
        sys.stdout.flush()
    return host.invocations.cut_off


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="sandbox.host", description="Run a function app.")
    parser.add_argument("--app", type=Path, default=Path.cwd(), help="default: this directory")
    parser.add_argument("--port", type=int, help=f"default {DEFAULT_PORT}; 0 takes a free one")
    parser.add_argument(
        "--grace",
        type=float,
        default=GRACE_SECONDS,
        metavar="SECONDS",
        help="for open functions at a stop",
    )
    parser.add_argument(
        "--monitor-file",
        type=Path,
        metavar="FILE",
        help="remembers timers over restarts (Azure keeps them in its storage account)",
    )
    return parser.parse_args(argv)


def _stop_on_signals() -> asyncio.Event:
    """Set by Ctrl-C, Ctrl-Break or SIGTERM; the second one ends the process at once.

    Through `signal.signal`, which Windows has too; `loop.add_signal_handler` is POSIX only.
    """
    loop, stop = asyncio.get_running_loop(), asyncio.Event()

    def heard(number: int, _frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)
        loop.call_soon_threadsafe(stop.set)

    for name in ("SIGINT", "SIGTERM", "SIGBREAK"):
        number = getattr(signal, name, None)
        if number is not None:
            signal.signal(number, heard)
    return stop


def _say(line: Line) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _complain(text: str) -> None:
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    raise SystemExit(main())
