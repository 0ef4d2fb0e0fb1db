"""What happens in the demo? Scenes about one person's way through the organisation, in order.

Those about other HR systems lie in `sources`, those about what is refused or held in `gates`.
"""

from __future__ import annotations

import time
from datetime import timedelta

from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from sandbox.demo import gates, sources
from sandbox.demo.scene import Memory, Scene, Seen, listed, logins, open_messages
from sandbox.demo.stage import NotSeen, Stage

DAY = timedelta(days=1)
LOAD_SECONDS = 120


async def first_load(stage: Stage, _memory: Memory) -> list[Seen]:
    """HR is read for the first time: everybody gets what the policy says."""
    await stage.wait_for(lambda: _healthy(stage), "a healthy app", 20)
    began = time.monotonic()
    rig = stage.rig
    people, books, hired = len(rig.world.people), len(rig.library.people), len(rig.exports.rows)
    await stage.fire("hr_full_sync")
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total}"),
    )
    with Progress(*columns, TimeElapsedColumn(), transient=True) as progress:
        entra = progress.add_task("Entra accounts", total=people + books + hired)
        desk = progress.add_task("TOPdesk cards ", total=people + books + hired)

        async def settled() -> bool:
            users, cards = await stage.counts("graph"), await stage.counts("topdesk")
            progress.update(entra, completed=users["users"])
            progress.update(desk, completed=cards["persons"])
            waiting = sum(
                open_messages(stage, queue) for queue in ("hr-signals", "entra", "topdesk")
            )
            even = users["users"] > 0 and users["users"] == cards["persons"]
            return even and waiting == 0 and await sources.all_there(stage)

        await stage.wait_for(settled, "the first load", LOAD_SECONDS)
    took = time.monotonic() - began
    users, cards = await stage.everybody(), await stage.cards()
    asleep = sum(not user["accountEnabled"] for user in users.values())
    operators = sum(bool(card["operator"]) for card in cards.values())
    return [
        Seen(f"{took:.1f} s", f"{people} people in AFAS, {books} in Nmbrs, {hired} in a CSV file"),
        Seen("", f"{len(users)} Entra accounts, {asleep} of them ready for a first day to come"),
        Seen("", f"{sum(len(u['groups']) for u in users.values())} group memberships"),
        Seen("", f"{len(cards)} TOPdesk cards, {operators} with an operator card"),
        Seen(
            "",
            f"{people + books + hired - len(users)} without an account: gone, or starting later "
            "than in a week",
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
        Seen(f"{in_entra:.1f} s", f"Entra: {account.login}, in {listed(account.groups)}"),
        Seen(f"{in_desk:.1f} s", f"TOPdesk: card and operator with {listed(account.roles)}"),
    ]


async def prehire(stage: Stage, memory: Memory) -> list[Seen]:
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
    told = ("number", "nickname", "birth_name", "birth_date")
    memory.second_job = {name: str(hired[name]) for name in told}
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
        Seen("", f"groups: {listed(began.groups)}"),
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
        Seen(f"{took:.1f} s", f"Entra: out of {listed(sorted(lost))}, into {listed(sorted(won))}"),
        Seen("", f"TOPdesk: {listed(before.roles)} taken, {listed(after.roles)} given"),
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
        number, lambda a: a.deleted and a.card == "archived" and not logins(a), "the deletion"
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
        Seen(f"{took:.1f} s", f"Entra: {back.login} restored, in {listed(back.groups)}"),
        Seen("", f"TOPdesk: the same card un-archived, operator with {listed(back.roles)}"),
    ]


SCENES: tuple[tuple[str, Scene], ...] = (
    ("Consent, once", sources.consent_once),
    ("First load", first_load),
    ("Joiner by webhook", joiner),
    ("Pre-hire whose day comes", prehire),
    ("Mover", mover),
    ("Same name", namesake),
    ("A second HR system", sources.second),
    ("One human, two employers", sources.same_human),
    ("A third, by file", sources.third),
    ("Leaver, then deletion", leaver),
    ("Returner", returner),
    ("Half an answer, refused", gates.half_an_answer),
    ("Mass leave, held", gates.mass_leave),
    ("A true mass leave, approved", gates.approved),
)


async def _healthy(stage: Stage) -> bool:
    answer = await stage.http.get(f"{stage.host}/api/health")
    return answer.is_success
