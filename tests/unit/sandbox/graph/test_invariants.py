"""Whatever is asked, in whatever order: names are unique and relations have two ends."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.clock import ManualClock
from sandbox.graph import GraphTenant
from sandbox.graph.indexes import Indexes
from sandbox.graph.service import Service

ALIASES = ("anna", "ANNA", "bert", "cees")
BASE = "https://graph.microsoft.com/v1.0/directoryObjects"

people = st.integers(0, 4)
groups = st.integers(0, 2)
aliases = st.sampled_from(ALIASES)
moves = st.one_of(
    st.tuples(st.just("create"), aliases, aliases | st.none()),
    st.tuples(st.just("rename"), people, aliases),
    st.tuples(st.just("mail"), people, aliases | st.none()),
    st.tuples(st.just("delete"), people),
    st.tuples(st.just("restore"), people, st.booleans()),
    st.tuples(st.just("purge"), people),
    st.tuples(st.just("add"), groups, people),
    st.tuples(st.just("bind"), groups, people, people),
    st.tuples(st.just("remove"), groups, people),
    st.tuples(st.just("forget_ref"), groups, people),
    st.tuples(st.just("manager"), people, people),
    st.tuples(st.just("no_manager"), people),
    st.tuples(st.just("delete_group"), groups),
)


class World:
    """A tenant and the ids that were ever given in it, by number."""

    def __init__(self) -> None:
        unified = {"displayName": "T", "groupTypes": ["Unified"], "mailEnabled": True}
        self.tenant = GraphTenant.seeded(ManualClock(), groups=["A", "B", unified])
        self.service = Service(self.tenant, None)
        self.groups = list(self.tenant.groups)
        self.people: list[str] = []
        for alias in ("anna", "bert"):
            self.create(alias, alias)

    def person(self, number: int) -> str:
        return self.people[number % len(self.people)]

    def play(self, move: tuple[Any, ...]) -> int:
        name, *rest = move
        reply = getattr(self, name)(*rest)
        return int(reply.status)

    def create(self, alias: str, mail: str | None) -> Any:
        body = {
            "accountEnabled": True,
            "displayName": alias,
            "mailNickname": alias,
            "userPrincipalName": f"{alias}@bedrijf.example",
            "mail": f"{mail}@bedrijf.example" if mail else None,
            "passwordProfile": {"password": "Zomer-2026-regen"},
        }
        reply = self.service.ask("POST", "/users", body)
        if reply.status == 201:
            self.people.append(reply.ids[0])
        return reply

    def rename(self, who: int, alias: str) -> Any:
        body = {"userPrincipalName": f"{alias}@bedrijf.example"}
        return self.service.ask("PATCH", f"/users/{self.person(who)}", body)

    def mail(self, who: int, alias: str | None) -> Any:
        body = {"mail": f"{alias}@bedrijf.example" if alias else None}
        return self.service.ask("PATCH", f"/users/{self.person(who)}", body)

    def delete(self, who: int) -> Any:
        return self.service.ask("DELETE", f"/users/{self.person(who)}")

    def restore(self, who: int, reconcile: bool) -> Any:  # noqa: FBT001 - drawn by hypothesis
        url = f"/directory/deletedItems/{self.person(who)}/restore"
        return self.service.ask("POST", url, {"autoReconcileProxyConflict": reconcile})

    def purge(self, who: int) -> Any:
        return self.service.ask("DELETE", f"/directory/deletedItems/{self.person(who)}")

    def add(self, group: int, who: int) -> Any:
        body = {"@odata.id": f"{BASE}/{self.person(who)}"}
        return self.service.ask("POST", f"/groups/{self.groups[group]}/members/$ref", body)

    def bind(self, group: int, one: int, other: int) -> Any:
        body = {"members@odata.bind": [f"{BASE}/{self.person(each)}" for each in (one, other)]}
        return self.service.ask("PATCH", f"/groups/{self.groups[group]}", body)

    def remove(self, group: int, who: int) -> Any:
        url = f"/groups/{self.groups[group]}/members/{self.person(who)}/$ref"
        return self.service.ask("DELETE", url)

    def forget_ref(self, group: int, who: int) -> Any:
        url = f"/groups/{self.groups[group]}/members/{self.person(who)}"
        return self.service.ask("DELETE", url)

    def manager(self, who: int, boss: int) -> Any:
        body = {"@odata.id": f"{BASE}/{self.person(boss)}"}
        return self.service.ask("PUT", f"/users/{self.person(who)}/manager/$ref", body)

    def no_manager(self, who: int) -> Any:
        return self.service.ask("DELETE", f"/users/{self.person(who)}/manager/$ref")

    def delete_group(self, group: int) -> Any:
        return self.service.ask("DELETE", f"/groups/{self.groups[group]}")


def check(tenant: GraphTenant) -> None:
    names = [user["userPrincipalName"].casefold() for user in tenant.users.values()]
    addresses = [
        address.casefold()
        for item in (*tenant.users.values(), *tenant.groups.values())
        for address in item.get("proxyAddresses") or ()
    ]
    claimed = {
        (address.partition(":")[2].casefold(), item["id"])
        for item in (*tenant.users.values(), *tenant.groups.values())
        for address in (
            *(item.get("proxyAddresses") or ()),
            *([f"smtp:{item['userPrincipalName']}"] if "userPrincipalName" in item else ()),
        )
    }
    links = {(g, m) for g in tenant.groups for m in tenant.members(g)}
    managed = tenant.managers.current.items()
    rebuilt = Indexes()
    for user in tenant.users.values():
        rebuilt.replace(None, user, kind="User")

    assert len(names) == len(set(names))
    assert len(addresses) == len(set(addresses))
    assert len(claimed) == len({address for address, _ in claimed})
    assert {m for _, m in links} <= set(tenant.users)
    assert links == {(g, m) for m, inside in tenant.member_of.items() for g in inside}
    assert {each for pair in managed for each in pair} <= set(tenant.users)
    assert set(managed) == {(u, m) for m, below in tenant.reports.items() for u in below}
    assert rebuilt.upn == tenant.indexes.upn
    assert rebuilt.values == {key: held for key, held in tenant.indexes.values.items() if held}
    assert not set(tenant.deleted) & (set(tenant.users) | set(tenant.groups))


@settings(max_examples=150, deadline=None)
@given(st.lists(moves, min_size=4, max_size=30))
def test_names_stay_unique_and_relations_whole(steps: list[tuple[Any, ...]]) -> None:
    world = World()

    for step in steps:
        before = len(world.tenant.accepted_writes())
        status = world.play(step)

        assert status < 500
        assert len(world.tenant.accepted_writes()) - before == (status < 400)
        check(world.tenant)


@settings(max_examples=50, deadline=None)
@given(st.lists(moves, min_size=4, max_size=20))
def test_a_full_delta_and_the_rounds_after_it_agree(steps: list[tuple[Any, ...]]) -> None:
    world = World()
    known: set[str] = set()
    link = "/users/delta?$select=id"

    for step in [*steps, None]:
        while True:
            reply = world.service.ask("GET", link)
            assert isinstance(reply.body, dict)
            for each in reply.body["value"]:
                (known.discard if "@removed" in each else known.add)(each["id"])
            base = "https://graph.microsoft.com/v1.0"
            done = reply.body.get("@odata.deltaLink")
            link = (done or reply.body["@odata.nextLink"]).removeprefix(base)
            if done:
                break
        assert known == set(world.tenant.users)
        if step is not None:
            world.play(step)
