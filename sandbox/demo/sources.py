"""What does the demo show of other HR systems? The library's Nmbrs, and a file with externals.

Scenes of `story`, which says how a scene is written.
"""

from __future__ import annotations

import asyncio
import time

from sandbox.consent import NotGiven, consent
from sandbox.demo.scene import Memory, Seen, listed
from sandbox.demo.stage import Account, NotSeen, Stage
from sandbox.world import library

NMBRS, CSV = "N", "X"
"""How the employee numbers of the two begin, by policy.yaml."""
RESTED_SECONDS = 5.1
"""So long a file must have lain still before it is read."""


async def consent_once(stage: Stage, _memory: Memory) -> list[Seen]:
    """Somebody who may lets Instroom into Nmbrs; the tokens renew themselves from then on."""
    try:
        told = await consent(stage.rig.plan.state / "local.settings.json")
    except NotGiven as error:
        raise NotSeen(f"no consent: {error}") from error
    return [
        Seen(
            "$ instroom hr connect nmbrs",
            "prints an address; whoever may consent opens it in a browser and logs in",
        ),
        Seen("", told),
    ]


async def second(stage: Stage, _memory: Memory) -> list[Seen]:
    """The library pays through Nmbrs: its joiner comes by the next poll, under his own rules."""
    hired = await stage.hr(
        "hire",
        system="nmbrs",
        department=library.HALL,
        job=library.LIBRARIAN,
        start=stage.today(),
        nickname="Sem",
        birth_name="Leeszaal",
    )
    number = f"{NMBRS}{library.COMPANY}-{hired['number']}"
    began = time.monotonic()
    await stage.fire("hr_poll")
    account, _ = await stage.until(number, lambda a: a.can_sign_in, "the librarian's account")
    in_entra = time.monotonic() - began
    account, _ = await stage.until(number, lambda a: a.card == "active", "the librarian's card")
    in_desk = time.monotonic() - began
    plain, login = str(hired["number"]), account.login

    async def nmbrs_knows() -> bool:
        return (await stage.told_hr()).get(plain) == login

    await stage.wait_for(nmbrs_knows, "the address in Nmbrs", 25)
    told = time.monotonic() - began
    return [
        Seen("0.0 s", f"the library's Nmbrs adds {account.name} ({hired['number']}), from today"),
        Seen(f"{in_entra:.1f} s", f"Entra: {account.login}, number {number},"),
        Seen("", f"in {listed(account.groups)}"),
        Seen(f"{in_desk:.1f} s", f"TOPdesk: a card at the branch {account.branch}"),
        Seen(f"{told:.1f} s", f"Nmbrs: businessEmail is {login}, written back"),
    ]


async def same_human(stage: Stage, memory: Memory) -> list[Seen]:
    """Somebody of AFAS works at the library as well: one human, one account, rights of both."""
    known = dict(memory.second_job)
    first = known.pop("number")
    before = await stage.see(first)
    hired = await stage.hr(
        "hire",
        system="nmbrs",
        department=library.HALL,
        job=library.LIBRARIAN,
        start=stage.today(),
        hours=8.0,
        **known,
    )
    began = time.monotonic()
    await stage.fire("hr_poll")
    account, _ = await stage.until(
        first, lambda a: "Bibliotheek" in a.groups, "the rights of the second job"
    )
    took = time.monotonic() - began
    second = f"{NMBRS}{library.COMPANY}-{hired['number']}"
    if second in {**await stage.everybody(), **await stage.cards()}:
        raise NotSeen("one human should have one account")
    won = sorted(set(account.groups) - set(before.groups))
    return [
        Seen("0.0 s", f"the library's Nmbrs adds {account.name} too ({hired['number']}), 8 hours"),
        Seen("", "birth date and birth name are those of somebody in AFAS: one human"),
        Seen(f"{took:.1f} s", f"Entra: {account.login}, number {first} as before,"),
        Seen("", f"into {listed(won)}; no second account, no second card"),
    ]


async def third(stage: Stage, _memory: Memory) -> list[Seen]:
    """Externals are in no HR system: an office drops a file, and the poll reads it."""
    exports = stage.rig.exports
    row = exports.add("Lotte", "ten", "Tijde", stage.today())
    file = exports.write("externen-nieuw.csv")
    number = f"{CSV}{row.number}"
    began = time.monotonic()
    await asyncio.sleep(RESTED_SECONDS)
    await stage.fire("hr_poll")
    account, _ = await stage.until(number, _is_at_work, "the external's account")
    took = time.monotonic() - began
    arrived = f"{file.name} arrives: {len(exports.rows)} people, one of them new"
    return [
        Seen("0.0 s", f"{arrived}; it is read when it has lain still for 5 s"),
        Seen(f"{took:.1f} s", f"Entra: {account.name} is {account.login}, number {number},"),
        Seen("", f"in {listed(account.groups)}; TOPdesk: {account.card}"),
    ]


async def all_there(stage: Stage) -> bool:
    """Has everyone of both come to stand?"""
    numbers = list(await stage.everybody())
    wanted = {NMBRS: stage.rig.library.people, CSV: stage.rig.exports.rows}
    return all(
        sum(number.startswith(first) for number in numbers) == len(people)
        for first, people in wanted.items()
    )


def _is_at_work(account: Account) -> bool:
    return account.can_sign_in and account.card == "active"
