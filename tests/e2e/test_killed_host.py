"""The function host is killed in the middle of its work, again and again: nothing is lost.

A kill is SIGKILL to the real process, when the targets have seen a random number of further
writes. What a dead worker leaves behind ends by the clock: leases by the calendar, which is
moved, and claims by five minutes of wall time, which the test takes off in the ledger while no
host lives.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from contract.host import process
from contract.host.process import HostProcess
from e2e.company import DAY, Company, systems

from sandbox.rig import ROOT
from shared.flow.service import Ledger
from shared.ledger.sqlite import open_sqlite
from shared.model.desired import State, TargetName

SEED = 7
KILLS_IN_LOAD = 4
KILLS_AFTER = 4
EVERY_TWO_SECONDS = {"HR_POLL_SCHEDULE": "*/2 * * * * *"}


async def test_killing_the_host_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    rng = random.Random(SEED)  # noqa: S311 - repeatable moments, no secrets
    claims = 0
    async with systems(tmp_path, size=12, settings=EVERY_TWO_SECONDS) as company:
        for _ in range(KILLS_IN_LOAD):
            claims += await _work_until_killed(company, rng)
        leaver, mover, joiner = _hr_goes_on(company)
        for _ in range(KILLS_AFTER):
            claims += await _work_until_killed(company, rng)

        host = await _start(company)
        await company.until(lambda: _stands(company, leaver, mover, joiner), "the end state")
        unfinished = await _unfinished_at_last(tmp_path)
        await _kill(host)

        assert unfinished == [], host.out[-50:]
        assert claims > 0, "not one kill hit a worker at work"
        _nothing_is_doubled(company, leaver)
        _rights_are_right(company, leaver)
        assert not any(company.rig.bus.counts(q).dead_lettered for q in ("entra", "topdesk"))


async def _work_until_killed(company: Company, rng: random.Random) -> int:
    """Start the host, kill it some writes later, let leases and claims end; the claims it held.

    When there is no such write any more, all the work was done before the kill.
    """
    host = await _start(company)
    enough = sum(company.writes()) + rng.randint(1, 20)
    patience = time.monotonic() + rng.uniform(3, 4)
    while sum(company.writes()) < enough and time.monotonic() < patience:  # noqa: ASYNC110 - a look
        await asyncio.sleep(0.002)
    await _kill(host)
    company.let_pass(minutes=16)
    return await _end_claims(company.rig.plan.state)


def _hr_goes_on(company: Company) -> tuple[str, str, str]:
    """Somebody leaves, somebody moves, somebody joins, while nobody listens."""
    world = company.rig.world
    leaver, mover = [n for n in world.people if company.see(n).can_sign_in][-2:]
    world.end_contract(leaver, company.today() - DAY)
    world.move(mover, on=company.today(), department="BV-FAC", job="0131")
    joiner = company.hire("ICT-SD", "0141", birth_name="Taaima").number
    return leaver, mover, joiner


def _stands(company: Company, leaver: str, mover: str, joiner: str) -> bool:
    staying = [number for number in company.rig.world.people if number != leaver]
    return (
        all(company.see(n).can_sign_in and company.see(n).has_card for n in staying)
        and not company.see(leaver).can_sign_in
        and not company.see(leaver).has_card
        and company.see(mover).roles == {"Facilitair"}
        and company.see(joiner).roles == {"Servicedesk"}
        and company.is_quiet()
    )


def _nothing_is_doubled(company: Company, leaver: str) -> None:
    entra, desk = company.rig.entra, company.rig.topdesk
    accounts = Counter(str(user.get("employeeId")) for user in entra.users.values())
    cards = Counter(str(c["employeeNumber"]) for c in desk.table("persons").values())
    operators = Counter(
        str(o["linkedPerson"]) for o in desk.table("operators").values() if not o["apiAccount"]
    )
    everyone = dict.fromkeys(company.rig.world.people, 1)
    assert accounts == everyone
    assert {leaver: 1} | cards == everyone, "who left during the load may have got no card"
    assert set(operators.values()) == {1}
    assert entra.deleted == {}
    created = [w for w in entra.accepted_writes() if (w.method, w.path[-6:]) == ("POST", "/users")]
    assert len(created) == len(company.rig.world.people)


def _rights_are_right(company: Company, leaver: str) -> None:
    for number, person in company.rig.world.people.items():
        seen, now = company.see(number), person.contracts[-1]
        if number == leaver:
            assert seen.groups == frozenset()
            continue
        desk = now.department.startswith(("ICT-SD", "ICT-BEH", "BV-FAC", "BV-HRM"))
        assert {"Alle medewerkers", "TOPdesk gebruikers"} <= seen.groups
        assert ("TOPdesk behandelaars" in seen.groups) == (desk or now.job == "0145")
        assert ("Leidinggevenden" in seen.groups) == (now.job <= "0004")
        assert ("Bedrijfsvoering" in seen.groups) == now.department.startswith("BV")
        manager = company.rig.world.manager_of(person, now)
        assert manager in (seen.manager, leaver)


async def _start(company: Company) -> HostProcess:
    host = process.start(ROOT, **company.rig.settings)
    ready = await asyncio.to_thread(host.wait_for, "^Host ready on ")
    company.host = ready.split()[3]
    return host


async def _kill(host: HostProcess) -> None:
    host.process.kill()
    await asyncio.to_thread(host.ended)


async def _end_claims(state: Path) -> int:
    """Five minutes pass for whoever held a claim; how many did."""
    ended = 0
    store = await open_sqlite(state / "ledger.sqlite", wall=lambda: datetime.now(UTC))
    ledger = Ledger(store)
    async for known in ledger.identities.everyone("afas"):
        dossier = await ledger.people.read(known.person_id)
        for name, row in dossier.targets.items():
            if row.claim and row.claim.until > datetime.now(UTC):
                over = row.claim.model_copy(update={"until": datetime.now(UTC)})
                claimed = row.model_copy(update={"claim": over})
                dossier = await ledger.people.save(dossier, name, claimed)
                ended += 1
    await store.close()
    return ended


async def _unfinished_at_last(state: Path) -> list[str]:
    """What is still open when half a minute has brought nothing more."""
    patience = time.monotonic() + 30
    while (found := await _unfinished(state)) and time.monotonic() < patience:  # noqa: ASYNC110 - a look
        await asyncio.sleep(0.2)
    return found


async def _unfinished(state: Path) -> list[str]:
    """Whoever the ledger says is not done yet."""
    store = await open_sqlite(state / "ledger.sqlite", wall=lambda: datetime.now(UTC))
    ledger, found = Ledger(store), []
    async for known in ledger.identities.everyone("afas"):
        dossier = await ledger.people.read(known.person_id)
        assert dossier.decision is not None
        for name in TargetName:
            row = dossier.target(name)
            open_ = row.served < dossier.decision.wakes(name) or row.claim or row.problem
            if open_ or (row.applied.account_id and row.applied.state == State.ABSENT):
                found.append(f"{known.number} {name}: {row!r}")
    await store.close()
    return found
