"""Where the checkout is, what it holds, and what a fresh process with nothing set says of it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


def tracked() -> list[str]:
    """Every file of the checkout that git knows, relative to the root."""
    return [name for name in _listed("--cached", "--others") if (ROOT / name).is_file()]


def kept_though_ignored() -> list[str]:
    """Files in the tree that .gitignore says should not be."""
    return _listed("--cached", "--ignored")


def _listed(*which: str) -> list[str]:
    git = shutil.which("git")
    assert git, "the repository's tests ask git for its files"
    listed = subprocess.run(  # noqa: S603 - a fixed command
        [git, "ls-files", "-z", *which, "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
        encoding="utf-8",
    )
    return [name for name in listed.stdout.split("\0") if name]


def told(code: str) -> Any:
    """What this code prints as JSON, in a process whose environment is empty."""
    run = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={},
        capture_output=True,
        check=False,
        text=True,
        encoding="utf-8",
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)
