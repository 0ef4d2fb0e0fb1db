"""What is said of accounts that were changed by hand and are left so? Called by the letters."""

from __future__ import annotations

from collections import Counter

from shared.flow.service import Service
from shared.model.drift import Drift
from shared.policy.document import Policy


def facts(policy: Policy, found: list[tuple[Drift, str]]) -> dict[str, object]:
    """What a mail about it may say: counts and numbers, by what would put it right."""
    kinds: Counter[str] = Counter()
    numbers: dict[str, list[str]] = {}
    for drift, number in found:
        for kind in drift.kinds:
            kinds[kind] += 1
            numbers.setdefault(kind, []).append(number)
    return {
        "organisation": policy.organisation.name,
        "people": len(found),
        "kinds": [
            {"kind": kind, "people": n, "numbers": numbers[kind][:10], "more": max(0, n - 10)}
            for kind, n in kinds.most_common()
        ],
    }


async def told(service: Service) -> list[tuple[Drift, str]]:
    """What is only told, each with the person as `source:number`."""
    found = []
    async for drift in service.ledger.drift.found():
        decision = (await service.ledger.people.read(drift.person_id)).decision
        if decision and not drift.healed:
            found.append((drift, decision.person.numbered_record.key))
    return found
