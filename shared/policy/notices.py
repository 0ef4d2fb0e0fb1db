"""Which mail is sent, to whom, in which language, from which mailbox? `notices` in policy.yaml."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from shared.model.notice import NoticeKind
from shared.policy.choices import Choice, Choices
from shared.policy.section import Section

_TO_OPERATORS = (NoticeKind.PARKED, NoticeKind.TASK, NoticeKind.EXPIRY, NoticeKind.UPKEEP)
_TO_OPERATORS = (NoticeKind.PARKED, NoticeKind.EXPIRY, NoticeKind.UPKEEP, NoticeKind.DRIFT)

type MailAddress = Annotated[
    str, Field(pattern=r"^[^@\s<>\",;]{1,64}@[A-Za-z0-9.-]+\.[A-Za-z]{2,}$", max_length=254)
]


class SenderChoice(Choice):
    """One of several mailboxes, and for whom."""

    value: MailAddress
    """The mailbox that mail is sent from."""


class Notices(Section):
    """Mail to managers and operators; nothing is sent without the setting MAIL_SENDER."""

    send: tuple[NoticeKind, ...] = (
        *(NoticeKind.HELD, NoticeKind.PARKED),
        *(NoticeKind.EXPIRY, NoticeKind.UPKEEP, NoticeKind.DRIFT),
    )
    """Sent: held, parked, task, expiry, upkeep, drift; to managers joiner, mover, leaver, left."""
    language: Literal["nl", "en"] = "nl"
    """The language of the templates."""
    operators: tuple[MailAddress, ...] = ()
    """Who hears each morning who is parked; and of people without a manager."""
    sender: Choices[SenderChoice] = ()
    """Mailboxes for notices about people, by employer for instance; else MAIL_SENDER."""
    joiner_days: int = Field(default=7, ge=0, le=90)
    """So many days before the first day the manager hears of it."""
    leaver_days: int = Field(default=14, ge=0, le=90)
    """So many days before the last day the manager hears of it."""

    @model_validator(mode="after")
    def _somebody_hears_it(self) -> Self:
        asked = self.send if "send" in self.model_fields_set else ()
        if NoticeKind.PASS in self.send:
            raise ValueError("'pass' is sent by `first_sign_in: {by: mail}`, not from here")
        kind = next((each for each in _TO_OPERATORS if each in asked), None)
        if kind and not self.operators:
            raise ValueError(f"'{kind}' goes to operators: name at least one mail address")
        return self
