"""Stories with marked people: no name, address or number of theirs where it does not belong.

Names live in HR, in the targets and in the ledger. They are looked for in everything else: what
host and app write, what they tell those who watch, every message on the bus and its dead letters,
the lists of the command line, and health. The same stories show what the watchers see.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from e2e.company import DAY, QUEUES, Company, opened

from sandbox.collector import Heard
from sandbox.faults import Fault

MARKED = {
    "nickname": "Kwibusmerk",
    "given_names": "Kwibusmerk Hortensiamerk",
    "birth_prefix": "van",
    "birth_name": "Rarekwastmerk",
    "partner_name": "Partnermerk",
    "private_mail": "priveemerk@example.org",
    "mobile": "+31600998877",
}
STRANGER = "kwibusmerk.van.rarekwastmerk@voorbeeld.example"
MARKS = ("merk", "00998877", "@voorbeeld", "%40voorbeeld")
OF_A_JOINER = {
    "hr_webhook",
    "send hr-signals",
    "hr_signal",
    "decide",
    "send entra",
    "apply_entra",
    "do create account",
    "POST /users",
    "send topdesk",
    "apply_topdesk",
    "POST /tas/api/persons",
}
MEASURED = {
    "instroom.latency",
    "instroom.served",
    "instroom.due.oldest",
    "instroom.calls",
    "instroom.polls",
    "instroom.unread",
    "instroom.runs",
}
ECHO = '[{"message": "Kwibusmerk van Rarekwastmerk is refused"}]'


async def test_stories_leave_no_personal_data_behind(tmp_path: Path) -> None:
    async with opened(tmp_path, watched=True) as company, _overheard(company) as messages:
        await company.first_load()
        printed = [await _life_of_one(company), await _trouble(company)]
        printed += [await company.instroom("people"), await company.instroom("held")]
        printed.append(str(await company.health()))
        logged = company.said()
        dead = [m for queue in QUEUES for m in company.rig.bus.dump(queue)]
        told = company.rig.heard
        await company.until(lambda: set(told.measures) >= MEASURED, "what was measured")

    heard = {
        "host.log": logged,
        "messages": "\n".join(m.decode("utf-8", errors="replace") for m in messages),
        "dead letters": "\n".join(m.decode("utf-8", errors="replace") for m in dead),
        "printed": "\n".join(printed),
        "telemetry": "\n".join(m.decode("utf-8", errors="replace") for m in told.bodies),
    }
    found = [
        (where, mark, line)
        for where, text in heard.items()
        for line in text.splitlines()
        for mark in MARKS
        if mark in line.casefold()
    ]
    assert found == []
    assert "applied person=" in logged
    assert "parked" in logged
    assert "reply lost" in logged
    assert "name taken" in logged
    assert any(line.text.startswith("applied person=") and line.trace for line in told.lines)
    _one_trace_from_the_webhook_to_every_call(told)
    for queue in (b"nl.instroom.joiner", b"nl.instroom.mover", b"nl.instroom.leaver", b'"number"'):
        assert any(queue in message for message in messages), queue


def _one_trace_from_the_webhook_to_every_call(told: Heard) -> None:
    """A joiner's, and what is said of a call: its template, its status, and nobody's number."""
    mine = [steps for steps in told.traces().values() if steps[0].name == "hr_webhook"]
    names = [{step.name for step in steps} for steps in mine]
    assert min((OF_A_JOINER - seen for seen in names), key=len) == set()
    calls = [step for steps in mine for step in steps if "url.template" in step.attributes]
    said = {key for step in calls for key in step.attributes}
    assert said == {
        "instroom.system",
        "instroom.attempts",
        "instroom.outcome",
        "error.type",
        "http.request.method",
        "http.response.status_code",
        "url.template",
    }
    assert {step.attributes["url.template"] for step in calls} >= {"/users/{user}/manager/$ref"}
    again = [step for step in told.steps if step.name == "look again"]
    assert all(step.attributes["instroom.person"] for step in again)
    assert all(step.linked for step in again)


async def _life_of_one(company: Company) -> str:
    """Joins where a stranger has the name, moves, gets a namesake, leaves."""
    stranger = {"userPrincipalName": STRANGER, "displayName": "Kwibusmerk van Rarekwastmerk"}
    company.rig.entra.add_user(stranger)
    number = await company.joins("ICT-SD", "0141", **MARKED)
    await company.joins("PZ-KCC", "0202", **MARKED)
    company.rig.world.move(number, on=company.today(), department="BV-FAC", job="0131")
    await company.webhook(number)
    await company.until(lambda: company.see(number).roles == {"Facilitair"}, "the mover")
    company.rig.world.end_contract(number, company.today())
    await company.webhook(number)
    company.move_calendar(company.today() + DAY)
    await company.until(lambda: not company.see(number).has_card, "the leaver")
    return await company.instroom("people")


async def _trouble(company: Company) -> str:
    """Everything goes wrong with the next ones, and the vendors repeat their data."""
    graph, desk = company.rig.faults["graph"], company.rig.faults["topdesk"]
    graph.plan(Fault("lose_reply", method="POST", path="/v1.0/users"))
    desk.plan(Fault("status", status=400, method="POST", path="/tas/api/persons", body=ECHO))
    first = company.hire(**MARKED).number
    await company.webhook(first)
    await company.until(lambda: "parked" in company.said(), "the person whom TOPdesk refuses")
    refusal = Fault("status", status=400, method="POST", path="/v1.0/users", body=ECHO)
    graph.plan(refusal)
    second = company.hire(**MARKED).number
    await company.webhook(second)
    await company.until(lambda: refusal.count == 0, "the person whom Graph refuses")
    third = company.hire(**MARKED).number
    control = f"{company.rig.address('afas')}/_sandbox/afas"
    cells = {third: {"Begindatum_contract": "Kwibusmerk", "Volgnummer_contract": "Rarekwastmerk"}}
    (await company.http.patch(control, json={"cells": cells})).raise_for_status()
    await company.webhook(third)
    await company.run("hr_full_sync")
    await company.settled()
    return await company.instroom("doctor")


@asynccontextmanager
async def _overheard(company: Company) -> AsyncIterator[set[bytes]]:
    """Every message that lay in a queue for longer than a moment, until the block ends."""
    heard: set[bytes] = set()

    async def listen() -> None:
        while True:
            for queue in QUEUES:
                heard.update(company.rig.bus.dump(queue))
            await asyncio.sleep(0.005)

    task = asyncio.create_task(listen())
    yield heard
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
