"""Can the groups that a policy names be filled? Asked before it is deployed, and by doctor.

What Entra refuses for everybody (a group that is not there, is filled by a rule of its own, is
mastered by Active Directory, or can carry admin roles) is told here once, with its line; when
somebody is provisioned it would be told for each of them. Called by the command line; writes
nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from shared.flow.service import Service
from shared.policy.document import Policy

type Place = tuple[str | int, ...]


@dataclass(frozen=True)
class Fault:
    """One thing that a policy asks and Entra cannot give to anybody."""

    place: Place
    """Where the policy asks it: `entra`, `groups`, 2, `group`."""
    why: str
    """The sentence that says what to do."""


async def faults(service: Service, policy: Policy) -> tuple[Fault, ...]:
    """Every group of this policy whose members Instroom cannot change, in its order."""
    found = []
    for place, rule in enumerate(policy.entra.groups):
        if why := await service.groups.obstacle(rule.group):
            found.append(Fault(("entra", "groups", place, "group"), why))
    return tuple(found)
