"""What does the demo show of gates? An answer that is refused, a hold, and an approval.

Scenes of `story`, which says how a scene is written.
"""

from __future__ import annotations

import re
from datetime import timedelta

from sandbox.demo.scene import Memory, Seen, quiet
from sandbox.demo.stage import NotSeen, Stage

DAY = timedelta(days=1)
MASS, LEAVING = 40, 14
DIVISION = "RU"
LOOK_SECONDS = 25
_COUNTS = re.compile(
    r"(?P<held>\d+) people would lose.*one answer of afas ends (?P<ended>\d+) people", re.DOTALL
)

_YES = re.compile(r"^\s*yes:\s+instroom (approve .+)$", re.MULTILINE)


async def half_an_answer(stage: Stage, _memory: Memory) -> list[Seen]:
    """Somebody edits the filter of a view: half of the people are not in the answer."""
    await quiet(stage)
    before = await _at_work(stage)
    await stage.hr("answer", answer="half")
    await stage.run("hr_full_sync")
    said = (await stage.instroom("doctor", fails=True)).splitlines()
    told = next((line for line in said if line.startswith("wrong") and "lacks" in line), None)
    if told is None:
        raise NotSeen("doctor does not tell of the refusal")
    if await _healthy(stage):
        raise NotSeen("health should say that HR was not read")
    after = await _at_work(stage)
    if after != before:
        raise NotSeen(f"{before - after} people were touched by half an answer")
    await stage.hr("answer", answer="normal")
    await stage.run("hr_full_sync")
    if not await _healthy(stage):
        raise NotSeen("health should be content with the whole answer")
    return [
        Seen("", "AFAS answers with half of its people: somebody edited the filter of a view"),
        Seen("$ instroom doctor", told),
        Seen("", f"{after} people can still sign in: nobody was touched; /api/health said 503"),
        Seen("", "HR mends its view; the next sync is let in, /api/health says 200"),
    ]


async def mass_leave(stage: Stage, _memory: Memory) -> list[Seen]:
    """HR suddenly says that forty people left yesterday: nobody is touched, a human is asked."""
    await quiet(stage)
    before = await _at_work(stage)
    await stage.hr("answer", answer="ended", n=MASS, last_day=stage.today() - DAY)
    await stage.run("hr_full_sync")
    printed = await _held(stage)
    after = await _at_work(stage)
    if after < before:
        raise NotSeen(f"{before - after} people were blocked by a bad answer")
    await stage.hr("answer", answer="normal")
    await stage.run("hr_full_sync")
    await _nothing_held(stage)
    return [
        Seen("", f"AFAS answers that {MASS} people left yesterday"),
        Seen("$ instroom held", _shortened(printed)),
        Seen("", f"{after} people can still sign in: nobody was touched"),
        Seen("", "HR mends its view, the next sync takes everyone off the list"),
    ]


async def approved(stage: Stage, memory: Memory) -> list[Seen]:
    """This time it is true: a human agrees with the very line that was printed."""
    await quiet(stage)
    before = await _at_work(stage)
    people = await _of_one_division(stage, memory.second_job.get("number"))
    for number in people:
        await stage.hr("end", number=number, last_day=stage.today() - DAY)
    await stage.run("hr_full_sync")
    printed = await _held(stage)
    yes = _YES.search(printed)
    if yes is None:
        raise NotSeen(f"no line that approves:\n{printed}")
    agreed = await stage.instroom(*yes[1].split())  # typed as it was printed

    async def done() -> bool:
        cards = await stage.cards()
        gone = all(cards[number]["archived"] for number in people)
        return gone and await _at_work(stage) == before - len(people)

    await stage.wait_for(done, "the approved blocks", LOOK_SECONDS)
    return [
        Seen("", f"Ruimte lets {len(people)} people go, and that is true"),
        Seen("$ instroom held", _shortened(printed)),
        Seen("$ instroom approve", f"{yes[1].removeprefix('approve ')}\n{agreed}"),
        Seen("", f"{len(people)} people are blocked in Entra and archived in TOPdesk, no more"),
    ]


async def _of_one_division(stage: Stage, other: str | None) -> list[str]:
    """So many of its people who have one contract and can sign in; not who works elsewhere too."""
    at_work = await stage.everybody()
    today = stage.today()
    found = [
        number
        for number, person in stage.rig.world.people.items()
        if number in at_work
        and number != other
        and at_work[number]["accountEnabled"]
        and person.contracts[0].department.startswith(DIVISION)
        and person.contracts[0].covers(today)
        and len(person.contracts) == 1
    ]
    return found[:LEAVING]


async def _held(stage: Stage) -> str:
    """What `instroom held` prints when everybody whom the answer ends is on the list."""
    printed: list[str] = []

    async def told() -> bool:
        printed[:] = [await stage.instroom("held")]
        found = _COUNTS.search(printed[0])
        return bool(found and found["held"] == found["ended"])

    await stage.wait_for(told, "the held batch", LOOK_SECONDS)
    return printed[0]


async def _nothing_held(stage: Stage) -> None:
    async def released() -> bool:
        return "Nothing is held" in await stage.instroom("held")

    await stage.wait_for(released, "the end of the hold", LOOK_SECONDS)


def _shortened(printed: str) -> str:
    lines = [line for line in printed.splitlines() if line.strip()]
    answers = [line for line in lines if "instroom" in line]
    return "\n".join([*lines[:5], " ...", *answers])


async def _at_work(stage: Stage) -> int:
    return sum(user["accountEnabled"] for user in (await stage.everybody()).values())


async def _healthy(stage: Stage) -> bool:
    answer = await stage.http.get(f"{stage.host}/api/health")
    return answer.is_success
