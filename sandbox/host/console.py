"""What does the host print, and how loud is the app's logging?

Calls and the start go to stdout, logging to stderr. Called by `__main__` only.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping

from sandbox.host.functions import Function, HttpTrigger
from sandbox.host.running import Host
from sandbox.host.settings import HostJson
from sandbox.host.worker import current_invocation

# .NET's names for levels, as host.json writes them, and Python's own.
_LEVELS = {
    "trace": logging.DEBUG,
    "debug": logging.DEBUG,
    "information": logging.INFO,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
    "critical": logging.CRITICAL,
    "none": logging.CRITICAL + 1,
}
# The worker and the SDKs tell below WARNING what only their authors need.
_CHATTY = ("azure", "uvicorn", "asyncio")


def level(host_json: HostJson, settings: Mapping[str, str]) -> int:
    """The app's log level: `LOG_LEVEL`, else host.json; an unknown word is Information."""
    word = settings.get("LOG_LEVEL") or host_json.app_log_level()
    return _LEVELS.get(word.strip().lower(), logging.INFO)


def log_to_stderr(app_level: int) -> None:
    """Every log line of the app on stderr, with the invocation it belongs to."""
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(_with_invocation)
    handler.setFormatter(
        logging.Formatter("%(asctime)s %(levelname)s %(name)s [%(invocation)s] %(message)s")
    )
    logging.basicConfig(level=app_level, handlers=[handler], force=True)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(max(app_level, logging.WARNING))


def listing(host: Host) -> str:
    """The functions, as Core Tools lists them, and those in error."""
    lines = ["Functions:", ""]
    for function in host.functions:
        state = " (disabled)" if function.disabled else ""
        lines += [f"\t{function.name}: {_started_by(function, host)}{state}", ""]
    for bad in host.in_error:
        lines += [f"The '{bad.name}' function is in error: {bad.reason}", ""]
    return "\n".join(lines)


def ready(host: Host, settings: Mapping[str, str]) -> str:
    """The one line that says where it listens, and the keys that were made up for this run."""
    keys = [
        f"{name} key {value}"
        for name, value, setting in (
            ("master", host.keys.master, "SANDBOX_MASTER_KEY"),
            ("function", host.keys.function, "SANDBOX_FUNCTION_KEY"),
        )
        if not settings.get(setting)
    ]
    count = len(host.functions)
    return "  ".join([f"Host ready on {host.address}", f"{count} functions", *keys])


def _started_by(function: Function, host: Host) -> str:
    trigger = function.trigger
    if not isinstance(trigger, HttpTrigger):
        return {"timer": "timerTrigger", "queue": "serviceBusTrigger"}[function.kind]
    methods = f"[{','.join(sorted(trigger.methods))}] " if trigger.methods else ""
    path = "/".join(part for part in (host.route_prefix, trigger.route.template) if part)
    return f"{methods}{host.address}/{path}"


def _with_invocation(record: logging.LogRecord) -> bool:
    record.invocation = current_invocation() or "host"
    return True
