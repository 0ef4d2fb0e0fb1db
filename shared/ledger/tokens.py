"""Who may refresh a source's rotating token now, and which generation was last stored?

A lease a source, by compare-and-set. The token lies in a vault, never here: see shared/oauth.py,
which takes these turns, and shared/vault.py.
"""

from __future__ import annotations

from datetime import datetime

from shared.errors import LostRace
from shared.ledger.pack import key_of, pack, unpack
from shared.ledger.rows import Insert, Operation, Replace, Store
from shared.model.turn import Turn

TABLE = "tokens"
_KEY = "turn"
_TRIES = 8
"""A turn changes hands seldom: more lost races in a row than this is no accident."""


class Turns:
    """The turn of each source."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def read(self, source: str) -> Turn:
        """The turn as it stands; an empty one for a source that was never connected."""
        turn, _ = await self._read(source)
        return turn

    async def take(
        self, source: str, holder: str, *, now: datetime, until: datetime
    ) -> Turn | None:
        """The turn, when it is ours until then; None when another has it or was quicker."""
        turn, version = await self._read(source)
        if not turn.is_free(holder, now):
            return None
        ours = turn.model_copy(update={"holder": holder, "until": until})
        try:
            await self._write(source, ours, version)
        except LostRace:
            return None
        return ours

    async def stored(self, source: str, holder: str, generation: int) -> None:
        """Tokens of this generation lie in the vault; the turn is free when it was ours.

        Raises LostRace when others keep writing.
        """
        await self._change(source, holder, generation=generation)

    async def refused(self, source: str, holder: str, generation: int) -> None:
        """The other side takes this generation no more; the turn is free when it was ours."""
        await self._change(source, holder, refused=generation)

    async def give_back(self, source: str, holder: str) -> None:
        """Nothing came of it; the turn is free when it was ours."""
        await self._change(source, holder)

    async def _change(
        self, source: str, holder: str, *, generation: int = 0, refused: int | None = None
    ) -> None:
        for _ in range(_TRIES):
            turn, version = await self._read(source)
            free = {"holder": None, "until": None} if turn.holder == holder else {}
            known = {
                "generation": max(turn.generation, generation),
                "refused": turn.refused if refused is None else refused,
            }
            try:
                return await self._write(source, turn.model_copy(update=known | free), version)
            except LostRace:
                continue
        raise LostRace(f"the token turn of {source}")

    async def _read(self, source: str) -> tuple[Turn, str | None]:
        row = await self._store.get(TABLE, key_of(source), _KEY)
        return (unpack(Turn, row), row.etag) if row else (Turn(), None)

    async def _write(self, source: str, turn: Turn, version: str | None) -> None:
        values = pack(turn)
        operation: Operation = Replace(_KEY, values, version) if version else Insert(_KEY, values)
        await self._store.write(TABLE, key_of(source), [operation])
