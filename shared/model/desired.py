"""What should a person have in each target, and why? The answer of policy, the input of plan."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from shared.model.frozen import Frozen
from shared.model.hr_field import field_key
from shared.model.right import Managed
from shared.model.ticket import Ticket


class TargetName(StrEnum):
    """The systems that Instroom writes to."""

    ENTRA = "entra"
    TOPDESK = "topdesk"
    HR = "hr"
    """The HR systems themselves, which are told of the account; its queue is `hr-updates`."""


WITH_ACCOUNTS = (TargetName.ENTRA, TargetName.TOPDESK)
"""The targets in which a person has an account that can be lost: what the guard counts."""


class State(StrEnum):
    """Where an account is in its life."""

    ABSENT = "absent"
    """No account is wanted, and none is made: too early, or gone before it began."""
    PREPARED = "prepared"
    """It stands ready before the first day and cannot sign in."""
    ACTIVE = "active"
    AWAY = "away"
    """On a leave during which the policy refuses sign-in; all rights are kept for the return."""
    BLOCKED = "blocked"
    """Sign-in is refused; everything is kept for a return."""
    DELETED = "deleted"


ALIVE = frozenset({State.PREPARED, State.ACTIVE, State.AWAY})


class Reason(Frozen):
    """Which rule gave it, and which HR fact made the rule match."""

    rule: str
    """The rule's name or place in the policy: `entra.groups[2] (Servicedesk)`."""
    because: str
    """The fact, by field: `department.code = ICT`; never a person's name."""


class Wanted(Frozen):
    """One attribute's value with its reason; None means: empty it."""

    value: str | bool | None
    reason: Reason
    is_name: bool = False
    """It is made of the person's name: another value renames them."""
    once: bool = False
    """Written when there is nothing yet; what stands there later is others' business."""


def renamed(was: Mapping[str, str | bool | None], wanted: Mapping[str, Wanted]) -> frozenset[str]:
    """Those made of a person's name of which another value stands, or had been decided."""
    return frozenset(
        key
        for key, now in wanted.items()
        if now.is_name and key in was and (was[key] or None) != (now.value or None)
    )


class Operator(Frozen):
    """The TOPdesk operator card someone should have, with its rights."""

    permission_groups: Mapping[str, tuple[Reason, ...]]
    """By name."""
    reason: Reason
    more: Mapping[str, tuple[Reason, ...]] = {}
    """Operator groups, tasks and filters, as model/right.py calls them."""

    @property
    def rights(self) -> Mapping[str, tuple[Reason, ...]]:
        """All of them."""
        return {**self.permission_groups, **self.more}


class Match(Frozen):
    """By what an account that exists already is found when none carries the person's number."""

    by: str
    """Graph's property."""
    value: str


class Linked(Frozen):
    """How another account of the same person is told: an administrator's, one for tests."""

    kind: str
    by: str
    """Graph's property."""
    value: str
    """Its value; with wildcards it speaks of accounts that carry the person's own number."""
    on_leave: str = "block"
    """`block`, `report` or `keep`, when the person has left."""


class Parting(Frozen):
    """What is done to a leaver's account once for each leave, with the reason of each."""

    sign_in_methods: Reason | None = None
    """Take away every way to sign in."""
    devices: Reason | None = None
    """Disable the devices."""
    auto_reply: str = ""
    """What the mailbox answers from then on; empty: nothing."""
    auto_reply_why: Reason | None = None
    hand_over: Reason | None = None
    """Ask for a shared mailbox."""
    hand_over_to: str = ""
    """The user principal name of who is to open it."""


class DesiredEntra(Frozen):
    """The Entra account of one person."""

    state: State
    why: Reason
    employee_id: str
    attributes: Mapping[str, Wanted] = {}
    """By Graph property name; only these are ever compared or written."""
    groups: Mapping[str, tuple[Reason, ...]] = {}
    """By the name or object id that the policy uses."""
    generated: Mapping[str, str] = {}
    """Of the groups, those that Instroom makes itself, with the name that each should have."""
    managed: Mapping[str, Managed] = {}
    """Of all groups that rules name, those whose members are looked at beyond what we gave."""
    manager_id: str | None = None
    """Object id of the manager's account, when it stands."""
    manager_wanted: bool = False
    names: tuple[str, ...] = ()
    """Local parts to try for the user principal name, best first."""
    domain: str = ""
    named_for: Mapping[str, str] = {}
    """The facts that `names` and `domain` are made of."""
    renamed: bool = False
    """The account was named for other facts, and its name has to follow."""
    only_told: Reason | None = None
    """Why this target is read, planned and told about, and nothing is written; None: it is."""
    adopts: bool = True
    """May an account that exists already be taken over? Else it is told and left alone."""
    matches: tuple[Match, ...] = ()
    """How such an account is found without the number, best first."""
    linked: tuple[Linked, ...] = ()
    """Which further accounts are the person's; none of them is ever the main one."""
    born_in_ad: Reason | None = None
    """Why the account is made in Active Directory; None: Instroom makes it in the cloud."""
    ad_path: str = ""
    """The organisational unit there for a new account."""
    manager_dn: str | None = None
    """Distinguished name of the manager's account, when Active Directory masters that."""
    parting: Parting | None = None
    """What is done once for this leave."""
    licensed: bool = False
    """Is it looked whether the account got the licences of its groups?"""


class Entry(Frozen):
    """How the row of one of TOPdesk's lists, that a card names, is found and brought about."""

    make: bool = False
    """Make it when TOPdesk lacks it; else that is told."""
    code: str | None = None
    """HR's code of it: by that it is found again when HR gives it another name."""


class DesiredTopdesk(Frozen):
    """The TOPdesk person card of one person, and the operator card on top of it."""

    state: State
    why: Reason
    employee_number: str
    card: Mapping[str, Wanted] = {}
    """By TOPdesk field name; lookups (branch, department, ...) by their name."""
    entries: Mapping[str, Entry] = {}
    """Of the card's lookups; one that is not named is found by its name and never made."""
    operator: Operator | None = None
    managed: Mapping[str, Managed] = {}
    """Of all operators' rights that rules name, those that are looked at beyond what we gave."""
    is_manager: bool = False
    manager_id: str | None = None
    """TOPdesk id of the manager's card, when it stands and is marked as a manager."""
    archive_reason: str = ""
    tickets: Mapping[str, Ticket] = {}
    """What each rule for tickets has to say of them, by its name."""
    removed: Mapping[str, str | None] = {}
    """What a removal makes of card fields beside those that it empties always."""
    waits_for_account: bool = False
    """A card field needs the user principal name, and there is none yet."""
    only_told: Reason | None = None
    """Why this target is read, planned and told about, and nothing is written; None: it is."""
    adopts: bool = True
    """May a card that exists already be taken over? Else it is told and left alone."""


class Conflict(StrEnum):
    """What happens to a value that somebody else has put where ours belongs."""

    OURS = "ours"
    """It is replaced."""
    THEIRS = "theirs"
    """It stays, and nobody is told."""
    REPORT = "report"
    """It stays, and it is told until somebody has mended it."""


class DesiredRecord(Frozen):
    """What one record in HR should say of the person's account."""

    source: str
    number: str
    fields: Mapping[str, Wanted] = {}
    """By our names, such as `work_mail`; a customer's own field is `free:<its id>`."""
    user_id: str | None = None
    """The id of the HR system's own user, were it made; None: there is to be none of ours."""
    makes_user: bool = False
    """A user is made for whoever has none."""
    cleared: bool = False
    """What we wrote of a leaver is emptied; else it stays."""
    conflict: Conflict = Conflict.REPORT

    @property
    def key(self) -> str:
        """`source:number`."""
        return f"{self.source}:{self.number}"


class DesiredHr(Frozen):
    """What the HR systems should know of one person's account: one record or several."""

    state: State
    why: Reason
    records: Mapping[str, DesiredRecord] = {}
    """By `source:number`; none where the policy writes nothing back."""
    waits_for_account: bool = False
    """A value is made of the user principal name, and there is none yet."""
    only_told: Reason | None = None
    """Why HR is read, planned and told about, and nothing is written; None: it is."""

    @property
    def adopts(self) -> bool:
        """HR's records are HR's: each value that is there is asked about on its own."""
        return True

    @property
    def managed(self) -> Mapping[str, Managed]:
        """No rights: HR gives none that we look after."""
        return {}

    @property
    def values(self) -> Mapping[str, Wanted]:
        """Every field of every record, by `<source>:<number> <field>`."""
        return {
            field_key(record.key, field): wanted
            for record in self.records.values()
            for field, wanted in record.fields.items()
        }


class Desired(Frozen):
    """Everything one person should have, and the next moment at which that changes by itself."""

    entra: DesiredEntra
    topdesk: DesiredTopdesk
    hr: DesiredHr
    next_moment: datetime | None = None
