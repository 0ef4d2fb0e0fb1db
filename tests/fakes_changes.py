"""What Entra tells of changes, as lists that a link leads into, with the hands that change."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from fakes import World
from turning import account_of

from shared.apply.changes import ChangedAccount, ChangedMember, Page
from shared.model.account import EntraAccount
from shared.model.desired import DesiredEntra


@dataclass
class FakeChanges:
    """A link is how far it was told; the same link tells the same again, and what came since."""

    world: World
    accounts_: list[ChangedAccount] = field(default_factory=list)
    members_: list[ChangedMember] = field(default_factory=list)
    gone: int = 0
    """So many links are good no more."""
    asked: list[tuple[str, str | None]] = field(default_factory=list)

    async def accounts(
        self, attributes: Collection[str], link: str | None
    ) -> Page[ChangedAccount] | None:
        del attributes
        self.asked.append(("accounts", link))
        if link and self.gone:
            self.gone -= 1
            return None
        if link is None:
            everyone = tuple(map(changed, self.world.entra.accounts.values()))
            return Page(everyone, str(len(self.accounts_)), is_last=True)
        return Page(tuple(self.accounts_[int(link) :]), str(len(self.accounts_)), is_last=True)

    async def members(self, link: str | None) -> Page[ChangedMember] | None:
        self.asked.append(("members", link))
        told = self.members_[int(link or 0) :]
        return Page(tuple(told), str(len(self.members_)), is_last=True)

    def by_hand(self, number: str, **what: object) -> None:
        """Somebody changes this account in Entra's own pages."""
        entra = self.world.entra
        account = account_of(self.world, number).model_copy(update=what)
        entra.accounts[account.id] = account
        self.accounts_.append(changed(account))

    def group(self, number: str, group: str, *, removed: bool) -> None:
        """Somebody puts them into a group, or takes them out."""
        account = account_of(self.world, number)
        groups = account.groups - {group} if removed else account.groups | {group}
        self.world.entra.accounts[account.id] = account.model_copy(update={"groups": groups})
        self.members_.append(ChangedMember("id-of-it", group, account.id, removed))


def changed(account: EntraAccount) -> ChangedAccount:
    """An account as a page tells of it."""

    def as_account(desired: DesiredEntra) -> EntraAccount:
        as_wanted = {"groups": frozenset(desired.groups), "manager_id": desired.manager_id}
        return account.model_copy(update=as_wanted)

    return ChangedAccount(account.id, account.employee_id, as_account=as_account)
