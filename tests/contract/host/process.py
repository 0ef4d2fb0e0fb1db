"""A function host in a process of its own, for the tests beside this file.

The worker's registry is a module global, so an app gets a process. A reader thread turns the
host's lines into a queue; a test waits for a line, never for a while.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parents[3]
PATIENCE_SECONDS = 20.0


@dataclass
class HostProcess:
    """A started host: where it listens, and what it prints."""

    process: subprocess.Popen[str]
    address: str = ""
    out: list[str] = field(default_factory=list)
    _told: threading.Condition = field(default_factory=threading.Condition)
    _seen: int = 0
    _ended: bool = False
    _errors: list[str] = field(default_factory=list)
    _readers: list[threading.Thread] = field(default_factory=list)

    def read(self) -> None:
        """Start reading both streams."""
        for stream, into in ((self.process.stdout, self._out), (self.process.stderr, self._err)):
            assert stream is not None
            thread = threading.Thread(target=_each, args=(stream, into), daemon=True)
            thread.start()
            self._readers.append(thread)

    def wait_for(self, pattern: str) -> str:
        """The next line of stdout, after the one found before, that holds this pattern."""
        while True:
            with self._told:
                if not self._told.wait_for(self._has_news, timeout=PATIENCE_SECONDS):
                    raise AssertionError(
                        f"no {pattern!r} in time: {self.out[-20:]}\n{self.err[-3000:]}"
                    )
                if self._seen == len(self.out):
                    raise AssertionError(
                        f"ended before {pattern!r}: {self.out[-20:]}\n{self.err[-3000:]}"
                    )
                line = self.out[self._seen]
                self._seen += 1
            if re.search(pattern, line):
                return line

    def wait_for_error(self, text: str) -> None:
        """Wait until this stands on stderr."""
        with self._told:
            if not self._told.wait_for(lambda: text in self.err, timeout=PATIENCE_SECONDS):
                raise AssertionError(f"no {text!r} in time on stderr: {self.err[-3000:]}")

    def rewind(self) -> None:
        """Look for the next line from the beginning."""
        self._seen = 0

    @property
    def err(self) -> str:
        """What stands on stderr by now."""
        return "".join(self._errors)

    def interrupt(self, number: int = signal.SIGTERM) -> None:
        """Ask it to stop, as a service manager does, or with SIGINT as Ctrl-C does."""
        self.process.send_signal(number)

    def ended(self) -> int:
        """Wait for the end; the exit code."""
        code = self.process.wait(timeout=PATIENCE_SECONDS)
        for thread in self._readers:
            thread.join(timeout=PATIENCE_SECONDS)
        for stream in (self.process.stdout, self.process.stderr):
            assert stream is not None
            stream.close()
        return code

    def _has_news(self) -> bool:
        return self._ended or self._seen < len(self.out)

    def _out(self, line: str | None) -> None:
        with self._told:
            if line is None:
                self._ended = True
            else:
                self.out.append(line)
            self._told.notify_all()

    def _err(self, line: str | None) -> None:
        with self._told:
            self._errors.append(line or "")
            self._told.notify_all()


def an_app(
    directory: Path, code: str, host_json: Mapping[str, object] | None = None, **local: str
) -> Path:
    """Write a function app: its code, host.json and local.settings.json."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "function_app.py").write_text(code, encoding="utf-8")
    document = {"version": "2.0", **(host_json or {})}
    (directory / "host.json").write_text(json.dumps(document), encoding="utf-8")
    settings = {"IsEncrypted": False, "Values": local}
    (directory / "local.settings.json").write_text(json.dumps(settings), encoding="utf-8")
    return directory


def start(app: Path, *arguments: str, **settings: str) -> HostProcess:
    """Start a host on this app, without waiting for it."""
    command = [sys.executable, "-m", "sandbox.host", "--app", str(app), "--port", "0"]
    env = {name: value for name, value in _environment().items() if "SANDBOX" not in name}
    keys = {"SANDBOX_MASTER_KEY": "master", "SANDBOX_FUNCTION_KEY": "function"}
    process = subprocess.Popen(  # noqa: S603 - our own module, with arguments of the test
        [*command, *arguments],
        cwd=ROOT,
        env={**env, **keys, "PYTHONUNBUFFERED": "1", **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    host = HostProcess(process)
    host.read()
    return host


@contextlib.contextmanager
def running(app: Path, *arguments: str, **settings: str) -> Iterator[HostProcess]:
    """A host that is ready; killed at the end if the test did not stop it."""
    host = start(app, *arguments, **settings)
    try:
        ready = host.wait_for("^Host ready on ")
        host.address = ready.split()[3]
        host.rewind()
        yield host
    finally:
        if host.process.poll() is None:
            host.process.kill()
            host.ended()


def _environment() -> Mapping[str, str]:
    return os.environ  # noqa: TID251 - a child needs PATH and its like


def _each(stream: IO[str], into: object) -> None:
    assert callable(into)
    for line in stream:
        into(line)
    into(None)
