"""What will be done in a target? A plan is a value: print it, compare it, refuse it, apply it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from shared.model.desired import Entry, Reason, TargetName
from shared.model.frozen import Frozen
from shared.model.task import Task


class Kind(StrEnum):
    """Every change Instroom can make. The words of each system are kept apart on purpose."""

    CREATE_ACCOUNT = "create account"
    RESTORE_ACCOUNT = "restore account"
    RENAME_ACCOUNT = "rename account"
    SET_ATTRIBUTES = "set attributes"
    ENABLE_SIGN_IN = "enable sign-in"
    BLOCK_SIGN_IN = "block sign-in"
    REVOKE_SESSIONS = "revoke sessions"
    BLOCK_LINKED = "block linked account"
    SET_MANAGER = "set manager"
    CLEAR_MANAGER = "clear manager"
    ADD_TO_GROUP = "add to group"
    REMOVE_FROM_GROUP = "remove from group"
    DELETE_ACCOUNT = "delete account"

    CREATE_CARD = "create person card"
    UPDATE_CARD = "update person card"
    ARCHIVE_CARD = "archive person card"
    UNARCHIVE_CARD = "un-archive person card"
    SCRUB_CARD = "scrub person card"
    CREATE_OPERATOR = "create operator"
    UPDATE_OPERATOR = "update operator"
    ARCHIVE_OPERATOR = "archive operator"
    UNARCHIVE_OPERATOR = "un-archive operator"
    ADD_PERMISSION_GROUP = "add permission group"
    REMOVE_PERMISSION_GROUP = "remove permission group"
    ADD_OPERATOR_RIGHT = "add operator right"
    REMOVE_OPERATOR_RIGHT = "remove operator right"
    CREATE_TICKET = "create ticket"
    TIE_ENTRY = "tie list entry"
    """To HR's code, or call it what HR calls it now: a department, a budget holder."""

    CREATE_USER = "create user"
    UPDATE_USER = "update user"
    ACTIVATE_USER = "activate user"
    DEACTIVATE_USER = "deactivate user"
    DELETE_USER = "delete user"
    GIVE_RIGHT = "give right"
    TAKE_RIGHT = "take right"

    WRITE_RECORD = "write back"
    """To one record of an HR system: what it should know of the account."""
    CREATE_HR_USER = "create HR user"
    UPDATE_HR_USER = "update HR user"
    """What somebody signs in to the HR system with: also to block it, or to let it in again."""

    CREATE_APPLICATION = "create application"
    SET_SIGN_ON = "set sign-on"
    SET_ADDRESSES = "set addresses"
    ADD_CERTIFICATE = "add certificate"
    ACTIVATE_CERTIFICATE = "activate certificate"
    RETIRE_CERTIFICATE = "retire certificate"
    CREATE_CLAIMS = "create claims policy"
    SET_CLAIMS = "set claims policy"
    ASSIGN_CLAIMS = "assign claims policy"
    LET_SIGN_IN = "let group sign in"

    BLOCK_IN_CLOUD = "block in the cloud"
    """Until Active Directory, which masters the account, blocks it too."""
    REMOVE_METHODS = "remove sign-in methods"
    DISABLE_DEVICES = "disable devices"
    SET_AUTO_REPLY = "set auto-reply"


class Harm(StrEnum):
    """What can hurt someone; the guard counts each kind apart."""

    BLOCK = "block"
    DELETE = "delete"
    RIGHT = "right"
    """A group, an operator's right or the operator card is taken from an account that lives on."""
    RENAME = "rename"
    """The display name, or whatever else is made of the name, of an account that is there."""
    JOINER = "joiner"
    """An account is made for somebody who has none: no harm but a cost, and it can be undone."""


class Change(Frozen):
    """One call at a target."""

    kind: Kind
    what: str = ""
    """The group, the operator's right or the archiving reason it is about, if about one."""
    values: Mapping[str, str | bool | None] = {}
    """The fields to write, by the target's names; None empties a field."""
    entries: Mapping[str, Entry] = {}
    """Of the lookups among the values."""
    reasons: tuple[Reason, ...] = ()
    harm: Harm | None = None

    @property
    def key(self) -> str:
        """Stable within a plan: the kind and what it is about."""
        return f"{self.kind}:{self.what}" if self.what else str(self.kind)

    def __str__(self) -> str:
        """The change without any value: fit for logs and audit."""
        about = self.what or ", ".join(sorted(self.values))
        return f"{self.kind} {about}".strip()


class Plan(Frozen):
    """The ordered changes that bring one person's account to what is desired."""

    target: TargetName
    changes: tuple[Change, ...] = ()
    held: tuple[Change, ...] = ()
    """Changes left out because a human must approve them first."""
    for_ad: tuple[Change, ...] = ()
    """What Active Directory has to do, because it masters the account or is to make it."""
    refused: tuple[Change, ...] = ()
    """What the target would not do, while the rest went on."""
    tasks: tuple[Task, ...] = ()
    """What somebody has to do by hand, with exact values; that of `for_ad` is among it."""
    later: tuple[Change, ...] = ()
    """Memberships that are bound together with those of others, not one by one."""
    obstacles: Mapping[str, str] = {}
    """What the policy wants and the target cannot give, with the sentence that mends it."""

    def __bool__(self) -> bool:
        """Say whether there is anything to do."""
        return bool(self.changes or self.later)

    def summary(self) -> str:
        """One line for people; no values, no names of persons."""
        return "; ".join(map(str, self.changes)) or "nothing to do"
