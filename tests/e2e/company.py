"""A small company on the rig with the app running: the hands and eyes of the stories.

The outside systems run in the test's own process, so a story looks straight into their tenants;
the function host is a process beside it. Nothing sleeps: a story watches until something is so.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import re
import sys
import time
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from sandbox import rig
from sandbox.rig import ROOT, Plan, Rig
from sandbox.topdesk.tenant import name_of
from sandbox.world import Person

ZONE = ZoneInfo("Europe/Amsterdam")
DAY = timedelta(days=1)
PATIENCE_SECONDS = 60.0
LOOK_EVERY_SECONDS = 0.05
NEVER = "0 0 0 1 1 *"
QUEUES = ("hr-signals", "entra", "topdesk", "notices")
GENEROUS = (r"count: \d+, share: [\d.]+", "count: 100, share: 1, minimum_population: 1000")


@dataclass(frozen=True)
class Seen:
    """One person in both systems, at one moment."""

    account: Mapping[str, Any] | None
    manager: str | None
    """Employee number of the manager in Entra."""
    groups: frozenset[str]
    deleted: bool
    card: Mapping[str, Any] | None
    roles: frozenset[str]
    """Permission groups of an operator card that is in use."""

    @property
    def can_sign_in(self) -> bool:
        return bool(self.account and self.account["accountEnabled"])

    @property
    def has_card(self) -> bool:
        """A card in use."""
        return bool(self.card and not self.card["archived"])


@dataclass
class Company:
    """The systems, the app, and who turns them."""

    rig: Rig
    http: httpx.AsyncClient
    host: str = ""
    log: Path = field(default_factory=Path)

    @asynccontextmanager
    async def hosted(self) -> AsyncIterator[None]:
        """Run the app, with the settings of the rig, until the block ends."""
        async with rig.host(self.rig) as self.host:
            await self.until(lambda: "Host ready on" in self.said(), "a host that is ready")
            yield

    def today(self) -> date:
        """The calendar's day in Amsterdam."""
        return self.rig.clock.now().astimezone(ZONE).date()

    def move_calendar(self, day: date, hour: int = 0, minute: int = 1) -> None:
        """It is that moment now, in Amsterdam."""
        self.rig.clock.move_to(datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZONE))

    def let_pass(self, **delta: float) -> None:
        """So much later on the calendar; wall time stays."""
        self.rig.clock.move_to(self.rig.clock.now() + timedelta(**delta))

    def hire(self, department: str = "PZ-KCC", job: str = "0202", **given: Any) -> Person:
        """Somebody new in HR, from today when no `start` is given."""
        start = given.pop("start", self.today())
        return self.rig.world.hire(department=department, job=job, start=start, **given)

    async def joins(self, department: str = "PZ-KCC", job: str = "0202", **given: Any) -> str:
        """Hired, signalled and seen at work in both systems; the employee number."""
        number = self.hire(department, job, **given).number
        await self.webhook(number)
        await self.until(
            lambda: self.see(number).can_sign_in and self.see(number).has_card,
            "the joiner at work",
        )
        return number

    async def webhook(self, *numbers: str) -> None:
        """HR's middleware says whose record changed."""
        answer = await self.call(signed(self, {"data": {"numbers": numbers}}))
        assert answer.status_code == httpx.codes.ACCEPTED, answer.text

    async def call(self, call: Signed, source: str = "afas") -> httpx.Response:
        """Deliver a webhook."""
        return await self.http.post(
            f"{self.host}/api/hr/{source}", content=call.body, headers=call.headers
        )

    async def fire(self, function: str) -> None:
        """Run a timer function now, as an administrator can."""
        headers = {"x-functions-key": self.rig.settings["SANDBOX_MASTER_KEY"]}
        answer = await self.http.post(
            f"{self.host}/admin/functions/{function}", headers=headers, json={}
        )
        assert answer.status_code == httpx.codes.ACCEPTED, answer.text

    async def run(self, function: str) -> str:
        """Run a timer function to its end; the line that the host says of it."""
        before = len(self.calls_of(function))
        await self.fire(function)
        await self.until(lambda: len(self.calls_of(function)) > before, f"the end of {function}")
        return self.calls_of(function)[before]

    def calls_of(self, function: str) -> list[str]:
        """The host's lines about finished calls of a function."""
        return [line for line in self.said().splitlines() if f"  {function}  " in line]

    def said(self) -> str:
        """All that the host and the app wrote, on stdout and stderr."""
        if not self.log.exists():
            return ""
        return self.log.read_text(encoding="utf-8", errors="replace")

    async def health(self) -> tuple[int, dict[str, str]]:
        """What the app says of itself: the status, and what is wrong with which part."""
        answer = await self.http.get(f"{self.host}/api/health")
        return answer.status_code, answer.json()["parts"]

    async def instroom(self, *words: str, expect: int = 0) -> str:
        """What the operator's command line prints."""
        settings = self.rig.plan.state / "local.settings.json"
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "shared.cli", "--settings", str(settings), *words),
            cwd=ROOT,
            env={"COLUMNS": "200", "PYTHONUTF8": "1"},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        printed, _ = await process.communicate()
        text = printed.decode()
        assert process.returncode == expect, text
        return text

    def see(self, number: str) -> Seen:
        """One person in both systems, now."""
        entra = self.rig.entra
        account = next((u for u in entra.users.values() if u.get("employeeId") == number), None)
        manager = entra.manager_of(account["id"]) if account else None
        groups = entra.groups_of(account["id"]) if account else ()
        binned = any(p.properties.get("employeeId") == number for p in entra.deleted.values())
        cards = self.rig.topdesk.find("persons", "employeeNumber", number)
        card = cards[0] if cards else None
        return Seen(
            account=account,
            manager=entra.users[manager].get("employeeId") if manager else None,
            groups=frozenset(str(entra.groups[group]["displayName"]) for group in groups),
            deleted=binned,
            card=card,
            roles=self._roles(card) if card else frozenset(),
        )

    def writes(self) -> tuple[int, int]:
        """How many writes both targets have accepted."""
        return len(self.rig.entra.accepted_writes()), len(self.rig.topdesk.writes)

    def is_quiet(self) -> bool:
        """Nothing travels over the bus."""
        counts = [self.rig.bus.counts(queue) for queue in QUEUES]
        return not any(count.active or count.locked for count in counts)

    async def until(
        self, test: Callable[[], bool], what: str, *, seconds: float = PATIENCE_SECONDS
    ) -> None:
        """Watch until it is so."""
        deadline = time.monotonic() + seconds
        while not test():
            assert time.monotonic() < deadline, f"not seen: {what}\n{self.said()[-3000:]}"
            await asyncio.sleep(LOOK_EVERY_SECONDS)

    async def settled(self) -> None:
        """Watch until nothing travels and a sweep finds nothing that changes anything.

        Two sweeps: what the first one publishes is served before the second.
        """
        for _ in range(2):
            await self.until(self.is_quiet, "a quiet bus")
            await self.run("due")
        await self.until(self.is_quiet, "a quiet bus")

    async def first_load(self) -> None:
        """HR is read for the first time, and everything comes to stand."""
        await self.run("due")
        await self.run("hr_full_sync")
        await self.settled()

    def _roles(self, card: Mapping[str, Any]) -> frozenset[str]:
        desk = self.rig.topdesk
        operator = desk.operator_of(card["id"])
        if operator is None or operator["archived"]:
            return frozenset()
        groups = desk.linked("permissiongroups", operator["id"])
        return frozenset(name_of(desk.table("permissiongroups")[group]) for group in groups)

    async def push(self, *people: object, whole: bool = True) -> httpx.Response:
        """A system without a connector pushes these people."""
        secret = self.rig.settings["WEBHOOK_SECRET_PUSH"]
        call = signed(self, {"people": people}, secret=secret)
        method = "PUT" if whole else "PATCH"
        address = f"{self.host}/api/hr/push/people"
        return await self.http.request(method, address, content=call.body, headers=call.headers)


@dataclass(frozen=True)
class Signed:
    """A webhook as it goes over the wire."""

    body: bytes
    headers: dict[str, str]


def signed(
    company: Company,
    body: object,
    *,
    webhook_id: str | None = None,
    seconds_ago: int = 0,
    secret: str | None = None,
) -> Signed:
    """A webhook signed by hand after Standard Webhooks 1.0.0: no library agrees with itself."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    webhook_id = webhook_id or f"msg_{uuid.uuid4().hex}"
    moment = str(int(time.time()) - seconds_ago)
    key = base64.b64decode(
        (secret or company.rig.settings["WEBHOOK_SECRET_AFAS"]).removeprefix("whsec_")
    )
    mac = hmac.new(key, f"{webhook_id}.{moment}.".encode() + content, hashlib.sha256).digest()
    headers = {
        "webhook-id": webhook_id,
        "webhook-timestamp": moment,
        "webhook-signature": f"v1,{base64.b64encode(mac).decode()}",
    }
    return Signed(content, headers)


@asynccontextmanager
async def systems(
    state: Path,
    *,
    size: int = 4,
    settings: Mapping[str, str] | None = None,
    sources: tuple[str, ...] = ("afas",),
    watched: bool = False,
) -> AsyncIterator[Company]:
    """The outside systems with this company, without the app; HR is read only when told to.

    The policy is the example's, with a guard that lets everything through unless POLICY_FILE is
    given. Companies of fewer than 22 are heads of departments with open-ended contracts.
    """
    own = {
        "HR_POLL_SCHEDULE": NEVER,
        "HR_FULL_SYNC_SCHEDULE": NEVER,
        "DRIFT_SCHEDULE": NEVER,
        "UPKEEP_SCHEDULE": NEVER,
        "POLICY_FILE": _generous_policy(state),
    }
    changed = {**own, **(settings or {})}
    plan = Plan(state=state, size=size, sources=sources, watched=watched, schedules=changed)
    async with rig.running(plan) as systems, httpx.AsyncClient(timeout=30) as http:
        systems.write_settings(state / "local.settings.json")
        yield Company(systems, http, log=state / "host.log")


@asynccontextmanager
async def opened(
    state: Path,
    *,
    size: int = 4,
    settings: Mapping[str, str] | None = None,
    watched: bool = False,
) -> AsyncIterator[Company]:
    """The systems and the app."""
    started = systems(state, size=size, settings=settings, watched=watched)
    async with started as company, company.hosted():
        yield company


def _generous_policy(state: Path) -> str:
    """Leave a copy of the example's policy there whose guard lets everything through."""
    text = (ROOT / "policy.yaml").read_text(encoding="utf-8")
    assert len(re.findall(GENEROUS[0], text)) == 5
    state.mkdir(parents=True, exist_ok=True)
    policy = state / "policy.yaml"
    policy.write_text(re.sub(*GENEROUS, text), encoding="utf-8")
    return str(policy)
