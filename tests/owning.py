"""Policies that look at who is in a group, and the hand that puts somebody there."""

from __future__ import annotations

from build import POLICY, a_record, moved
from fakes import World
from turning import account_of

ICT = "    - {group: ICT, when: {department.code: ICT*}}\n"
BEHEER = "    - {name: Beheer, when: {department.code: ICT*}, permission_groups: [Beheerders]}\n"
NURSE = moved(a_record("1042"), "ZORG", "Zorg")


def managed(how: str, policy: str = POLICY) -> str:
    policy = policy.replace(ICT, ICT.replace("}}", f"}}, managed: {how}}}"))
    return policy.replace(BEHEER, BEHEER.replace("]}", f"], managed: {how}}}"))


REPORTED, STRICT = managed("report"), managed("strict")
HELD = STRICT.replace("right: {count: 20,", "right: {count: 0,")


def by_hand(world: World, number: str, group: str = "ICT") -> None:
    account = account_of(world, number)
    world.entra.accounts[account.id] = account.model_copy(
        update={"groups": account.groups | {group}}
    )
