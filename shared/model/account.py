"""What does a target hold of this person, and what did we put there? Read and remembered state."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from shared.model.desired import Reason, State
from shared.model.frozen import Frozen
from shared.model.ticket import TicketMark


class CloudBlock(Frozen):
    """Sign-in was refused in the cloud to somebody whom Active Directory masters."""

    at: datetime
    """Calendar time; a synchronisation after it shows what Active Directory says."""
    refused: bool = False
    """Entra left even that to Active Directory."""


class SeenBlocked(Frozen):
    """A fresh look showed that the account cannot sign in."""

    at: datetime
    """Calendar time."""
    seconds: int
    """So long after it was decided."""


class Applied(Frozen):
    """What Instroom has put into one target for one person; the memory behind `managed: ours`."""

    account_id: str | None = None
    """Entra object id or TOPdesk person id; once recorded, never created again."""
    login: str | None = None
    """The user principal name as the target has it; other targets and HR need it."""
    named_for: Mapping[str, str] = {}
    """The facts that the login was made of; empty for one that is none of ours."""
    earlier_logins: tuple[str, ...] = ()
    """Those that a rename took off; they stay this person's."""
    aliases: tuple[str, ...] = ()
    """Of these, the ones that Exchange does not keep as addresses yet; Graph cannot give them."""
    operator_id: str | None = None
    state: State = State.ABSENT
    is_manager: bool = False
    rights: Mapping[str, tuple[Reason, ...]] = {}
    """Groups (Entra) or an operator's rights (TOPdesk) that we gave or are about to give."""
    strays: Mapping[str, datetime] = {}
    """Rights that somebody else gave and no rule explains, where the policy looks for them
    (`managed: report` or `strict`); since when we know of them, by the calendar."""
    values: Mapping[str, Reason] = {}
    """Attributes that we wrote, with the reason they had."""
    names: Mapping[str, str | bool | None] = {}
    """What we wrote or are about to write of what is made of the person's name.

    Of an account that we may not take over yet: None for each that stands otherwise there.
    """
    tickets: Mapping[str, TicketMark] = {}
    """What each rule for tickets has seen of them."""
    written: Mapping[str, str] = {}
    """What stands in HR of our making, by `<source>:<number> <field>`."""
    writing: Mapping[str, tuple[str, ...]] = {}
    """What may stand there of our making beside it: sent, or about to be."""
    linked: tuple[LinkedAccount, ...] = ()
    """Further accounts of the same person, as last seen; none of our making."""
    deliveries: int = 0
    """How often HR was told something new: what tells one message from the next."""
    wrote: Mapping[str, Wrote] = {}
    """By attribute or right: how a second writer comes to light."""
    is_operator: bool = False
    """We gave an operator card, or are about to; `operator_id` also knows one that is retired."""
    cloud_block: CloudBlock | None = None
    """Until Active Directory has blocked too."""
    blocked: SeenBlocked | None = None
    """When the last block was seen to stand."""
    left_to_ad: tuple[str, ...] = ()
    """Attributes that we took for the cloud's own, and that Entra refused."""
    parted: tuple[str, ...] = ()
    """What was done once for the leave that lasts: kinds of change; empty for who is here."""
    dn: str | None = None
    """Distinguished name in Active Directory, for whom it masters."""


class OnPremises(Frozen):
    """How Active Directory knows an account that it masters or mastered."""

    dn: str | None = None
    sam: str | None = None
    domain: str | None = None
    synced_at: datetime | None = None
    """When a synchronisation last brought something of this account."""


class Wrote(Frozen):
    """What we wrote last of one attribute or right, and when it was found changed back."""

    mark: str
    """Stands for the value."""
    at: datetime
    undone: tuple[datetime, ...] = ()
    stopped: bool = False
    """Changed back so often that it is left to whoever does."""


class LinkedAccount(Frozen):
    """Another account of a person, told by a convention of the policy."""

    id: str
    kind: str
    enabled: bool
    on_leave: str = "block"


class EntraAccount(Frozen):
    """An Entra account as read: only what a plan compares."""

    id: str
    user_principal_name: str
    enabled: bool
    deleted: bool = False
    """It lies in deletedItems and can be restored."""
    synced: bool = False
    """Active Directory masters it (`onPremisesSyncEnabled`); Graph refuses its attributes."""
    was_synced: bool = False
    """Active Directory mastered it once; Graph still refuses its extension attributes."""
    on_premises: OnPremises = OnPremises()
    employee_id: str | None = None
    addresses: frozenset[str] = frozenset()
    """Every mail address it receives under, in lower case."""
    attributes: Mapping[str, str | bool | None] = {}
    groups: frozenset[str] = frozenset()
    """Of the groups that were asked about, by the name that was asked: those they are in."""
    manager_id: str | None = None
    found_by: str = ""
    """The property by which an account was found that we do not know yet."""
    mailbox: str | None = None
    """What Exchange says it is for, such as `user` or `shared`; when that was asked."""


class OperatorCard(Frozen):
    """A TOPdesk operator card as read."""

    id: str
    archived: bool
    permission_groups: frozenset[str] = frozenset()
    """By name, of all groups they are in."""
    scrubbed: bool = False
    """It carries our mark of a removal, as the person card does."""
    more: frozenset[str] = frozenset()
    """Other rights, as model/right.py calls them: of the kinds that were asked about."""
    fields: Mapping[str, str | bool | None] = {}
    """By the operator card's own names, of the fields that were asked about."""

    @property
    def rights(self) -> frozenset[str]:
        """Everything the card is known to have."""
        return self.permission_groups | self.more


class TopdeskCard(Frozen):
    """A TOPdesk person card as read, with the operator card linked to it."""

    id: str
    archived: bool
    employee_number: str
    fields: Mapping[str, str | bool | None] = {}
    """Of the fields that were asked about; lookups by name."""
    is_manager: bool = False
    manager_id: str | None = None
    scrubbed: bool = False
    """It carries our mark of a removal: login names and contact data were emptied."""
    operator: OperatorCard | None = None


class HrRecord(Frozen):
    """One record in HR as read: what it says in the fields that were asked about."""

    key: str
    """`source:number`."""
    fields: Mapping[str, str | bool | None] = {}


class HrRecords(Frozen):
    """What HR says of one person's account, in all records that are written back to."""

    id: str
    """The records that were found; HR's record is there before any account."""
    records: Mapping[str, HrRecord] = {}


class Found[A](Frozen):
    """The answer of reading a target: the account if there is one, and what stands in the way.

    `obstacles` maps a group, permission group or lookup (`card.<field>`) that the policy names
    but the target cannot give, to the sentence that says why and how to mend it. The rest of the
    plan goes on.
    """

    account: A | None
    obstacles: Mapping[str, str] = {}
    linked: tuple[LinkedAccount, ...] = ()
    """Further accounts of the same person."""
    loose: frozenset[str] = frozenset()
    """Card fields whose row in TOPdesk's list is not tied to HR's code, or has an old name."""
    unclear: frozenset[str] = frozenset()
    """Rights that were given and cannot be told from others now: they count as given still."""
