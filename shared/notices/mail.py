"""How does a letter get out? Through Microsoft Graph, from a mailbox of the organisation."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from shared.notices.render import Templates
from shared.vendors.graph import mail, users
from shared.vendors.graph.client import Graph

_ADDRESSES = ("mail", "userPrincipalName")


@dataclass(frozen=True)
class Letter:
    """One mail, as it goes out."""

    sender: str
    to: tuple[str, ...]
    subject: str
    text: str = field(repr=False)
    keep: bool = True
    """Does the mailbox keep a copy in Sent Items? Not of a secret."""


class Mailer(Protocol):
    """What carries letters."""

    async def send(self, letter: Letter) -> None:
        """Send once.

        Raises UnknownReply when it may have been sent; Transient or Permanent when it was not.
        """
        ...

    async def address(self, account_id: str) -> str | None:
        """Where mail reaches this account; None when there is none. Raises Transient."""
        ...


@dataclass(frozen=True)
class Post:
    """All that is needed for mail."""

    mailer: Mailer
    sender: str
    """The mailbox that mail comes from when the policy names no other."""
    templates: Templates


class GraphMailer:
    """Letters by way of `sendMail`."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    async def send(self, letter: Letter) -> None:
        """Send once; a copy stays in Sent Items of the mailbox."""
        await mail.send(
            self._graph,
            letter.sender,
            letter.to,
            subject=letter.subject,
            text=letter.text,
            keep=letter.keep,
        )

    async def address(self, account_id: str) -> str | None:
        """The mail address; without a mailbox the user principal name."""
        user = await users.get(self._graph, account_id, _ADDRESSES)
        return (
            next((str(user[key]) for key in _ADDRESSES if user.get(key)), None) if user else None
        )
