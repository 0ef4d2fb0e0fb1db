"""Has this app used up its quota? Token buckets of resource units and of writes.

Source: Graph, "Microsoft Graph service-specific throttling limits": identity and access. The first
limit hit refuses the call; a refused call costs nothing. Wall time only, from the clock.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from sandbox.clock import Clock
from sandbox.graph import refusals
from sandbox.graph.wire import Request

SMALL_TENANT, MEDIUM_TENANT = 50, 500  # users
WARN_ABOVE = 0.8
CHEAP_TOP = 20
READ_ACTIONS = {
    "getMemberGroups": 2,
    "getMemberObjects": 2,
    "checkMemberGroups": 4,
    "checkMemberObjects": 4,
    "isMemberOf": 4,
    "getByIds": 3,
    "$batch": 0,
}


@dataclass(frozen=True)
class Limits:
    """The quota; `units` None means by the size of the tenant, as documented."""

    units: float | None = None
    unit_seconds: float = 10.0
    writes: float = 3000.0
    write_seconds: float = 150.0
    tenant_writes: float = 18_000.0
    tenant_write_seconds: float = 300.0


DOCUMENTED = Limits()


@dataclass
class Bucket:
    """Fills evenly over `seconds`, holds at most `size`."""

    size: float
    seconds: float
    level: float
    filled_at: float

    def refill(self, wall: float) -> None:
        """Add what has come in since the last look."""
        gained = (wall - self.filled_at) * self.size / self.seconds
        self.level = min(self.size, self.level + max(0.0, gained))
        self.filled_at = wall

    def wait_seconds(self, cost: float) -> int:
        """Whole seconds until this much is there; 0 when it is."""
        missing = min(cost, self.size) - self.level
        return max(0, math.ceil(missing * self.seconds / self.size))

    @property
    def used_share(self) -> float:
        """How much of the quota is in use."""
        return 1 - self.level / self.size


@dataclass
class Throttle:
    """The buckets of one app in one tenant; `limits` None switches throttling off."""

    clock: Clock
    user_count: Callable[[], int]
    scope: str
    limits: Limits | None = DOCUMENTED
    refused: int = 0
    _buckets: dict[str, Bucket] = field(default_factory=dict)

    def set_limits(self, limits: Limits | None) -> None:
        """Change the quota; the buckets begin full."""
        self.limits = limits
        self._buckets.clear()

    def spend(self, request: Request) -> dict[str, str]:
        """Take the call's cost and return its headers; raises 429 when a bucket is empty."""
        units, writes = cost(request)
        headers = {"x-ms-resource-unit": str(units)}
        if self.limits is None:
            return headers
        wanted = {"ResourceUnitLimitExceeded": units, "WriteLimitExceeded": writes}
        wanted["TenantWriteLimitExceeded"] = writes
        self._refill(self.limits)
        for name, amount in wanted.items():
            wait = self._buckets[name].wait_seconds(amount)
            if amount and wait:
                self.refused += 1
                raise refusals.throttled(
                    wait,
                    scope=self.scope,
                    information=name.removeprefix("Tenant"),
                )
        for name, amount in wanted.items():
            self._buckets[name].level -= amount
        share = max(bucket.used_share for bucket in self._buckets.values())
        if share > WARN_ABOVE:
            headers["x-ms-throttle-limit-percentage"] = f"{share:.2f}"
        return headers

    def _refill(self, limits: Limits) -> None:
        wall = self.clock.wall()
        sizes = {
            "ResourceUnitLimitExceeded": (self._units(limits), limits.unit_seconds),
            "WriteLimitExceeded": (limits.writes, limits.write_seconds),
            "TenantWriteLimitExceeded": (limits.tenant_writes, limits.tenant_write_seconds),
        }
        for name, (size, seconds) in sizes.items():
            bucket = self._buckets.setdefault(name, Bucket(size, seconds, size, wall))
            bucket.size = size  # the tenant may have grown into the next class
            bucket.refill(wall)

    def _units(self, limits: Limits) -> float:
        if limits.units is not None:
            return limits.units
        users = self.user_count()
        if users < SMALL_TENANT:
            return 3500.0
        return 5000.0 if users <= MEDIUM_TENANT else 8000.0


def cost(request: Request) -> tuple[int, int]:
    """Resource units and writes of a call."""
    last = request.segments[-1] if request.segments else ""
    if last in READ_ACTIONS:
        return READ_ACTIONS[last], 0
    if request.method != "GET":
        return 1, 1
    units = _read_units(request.segments)
    units -= "$select" in request.query
    units += "$expand" in request.query
    top = request.query.get("$top", "")
    units -= top.isdigit() and int(top) < CHEAP_TOP
    return max(1, units), 0


def is_write(request: Request) -> bool:
    """Does the call change the directory, when it is done?"""
    return cost(request)[1] > 0


def _read_units(segments: tuple[str, ...]) -> int:
    match segments:
        case ("users",) | ("applications",):
            return 2
        case ("users", _, "memberOf" | "transitiveMemberOf" | "licenseDetails", *_):
            return 2
        case ("groups", _, "members", *_) | ("subscribedSkus",):
            return 3
        case ("groups", _, "transitiveMembers", *_):
            return 5
    return 1
