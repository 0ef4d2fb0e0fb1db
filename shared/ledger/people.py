"""What does the ledger hold of one person? The partition that collect, decide and serve work on.

One partition a person: a row for each HR record, one for the decision, one for each target, one
for each exception to the rules, and one while an operator keeps the person out.
Written by ETag; whoever loses the race reads again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import batched

from pydantic import Field

from shared.errors import Mender
from shared.ledger.pack import key_of, pack, unpack
from shared.ledger.rows import (
    MAX_OPERATIONS,
    Delete,
    Insert,
    Operation,
    Replace,
    Row,
    Store,
    Unchanged,
)
from shared.model.account import Applied
from shared.model.change import Harm
from shared.model.desired import TargetName
from shared.model.event import Event
from shared.model.exemption import Exemption
from shared.model.frozen import Frozen
from shared.model.harm import Said
from shared.model.person import Person, PersonId, Record, Stop, Ties
from shared.model.report import Report
from shared.model.task import Task

TABLE = "people"
_DECISION = "decision"
_MOVED = "moved"
_ERASED = "erased"
_RECORD = "record:"
_TARGET = "target:"
_STOP = "stop"
_EXCEPTION = "exception:"


class StoredRecord(Frozen):
    """One HR record as last read well, and since when HR is silent about it."""

    key: str
    """`source:number`."""
    record: Record | None
    """None when it could never be read well."""
    observed_at: datetime
    """When the HR read began that this is from; an older observation never overwrites it."""
    missing_since: datetime | None = None
    problem: str | None = None
    """Why the newest row of HR could not be used; the record before it lives on."""
    mender: Mender | None = None
    """Who must mend that."""
    doubts: tuple[str, ...] = ()
    """`source:number` of those who may be the same human; see `sources.doubtful`."""
    refused: Record | None = None
    """What HR says now and cannot be used; judged anew whenever somebody looks."""

    @property
    def newest(self) -> Record | None:
        """What HR said last, usable or not."""
        return self.refused or self.record


class StoredExemption(Frozen):
    """One exception to the rules, and who agreed to it."""

    current: Exemption | None = None
    """What is in force; None while a second human has not agreed to the first that was asked."""
    asked: Exemption
    """What was asked for last; the same as what is in force, unless it waits."""
    said: Said


class Decision(Frozen):
    """What was decided about a person: all that serve needs, in one row written at once."""

    person: Person
    ties: Ties = Ties()
    policy: str
    """Hash of the policy it was decided with."""
    as_of: datetime
    """The calendar moment it was decided for."""
    hold: Mapping[Harm, str] = {}
    """Harm that a human must approve first, with the batch it waits in."""
    strays: Mapping[TargetName, Mapping[str, datetime]] = {}
    """Rights of another's hand that are taken, as `Applied.strays` has them: the guard was asked
    about these, and not about one that is given anew."""
    wake: Mapping[TargetName, int] = Field(default_factory=dict)
    """Raised each time a target must look; a target is open while its row has served less."""
    bulk: bool = False
    """Decided among so many others that memberships are bound together with theirs."""
    event: Event = Event.JOINER

    def wakes(self, target: TargetName) -> int:
        """How often this target was woken; zero is never."""
        return self.wake.get(target, 0)


class Claim(Frozen):
    """Who may call the target for this person now. `until` is wall time."""

    worker: str
    until: datetime


class TargetRow(Frozen):
    """What one target's worker knows about one person."""

    served: int = 0
    """The wake that has been worked off."""
    applied: Applied = Applied()
    trying: str | None = None
    """The name under which a create may have been sent; the next create uses it first."""
    claim: Claim | None = None
    attempt: int = 0
    due_at: datetime | None = None
    """Calendar moment of the next try; None when nothing waits."""
    problem: str | None = None
    """Why it is parked or waiting, for operators."""
    mender: Mender | None = None
    tasks: tuple[Task, ...] = ()
    """What somebody has to do by hand before this person is done."""
    finished_at: datetime | None = None
    """Calendar moment at which it last stood right."""
    report: Report | None = None
    """What was told instead of done, where the policy lets nothing be written."""
    pending: frozenset[str] = frozenset()
    """Groups that wait to be bound in bulk, or may just have been; none counts as given yet."""
    singly: frozenset[str] = frozenset()
    """Groups that could not be bound in bulk: added by themselves, and the reason is heard."""

    def is_open(self, wake: int, now: datetime) -> bool:
        """Is there work: a wake not served, or a due moment reached?"""
        return self.served < wake or (self.due_at is not None and self.due_at <= now)

    @property
    def login(self) -> str | None:
        """The user principal name; also that of an account that we may not take over yet."""
        return self.applied.login or (self.report.login if self.report else None)


_UNTOUCHED = TargetRow()


@dataclass(frozen=True)
class Dossier:
    """Everything the ledger holds of a person, read together, with the versions for writing."""

    person_id: PersonId
    records: Mapping[str, StoredRecord] = field(default_factory=dict)
    """By `source:number`."""
    decision: Decision | None = None
    targets: Mapping[TargetName, TargetRow] = field(default_factory=dict)
    etags: Mapping[str, str] = field(default_factory=dict)
    stop: Stop | None = None
    """An operator keeps them out; the next decision carries it."""
    moved_to: PersonId | None = None
    """The person who this one turned out to be; nothing is decided here any more."""
    exceptions: Mapping[str, StoredExemption] = field(default_factory=dict)
    """By what each is about; the next decision carries those that are in force."""
    erased: bool = False
    """All that was known of this person was taken away; nothing is decided here any more."""

    def target(self, name: TargetName) -> TargetRow:
        """The target's row, or an untouched one."""
        return self.targets.get(name, _UNTOUCHED)

    def with_account(self, ties: Ties) -> Ties:
        """The ties with what the row of Entra remembers of the person's own account."""
        row = self.target(TargetName.ENTRA)
        own = {"login": row.login, "named_for": row.applied.named_for}
        return ties.model_copy(update=own)


class People:
    """Reads and writes dossiers."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def read(self, person_id: PersonId) -> Dossier:
        """Read everything of one person; an unknown id gives an empty dossier."""
        rows = [row async for row in self._store.scan(TABLE, person_id)]
        return _dossier(person_id, rows)

    async def decide(
        self, dossier: Dossier, decision: Decision, records: Mapping[str, StoredRecord]
    ) -> Dossier:
        """Write the decision and the records it rests on, in one transaction.

        Raises LostRace when any of these rows changed since the dossier was read.
        """
        operations = [_write(dossier, _DECISION, decision)]
        operations += [_write(dossier, _RECORD + key_of(k), r) for k, r in records.items()]
        read = {**dossier.records, **records}
        return replace(await self._done(dossier, operations), decision=decision, records=read)

    async def note_records(self, dossier: Dossier, records: Mapping[str, StoredRecord]) -> Dossier:
        """Write records alone, of someone about whom nothing can be decided. Raises LostRace."""
        operations = [_write(dossier, _RECORD + key_of(k), r) for k, r in records.items()]
        return replace(
            await self._done(dossier, operations), records={**dossier.records, **records}
        )

    async def stop(self, dossier: Dossier, stop: Stop) -> None:
        """Keep this person out from the next decision on. Raises LostRace."""
        await self._done(dossier, [_write(dossier, _STOP, stop)])

    async def lift(self, dossier: Dossier) -> None:
        """Keep this person out no longer. Raises LostRace when the stop is another one by now."""
        await self._done(dossier, [Delete(_STOP, dossier.etags.get(_STOP))])

    async def except_(self, dossier: Dossier, about: str, stored: StoredExemption) -> None:
        """Keep this exception from the next decision on. Raises LostRace."""
        await self._done(dossier, [_write(dossier, _EXCEPTION + key_of(about), stored)])

    async def no_exception(self, dossier: Dossier, about: str) -> None:
        """Forget an exception. Raises LostRace when it is another one by now."""
        key = _EXCEPTION + key_of(about)
        await self._done(dossier, [Delete(key, dossier.etags.get(key))])

    async def end(self, dossier: Dossier, stays: PersonId) -> None:
        """Let nothing be decided or served here any more: they are `stays`.

        The decision's row says so, so that whoever decides or claims at this moment loses the
        race. The records stay until they are moved. Raises LostRace.
        """
        etag, moved = dossier.etags.get(_DECISION), {_MOVED: stays}
        operations: list[Operation] = [
            Replace(_DECISION, moved, etag) if etag else Insert(_DECISION, moved)
        ]
        operations += [Delete(_TARGET + t, dossier.etags[_TARGET + t]) for t in dossier.targets]
        await self._store.write(TABLE, dossier.person_id, operations)

    async def erase(self, dossier: Dossier) -> None:
        """Take away every row of this person, and let nothing be decided here any more.

        The decision's row says so, so that whoever decides or claims at this moment loses the
        race. Raises LostRace when anything changed since the dossier was read.
        """
        etag, erased = dossier.etags.get(_DECISION), {_ERASED: True}
        operations: list[Operation] = [
            Replace(_DECISION, erased, etag) if etag else Insert(_DECISION, erased)
        ]
        operations += [Delete(k, e) for k, e in dossier.etags.items() if k != _DECISION]
        await self._store.write(TABLE, dossier.person_id, operations)

    async def drop_records(self, dossier: Dossier) -> None:
        """Forget the records of someone who ended, after they were moved. Raises LostRace."""
        keys = [_RECORD + key_of(key) for key in dossier.records]
        for some in batched(keys, MAX_OPERATIONS, strict=False):
            drops = [Delete(key, dossier.etags[key]) for key in some]
            await self._store.write(TABLE, dossier.person_id, drops)

    async def claim(self, dossier: Dossier, name: TargetName, row: TargetRow) -> Dossier:
        """Write a target row that takes the claim, provided that the decision is unchanged.

        Raises LostRace when either row changed since the dossier was read.
        """
        operations = [
            _write(dossier, _TARGET + name, row),
            Unchanged(_DECISION, dossier.etags[_DECISION]),
        ]
        return _with_target(await self._done(dossier, operations), name, row)

    async def save(
        self,
        dossier: Dossier,
        name: TargetName,
        row: TargetRow,
        decision: Decision | None = None,
    ) -> Dossier:
        """Write a target row, and the decision with another target's wake when one is given.

        Raises LostRace when a row that is written changed since the dossier was read.
        """
        operations = [_write(dossier, _TARGET + name, row)]
        if decision:
            operations.append(_write(dossier, _DECISION, decision))
        written = _with_target(await self._done(dossier, operations), name, row)
        return replace(written, decision=decision or dossier.decision)

    async def _done(self, dossier: Dossier, operations: list[Operation]) -> Dossier:
        etags = await self._store.write(TABLE, dossier.person_id, operations)
        keys = (operation.key for operation in operations)
        return replace(dossier, etags={**dossier.etags, **dict(zip(keys, etags, strict=True))})


def _with_target(dossier: Dossier, name: TargetName, row: TargetRow) -> Dossier:
    return replace(dossier, targets={**dossier.targets, name: row})


def _write(dossier: Dossier, key: str, value: Frozen) -> Operation:
    etag = dossier.etags.get(key)
    return Replace(key, pack(value), etag) if etag else Insert(key, pack(value))


def _dossier(person_id: PersonId, rows: Iterable[Row]) -> Dossier:
    records: dict[str, StoredRecord] = {}
    targets: dict[TargetName, TargetRow] = {}
    decision: Decision | None = None
    stop: Stop | None = None
    moved_to: PersonId | None = None
    exceptions: dict[str, StoredExemption] = {}
    erased = False
    etags: dict[str, str] = {}
    for row in rows:
        etags[row.key] = row.etag
        if row.key == _DECISION and _MOVED in row.properties:
            moved_to = PersonId(str(row.properties[_MOVED]))
        elif row.key == _DECISION and _ERASED in row.properties:
            erased = True
        elif row.key == _DECISION:
            decision = unpack(Decision, row)
        elif row.key == _STOP:
            stop = unpack(Stop, row)
        elif row.key.startswith(_EXCEPTION):
            kept = unpack(StoredExemption, row)
            exceptions[kept.asked.key] = kept
        elif row.key.startswith(_RECORD):
            stored = unpack(StoredRecord, row)
            records[stored.key] = stored
        elif row.key.startswith(_TARGET):
            targets[TargetName(row.key.removeprefix(_TARGET))] = unpack(TargetRow, row)
    return Dossier(
        person_id=person_id,
        records=records,
        decision=decision,
        targets=targets,
        etags=etags,
        stop=stop,
        moved_to=moved_to,
        exceptions=exceptions,
        erased=erased,
    )
