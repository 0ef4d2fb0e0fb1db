"""Who and what is in the directory? The state of one Entra tenant, in memory.

`GraphTenant` stores users, groups and the relations between them, keeps the values that must be
unique unique, and remembers every write. It knows no HTTP: the handlers beside it decide what a
call may do. Tests look at `users`, `groups`, `members()` and `writes` directly.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sandbox.clock import Clock, FileClock
from sandbox.graph import refusals
from sandbox.graph.belongings import Belongings
from sandbox.graph.directory import Directory
from sandbox.graph.enterprise.state import Enterprise
from sandbox.graph.indexes import Indexes, upn_key
from sandbox.graph.parked import Parked
from sandbox.graph.pass_policy import PassPolicy
from sandbox.graph.replication import Replication, Versioned
from sandbox.graph.schema import USER

type Json = dict[str, Any]

_NAMESPACE = uuid.UUID("6a1b8f1e-6f0c-4c57-9a8e-1d3f5f0b7a11")


@dataclass(frozen=True)
class Write:
    """One call that wrote, or tried to: `ids` are the objects touched, `fields` the body's names.

    `changed` are those whose value became another one; empty for a refused call.
    """

    method: str
    path: str
    status: int
    ids: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sku:
    """One licence product of the tenant."""

    sku_id: str
    name: str
    enabled: int


@dataclass
class GraphTenant:
    """One tenant; every value stored is replaced, never changed in place."""

    clock: Clock
    domain: str = "bedrijf.example"
    domains: list[str] = field(default_factory=list)
    app_id: str = "5f0c4d1e-0000-4000-8000-00000000a001"
    app_roles: set[str] = field(default_factory=set)  # directory roles of the calling app itself
    skus: list[Sku] = field(default_factory=list)
    writes: list[Write] = field(default_factory=list)
    ids_given: int = 0

    def __post_init__(self) -> None:
        self.tenant_id = str(uuid.uuid5(_NAMESPACE, self.domain))
        self.domains = self.domains or [
            self.domain,
            f"{self.domain.split('.')[0]}.onmicrosoft.com",
        ]
        self.skus = self.skus or [Sku(self._id("sku"), "SPE_E3", 500)]
        self.replication = Replication(self.clock)
        self.accounts: Versioned[str, Json] = Versioned(self.replication)
        self.group_objects: Versioned[str, Json] = Versioned(self.replication)
        self.managers: Versioned[str, str] = Versioned(self.replication)
        self.memberships: dict[str, Versioned[str, bool]] = {}
        self.ownerships: dict[str, Versioned[str, bool]] = {}
        self.member_of: dict[str, dict[str, bool]] = {}
        self.reports: dict[str, dict[str, bool]] = {}
        self.enterprise = Enterprise(self.replication)
        self.deleted: dict[str, Parked] = {}
        self.purged: list[str] = []
        self.admin_roles: dict[str, set[str]] = {}
        self.directory = Directory()
        self.belongings = Belongings()
        self.passes: dict[str, Json] = {}
        self.pass_policy = PassPolicy()
        self.used_passes: set[str] = set()  # ids of one-time passes with which somebody signed in
        self.mailboxes: set[str] = set()  # shared ones, in lower case
        self.mails: list[Json] = []  # what was sent, oldest first
        self.may_send_as: set[str] | None = None  # mailboxes the app may send from; None is all
        self.indexes = Indexes()
        self.changes: list[tuple[str, str, str]] = []  # kind, object id, member or former manager

    # What tests and the demo read

    @property
    def users(self) -> Mapping[str, Json]:
        """Live users by id."""
        return self.accounts.current

    @property
    def groups(self) -> Mapping[str, Json]:
        """Live groups by id."""
        return self.group_objects.current

    def members(self, group_id: str) -> tuple[str, ...]:
        """The ids of a group's direct members, in order of joining."""
        return tuple(self.memberships[group_id].current)

    def groups_of(self, object_id: str) -> tuple[str, ...]:
        """The ids of the groups that someone is a direct member of."""
        return tuple(self.member_of.get(object_id, ()))

    def manager_of(self, user_id: str) -> str | None:
        """The id of someone's manager."""
        return self.managers.get(user_id)

    def group_named(self, display_name: str) -> Json:
        """The one group with this display name; KeyError when there is none."""
        for group in self.groups.values():
            if group["displayName"] == display_name:
                return group
        raise KeyError(display_name)

    def user_named(self, upn: str) -> Json:
        """The live user with this user principal name; KeyError when there is none."""
        return self.users[self.indexes.upn[upn_key(upn)]]

    def accepted_writes(self) -> tuple[Write, ...]:
        """The writes that were done."""
        return tuple(write for write in self.writes if write.status < 400)  # noqa: PLR2004 - HTTP

    # Seeding

    @classmethod
    def seeded(
        cls,
        clock: Clock | None = None,
        *,
        domain: str = "bedrijf.example",
        groups: Sequence[str | Mapping[str, Any]] = (),
    ) -> GraphTenant:
        """A tenant with groups: a display name for a security group, or properties of any kind."""
        tenant = cls(clock or FileClock(), domain=domain)
        for group in groups:
            tenant.add_group({"displayName": group} if isinstance(group, str) else group)
        return tenant

    def add_group(self, properties: Mapping[str, Any]) -> str:
        """Put a group there without asking any rule; returns its id."""
        number = len(self.group_objects.current) + 1
        group: Json = {
            "groupTypes": [],
            "mailEnabled": False,
            "mailNickname": f"groep{number}",
            "securityEnabled": True,
            **properties,
        }
        group.setdefault("id", self._id("group"))
        group.setdefault("createdDateTime", self.timestamp())
        self.memberships[group["id"]] = Versioned(self.replication)
        self.ownerships[group["id"]] = Versioned(self.replication)
        self.store_group(group)
        return str(group["id"])

    def add_user(self, properties: Mapping[str, Any]) -> str:
        """Put a user there without asking any rule; returns the id."""
        user: Json = {
            "accountEnabled": True,
            "businessPhones": [],
            "otherMails": [],
            "proxyAddresses": [],
            "assignedLicenses": [],
            "userType": "Member",
            **properties,
        }
        user.setdefault("id", self._id("user"))
        user.setdefault("createdDateTime", self.timestamp())
        user.setdefault("mailNickname", str(user["userPrincipalName"]).partition("@")[0])
        self.store_user(user)
        return str(user["id"])

    def add_synced_user(self, properties: Mapping[str, Any]) -> str:
        """A user that Active Directory is the master of, in both."""
        user_id = self.add_user(properties)
        self.master_in_ad(user_id)
        self.store_user({**self.users[user_id], **properties})
        return user_id

    def master_in_ad(self, user_id: str) -> None:
        """From now on Active Directory is the master of this user, and holds it as it is."""
        user = self.users[user_id]
        name, _, domain = str(user["userPrincipalName"]).partition("@")
        parts = ",".join(f"DC={part}" for part in domain.split("."))
        synced = {
            **user,
            "onPremisesSyncEnabled": True,
            "onPremisesImmutableId": uuid.uuid5(_NAMESPACE, user_id).hex,
            "onPremisesLastSyncDateTime": self.timestamp(),
            "onPremisesDistinguishedName": f"CN={user['displayName']},OU=Users,{parts}",
            "onPremisesSamAccountName": name[:20],
            "onPremisesDomainName": domain,
            "onPremisesSecurityIdentifier": f"S-1-5-21-1-2-3-{self.ids_given}",
        }
        self.store_user(synced)
        mastered = {n: v for n, v in synced.items() if USER.properties[n].synced}
        self.directory.objects[user_id] = mastered

    def grant_role(self, user_id: str, role: str = "User Administrator") -> None:
        """Make someone an administrator: sensitive actions on them are refused from now on."""
        self.admin_roles.setdefault(user_id, set()).add(role)

    def role_id(self, role: str) -> str:
        """The id of a directory role's object in this tenant."""
        return str(uuid.uuid5(_NAMESPACE, f"{self.domain}/role/{role}"))

    # What the handlers do

    def new_id(self, kind: str) -> str:
        """A fresh object id; the same sequence in every run."""
        return self._id(kind)

    def timestamp(self) -> str:
        """Calendar time as Graph writes it."""
        return format_moment(self.clock.now())

    def store_user(self, user: Json) -> None:
        """Set or replace a user and everything that is looked up by its values."""
        self.indexes.replace(self.accounts.get(user["id"]), user, kind="User")
        self.accounts.put(user["id"], user)
        self.changes.append(("user", user["id"], ""))

    def store_group(self, group: Json) -> None:
        """Set or replace a group."""
        self.indexes.replace(self.group_objects.get(group["id"]), group, kind="Group")
        self.group_objects.put(group["id"], group)
        self.changes.append(("group", group["id"], ""))

    def set_manager(self, user_id: str, manager_id: str | None) -> None:
        """Set, replace or clear someone's manager."""
        before = self.managers.get(user_id)
        if before is not None:
            self.reports.get(before, {}).pop(user_id, None)
        if manager_id is None:
            self.managers.drop(user_id)
        else:
            self.managers.put(user_id, manager_id)
            self.reports.setdefault(manager_id, {})[user_id] = True
        self.changes.append(("user", user_id, ""))
        self.changes.append(("manager", user_id, before or ""))

    def add_member(self, group_id: str, member_id: str) -> None:
        """Make someone a direct member."""
        self.memberships[group_id].put(member_id, True)  # noqa: FBT003 - a set with a past
        self.member_of.setdefault(member_id, {})[group_id] = True
        self.changes.append(("member", group_id, member_id))

    def remove_member(self, group_id: str, member_id: str) -> None:
        """End a direct membership."""
        self.memberships[group_id].drop(member_id)
        self.member_of.get(member_id, {}).pop(group_id, None)
        self.changes.append(("member", group_id, member_id))

    def drop_user(self, user_id: str) -> None:
        """Take a user out of the directory."""
        self.indexes.replace(self.users[user_id], None, kind="User")
        self.accounts.drop(user_id)
        self.changes.append(("user", user_id, ""))

    def drop_group(self, group_id: str) -> None:
        """Take a group out of the directory."""
        self.indexes.replace(self.groups[group_id], None, kind="Group")
        self.group_objects.drop(group_id)
        self.changes.append(("group", group_id, ""))

    def add_owner(self, group_id: str, owner_id: str) -> None:
        """Make someone an owner of a group."""
        self.ownerships[group_id].put(owner_id, True)  # noqa: FBT003 - a set with a past

    # What the handlers ask

    def find_user(self, key: str, as_of: float | None = None) -> Json:
        """The user with this id or UPN, on that replica; raises 404."""
        user_id = self.indexes.upn.get(upn_key(key), key) if "@" in key else key.lower()
        user = self.accounts.get(user_id, as_of)
        if user is None:
            raise refusals.not_found(key)
        return user

    def find_group(self, key: str, as_of: float | None = None) -> Json:
        """The group with this id, on that replica; raises 404."""
        group = self.group_objects.get(key.lower(), as_of)
        if group is None:
            raise refusals.not_found(key)
        return group

    def find_object(self, key: str, as_of: float | None = None) -> tuple[str, Json]:
        """The user or group with this id, as (kind, properties); raises 404."""
        key = key.lower()
        for kind, store in (("user", self.accounts), ("group", self.group_objects)):
            found = store.get(key, as_of)
            if found is not None:
                return kind, found
        raise refusals.not_found(key)

    def is_privileged(self, user_id: str) -> bool:
        """Admin role, or member or owner of a role-assignable group?"""
        if self.admin_roles.get(user_id):
            return True
        return any(
            self.groups[group_id].get("isAssignableToRole")
            for group_id in self._groups_around(user_id)
        )

    def _groups_around(self, user_id: str) -> Iterator[str]:
        yield from self.groups_of(user_id)
        for group_id, owners in self.ownerships.items():
            if user_id in owners.current:
                yield group_id

    def closure(self, object_id: str) -> tuple[str, ...]:
        """The groups someone is in, directly or through other groups."""
        return _closure(self.groups_of(object_id), self.groups_of)

    def below(self, group_id: str) -> tuple[str, ...]:
        """The objects that are in a group, directly or through other groups."""
        return _closure(
            self.members(group_id), lambda m: self.members(m) if m in self.memberships else ()
        )

    def _id(self, kind: str) -> str:
        self.ids_given += 1
        return str(uuid.uuid5(_NAMESPACE, f"{self.domain}/{kind}/{self.ids_given}"))


def _closure(start: Iterable[str], step: Any) -> tuple[str, ...]:
    seen: dict[str, bool] = {}
    waiting = list(start)
    while waiting:
        each = waiting.pop(0)
        if each not in seen:
            seen[each] = True
            waiting.extend(step(each))
    return tuple(seen)


def format_moment(moment: datetime) -> str:
    """UTC to the second with a Z, as Graph writes times."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
