"""Which secrets and consents end soon? A step of the daily upkeep, as far as anybody can know.

Key Vault knows an end when whoever set the secret said so; a consent lives so long after it was
renewed last; what only people know stands in the policy. For the rest it says that nobody knows.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from shared.flow.service import Service
from shared.model.upkeep import Ending, Looked
from shared.policy.document import Policy

CONSENT_LIVES = timedelta(days=30)
"""What Nmbrs says of its refresh tokens; of Exact's it is widely assumed."""
_LEFT_ALONE = CONSENT_LIVES / 2
"""A consent that was not renewed for so long does not renew itself any more."""


@dataclass(frozen=True)
class Keys:
    """What is asked; handed over by wiring."""

    names: Collection[str]
    """Every secret setting that is set."""
    ends: Callable[[], Awaitable[Mapping[str, datetime | None]]]
    """Of those that lie in Key Vault, until when they are good."""
    renewed: Callable[[], Awaitable[Mapping[str, datetime]]]
    """When the consent of each source was renewed last; wall time."""


async def look(service: Service, keys: Keys) -> Looked:
    """Everything whose end is known. Raises what asking raises."""
    _, policy = await service.active_policy()
    ends = await keys.ends()
    known = {name: end for name, end in ends.items() if end}
    consents = _consents(await keys.renewed(), service.clock.wall())
    endings = (*_secrets(known), *consents, *_of_the_policy(policy))
    unknown = sorted(set(keys.names) - known.keys())
    said = f"{len(known)} of {len(keys.names)} secrets have an end that is known"
    if unknown:
        names = ", ".join(unknown)
        said += (
            f"; nobody knows it of {names}: give the secret an end in Key Vault, or upkeep.ends"
        )
    return Looked(said=said, endings=endings)


def _secrets(known: Mapping[str, datetime]) -> Iterator[Ending]:
    for name, end in sorted(known.items()):
        yield Ending(
            key=f"{name} {end.date()}",
            what=f"the secret of {name} in Key Vault",
            at=end,
            mend="renew it in its system and set it in Key Vault as a new version with its "
            "own end; the app takes it up by itself",
        )


def _consents(renewed: Mapping[str, datetime], wall: datetime) -> Iterator[Ending]:
    for source, at in sorted(renewed.items()):
        if wall - at > _LEFT_ALONE:
            yield Ending(
                key=f"consent {source} {at.date()}",
                what=f"the consent of {source}, which was last renewed on {at:%d-%m-%Y}",
                at=at + CONSENT_LIVES,
                mend="see `instroom doctor` why it is not renewed; after that day a person must "
                f"consent again with `instroom hr connect {source}`",
            )


def _of_the_policy(policy: Policy) -> Iterator[Ending]:
    for end in policy.upkeep.ends:
        midnight = datetime.combine(end.on + timedelta(days=1), time(), tzinfo=policy.zone)
        yield Ending(
            key=f"{end.what} {end.on}",
            what=end.what,
            at=midnight,
            mend="renew it, and write its new day in upkeep.ends of the policy",
        )
