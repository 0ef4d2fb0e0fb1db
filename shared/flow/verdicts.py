"""A human says whether two records are one human. Called by the command line.

What is said is remembered for that pair, before anything follows from it: after a stop the same
command, or the next read of HR, goes on.
"""

from __future__ import annotations

from typing import Literal

from shared.errors import LostRace, Misconfigured, Permanent
from shared.flow import joining
from shared.flow.joining import accounts
from shared.flow.service import LEASE, Service
from shared.ledger.history import Told
from shared.ledger.matches import Verdict
from shared.ledger.people import Dossier
from shared.model.person import PersonId


async def same(service: Service, one: str, other: str, *, who: str) -> bool:
    """They are one human: the one without accounts ends in the other; False when they were one.

    Both as `source:number`. Raises Misconfigured for a number that is not known, Permanent when
    both have accounts; then nothing is remembered.
    """
    here, there = await _dossier(service, one), await _dossier(service, other)
    if here.person_id == there.person_id:
        await service.ledger.matches.close(one, other)
        return False
    gone, stays = (there, here) if _goes_before(here, there) else (here, there)
    if accounts(gone):
        raise Permanent(_both(one, here, other, there), mender="operator")
    await _remember(service, one, other, "same", who)
    await joining.move(service, gone.person_id, stays.person_id, who=who)
    await service.ledger.matches.close(one, other)
    return True


async def different(service: Service, one: str, other: str, *, who: str) -> None:
    """They are two: nobody asks again, and a newcomer who waited for this goes on.

    Raises Misconfigured for a number that is not known, Permanent when they are one by now.
    """
    here, there = await _dossier(service, one), await _dossier(service, other)
    if here.person_id == there.person_id:
        raise Permanent(
            f"{one} and {other} are one person here, with one account, and an account cannot be "
            "cut in two: let HR end one of them, and have a new number made for it",
            mender="operator",
        )
    await _remember(service, one, other, "different", who)
    for dossier in (here, there):
        what = f"is not one human: {one} and {other}"
        await _tell(service, dossier, f"different|{'|'.join(sorted((one, other)))}", what, who)
        await service.ledger.due.add(
            service.clock.now() + LEASE, dossier.person_id, suffix=service.mint()
        )
    await _no_longer_doubtful(service, here.person_id, one, other)
    await _no_longer_doubtful(service, there.person_id, other, one)
    for dossier in (here, there):
        await service.ledger.due.add(service.clock.now(), dossier.person_id, suffix=service.mint())
    await service.ledger.matches.close(one, other)


async def _remember(
    service: Service, one: str, other: str, said: Literal["same", "different"], who: str
) -> None:
    verdict = Verdict(said=said, by=who, at=service.clock.now())
    await service.ledger.matches.decide(one, other, verdict)


async def _dossier(service: Service, key: str) -> Dossier:
    source, _, number = key.partition(":")
    known = await service.ledger.identities.find(source, number)
    if known is None:
        raise Misconfigured(key, "is not known here", "See `instroom people` for the numbers")
    return await joining.at_its_end(service, known.person_id)


def _goes_before(one: Dossier, other: Dossier) -> bool:
    """Does this person stay? Who has accounts does, else about whom something was decided.

    Otherwise the older id, so that whoever is named first makes no difference.
    """

    def weight(dossier: Dossier) -> tuple[bool, bool]:
        return bool(accounts(dossier)), dossier.decision is not None

    if weight(one) != weight(other):
        return weight(one) > weight(other)
    return one.person_id < other.person_id


def _both(one: str, here: Dossier, other: str, there: Dossier) -> str:
    """Why two people with accounts cannot be made one, and what a human does first."""
    has = " and ".join(accounts(here)), " and ".join(accounts(there))
    return (
        f"{one} has an account in {has[0]}, and {other} in {has[1]}: two accounts cannot be made "
        "one. Choose which account stays, let HR end the contracts of the other, and say this "
        "again when its account is deleted (lifecycle.delete_after_days); or let them be two: "
        f"`instroom people different {one} {other}`"
    )


async def _tell(service: Service, dossier: Dossier, key: str, what: str, who: str) -> None:
    wakes = sum(dossier.decision.wake.values()) if dossier.decision else 0
    told = Told(at=service.clock.now(), what=what, who=who)
    await service.ledger.history.tell(dossier.person_id, [(f"{wakes:08d}|{key}", told)])


async def _no_longer_doubtful(service: Service, person_id: PersonId, key: str, other: str) -> None:
    """Nobody waits for this any more; other doubts stay."""
    while True:
        dossier = await service.ledger.people.read(person_id)
        stored = dossier.records.get(key)
        if stored is None or other not in stored.doubts:
            return
        left = tuple(one for one in stored.doubts if one != other)
        mended = stored.model_copy(update={"doubts": left})
        try:
            await service.ledger.people.note_records(dossier, {key: mended})
        except LostRace:
            continue
