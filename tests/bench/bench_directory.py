"""How much memory does it take to read a whole directory? Figures; nothing is asserted.

    python tests/bench/bench_directory.py [--users 100000]

Pages of 999 users, as Graph writes them, come through the SDK's client and are read raw: one page
is held at a time. The process says its own peak, imports included. The pages are made while they
are read, with the names of the properties that the rig's users have.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT)]

import httpx  # noqa: E402 - found through the line above

from shared.vendors.graph import paths  # noqa: E402 - as above
from shared.vendors.graph.client import connect  # noqa: E402 - as above
from shared.wiring import NoCredential  # noqa: E402 - as above

BASE = "http://127.0.0.1:8092/v1.0"
PAGE = 999
SELECT = "id,userPrincipalName,displayName,givenName,surname,mail,employeeId,department,jobTitle"


class Pages(httpx.AsyncBaseTransport):
    """A directory of so many users, a page at a time."""

    def __init__(self, users: int) -> None:
        self.users = users

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        begin = int(request.url.params.get("$skiptoken", 0))
        end = min(begin + PAGE, self.users)
        page: dict[str, object] = {"value": [_user(n) for n in range(begin, end)]}
        if end < self.users:
            page["@odata.nextLink"] = f"{BASE}/users?$skiptoken={end}"
        return httpx.Response(200, content=json.dumps(page).encode(), request=request)


def _user(number: int) -> dict[str, object]:
    name = f"Voornaam{number} van Achternaam{number}"
    login = f"voornaam{number}.achternaam{number}@voorbeeld.example"
    return {
        "id": f"{number:08x}-0000-4000-8000-{number:012x}",
        "userPrincipalName": login,
        "displayName": name,
        "givenName": f"Voornaam{number}",
        "surname": f"Achternaam{number}",
        "mail": login,
        "employeeId": str(100_000 + number),
        "department": f"Afdeling {number % 200}",
        "jobTitle": f"Functie {number % 500}",
    }


async def read(users: int) -> tuple[int, int]:
    """Read everybody; answers how many, and how many have a number and a department."""
    graph = connect(BASE, NoCredential(), transport=Pages(users))
    seen = whole = 0
    async for user in graph.pages(paths.USERS, params={"$select": SELECT, "$top": str(PAGE)}):
        seen += 1
        whole += bool(user["employeeId"] and user["department"])
    await graph.close()
    return seen, whole


def peak_mib() -> float:
    """The most memory this process has held."""
    kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return kib / 1024 if sys.platform != "darwin" else kib / 1024**2


def main() -> None:
    """Read, and print one line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=100_000)
    options = parser.parse_args()
    before, began = peak_mib(), time.perf_counter()
    seen, whole = asyncio.run(read(options.users))
    told(
        f"{seen} users read raw, {whole} whole: peak {peak_mib():.0f} MiB"
        f" (before the first page {before:.0f}), {time.perf_counter() - began:.1f} s"
    )


def told(line: str) -> None:
    """Show a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
