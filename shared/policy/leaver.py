"""What happens to a leaver's account beside the block? The policy's section `leaver`.

Rights stay or go by days; everything else is done once for each leave. Called by desired.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Literal

from pydantic import Field

from shared.model.desired import Parting, Reason, State
from shared.model.person import Person
from shared.policy.choices import Choices, PersonChoice, pick
from shared.policy.fields import Facts, fill
from shared.policy.section import Section

AT_DELETION = "at_deletion"
type Days = Annotated[int, Field(ge=0, le=3650)]


class LeaverRules(Section):
    """What goes with the block, and what is done once for each leave; all of it is in Entra."""

    rights: Days | Literal["at_deletion"] = 0
    """So many days after the last day the groups go; 0 is with the block, or `at_deletion`."""
    sign_in_methods: Literal["keep", "remove"] = "keep"
    """`remove` takes away telephone, authenticator, keys and every other method of signing in."""
    devices: Literal["keep", "disable"] = "keep"
    """`disable` disables the devices that are registered to them or owned by them."""
    auto_reply: Choices[PersonChoice] = ()
    """The answer that their mailbox gives from then on, a template of several lines."""
    mailbox: Literal["keep", "hand_over"] = "keep"
    """`hand_over` asks somebody to make it a shared mailbox that the manager can open."""
    reports: Literal["keep", "next", "none"] = "keep"
    """Whose manager has left: keeps that one as HR does, gets the next one up, or has none."""


@dataclass(frozen=True)
class Left:
    """Somebody who is blocked, or not, on a day; `last` is the day whose contracts speak."""

    person: Person
    state: State
    last: date | None
    today: date

    @property
    def is_stated(self) -> bool:
        """A last day that HR states is over; silence, a stop and a sponsor are none."""
        over = self.last is not None and self.last < self.today
        return self.state is State.BLOCKED and over and not self.person.missing

    def keeps_rights(self, rules: LeaverRules) -> bool:
        """Do the groups of the last day stay for now? Who was stopped at once keeps nothing."""
        if not self.is_stated or self.last is None or self.person.stop:
            return False
        if rules.rights == AT_DELETION:
            return True
        return self.today <= self.last + timedelta(days=int(rules.rights))

    def parting(self, rules: LeaverRules, known: Facts, heir: str | None) -> Parting | None:
        """What is done once for this leave; None for who has not left, or not for certain.

        Who was stopped at once is kept out by every means, and may come back tomorrow to the
        mailbox as it was; of who has died nobody's mailbox speaks.
        """
        if not (self.is_stated or (self.person.stop and self.state is State.BLOCKED)):
            return None
        speaks = self.is_stated and not self.person.died_on
        return Parting(
            sign_in_methods=_reason("sign_in_methods", rules.sign_in_methods == "remove"),
            devices=_reason("devices", rules.devices == "disable"),
            auto_reply=_text(rules, known) if speaks else "",
            auto_reply_why=_reason("auto_reply", speaks and bool(rules.auto_reply)),
            hand_over=_reason("mailbox", self.is_stated and rules.mailbox == "hand_over"),
            hand_over_to=heir or "",
        )


def _reason(rule: str, on: bool) -> Reason | None:  # noqa: FBT001 - what the policy says
    return Reason(rule=f"leaver.{rule}", because="the account is blocked") if on else None


def _text(rules: LeaverRules, known: Facts) -> str:
    found = pick(rules.auto_reply, known)
    if found is None:
        return ""
    lines = str(found.value).strip().splitlines()
    return "\n".join(fill(line, known) or "" for line in lines)
