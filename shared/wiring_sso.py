"""What does `instroom sso` work with? Built for one command, under an administrator's sign-in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from shared import wiring
from shared.errors import Misconfigured
from shared.policy.load import load
from shared.sso.look import Eyes
from shared.sso.notes import FileNotes
from shared.sso.setup import Desk
from shared.sso.wanted import Wanted, wanted
from shared.vendors.graph.permissions import Feature, delegated
from shared.vendors.saml import Publisher
from shared.wiring_sign_in import Asked, SignIn, signed_in

PERMISSIONS = delegated(Feature.SSO)
ASKED = Asked(PERMISSIONS, "Cloud Application Administrator", "docs/sso.md")


@dataclass(frozen=True)
class Said:
    """What the policy says of single sign-on."""

    organisation: str
    doors: tuple[Wanted, ...]


def said(policy: Path | None) -> Said:
    """What the policy's file says. Raises Misconfigured when it says nothing of this."""
    name = str(policy or wiring.settings().policy_file)
    read = load(wiring.text_of(name), name=name)
    if read.sso is None or not read.sso.realms:
        raise Misconfigured(
            name,
            "says nothing of single sign-on",
            "Add the section sso with secure, public or both; docs/sso.md shows one",
        )
    return Said(read.organisation.name, wanted(read.sso))


@dataclass(frozen=True)
class Place:
    """All that a command works with."""

    desk: Desk
    eyes: Eyes


@asynccontextmanager
async def place(
    sign_in: SignIn, folder: Path, tell: Callable[[str], None]
) -> AsyncIterator[Place]:
    """Everything under the administrator's sign-in, until the block ends. Raises Misconfigured."""
    told = wiring.settings()
    async with AsyncExitStack() as opened:
        graph = await opened.enter_async_context(signed_in(sign_in, ASKED))
        publisher = Publisher()
        opened.push_async_callback(publisher.close)
        wired = wiring.Wiring(told)
        opened.push_async_callback(wired.close)
        answers = told.topdesk_url and told.topdesk_username and told.topdesk_app_password
        topdesk = wired.topdesk() if answers else None
        notes = FileNotes(folder / "begun.json")
        yield Place(
            Desk(graph, notes, lambda: datetime.now(UTC), asyncio.sleep, tell),
            Eyes(graph, publisher, told.login_base_url, topdesk),
        )
