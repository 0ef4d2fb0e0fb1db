"""What does it take for a yes? One human, or two different ones; pure.

Called by flow when somebody agrees to what is held or to what is coming.
"""

from __future__ import annotations

from shared.errors import Unsafe
from shared.model.harm import Said, Signature


def agree(before: Said | None, *, seen: str, by: Signature, four_eyes: bool) -> Said:
    """What stands after this human agreed to what `seen` marks.

    With four eyes the first one only signs; a signature under other content is void. Raises Unsafe
    when the same human agrees twice.
    """
    if not four_eyes:
        return Said(answer="approved", seen=seen, by=(by,))
    first = before if before and before.answer == "signed" and before.seen == seen else None
    if first is None:
        return Said(answer="signed", seen=seen, by=(by,))
    if first.who.casefold() == by.who.casefold():
        raise Unsafe(
            f"{by.who} has agreed to this already; guard.four_eyes wants a second person to do so",
            seen=1,
            limit=2,
        )
    return Said(answer="approved", seen=seen, by=(*first.by, by))


def refuse(*, seen: str, by: Signature, reason: str) -> Said:
    """What stands after this human said no; one is enough, for it harms nobody."""
    return Said(answer="rejected", seen=seen, by=(by,), reason=reason)
