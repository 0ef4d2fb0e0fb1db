"""Who holds this value now? The lookups that uniqueness and quick filters rest on.

Called by `tenant` on every change. Names, addresses and numbers compare without regard to case.
Deleted objects are in no index: their user principal name may be used again at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

type Json = dict[str, Any]


@dataclass
class Indexes:
    """Values to object ids, of live objects only."""

    upn: dict[str, str] = field(default_factory=dict)
    proxy: dict[str, str] = field(default_factory=dict)  # address -> `User_<id>` or `Group_<id>`
    unified_nickname: dict[str, str] = field(default_factory=dict)
    values: dict[tuple[str, str], dict[str, bool]] = field(default_factory=dict)

    def replace(self, before: Json | None, after: Json | None, *, kind: str) -> None:
        """Take out what an object had and put in what it has."""
        if before is not None:
            self._remove(before)
        if after is not None:
            self._add(after, kind)

    def holding(self, name: str, value: str) -> Iterable[str]:
        """Ids of the live users with this value; only for the names in `INDEXED`."""
        return self.values.get((name, value.casefold()), {})

    def _remove(self, item: Json) -> None:
        self.upn.pop(upn_key(item.get("userPrincipalName") or ""), None)
        for address in item.get("proxyAddresses") or ():
            self.proxy.pop(address_key(address), None)
        if "Unified" in item.get("groupTypes", ()):
            self.unified_nickname.pop(str(item["mailNickname"]).casefold(), None)
        for key in _indexed(item):
            self.values.get(key, {}).pop(item["id"], None)

    def _add(self, item: Json, kind: str) -> None:
        if "userPrincipalName" in item:
            self.upn[upn_key(item["userPrincipalName"])] = item["id"]
        for address in item.get("proxyAddresses") or ():
            self.proxy[address_key(address)] = f"{kind}_{item['id']}"
        if "Unified" in item.get("groupTypes", ()):
            self.unified_nickname[str(item["mailNickname"]).casefold()] = item["id"]
        if kind == "User":
            for key in _indexed(item):
                self.values.setdefault(key, {})[item["id"]] = True


INDEXED = ("employeeId", "userPrincipalName", "mail", "mailNickname", "proxyAddresses", "id")


def _indexed(item: Json) -> Iterator[tuple[str, str]]:
    for name in INDEXED:
        value = item.get(name)
        for each in value if isinstance(value, list) else (value,):
            if isinstance(each, str):
                yield name, each.casefold()


def upn_key(upn: str) -> str:
    """User principal names compare without regard to case."""
    return upn.casefold()


def address_key(address: str) -> str:
    """`SMTP:` is the primary address and `smtp:` another one, but both are the same address."""
    return address.casefold()
