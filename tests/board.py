"""A world whose every step is chosen, and what must hold in each of its states.

S1  no harm is done that the guard had not released when it was claimed
S2  never two accounts for one person, nor one name for two
S4  never more unapproved harm in a sliding day than the limit
S5  no group is given and forgotten
L2  whoever is unfinished has a due entry
And in the end (S3, L1) everybody is as HR says, or held in a batch that can be approved.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial

from build import POLICY
from fakes import FakeClock, World, a_world
from interleaving import (
    GatedBulk,
    GatedBus,
    GatedEntra,
    GatedStore,
    GatedTarget,
    GatedWriter,
    Gates,
    Job,
    without_thread,
)
from turning import deliver, first_load, harm_of, settle

from shared.errors import Unsafe
from shared.flow import ties
from shared.flow.approve import approve
from shared.flow.collect import signalled
from shared.flow.lanes import entra_lane, hr_lane, topdesk_lane
from shared.flow.provision import provision
from shared.flow.service import Ledger
from shared.flow.standing import wanted
from shared.flow.sweep import sweep
from shared.ledger.people import Decision, Dossier
from shared.ledger.sqlite import open_sqlite
from shared.model.account import Applied, EntraAccount, TopdeskCard
from shared.model.change import Change, Harm
from shared.model.desired import ALIVE, TargetName
from shared.model.harm import HarmEntry
from shared.model.person import PersonId, Record
from shared.policy.load import load

type Script = Sequence[Record]

STEPS = 5000
FUNCTION_TIMEOUT = timedelta(minutes=10)


@dataclass(frozen=True)
class Scenario:
    """What is there, what HR says after each other, and what may go wrong so often."""

    script: Sequence[Script]
    """For each person what HR says, in order."""
    known: int = 0
    """The first so many have their first record standing in both targets at the start."""
    policy: str = POLICY
    new_policy: str | None = None
    lanes: int = 1
    workers: int = 2
    kills: int = 0
    lost: int = 0
    waits: int = 3
    """So often six minutes pass, also under the hands of a worker."""
    days: int = 0
    approvals: int = 0
    by_hand: str = ""
    """A group that somebody has put everyone into who is known."""

    @property
    def policies(self) -> tuple[str, ...]:
        """Every policy that is ever active."""
        return (self.policy, self.new_policy) if self.new_policy else (self.policy,)


@dataclass
class Board:
    """A world whose every step is chosen, with what must hold in each of its states."""

    scenario: Scenario
    world: World
    gates: Gates
    pick: random.Random
    left: dict[str, int]
    said: list[int]
    """How far HR is with each person."""
    seen: Ledger
    """The ledger as the test looks at it: no gate."""
    limits: Mapping[Harm, int]
    unread: Counter[int] = field(default_factory=Counter)
    """Signals on their way, by person."""
    released: dict[Job, dict[Harm, HarmEntry]] = field(default_factory=dict)
    """By worker: what the guard had released when it last wrote its row, as by a claim."""
    born: dict[Job, timedelta] = field(default_factory=dict)
    harmed: list[tuple[datetime, str, Harm]] = field(default_factory=list)
    """Harm that no human agreed to, as it was carried out."""

    # --- choices ---

    def choices(self) -> list[tuple[int, Callable[[], Awaitable[None] | None]]]:
        """What may happen next, each with its weight; the functions answer nothing or a gate."""
        options: list[tuple[int, Callable[[], Awaitable[None] | None]]] = [
            (4, partial(self.gates.choose, here)) for here in self.gates.waiting
        ]
        options += [(2, partial(self._says, p)) for p in self._not_said()]
        running = Counter(job.name.split()[0] for job in self.gates.jobs)
        if running["collect"] < self.scenario.lanes:
            options += [(3, partial(self._collect, p)) for p, n in self.unread.items() if n]
        if running["serve"] < self.scenario.workers:
            options += [(3, partial(self._serve, at)) for at in range(len(self.world.bus.wakes))]
        if not running["sweep"]:
            options.append((1, self._sweep))
        if self.left["approvals"] and not running["human"]:
            options.append((2, self._human))
        if self.gates.jobs and self.left["kills"]:
            options.append((1, self._kill))
        if self.left["lost"] and not self.gates.lost_replies:
            options.append((1, self._lose_a_reply))
        options += [(1, partial(self._wait, n)) for n in ("waits", "days") if self.left[n]]
        if self.left["policy"]:
            options.append((1, self._deploy))
        return options

    def is_over(self) -> bool:
        used = not self._not_said() and not any(self.unread.values()) and not self.gates.jobs
        return used and not self.world.bus.wakes and not self.left["days"]

    def _not_said(self) -> list[int]:
        return [p for p, s in enumerate(self.scenario.script) if self.said[p] < len(s)]

    def _says(self, person: int) -> None:
        record = self.scenario.script[person][self.said[person]]
        self.gates.trace.append(f"HR says {self.said[person]} of {record.number}")
        self.world.hr.put(record)
        self.world.clock.advance(seconds=1)
        self.said[person] += 1
        self.unread[person] += 1

    def _collect(self, person: int) -> None:
        number = self.scenario.script[person][0].number
        self.unread[person] -= 1

        def again() -> None:
            self.unread[person] += 1

        work = signalled(self.world.service, "afas", number)
        self.gates.start(f"collect {number}", work, again)

    def _serve(self, at: int) -> None:
        wake = self.world.bus.wakes.pop(at)
        work = provision(self.world.service, wake[0], wake[1])
        self.gates.start(
            f"serve {wake[0]} {wake[1][:8]}", work, lambda: self.world.bus.wakes.append(wake)
        )

    def _sweep(self) -> None:
        self.gates.start("sweep", sweep(self.world.service))

    def _human(self) -> None:
        self.left["approvals"] -= 1
        self.gates.start("human", self._approve_one())

    async def _approve_one(self) -> None:
        async for shown in self.world.service.ledger.batches.unfinished():
            if shown.batch.state == "open":
                try:
                    await approve(self.world.service, shown, "beheerder")
                except Unsafe:
                    self.left["approvals"] += 1
                return

    async def _kill(self) -> None:
        self.left["kills"] -= 1
        await self.gates.kill(self.pick.choice(self.gates.jobs))

    def _lose_a_reply(self) -> None:
        self.left["lost"] -= 1
        self.gates.lost_replies += 1

    async def _wait(self, what: str) -> None:
        """Six minutes end a claim under a worker's hands; ten minutes end any function."""
        self.left[what] -= 1
        self.gates.trace.append(f"time: {what}")
        minutes = 6 if what == "waits" else 25 * 60
        await self.gates.time_passes(lambda: self.world.clock.advance(minutes=minutes))
        for job in [job for job in self.gates.jobs if self._has_run(job) > FUNCTION_TIMEOUT]:
            await self.gates.kill(job)

    def _has_run(self, job: Job) -> timedelta:
        return self.world.clock.elapsed - self.born.setdefault(job, self.world.clock.elapsed)

    def _deploy(self) -> None:
        self.left["policy"] -= 1
        text = self.scenario.policies[-1]
        self.world.service = replace(self.world.service, policy_text=lambda: text)

    async def play(self) -> None:
        """One step after the other until nothing is left to choose, checking each state."""
        for _ in range(STEPS):
            weights, moves = zip(*self.choices(), strict=True)
            (move,) = self.pick.choices(moves, weights)
            told = len(self.gates.trace)
            done = move()
            if done is not None:
                await done
            await self.gates.quiet()
            for job in self.gates.jobs:
                self._has_run(job)
            if any(": writes " in step for step in self.gates.trace[told:]):
                await self.nobody_is_lost()
            if self.is_over():
                return
        raise AssertionError(f"L1: still busy after {STEPS} steps")

    # --- what must hold in every state ---

    async def wrote(self, job: Job, table: str, partition: str, keys: Sequence[str]) -> None:
        """Remember what was released when a claim may have been taken."""
        if table == "people" and any(key.startswith("target:") for key in keys):
            found = {kind: await self._released(PersonId(partition), kind) for kind in Harm}
            self.released[job] = {kind: entry for kind, entry in found.items() if entry}

    async def harms(self, job: Job, change: Change, number: str) -> None:
        """S1 and S4 at the moment of the harm."""
        assert change.harm
        person_id = await self._person_id(number)
        claimed = self.released.get(job, {}).get(change.harm)
        entry = claimed or await self._released(person_id, change.harm)
        assert entry, f"S1: {change} of {number}"
        if entry.approved:
            return
        now = self.world.clock.now()
        self.harmed.append((now, number, change.harm))
        lately = {
            who
            for at, who, kind in self.harmed
            if kind == change.harm and now - at < timedelta(days=1)
        }
        assert len(lately) <= self.limits[change.harm], f"S4: {sorted(lately)} in one day"

    async def nobody_is_lost(self) -> None:
        """L2: whoever is unfinished has a due entry."""
        due = {entry.person_id async for entry in self.seen.due.upcoming()}
        for number, dossier in (await self.dossiers()).items():
            for target in TargetName:
                wake = dossier.decision.wakes(target) if dossier.decision else 0
                row = dossier.target(target)
                unfinished = row.served < wake or row.due_at is not None
                assert not unfinished or dossier.person_id in due, f"L2: {number} in {target}"

    async def dossiers(self) -> dict[str, Dossier]:
        return {
            known.number: await self.seen.people.read(known.person_id)
            async for known in self.seen.identities.everyone("afas")
        }

    async def _person_id(self, number: str) -> PersonId:
        known = await self.seen.identities.find("afas", number)
        assert known is not None
        return known.person_id

    async def _released(self, person_id: PersonId, kind: Harm) -> HarmEntry | None:
        entry = (await harm_of(self.seen, kind)).get(person_id)
        return entry if entry and entry.state == "released" else None

    # --- what must hold in the end ---

    async def everybody_is_right(self) -> None:
        """S2, S3 and L1, after leases have run out and everything came to rest."""
        await deliver(self.world)
        for _ in range(3):
            self.world.clock.advance(minutes=16)
            await settle(self.world)
        created = [*self.world.entra.created.values(), *self.world.topdesk.created.values()]
        assert set(created) <= {1}, f"S2: {self.world.entra.created} {self.world.topdesk.created}"
        logins = [a.user_principal_name for a in self.world.entra.accounts.values()]
        assert len(set(logins)) == len(logins), f"S2: {logins}"
        batches = [s async for s in self.seen.batches.unfinished()]
        members = {(s.batch.batch_id, m.person_id) for s in batches for m in s.members}
        held = set()
        for number, dossier in (await self.dossiers()).items():
            decision = dossier.decision
            assert decision is not None
            assert decision.person.primary_record == self.world.hr.people[number], f"S3: {number}"
            held |= {(batch, dossier.person_id) for batch in decision.hold.values()}
            await self._agrees(number, dossier, decision)
        # Somebody killed between joining a batch and being held may stay in it; never the reverse.
        killed = any(step.startswith("killed") for step in self.gates.trace)
        fits = held <= members if killed else held == members
        assert fits, f"L1: held {held}, to be approved {members}"
        await self.no_harm_counts_for_ever()

    async def no_harm_counts_for_ever(self) -> None:
        """What was released and then not wanted stays counted, on the safe side; done harm not."""
        gone = {
            dossier.person_id
            for dossier in (await self.dossiers()).values()
            if dossier.target(TargetName.ENTRA).applied.state not in ALIVE
        }
        for kind in Harm:
            entries = (await harm_of(self.seen, kind)).values()
            stuck = [e for e in entries if e.is_open and e.person_id in gone]
            assert not stuck, f"L1: counted as unfinished for ever: {stuck}"

    async def _agrees(self, number: str, dossier: Dossier, decision: Decision) -> None:
        service = self.world.service
        policy = await service.policy(decision.policy)
        now = await ties.resolve(service, dossier, decision.person, policy)
        known = dossier.with_account(decision.ties)
        assert known == now, f"L1: {number} has not heard of {now}"
        want = wanted(dossier, decision, policy)
        hold = frozenset(decision.hold)
        entra, topdesk = entra_lane(service), topdesk_lane(service)
        applied = {name: dossier.target(name).applied for name in TargetName}
        here = await entra.target.read(want.entra, applied[TargetName.ENTRA])
        plan = entra.plan(want.entra, here, applied[TargetName.ENTRA], "x", hold)
        assert (want.entra.state not in ALIVE and not here.account) or not plan, (
            f"S3: {number} in Entra should still get {plan.summary()}"
        )
        if here.account and not self.scenario.by_hand and not hold:
            forgotten = here.account.groups - want.entra.groups.keys()
            assert not forgotten, f"S5: {number} has {forgotten}, and nobody takes it away"
        card = await topdesk.target.read(want.topdesk, applied[TargetName.TOPDESK])
        plan = topdesk.plan(want.topdesk, card, applied[TargetName.TOPDESK], "", hold)
        assert not plan, f"S3: {number} in TOPdesk should still get {plan.summary()}"
        back, row = hr_lane(service), dossier.target(TargetName.HR)
        told = await back.target.read(want.hr, row.applied)
        plan = back.plan(want.hr, told, row.applied, "", hold)
        # What HR refused as no change would have been parked.
        assert not plan, f"S3: HR of {number} should still get {plan.summary()}"
        assert not row.problem, f"S3: HR of {number}: {row.problem}"


def whose(accounts: Mapping[str, EntraAccount | TopdeskCard], applied: Applied) -> str:
    """The number of the account that is about to be changed."""
    account = accounts[applied.account_id or ""]
    number = account.employee_id if isinstance(account, EntraAccount) else account.employee_number
    return number or ""


async def a_board(scenario: Scenario, seed: int) -> Board:
    """Whom the scenario knows stands in both targets; from here on every step is chosen."""
    clock = FakeClock()
    store = without_thread(await open_sqlite(None, wall=clock.wall))
    world = a_world(store, clock=clock, policy=scenario.policy)
    said = [1 if p < scenario.known else 0 for p in range(len(scenario.script))]
    world.hr.put(*(s[0] for s, n in zip(scenario.script, said, strict=True) if n))
    if scenario.known:
        await first_load(world)
    else:
        await sweep(world.service)
    for account in tuple(world.entra.accounts.values()) if scenario.by_hand else ():
        groups = account.groups | {scenario.by_hand}
        world.entra.accounts[account.id] = account.model_copy(update={"groups": groups})
    gates = Gates()
    world.service = replace(
        world.service,
        ledger=Ledger(GatedStore(store, gates)),
        bus=GatedBus(world, gates),
        entra=GatedEntra(world.entra, gates, partial(whose, world.entra.accounts)),
        bulk=GatedBulk(world.entra, gates),
        topdesk=GatedTarget(world.topdesk, gates, partial(whose, world.topdesk.cards)),
        writers={"afas": GatedWriter(world.told, gates)},
    )
    left = {name: getattr(scenario, name) for name in ("kills", "lost", "waits", "days")}
    left |= {"approvals": scenario.approvals, "policy": int(bool(scenario.new_policy))}
    rules = [load(text).guard for text in scenario.policies]
    limits = {kind: max(guard.limit(kind).count for guard in rules) for kind in Harm}
    board = Board(scenario, world, gates, random.Random(seed), left, said, Ledger(store), limits)  # noqa: S311 - an order of steps, no secret
    gates.watcher = board
    return board
