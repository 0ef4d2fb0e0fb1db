"""What does the daily upkeep look with? Its steps over real clients, until the block ends.

Called by the timer and by `instroom upkeep --now`. A step whose system is not set up is left out.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime

from shared import wiring
from shared.flow import emptied, erasing, expiries, licences, members, retention, sealing
from shared.flow.expiries import Keys
from shared.flow.service import Service
from shared.flow.upkeep import Task
from shared.model.upkeep import Looked
from shared.oauth import Tokens
from shared.settings import WITH_CONSENT
from shared.sso.look import Eyes
from shared.sso.wanted import wanted
from shared.sso.watch import watch
from shared.vendors.saml import Publisher
from shared.wiring import Wiring


@asynccontextmanager
async def tasks() -> AsyncIterator[tuple[Task, ...]]:
    """The steps of a day, in order: what only reads first. Raises Misconfigured."""
    service = await wiring.service()
    async with AsyncExitStack() as opened:
        wired = Wiring(wiring.settings())
        opened.push_async_callback(wired.close)
        yield (
            *await _single_sign_on(service, wired, opened),
            Task("who is in watched groups", members.look),
            Task("groups of our own", emptied.look),
            Task("secrets and consents", lambda service: expiries.look(service, _keys(wired))),
            Task("licences", licences.look),
            Task("history", sealing.seal),
            Task("what need not be kept", retention.forget),
            Task("people who are gone", erasing.look),
        )


async def _single_sign_on(
    service: Service, wired: Wiring, opened: AsyncExitStack
) -> tuple[Task, ...]:
    _, policy = await service.active_policy()
    if policy.sso is None or not policy.sso.watch or not policy.sso.realms:
        return ()
    told = wired.settings
    publisher = Publisher()
    opened.push_async_callback(publisher.close)
    answers = told.topdesk_url and told.topdesk_username and told.topdesk_app_password
    topdesk = wired.topdesk() if answers else None
    eyes = Eyes(wired.entra_graph(), publisher, told.login_base_url, topdesk)
    doors = wanted(policy.sso)

    async def look(service: Service) -> Looked:
        return await watch(eyes, doors, service.clock.now())

    return (Task("single sign-on", look),)


def _keys(wired: Wiring) -> Keys:
    async def renewed() -> dict[str, datetime]:
        found: dict[str, datetime] = {}
        for source in set(wired.settings.sources) & set(WITH_CONSENT):
            if text := await wired.tokens().read(source):
                found[source] = Tokens.model_validate_json(text).issued_at
        return found

    return Keys(tuple(wired.settings.secrets), wired.ends, renewed)
