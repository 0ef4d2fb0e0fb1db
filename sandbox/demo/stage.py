"""How does the story act and look? As HR's middleware, as the calendar, and as a spectator.

Everything is a call over HTTP to a system of the rig, or the `instroom` command in a process of
its own.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import sys
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from sandbox.rig import Rig

ZONE = ZoneInfo("Europe/Amsterdam")
LOOK_EVERY_SECONDS = 0.15


class NotSeen(Exception):
    """What the story announces did not happen in time."""


@dataclass(frozen=True)
class Account:
    """What a spectator sees of one person in both systems."""

    number: str
    entra: Mapping[str, Any] | None
    deleted: bool
    topdesk: Mapping[str, Any] | None

    @property
    def name(self) -> str:
        """The name in the address book."""
        return str(self.entra["displayName"]) if self.entra else "-"

    @property
    def login(self) -> str:
        """The user principal name."""
        return str(self.entra["userPrincipalName"]) if self.entra else "-"

    @property
    def can_sign_in(self) -> bool:
        """Is the Entra account enabled?"""
        return bool(self.entra and self.entra["accountEnabled"])

    @property
    def groups(self) -> tuple[str, ...]:
        """Names of the Entra groups."""
        return tuple(sorted(self.entra["groups"])) if self.entra else ()

    @property
    def card(self) -> str:
        """The state of the TOPdesk card."""
        if self.topdesk is None:
            return "none"
        return "archived" if self.topdesk["archived"] else "active"

    @property
    def branch(self) -> str:
        """Where in TOPdesk the card lies."""
        return str(self.topdesk["branch"]["name"]) if self.topdesk else "-"

    @property
    def roles(self) -> tuple[str, ...]:
        """Permission groups of an operator card that is in use."""
        operator = self.topdesk.get("operator") if self.topdesk else None
        if not operator or operator["archived"]:
            return ()
        return tuple(sorted(operator["permissionGroups"]))


@dataclass
class Stage:
    """The hands and eyes of the story."""

    rig: Rig
    host: str
    http: httpx.AsyncClient

    async def hr(
        self, story: str, *, system: str = "afas", **arguments: object
    ) -> Mapping[str, Any]:
        """Something happens in an HR system: `hire`, `move`, `end`, `rehire`, `answer`."""
        said = {k: v.isoformat() if isinstance(v, date) else v for k, v in arguments.items()}
        address = f"{self.rig.address(system)}/_sandbox/world/{story}"
        answer = await self.http.post(address, json=said)
        if answer.is_error:
            raise NotSeen(f"HR would not {story}: {answer.text}")
        told: Mapping[str, Any] = answer.json()
        return told

    async def webhook(self, *numbers: str) -> None:
        """The customer's middleware says whose record changed, signed as Standard Webhooks."""
        body = json.dumps({"type": "person.changed", "data": {"numbers": numbers}}).encode()
        message_id, moment = f"msg_{uuid.uuid4().hex}", str(int(time.time()))
        secret = self.rig.settings["WEBHOOK_SECRET_AFAS"].removeprefix("whsec_")
        content = f"{message_id}.{moment}.".encode() + body
        signed = hmac.new(base64.b64decode(secret), content, hashlib.sha256).digest()
        headers = {
            "webhook-id": message_id,
            "webhook-timestamp": moment,
            "webhook-signature": f"v1,{base64.b64encode(signed).decode()}",
        }
        answer = await self.http.post(f"{self.host}/api/hr/afas", content=body, headers=headers)
        if answer.status_code != httpx.codes.ACCEPTED:
            raise NotSeen(f"the webhook was not accepted: {answer.status_code} {answer.text}")

    async def fire(self, function: str) -> None:
        """Run a timer function now, as an administrator can."""
        headers = {"x-functions-key": self.rig.settings["SANDBOX_MASTER_KEY"]}
        address = f"{self.host}/admin/functions/{function}"
        answer = await self.http.post(address, headers=headers, json={})
        if answer.is_error:
            raise NotSeen(f"{function} was not started: {answer.status_code}")

    async def run(self, function: str, *, seconds: float = 60) -> None:
        """Run a timer function to its end, which the host's log tells. Raises NotSeen."""
        log = self.rig.plan.state / "host.log"

        def ended() -> int:
            return log.read_text(encoding="utf-8", errors="replace").count(f"  {function}  timer")

        before = ended()
        await self.fire(function)

        async def has_ended() -> bool:
            return ended() > before

        await self.wait_for(has_ended, f"the end of {function}", seconds)

    def move_calendar(self, day: date, hour: int = 0, minute: int = 1) -> None:
        """It is that moment now, in Amsterdam; nobody waits for days."""
        self.rig.clock.move_to(datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZONE))

    def today(self) -> date:
        """The day of the calendar, in Amsterdam."""
        return self.rig.clock.now().astimezone(ZONE).date()

    async def everybody(self) -> dict[str, Mapping[str, Any]]:
        """Every live Entra user by employee number."""
        users = await self._dump("graph", "users")
        return {u["employeeId"]: u for u in users["users"] if u.get("employeeId")}

    async def cards(self) -> dict[str, Mapping[str, Any]]:
        """Every TOPdesk person card by employee number."""
        persons = await self._dump("topdesk", "persons")
        return {p["employeeNumber"]: p for p in persons["persons"]}

    async def counts(self, system: str) -> Mapping[str, int]:
        """How many of everything a system holds."""
        counts: Mapping[str, int] = await self._dump(system, "counts")
        return counts

    async def told_hr(self) -> Mapping[str, str]:
        """The business mail that Nmbrs was told, by employee number there."""
        answer = await self.http.get(f"{self.rig.address('nmbrs')}/_sandbox/nmbrs")
        versions = [one for made in answer.json()["written"].values() for one in made]
        return {
            str(one["basicInfo"]["employeeNumber"]): one["contactInfo"]["businessEmail"]
            for one in versions
        }

    async def see(self, number: str) -> Account:
        """One person in both systems, now."""
        live, bin_, cards = await asyncio.gather(
            self.everybody(), self._dump("graph", "deleted"), self.cards()
        )
        gone = [u for u in bin_["deleted"] if u.get("employeeId") == number]
        return Account(number, live.get(number), bool(gone), cards.get(number))

    async def until(
        self, number: str, seen: Callable[[Account], bool], what: str, *, seconds: float = 25
    ) -> tuple[Account, float]:
        """Watch until it is so; gives what was seen and the seconds it took. Raises NotSeen."""
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            account = await self.see(number)
            if seen(account):
                return account, time.monotonic() - began
            await asyncio.sleep(LOOK_EVERY_SECONDS)
        raise NotSeen(f"{what} was not seen within {seconds:.0f} s")

    async def wait_for(
        self, test: Callable[[], Awaitable[bool]], what: str, seconds: float
    ) -> None:
        """Watch something else until it is so. Raises NotSeen."""
        deadline = time.monotonic() + seconds
        while not await test():
            if time.monotonic() > deadline:
                raise NotSeen(f"{what} was not seen within {seconds:.0f} s")
            await asyncio.sleep(LOOK_EVERY_SECONDS)

    async def instroom(self, *words: str, fails: bool = False) -> str:
        """What the operator's command line prints. Raises NotSeen when it fails unannounced."""
        settings = self.rig.plan.state / "local.settings.json"
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "shared.cli", "--settings", str(settings), *words),
            cwd=self.rig.plan.app,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        printed, _ = await process.communicate()
        text = printed.decode("utf-8", errors="replace").rstrip()
        if process.returncode and not fails:
            raise NotSeen(f"instroom {' '.join(words)} failed:\n{text}")
        return text

    async def _dump(self, system: str, what: str) -> Any:
        answer = await self.http.get(f"{self.rig.address(system)}/_sandbox/{system}/{what}")
        answer.raise_for_status()
        return answer.json()
