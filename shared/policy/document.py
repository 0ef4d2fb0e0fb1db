"""What may stand in policy.yaml? The shape, with a sentence for every key.

load.py reads a file into this; nothing else builds one outside tests. Field names are checked
here, so a rule that names a field nobody has is refused before anyone is decided on.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, field_validator, model_validator

from shared.model.change import Harm
from shared.model.right import Managed
from shared.policy.active_directory import ActiveDirectory
from shared.policy.choices import (
    Choice,
    Choices,
    PersonChoice,
    PersonTemplate,
    When,
)
from shared.policy.conditions import Condition, matches
from shared.policy.departments import tree
from shared.policy.drift import DriftRules
from shared.policy.exceptions import Exceptions
from shared.policy.fields import check_template
from shared.policy.first_sign_in import FirstSignIn
from shared.policy.generated import GeneratedRule
from shared.policy.leaver import LeaverRules
from shared.policy.licences import Licences
from shared.policy.notices import Notices
from shared.policy.ownership import looked_at
from shared.policy.retention import Retention
from shared.policy.rule import RightRule
from shared.policy.section import Section, refuse_keys
from shared.policy.sources import Sources
from shared.policy.sso import Sso
from shared.policy.targets import Targets
from shared.policy.topdesk import Topdesk
from shared.policy.upkeep import Upkeep
from shared.policy.write_back import WriteBack

EMPLOYEE_ID_LENGTH = 16  # Microsoft Graph, user resource: employeeId
DOMAIN_LENGTH = 48  # Entra: 113 characters in all, 64 of them before the @
_SET_BY_INSTROOM = frozenset(
    {"id", "employeeId", "userPrincipalName", "mailNickname", "accountEnabled", "passwordProfile"}
)


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"'{name}' is no time zone; write one like Europe/Amsterdam") from error
    return name


def _employee_id(text: str) -> str:
    check_template(text, frozenset({"number"}))
    fixed = text.replace("{number}", "")
    if fixed == text:
        raise ValueError("must hold {number}, or two people would get one employeeId")
    if len(fixed) >= EMPLOYEE_ID_LENGTH:
        raise ValueError(f"leaves no room for a number within {EMPLOYEE_ID_LENGTH} characters")
    return text


type Zone = Annotated[str, AfterValidator(_known_zone)]
type EmployeeId = Annotated[str, AfterValidator(_employee_id)]
type Domain = Annotated[
    str,
    Field(
        pattern=r"^([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,}$",
        max_length=DOMAIN_LENGTH,
    ),
]


class DomainChoice(Choice):
    """One of several domains, and for whom."""

    value: Domain
    """The domain behind the @; verified in Entra."""


class Organisation(Section):
    """The organisation the policy is about."""

    name: str
    """Shown to operators."""
    zone: Zone = "Europe/Amsterdam"
    """Days begin and end at midnight in this time zone."""
    mail_domain: Domain
    """The domain behind the @ of a new user principal name; verified in Entra."""
    mail_domains: Choices[DomainChoice] = ()
    """Other domains and for whom, by employer for instance; `mail_domain` for everyone else."""


class Rank(StrEnum):
    """What puts one contract before another."""

    HOURS = "hours"
    FTE = "fte"
    START = "start"
    SEQUENCE = "sequence"


RANKS = (Rank.HOURS, Rank.FTE, Rank.START, Rank.SEQUENCE)


def _once(order: tuple[Rank, ...]) -> tuple[Rank, ...]:
    if not order or len(set(order)) != len(order):
        raise ValueError("names hours, fte, start and sequence at most once, and at least one")
    return order


class LeaveRule(StrEnum):
    """What a leave of absence does."""

    KEEP = "keep"
    """Nothing: account and rights stay."""
    BLOCK = "block"
    """Sign-in is refused while away; everything else stays for the return."""
    SHRINK = "shrink"
    """Only rules with `during_leave` hold while away."""


class Lifecycle(Section):
    """When an account comes and goes, in days; days begin at local midnight."""

    prepare_days: int = Field(default=7, ge=0, le=180)
    """So many days before the first day the account stands ready, disabled."""
    delete_after_days: int = Field(default=30, ge=1, le=3650)
    """So many days after the last day the account is deleted."""
    bridge_gap_days: int = Field(default=0, ge=0, le=90)
    """A gap of at most this many days between two contracts is no departure."""
    missing_grace_days: int = Field(default=14, ge=1, le=365)
    """Someone HR is silent about for so long is proposed for blocking; never earlier."""
    primary: Annotated[tuple[Rank, ...], AfterValidator(_once)] = RANKS
    """What puts a contract first: most hours, most fte, the oldest start, the highest sequence."""
    leave: Mapping[str, LeaveRule] = {}
    """Kind of leave (* and ? are wildcards) to keep, block or shrink; others are keep."""

    def on_leave(self, kind: str) -> LeaveRule:
        """What this kind of leave means: the first pattern that fits."""
        fits = (rule for pattern, rule in self.leave.items() if matches(kind, pattern))
        return next(fits, LeaveRule.KEEP)


class Externals(Section):
    """Who works here without an employment, and what HR must state of them: always a last day."""

    when: When = Condition(kind="is", field="contract.external", values=("true",))
    """Which contracts are no employment; see docs/policy.md."""
    sponsor: Literal["required", "optional"] = "required"
    """Must an employee answer for them? The sponsor that HR states, else the manager."""
    max_days: int | None = Field(default=None, ge=1, le=3650)
    """A contract lasts at most so many days."""
    sponsor_leaves: Literal["report", "block"] = "report"
    """What happens when the sponsor leaves: it is told, or the external is blocked."""


class Names(Section):
    """How a user principal name is made; it is free or numbered."""

    user_name: tuple[PersonTemplate, ...] = Field(
        default=("{name.first}.{name.surname}", "{name.initials}.{name.surname}"), min_length=1
    )
    """Patterns in order of preference; after them the first one with 2, 3, ... behind it."""
    on_rename: Literal["keep", "follow"] = "keep"
    """When HR changes what a user name was made of: keep it, or let it follow."""
    keep_old_address: bool = True
    """After a rename: tell that the old address must stay an alias, until Exchange has it."""
    reuse_after_days: int = Field(default=730, ge=30, le=36500)
    """So many days after the deletion of an account somebody else may get its user name."""


class GroupRule(RightRule):
    """Membership of one Entra group."""

    group: str = Field(min_length=1)
    """The group's display name, or its object id."""


class Entra(Section):
    """The account in Entra ID."""

    attributes: Mapping[str, Choices[PersonChoice]] = {}
    """Microsoft Graph property (dotted for a nested one) to template; kept equal to HR."""
    set_once: frozenset[str] = frozenset()
    """Attributes that are written while they are empty, and left to others afterwards."""
    groups: tuple[GroupRule, ...] = ()
    """Groups by rule; members that Instroom did not add are left, unless `managed` says so."""
    generated: tuple[GeneratedRule, ...] = ()
    """Groups that Instroom makes, one for each value of a code, such as a department's."""
    managed: Managed = Managed.OURS
    """Who is in a group that rules name: `ours` takes out only whom Instroom put in, `strict`
    everybody whom no rule puts there; `report` tells what `strict` would do."""
    bulk_from: int = Field(default=300, ge=1)
    """When so many people are decided together, memberships are bound twenty a request."""

    @model_validator(mode="after")
    def _not_ours(self) -> Self:
        return refuse_keys(self, self.attributes, _SET_BY_INSTROOM)

    @model_validator(mode="after")
    def _once_of_what(self) -> Self:
        if unknown := sorted(self.set_once - self.attributes.keys()):
            raise ValueError(f"set_once names {', '.join(unknown)}: give it under attributes too")
        return self

    @model_validator(mode="after")
    def _of_one_mind(self) -> Self:
        self.looked_at()
        names = [rule.name.casefold() for rule in self.generated]
        if len(set(names)) < len(names):
            raise ValueError("two rules under `generated` have one name; give each its own")
        return self

    def looked_at(self) -> Mapping[str, Managed]:
        """The groups whose members are looked at beyond those that Instroom put there."""
        return looked_at(self.managed, ((rule.group, rule.managed) for rule in self.groups))


class Limit(Section):
    """How much of one harm may happen in a day without a human."""

    count: int = Field(default=10, ge=0)
    """At most so many people a day."""
    share: float = Field(default=0.05, ge=0, le=1)
    """And at most this share of the people HR knows; at least one is always allowed."""
    minimum_population: int = Field(default=0, ge=0)
    """Of fewer people than this the share does not count, only `count`."""
    per_cause: int | None = Field(default=None, ge=0)
    """And at most so many people a day by one cause, such as one rule that was edited."""

    def allowed(self, population: int | None) -> int:
        """How many people a day, in an organisation of this size; unknown size: count alone."""
        if population is None or population < self.minimum_population:
            return self.count
        return min(self.count, max(1, int(self.share * population)))


class RightLimit(Limit):
    """Moves take rights each day: what counts is the sudden many."""

    count: int = Field(default=25, ge=0)
    """At most so many people a day."""
    share: float = Field(default=0.1, ge=0, le=1)
    """And at most this share of the people HR knows; at least one is always allowed."""
    minimum_population: int = Field(default=100, ge=0)
    """Of fewer people than this the share does not count, only `count`."""


class RenameLimit(Limit):
    """As for any harm, but in a small organisation two may marry on one day."""

    minimum_population: int = Field(default=100, ge=0)
    """Of fewer people than this the share does not count, only `count`."""


class JoinerLimit(Limit):
    """A school year begins with many; a thousand strangers are a mistake."""

    count: int = Field(default=50, ge=0)
    """At most so many people a day."""
    share: float = Field(default=0.1, ge=0, le=1)
    """And at most this share of the people HR knows; at least one is always allowed."""
    minimum_population: int = Field(default=100, ge=0)
    """Of fewer people than this the share does not count, only `count`."""


class Guard(Section):
    """What is held until a human approves exactly it."""

    block: Limit = Limit()
    """Sign-in blocked, or an account prepared for someone who will not come."""
    delete: Limit = Limit()
    """Accounts deleted, person cards scrubbed."""
    right: RightLimit = RightLimit()
    """A group, an operator's right or the operator card taken from an account that lives on."""
    rename: RenameLimit = RenameLimit()
    """The display name, or whatever else is made of the name, changed on an account."""
    joiner: JoinerLimit = JoinerLimit()
    """An account made for someone who has none; not counted while a source is loaded first."""
    shrink: float = Field(default=0.1, gt=0, le=1)
    """An HR answer that lacks more than this share of the known people is refused as a whole."""
    shrink_count: int = Field(default=250, ge=1)
    """And one that lacks more than so many people."""
    strangers: float = Field(default=0.02, ge=0, le=1)
    """An HR answer with a larger share of people of employers it never named is refused."""
    employers: frozenset[str] = frozenset()
    """Codes of new employers that HR may begin to name."""
    remind_after_hours: tuple[Annotated[int, Field(ge=1)], ...] = (24, 72, 168)
    """So many hours after a batch was held, it is said again that it waits."""
    approvers: tuple[str, ...] = ()
    """Who is reminded: mail addresses or names."""
    deputies: tuple[str, ...] = ()
    """Who is reminded as well from the second time on."""
    four_eyes: bool = False
    """An approval needs two different people."""

    @field_validator("remind_after_hours")
    @classmethod
    def _in_order(cls, hours: tuple[int, ...]) -> tuple[int, ...]:
        if list(hours) != sorted(set(hours)):
            raise ValueError("must rise, such as [24, 72, 168]")
        return hours

    def limit(self, kind: Harm) -> Limit:
        """The limit of this kind of harm."""
        match kind:
            case Harm.BLOCK:
                return self.block
            case Harm.DELETE:
                return self.delete
            case Harm.RIGHT:
                return self.right
            case Harm.RENAME:
                return self.rename
            case Harm.JOINER:
                return self.joiner


class Policy(Section):
    """The whole of policy.yaml."""

    version: Literal[1]
    """The version of this format."""
    organisation: Organisation
    employee_id: Mapping[str, EmployeeId] = {}
    """Per HR source, the employeeId in Entra and the employee number in TOPdesk."""
    departments: Annotated[Mapping[str, str], AfterValidator(tree)] = {}
    """Each department's code with the code of the one above it, for `department.within`."""
    sources: Sources = Sources()
    """What has to be known of HR systems beside their settings."""
    lifecycle: Lifecycle = Lifecycle()
    externals: Externals = Externals()
    names: Names = Names()
    entra: Entra = Entra()
    active_directory: ActiveDirectory = ActiveDirectory()
    leaver: LeaverRules = LeaverRules()
    topdesk: Topdesk = Topdesk()
    targets: Targets = Targets()
    """Where Instroom may write by now: stage and scope of each target, for a roll-out in steps."""
    write_back: WriteBack = WriteBack()
    """What HR gets to know of the account."""
    first_sign_in: FirstSignIn = FirstSignIn()
    sso: Sso | None = None
    """Single sign-on to TOPdesk, which `instroom sso` sets up and checks."""
    exceptions: Exceptions = Exceptions()
    guard: Guard = Guard()
    retention: Retention = Retention()
    notices: Notices = Notices()
    drift: DriftRules = DriftRules()
    licences: Licences = Licences()
    upkeep: Upkeep = Upkeep()
    protected: frozenset[str] = frozenset()
    """Never touched: user principal names, or people as `source:number`."""

    @property
    def zone(self) -> ZoneInfo:
        """The organisation's time zone."""
        return ZoneInfo(self.organisation.zone)
