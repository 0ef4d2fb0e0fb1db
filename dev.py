"""Everything a person or CI does with this checkout: demo, run, test, check, bench, soak, lock.

`make demo` and `py dev.py demo` are the same. It needs nothing but some Python from 3.8 on: it
looks for a Python 3.13, makes `.venv` with it, installs what requirements-dev.txt pins, and goes
on inside. Standard library only.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
LOCK = ROOT / "requirements-dev.txt"
STAMP = VENV / "instroom-installed.txt"
WANTED = "3.13"
PROBE = "import ensurepip, sys, venv; print('%d.%d' % sys.version_info[:2])"


def main() -> int:
    """Run one target; its exit code."""
    parser = argparse.ArgumentParser(prog="dev.py", description=__doc__)
    parser.add_argument("target", choices=sorted(TARGETS))
    parser.add_argument("rest", nargs=argparse.REMAINDER, help="passed on")
    options = parser.parse_args()
    set_up()
    return TARGETS[options.target](options.rest)


def demo(rest: list[str]) -> int:
    """Play the story of a joiner, a mover and a leaver, with everything on this machine."""
    return run(PYTHON, "-m", "sandbox.demo", *rest)


def serve(rest: list[str]) -> int:
    """Start the same stack and keep it up."""
    return run(PYTHON, "-m", "sandbox", *rest)


def test(rest: list[str]) -> int:
    """Run every test; three processes on two cores, for many of them wait."""
    return run(PYTHON, "-m", "pytest", "-n", "3", "--dist", "worksteal", "-q", *rest)


def check(rest: list[str]) -> int:
    """Format, lint, types, imports, then the tests with coverage: what CI runs."""
    steps = (
        ("ruff", "format", "--check", "."),
        ("ruff", "check", "."),
        ("mypy",),
        ("lint-imports", "--no-cache"),
    )
    for step in steps:
        print("--", *step, flush=True)
        if code := run(BIN / step[0], *step[1:]):
            return code
    return test(["--cov", "--cov-report=term", *rest])


def bench(rest: list[str]) -> int:
    """Measure, as ratios of one run; nothing is asserted."""
    code = 0
    for script in sorted((ROOT / "tests" / "bench").glob("bench_*.py")):
        print("--", script.name, flush=True)
        code = run(PYTHON, script, *rest) or code
    return code


def soak(rest: list[str]) -> int:
    """Load two thousand people while calls go wrong at random; 1 when it did not end right."""
    return run(PYTHON, ROOT / "tests" / "bench" / "soak_accidents.py", *rest)


def lock(rest: list[str]) -> int:
    """Pin again what pyproject.toml asks for."""
    runtime = ("pyproject.toml", "-o", "requirements.txt")
    everything = ("pyproject.toml", "--group", "dev", "-o", LOCK.name)
    said = "python3 dev.py lock  (from pyproject.toml: dependencies"
    flags = ("-q", "--universal", "--python-version", WANTED, *rest)
    uv = BIN / "uv"
    pinned = ("-c", "requirements.txt", "--custom-compile-command", said + " and group dev)")
    return run(
        uv, "pip", "compile", *flags, *runtime, "--custom-compile-command", said + ")"
    ) or run(uv, "pip", "compile", *flags, *everything, *pinned)


def setup(_rest: list[str]) -> int:
    """Only make the environment."""
    return 0


TARGETS = {
    "demo": demo,
    "run": serve,
    "test": test,
    "check": check,
    "bench": bench,
    "soak": soak,
    "lock": lock,
    "setup": setup,
}


def run(*command: object) -> int:
    """Run a command in the checkout; its exit code."""
    try:
        return subprocess.call([str(part) for part in command], cwd=ROOT)
    except KeyboardInterrupt:
        return 130


def set_up() -> None:
    """Make `.venv` and install into it, unless that was done for exactly these pins."""
    wanted = hashlib.sha256(LOCK.read_bytes() + (ROOT / "pyproject.toml").read_bytes())
    if STAMP.exists() and STAMP.read_text() == wanted.hexdigest() and version([str(PYTHON)]):
        return
    if os.name == "nt":
        refuse_short_paths()
    if not version([str(PYTHON)]):
        print(f"Making {VENV.name} with Python {WANTED}", flush=True)
        shutil.rmtree(VENV, ignore_errors=True)
        subprocess.check_call([*find_python(), "-m", "venv", str(VENV)])
    print("Installing (once; about a minute)", flush=True)
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    try:
        subprocess.check_call([*pip, "-r", str(LOCK)], cwd=ROOT)
        subprocess.check_call([*pip, "--no-deps", "--editable", "."], cwd=ROOT)
    except subprocess.CalledProcessError as error:
        raise SystemExit(
            "Installing failed, see above. It needs the Python package index; behind a proxy set"
            " PIP_INDEX_URL or PIP_PROXY and run this again."
        ) from error
    STAMP.write_text(wanted.hexdigest())


def find_python() -> list[str]:
    """The command of a Python 3.13 that really runs: a name on PATH proves nothing."""
    for candidate in candidates():
        if version(candidate):
            return candidate
    install = "winget install Python.Python.3.13" if os.name == "nt" else "uv python install 3.13"
    raise SystemExit(
        f"Instroom needs Python {WANTED}, the version that Azure runs it with, and found none.\n"
        f"Install it with:  {install}\n"
        f"or from https://www.python.org/downloads/ and run this again."
    )


def candidates() -> list[list[str]]:
    """Where a Python 3.13 may be, nearest first."""
    home = Path.home()
    pyenv = Path(os.environ.get("PYENV_ROOT", str(home / ".pyenv")))
    uv = home / ".local" / "share" / "uv" / "python"
    appdata = Path(os.environ.get("APPDATA", str(home)))
    roots = [
        *sorted(pyenv.glob(f"versions/{WANTED}*/bin/python"), reverse=True),
        *sorted(pyenv.glob(f"pyenv-win/versions/{WANTED}*/python.exe"), reverse=True),
        *sorted(uv.glob(f"cpython-{WANTED}*/bin/python{WANTED}"), reverse=True),
        *sorted(appdata.glob(f"uv/python/cpython-{WANTED}*/python.exe"), reverse=True),
    ]
    named = [[f"python{WANTED}"], ["python3"], ["python"], ["py", f"-{WANTED}"]]
    return [[sys.executable], *named, *([str(path)] for path in roots)]


def version(command: list[str]) -> bool:
    """Does this command run the Python that is wanted, able to make a venv?"""
    try:
        found = subprocess.run(
            [*command, "-c", PROBE],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=60,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return found.returncode == 0 and found.stdout.decode().strip() == WANTED


def refuse_short_paths() -> None:
    """Some files of msgraph-sdk have paths of over 200 characters: Windows must allow them."""
    import winreg  # noqa: PLC0415 - exists on Windows alone

    place = r"SYSTEM\CurrentControlSet\Control\FileSystem"
    try:
        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, place) as key:  # type: ignore[attr-defined,unused-ignore]
            allowed = winreg.QueryValueEx(key, "LongPathsEnabled")[0]  # type: ignore[attr-defined,unused-ignore]
    except OSError:
        allowed = 0
    if not allowed:
        raise SystemExit(
            "Windows cuts paths at 260 characters; some packages need more. As administrator:\n"
            "  Set-ItemProperty 'HKLM:\\SYSTEM\\CurrentControlSet\\Control\\FileSystem' "
            "LongPathsEnabled 1\nthen open a new terminal and run this again."
        )


if __name__ == "__main__":
    sys.exit(main())
