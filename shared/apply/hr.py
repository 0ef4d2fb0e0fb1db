"""Tell the HR systems of one person's account, a record at a time. Called by flow.

HR as a target: each system that can be written to has its own writer, and a person may be in
several. Reads before it writes, decides nothing, makes no record and removes none.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol

from shared.apply.target import Done
from shared.errors import Permanent
from shared.model.account import Applied, Found, HrRecord, HrRecords
from shared.model.change import Change, Kind
from shared.model.desired import ALIVE, DesiredHr, DesiredRecord, State, TargetName

_KINDS = frozenset({Kind.WRITE_RECORD, Kind.CREATE_HR_USER, Kind.UPDATE_HR_USER})


class HrWriter(Protocol):
    """One HR system that can be told of accounts."""

    async def read(self, record: DesiredRecord, applied: Applied) -> HrRecord | None:
        """What this record says in the fields that are written; None when HR does not show it.

        Raises Permanent when a field cannot be read, Transient when it cannot be known now.
        """
        ...

    async def write(self, change: Change, applied: Applied) -> None:
        """Write these fields of the record `change.what`; what stands there already is not sent.

        Raises UnknownReply when it may have happened, Transient or TargetDown when it did not,
        Permanent, with the mend, when it never will.
        """
        ...

    async def probe(self, fields: Collection[str]) -> None:
        """Return when the app may write these fields; else raise, with the mend. Reads only."""
        ...


def _has_to_be_taken(desired: DesiredHr, record: DesiredRecord, applied: Applied) -> bool:
    """Has a leaver something of ours to lose? The record of a deleted one may be gone by then."""
    takes = record.cleared or record.user_id is not None
    ours = any(field.startswith(f"{record.key} ") for field in applied.written)
    return desired.state is State.BLOCKED and takes and ours


class HrTarget:
    """The HR systems together."""

    def __init__(self, writers: Mapping[str, HrWriter]) -> None:
        self._writers = writers

    @property
    def name(self) -> TargetName:
        """HR's lane."""
        return TargetName.HR

    async def read(self, desired: DesiredHr, applied: Applied) -> Found[HrRecords]:
        """Every record that is written to, as its system has it now."""
        records: dict[str, HrRecord] = {}
        obstacles: dict[str, str] = {}
        for key, record in desired.records.items():
            try:
                has = await self._writer(record.source).read(record, applied)
            except Permanent as error:
                obstacles[key] = error.reason  # another system may be told all the same
                continue
            if has:
                records[key] = has
            elif desired.state in ALIVE or _has_to_be_taken(desired, record, applied):
                obstacles[key] = (
                    f"{record.source} does not show {key}, so nothing is written there; widen "
                    "the view, or let HR restore the record"
                )
        if not records:
            return Found[HrRecords](account=None, obstacles=obstacles)
        return Found(
            account=HrRecords(id=" ".join(sorted(records)), records=records), obstacles=obstacles
        )

    async def do(self, change: Change, applied: Applied) -> Done:
        """Carry out one change; see Target."""
        if change.kind not in _KINDS:
            raise ValueError(f"HR knows no change '{change.kind}'")
        source, _, _ = change.what.partition(":")
        await self._writer(source).write(change, applied)
        return Done()

    async def probe(self) -> None:
        """Return when every system that can be written to answers; see Target."""
        for writer in self._writers.values():
            await writer.probe(())

    def _writer(self, source: str) -> HrWriter:
        if source not in self._writers:
            raise Permanent(
                f"the policy says write_back.{source}, and HR_SOURCES does not name {source}: "
                "name it there, or take it out of the policy",
                mender="settings",
            )
        return self._writers[source]
