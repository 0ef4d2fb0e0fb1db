"""Is single sign-on still as the policy says? What the daily upkeep looks at, under the app's own
identity, which may only read. One door that cannot be read does not hide the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from shared.errors import InstroomError
from shared.model.upkeep import Ending, Looked
from shared.sso.check import Level
from shared.sso.found import Certificate
from shared.sso.look import Eyes, watched
from shared.sso.wanted import Wanted


async def watch(eyes: Eyes, doors: Sequence[Wanted], now: datetime) -> Looked:
    """What is wrong at these doors, and when their certificates end."""
    problems: list[str] = []
    endings: list[Ending] = []
    for door in doors:
        try:
            findings, signing = await watched(eyes, door, now)
        except InstroomError as error:
            problems.append(f"{door.template} could not be looked at: {error}")
            continue
        wrong = [each for each in findings if each.level is Level.WRONG]
        problems += [f"{door.template}: {each.what}. {each.mend}".strip() for each in wrong]
        endings += [_ending(door, signing)] if signing else []
    names = ", ".join(door.template for door in doors)
    return Looked(
        said=f"looked at {names}" if doors else "the policy says nothing to look at",
        problems=tuple(problems),
        endings=tuple(endings),
    )


def _ending(door: Wanted, signing: Certificate) -> Ending:
    return Ending(
        key=f"{door.realm} {signing.thumbprint}",
        what=f"{door.template}: the certificate that Entra signs with",
        at=signing.not_after,
        mend=f"`instroom sso rotate {door.realm}` prepares the next one; nobody can sign in to "
        "TOPdesk through Entra after that day",
    )
