"""What happens in the demo? Eight scenes; each lets HR say something and watches what comes of it.

A scene returns the rows of its table. It raises NotSeen when what it announces does not happen.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from sandbox.demo.stage import Account, NotSeen, Stage

DAY = timedelta(days=1)
LOAD_SECONDS = 75
MASS = 40


@dataclass(frozen=True)
class Seen:
    """One line of a scene: when it was, and what a spectator saw."""

    when: str
    what: str


type Scene = Callable[[Stage, "Memory"], Awaitable[list[Seen]]]


@dataclass
class Memory:
    """Who the story is about, from one scene to the next."""

    joiner: str = ""
    leaver: str = ""


async def first_load(stage: Stage, _memory: Memory) -> list[Seen]:
    """HR is read for the first time: everybody gets what the policy says."""
    await stage.wait_for(lambda: _healthy(stage), "a healthy app", 20)
    began = time.monotonic()
    people = len(stage.rig.world.people)
    await stage.fire("hr_full_sync")
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total}"),
    )
    with Progress(*columns, TimeElapsedColumn(), transient=True) as progress:
        entra = progress.add_task("Entra accounts", total=people)
        desk = progress.add_task("TOPdesk cards ", total=people)

        async def settled() -> bool:
            users, cards = await stage.counts("graph"), await stage.counts("topdesk")
            progress.update(entra, completed=users["users"])
            progress.update(desk, completed=cards["persons"])
            waiting = sum(sum(_open(stage, queue)) for queue in ("hr-signals", "entra", "topdesk"))
            return users["users"] > 0 and users["users"] == cards["persons"] and waiting == 0

        await stage.wait_for(settled, "the first load", LOAD_SECONDS)
    took = time.monotonic() - began
    users, cards = await stage.everybody(), await stage.cards()
    asleep = sum(not user["accountEnabled"] for user in users.values())
    operators = sum(bool(card["operator"]) for card in cards.values())
    return [
        Seen(f"{took:.1f} s", f"{people} people in HR"),
        Seen("", f"{len(users)} Entra accounts, {asleep} of them ready for a first day to come"),
        Seen("", f"{sum(len(u['groups']) for u in users.values())} group memberships"),
        Seen("", f"{len(cards)} TOPdesk cards, {operators} with an operator card"),
        Seen(
            "", f"{people - len(users)} without an account: gone, or starting later than in a week"
        ),
    ]


async def joiner(stage: Stage, memory: Memory) -> list[Seen]:
    """HR adds a person who starts today, and says so by webhook."""
    hired = await stage.hr(
        "hire",
        department="ICT-SD",
        job="0141",
        start=stage.today(),
        nickname="Noor",
        birth_name="Voorbeeldsma",
        birth_prefix="van",
    )
    number = memory.joiner = str(hired["number"])
    began = time.monotonic()
    await stage.webhook(number)
    account, _ = await stage.until(number, lambda a: a.can_sign_in, "the Entra account")
    in_entra = time.monotonic() - began
    account, _ = await stage.until(number, lambda a: bool(a.roles), "the operator card")
    in_desk = time.monotonic() - began
    return [
        Seen("0.0 s", f"HR adds {account.name} ({number}), Servicedesk, from today"),
        Seen(f"{in_entra:.1f} s", f"Entra: {account.login}, in {_list(account.groups)}"),
        Seen(f"{in_desk:.1f} s", f"TOPdesk: card and operator with {_list(account.roles)}"),
    ]


async def prehire(stage: Stage, _memory: Memory) -> list[Seen]:
    """Somebody starts in five days: ready at once, let in on the day."""
    start = stage.today() + 5 * DAY
    hired = await stage.hr(
        "hire",
        department="RU-VER",
        job="0301",
        start=start,
        nickname="Bram",
        birth_name="Testers",
    )
    number = str(hired["number"])
    await stage.webhook(number)
    ready, _ = await stage.until(
        number, lambda a: a.entra is not None and a.card == "active", "the prepared account"
    )
    if ready.can_sign_in:
        raise NotSeen("the account should wait for the first day")
    stage.move_calendar(start)
    began, took = await stage.until(number, lambda a: a.can_sign_in, "the first day")
    return [
        Seen("today", f"HR adds {ready.name} ({number}), Verkeer, from {start:%d-%m-%Y}"),
        Seen("", f"Entra: {ready.login} stands ready and cannot sign in; TOPdesk: {ready.card}"),
        Seen(f"{start:%d-%m} 00:01", f"sign-in is on ({took:.1f} s later); HR changed nothing"),
        Seen("", f"groups: {_list(began.groups)}"),
    ]


async def mover(stage: Stage, memory: Memory) -> list[Seen]:
    """The joiner moves to another department: groups and TOPdesk role follow."""
    number = memory.joiner
    before = await stage.see(number)
    await stage.hr("move", number=number, on=stage.today(), department="BV-FAC", job="0131")
    began = time.monotonic()
    await stage.webhook(number)
    after, _ = await stage.until(
        number, lambda a: a.roles == ("Facilitair",), "the new permission group"
    )
    took = time.monotonic() - began
    lost, won = set(before.groups) - set(after.groups), set(after.groups) - set(before.groups)
    return [
        Seen("0.0 s", f"HR moves {after.name} from Servicedesk to Facilitaire Zaken"),
        Seen(f"{took:.1f} s", f"Entra: out of {_list(sorted(lost))}, into {_list(sorted(won))}"),
        Seen("", f"TOPdesk: {_list(before.roles)} taken, {_list(after.roles)} given"),
    ]


async def namesake(stage: Stage, memory: Memory) -> list[Seen]:
    """A second person with the very same name gets a name of his own."""
    hired = await stage.hr(
        "hire",
        department="PZ-KCC",
        job="0202",
        start=stage.today(),
        nickname="Noor",
        birth_name="Voorbeeldsma",
        birth_prefix="van",
    )
    number = str(hired["number"])
    await stage.webhook(number)
    account, took = await stage.until(
        number, lambda a: a.can_sign_in and a.card == "active", "the namesake's accounts"
    )
    first = await stage.see(memory.joiner)
    if account.login == first.login:
        raise NotSeen("two people have one name")
    return [
        Seen(f"{took:.1f} s", f"HR adds another {account.name} ({number})"),
        Seen("", f"the first keeps {first.login}"),
        Seen("", f"the second gets {account.login}"),
    ]


async def leaver(stage: Stage, memory: Memory) -> list[Seen]:
    """A contract ends: blocked at the end of the last day, deleted a month later."""
    number = memory.leaver = memory.joiner
    last_day = stage.today() + 2 * DAY
    await stage.hr("end", number=number, last_day=last_day)
    await stage.webhook(number)
    stage.move_calendar(last_day, hour=23, minute=30)
    await stage.fire("due")
    evening = await stage.see(number)
    if not evening.can_sign_in:
        raise NotSeen("the last day is a working day")
    stage.move_calendar(last_day + DAY)
    blocked, took = await stage.until(
        number, lambda a: not a.can_sign_in and a.card == "archived", "the block"
    )
    gone_on = last_day + 31 * DAY
    stage.move_calendar(gone_on)
    gone, later = await stage.until(
        number, lambda a: a.deleted and a.card == "archived" and not _logins(a), "the deletion"
    )
    return [
        Seen(f"{last_day:%d-%m} 23:30", f"{blocked.name}'s last day: sign-in still works"),
        Seen(
            f"{last_day + DAY:%d-%m} 00:01",
            f"blocked in Entra, sessions revoked, out of every group; "
            f"TOPdesk {blocked.card} ({took:.1f} s)",
        ),
        Seen(
            f"{gone_on:%d-%m} 00:01",
            f"Entra account deleted; TOPdesk card {gone.card}, its logins emptied ({later:.1f} s)",
        ),
    ]


async def returner(stage: Stage, memory: Memory) -> list[Seen]:
    """Who left comes back within a month of the deletion: the same account, fresh rights."""
    number = memory.leaver
    await stage.hr("rehire", number=number, start=stage.today(), department="BV-HRM", job="0101")
    await stage.webhook(number)
    back, took = await stage.until(
        number, lambda a: a.can_sign_in and a.roles == ("Personeelszaken",), "the return"
    )
    return [
        Seen("0.0 s", f"HR takes {number} on again, at Personeel en Organisatie"),
        Seen(f"{took:.1f} s", f"Entra: {back.login} restored, in {_list(back.groups)}"),
        Seen("", f"TOPdesk: the same card un-archived, operator with {_list(back.roles)}"),
    ]


async def mass_leave(stage: Stage, _memory: Memory) -> list[Seen]:
    """HR suddenly says that forty people left yesterday: nobody is touched, a human is asked."""
    await _quiet(stage)
    before = sum(u["accountEnabled"] for u in (await stage.everybody()).values())
    await stage.hr("answer", answer="ended", n=MASS, last_day=stage.today() - DAY)
    await stage.fire("hr_full_sync")

    async def told() -> bool:
        return "block" in await stage.instroom("held")

    await stage.wait_for(told, "the held batch", 25)
    printed = await stage.instroom("held")
    after = sum(u["accountEnabled"] for u in (await stage.everybody()).values())
    if after < before:
        raise NotSeen(f"{before - after} people were blocked by a bad answer")
    await stage.hr("answer", answer="normal")
    await stage.fire("hr_full_sync")

    async def released() -> bool:
        return "Nothing is held" in await stage.instroom("held")

    await stage.wait_for(released, "the end of the hold", 25)
    shown = printed.splitlines()
    return [
        Seen("", f"AFAS answers that {MASS} people left yesterday"),
        Seen("$ instroom held", "\n".join([*shown[:6], "...", shown[-1].strip()])),
        Seen("", f"{after} people can still sign in: nobody was touched"),
        Seen("", "HR mends its view, the next sync takes everyone off the list"),
    ]


SCENES: tuple[tuple[str, Scene], ...] = (
    ("First load", first_load),
    ("Joiner by webhook", joiner),
    ("Pre-hire whose day comes", prehire),
    ("Mover", mover),
    ("Same name", namesake),
    ("Leaver, then deletion", leaver),
    ("Returner", returner),
    ("Mass leave, held", mass_leave),
)


async def _healthy(stage: Stage) -> bool:
    answer = await stage.http.get(f"{stage.host}/api/health")
    return answer.is_success


async def _quiet(stage: Stage) -> None:
    """Let whatever the calendar set in motion come to rest."""

    async def nothing_open() -> bool:
        return not any(sum(_open(stage, queue)) for queue in ("entra", "topdesk"))

    await stage.wait_for(nothing_open, "a quiet moment", 30)


def _open(stage: Stage, queue: str) -> tuple[int, int]:
    counts = stage.rig.bus.counts(queue)
    return counts.active, counts.locked


def _logins(account: Account) -> list[str]:
    card = account.topdesk or {}
    return [card[name] for name in ("tasLoginName", "networkLoginName", "email") if card.get(name)]


def _list(names: object) -> str:
    return ", ".join(names) if isinstance(names, list | tuple) and names else "nothing"
