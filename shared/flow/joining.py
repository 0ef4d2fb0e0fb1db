"""Two people turn out to be one human: how does one of them end in the other?

By a human's word, or by HR's when the newcomer was still waiting. Who ends never had an account:
two accounts cannot be made one. The row that ended stays and names who they are, so that whoever
comes by an old id goes on there; every step may be done twice, and a reminder leads back.
"""

from __future__ import annotations

from shared.errors import LostRace, Permanent
from shared.flow import guarding, ties
from shared.flow.service import LEASE, Service
from shared.ledger.history import Told
from shared.ledger.people import Dossier
from shared.model.desired import State, TargetName
from shared.model.person import PersonId


def accounts(dossier: Dossier) -> tuple[TargetName, ...]:
    """Where this person has an account or may be getting one; a deleted one is none."""
    return tuple(
        name
        for name, row in dossier.targets.items()
        if row.trying or row.claim or (row.applied.account_id and _stands(row.applied.state))
    )


def _stands(state: State) -> bool:
    return state != State.DELETED


async def at_its_end(service: Service, person_id: PersonId) -> Dossier:
    """The dossier of this person, or of who they turned out to be."""
    dossier = await service.ledger.people.read(person_id)
    while dossier.moved_to:
        await finish(service, dossier)
        dossier = await service.ledger.people.read(dossier.moved_to)
    return dossier


async def move(service: Service, gone: PersonId, stays: PersonId, *, who: str) -> None:
    """End one person in the other. Raises Permanent when the first has accounts.

    Reminders and audit first, then the row that ends them, then the records: a stop in between
    leaves a row that says where to go on.
    """
    while True:
        dossier = await service.ledger.people.read(gone)
        if dossier.moved_to:
            break
        if having := accounts(dossier):
            raise Permanent(f"has an account in {' and '.join(having)}", mender="operator")
        await _remind(service, gone, stays)
        await _tell(service, dossier, stays, who)
        held = dossier.decision.hold if dossier.decision else {}
        await guarding.withdraw(service, gone, held, {})
        await ties.forget_all(service, dossier)
        try:
            await service.ledger.people.end(dossier, stays)
        except LostRace:
            continue
        break
    await at_its_end(service, gone)


async def finish(service: Service, ended: Dossier) -> None:
    """Move the records of someone who ended, and then what says whose number they are."""
    stays = ended.moved_to
    assert stays is not None  # noqa: S101 - only who ended comes here
    await _keep_out(service, ended, stays)
    await _keep_exceptions(service, ended, stays)
    while ended.records:
        there = await service.ledger.people.read(stays)
        if there.moved_to:
            stays = there.moved_to
            continue
        theirs = {
            key: stored.model_copy(update={"doubts": (), "problem": None, "mender": None})
            for key, stored in ended.records.items()
            if key not in there.records
        }
        try:
            if theirs:
                await service.ledger.people.note_records(there, theirs)
        except LostRace:
            continue
        for key in ended.records:
            source, _, number = key.partition(":")
            await service.ledger.identities.move(source, number, stays)
        try:
            await service.ledger.people.drop_records(ended)
        except LostRace:
            ended = await service.ledger.people.read(ended.person_id)
            continue
        return


async def _keep_out(service: Service, ended: Dossier, stays: PersonId) -> None:
    """Whom an operator stopped stays stopped, whoever they turn out to be.

    Also when the operator was looking at the one who ended meanwhile.
    """
    while ended.stop:
        there = await service.ledger.people.read(stays)
        try:
            if there.stop is None:
                await service.ledger.people.stop(there, ended.stop)
            await service.ledger.people.lift(ended)
        except LostRace:
            ended = await service.ledger.people.read(ended.person_id)
            continue
        return


async def _keep_exceptions(service: Service, ended: Dossier, stays: PersonId) -> None:
    """What humans gave and denied goes along; an exception of who stays has the say."""
    left = await service.ledger.people.read(ended.person_id)
    for about, stored in left.exceptions.items():
        while True:
            there = await service.ledger.people.read(stays)
            try:
                if about not in there.exceptions:
                    await service.ledger.people.except_(there, about, stored)
            except LostRace:
                continue
            break
        try:
            await service.ledger.people.no_exception(left, about)
        except LostRace:
            return  # somebody said something else meanwhile: whoever comes by finishes it


async def _remind(service: Service, gone: PersonId, stays: PersonId) -> None:
    now = service.clock.now()
    await service.ledger.due.add(now + LEASE, gone, suffix=service.mint())
    await service.ledger.due.add(now, stays, suffix=service.mint())


async def _tell(service: Service, dossier: Dossier, stays: PersonId, who: str) -> None:
    """The audit of both; told again under the same key when it is done again."""
    at, keys = service.clock.now(), " and ".join(sorted(dossier.records))
    ends = f"is one human with {stays}: {keys} went there, and this row ended"
    gains = f"is one human with {dossier.person_id}: {keys} came from there"
    there = await service.ledger.people.read(stays)
    for one, what in ((dossier, ends), (there, gains)):
        wakes = sum(one.decision.wake.values()) if one.decision else 0
        line = (f"{wakes:08d}|joined|{dossier.person_id}", Told(at=at, what=what, who=who))
        await service.ledger.history.tell(one.person_id, [line])
