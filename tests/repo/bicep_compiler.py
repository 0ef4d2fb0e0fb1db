"""Where is the Bicep compiler, and what does it say? Looked for in the environment variable BICEP,
on PATH and beside the checkout; where there is none, tests skip and say so.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from repo.checkout import ROOT

INFRA = ROOT / "infra"
ENVIRONMENTS = ("test", "prod", "private")
_BESIDE = ROOT.parent / "shared" / "tools" / "bicep"
_WHERE = (  # made-up ids, so that a snapshot is the same on every machine
    *("--subscription-id", "11111111-1111-1111-1111-111111111111"),
    *("--tenant-id", "22222222-2222-2222-2222-222222222222"),
    *("--location", "westeurope"),
)


def compiler() -> str:
    """Its path; skips the test where there is none."""
    named = os.environ.get("BICEP")  # noqa: TID251 - says where a tool is, no setting of the app
    found = named or shutil.which("bicep") or (str(_BESIDE) if _BESIDE.is_file() else None)
    if found is None:
        pytest.skip("NOT CHECKED: no Bicep compiler. Install it with `az bicep install`.")
    return found


def bicep(*arguments: object) -> tuple[int, str]:
    """Its exit code and everything it said."""
    run = subprocess.run(  # noqa: S603 - the compiler, with our own files
        [compiler(), *map(str, arguments)],
        capture_output=True,
        check=False,
        text=True,
        encoding="utf-8",
    )
    return run.returncode, (run.stdout + run.stderr).strip()


def snapshot(parameters: Path, mode: str) -> tuple[int, str]:
    """Write or compare what a deployment with these parameters would make."""
    group = ("--resource-group", f"rg-instroom-{parameters.stem}")
    return bicep("snapshot", parameters, "--mode", mode, *_WHERE, *group)


def predicted(parameters: Path) -> list[dict[str, Any]]:
    """The resources of the snapshot beside a parameter file."""
    written = parameters.with_name(f"{parameters.stem}.snapshot.json").read_text(encoding="utf-8")
    resources: list[dict[str, Any]] = json.loads(written)["predictedResources"]
    return resources


if __name__ == "__main__":
    for environment in ENVIRONMENTS:
        print(*snapshot(INFRA / f"{environment}.bicepparam", "overwrite"))  # noqa: T201 - a command
