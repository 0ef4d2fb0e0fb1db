"""Every crash point: stop the process at every outside call of every story, and start it again.

Enumerated, not sampled. After the restart HR's timer reads everyone, leases run out and the sweep
brings back the rest, with the messages on the bus kept or lost; then the end must be the same as
without the stop.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

import pytest
from build import NOW, POLICY, TODAY, a_contract, a_leaver, a_name, a_record, moved
from fakes import FakeClock, World, a_world
from fakes import undisturbed as nothing_happens
from stopping import (
    Image,
    Stopper,
    WatchedStore,
    begun_from,
    image_of,
    restarted,
    runs_to_its_end,
    states,
    watch,
    without_waiting,
)
from turning import deliver, dossier_of, first_load, harm_of, leases_run_out, settle

from shared.flow import exceptions
from shared.flow.approve import approve, reject
from shared.flow.collect import full_sync, signalled
from shared.flow.naming import USER_PRINCIPAL_NAME
from shared.flow.stop import lift, stop
from shared.ledger.batches import Shown
from shared.ledger.names import TABLE as NAMES
from shared.ledger.pack import key_of
from shared.ledger.people import Dossier
from shared.model.account import OnPremises
from shared.model.change import Harm
from shared.model.desired import TargetName
from shared.model.exemption import Exemption
from shared.model.harm import HarmEntry
from shared.model.name import NameUsage
from shared.model.person import Person, PersonId, Record, Unit


@dataclass(frozen=True)
class Step:
    """A part of a story; `comes_again`: after a stop also when messages were lost."""

    run: Callable[[World], Awaitable[object]]
    comes_again: bool = True


@dataclass(frozen=True)
class Story:
    """What stands before, and what is played at the risk of a stop."""

    played: Sequence[Step]
    before: Sequence[Step] = ()
    end: datetime = NOW + timedelta(days=1)
    """Until when the calendar runs on, so that every end is of the same day."""
    policy: str = POLICY


@dataclass
class End:
    """What stands after a story; equal for every stop in it."""

    entra: Mapping[str, object] = field(default_factory=dict)
    topdesk: Mapping[str, object] = field(default_factory=dict)
    ledger: Mapping[str, object] = field(default_factory=dict)
    guard: Mapping[str, object] = field(default_factory=dict)
    names: Mapping[str, object] = field(default_factory=dict)
    """Whose the names in use and the earlier ones are, and whether they wait to be free."""
    waiting: Mapping[str, object] = field(default_factory=dict)
    """Who has open work or is due."""
    audit: Mapping[str, frozenset[str]] = field(default_factory=dict, compare=False)

    def lacks(self, undisturbed: End) -> list[str]:
        """What differs from the undisturbed end, and what the audit does not tell."""
        wrong = []
        for part in ("entra", "topdesk", "ledger", "guard", "names", "waiting"):
            is_now, should = getattr(self, part), getattr(undisturbed, part)
            wrong += [
                f"{part} {key}: {is_now.get(key)}\n    instead of {should.get(key)}"
                for key in is_now.keys() | should.keys()
                if is_now.get(key) != should.get(key)
            ]
        for number, lines in undisturbed.audit.items():
            heard = self.audit[number]
            untold = {line for line in lines if not {line, f"begun: {line}"} & heard}
            wrong += [f"the audit of {number} lacks: {line}" for line in untold]
        return wrong


def hr_says(*records: Record) -> Step:
    async def step(world: World) -> None:
        world.hr.put(*records)

    return Step(step)


def signal(number: str) -> Step:
    async def step(world: World) -> None:
        await signalled(world.service, "afas", number)
        await settle(world)

    return Step(step, comes_again=False)


def until(moment: datetime) -> Step:
    """The calendar goes on to this moment, day by day."""

    async def step(world: World) -> None:
        while world.clock.calendar < moment:
            left = (moment - world.clock.calendar).total_seconds()
            world.clock.advance(seconds=min(left, timedelta(days=1).total_seconds()))
            await settle(world)

    return Step(step)


def day(number: int) -> datetime:
    """Noon of so many days from today."""
    return NOW + timedelta(days=number, hours=3)


def stands(*records: Record) -> tuple[Step, Step]:
    """All of them are in HR and everything has come to stand."""
    return hr_says(*records), Step(first_load)


async def _everyone_is_read(world: World) -> None:
    await full_sync(world.service, "afas")
    await settle(world)


async def _minutes_pass(world: World) -> None:
    for _ in range(2):
        world.clock.advance(minutes=1)
        await settle(world)


async def _a_human_approves(world: World) -> None:
    for shown in [s async for s in world.service.ledger.batches.unfinished()]:
        if shown.batch.state == "open":
            await approve(world.service, shown, "beheerder")
    await settle(world)


async def _is_stopped_at_once(world: World) -> None:
    await stop(world.service, "afas", "1042", who="an operator", reason="ticket 77")
    await settle(world)


async def _is_lifted(world: World) -> None:
    """A human who saw no answer looks first, and asks again if nothing was said."""
    if (await dossier_of(world, "1042")).stop:
        await lift(world.service, "afas", "1042", who="an operator", reason="ticket 78")
    await settle(world)


async def _somebody_gives_ict_by_hand(world: World) -> None:
    (account,) = world.entra.accounts.values()
    groups = account.groups | {"ICT"}
    world.entra.accounts[account.id] = account.model_copy(update={"groups": groups})


async def _gets_zorg_for_a_while(world: World) -> None:
    one = Exemption(
        target=TargetName.ENTRA,
        right="Zorg",
        gives=True,
        until=TODAY + timedelta(days=9),
        reason="ticket 79",
        owner="hoofd Zorg",
    )
    await exceptions.make(world.service, "afas", "1042", one, who="an operator")
    await settle(world)


async def _ad_masters_everybody(world: World) -> None:
    for account in list(world.entra.accounts.values()):
        synced = {"synced": True, "on_premises": OnPremises(dn="CN=x", synced_at=NOW)}
        world.entra.accounts[account.id] = account.model_copy(update=synced)


async def _ad_blocks_everybody(world: World) -> None:
    """An administrator disables them, and a synchronisation brings it."""
    for account in list(world.entra.accounts.values()):
        known = account.on_premises.model_copy(update={"synced_at": day(20)})
        brought = {"enabled": False, "on_premises": known}
        world.entra.accounts[account.id] = account.model_copy(update=brought)
    await settle(world)


async def _a_human_rejects(world: World) -> None:
    for shown in [s async for s in world.service.ledger.batches.unfinished()]:
        if shown.batch.state == "open":
            await reject(world.service, shown, "beheerder", "no")
    await settle(world)


EVERYONE_IS_READ = Step(_everyone_is_read)
IS_STOPPED = Step(_is_stopped_at_once)
AD_MASTERS = Step(_ad_masters_everybody)
AD_BLOCKS = Step(_ad_blocks_everybody)
ALL_OF_IT = (
    POLICY
    + """
leaver:
  rights: 1
  sign_in_methods: remove
  devices: disable
  auto_reply: "{name.display} is weg."
"""
)
IS_LIFTED = Step(_is_lifted)
BY_HAND = Step(_somebody_gives_ict_by_hand)
GETS_ZORG = Step(_gets_zorg_for_a_while)
A_HUMAN_APPROVES = Step(_a_human_approves)
A_HUMAN_REJECTS = Step(_a_human_rejects)
SANNE = a_record("1042")
SANNE_GONE = a_leaver(TODAY - timedelta(days=3))
NO_RIGHT = POLICY.replace("right: {count: 20,", "right: {count: 0,")
STRICT = POLICY.replace("count: 3", "count: 1")
OURS_ALONE = POLICY.replace("ICT*}}\n    - {group", "ICT*}, managed: strict}\n    - {group")
NURSE = moved(SANNE, "ZORG", "Zorg")
NURSE_PROMOTED = NURSE.model_copy(
    update={
        "contracts": tuple(
            contract.model_copy(update={"job": Unit(code="7", name="Hoofd")})
            for contract in NURSE.contracts
        )
    }
)
MAKES_GROUPS = POLICY.replace(
    "topdesk:\n",
    """  generated:
    - {name: Functies, group: "Functie {job.name}", key: "{job.code}", when: {job.code: "7"}}
topdesk:
""",
    1,
)
IN_SCOPE = POLICY + "targets: {entra: {scope: {department.code: ICT*}}}"
WITH_TICKETS = POLICY.replace(
    "guard:",
    """  tickets:
    - {name: Laptop, on: joiner, since: 2026-11-01, brief: "Laptop {name.display}"}
    - {name: Verhuizing, on: mover, since: 2026-11-01, brief: "Verhuizing {department.name}"}
    - {name: Opruimen, on: leaver, since: 2026-11-01, brief: "Opruimen {name.display}"}
guard:""",
)
IN_BULK = POLICY.replace("  groups:\n    - group", "  bulk_from: 1\n  groups:\n    - group")
STARTS = a_record("1042", contracts=(a_contract(key="1042-1", start=TODAY),))
TEAM = tuple(a_record(str(n), name=a_name(birth=f"Nr{n}")) for n in range(2))
TEAM_GONE = tuple(
    record.model_copy(update={"contracts": a_leaver(TODAY - timedelta(days=3)).contracts})
    for record in TEAM
)
ANNA = a_record("1", name=a_name(nickname="Anna"))
BO = a_record("2", name=a_name(nickname="Bo"), contracts=(a_contract(key="2-1", manager="1"),))
BO_ALONE = BO.model_copy(update={"contracts": (a_contract(key="2-1"),)})
# No surname on the card: with one, TOPdesk has one change or two, as Entra is before it or behind.
FOLLOW = POLICY.replace('    surName: "{name.surname}"\n', "") + "names: {on_rename: follow}\n"
MARRIED = a_record(
    "1042", name=a_name(partner_prefix="de", partner="Boer", usage=NameUsage.PARTNER)
)
HAS_HER_NAME = a_record("7", name=a_name(birth_prefix="de", birth="Boer"))
LATER = a_record("1042", contracts=(a_contract(start=TODAY + timedelta(days=20)),))
AGAIN = a_contract(key="1042-2", start=TODAY + timedelta(days=40))
BACK = a_record("1042", contracts=(a_contract(key="1042-1", end=TODAY), AGAIN))
LEFT = (*stands(SANNE), hr_says(a_leaver(TODAY)), signal("1042"))

STORIES = {
    "first load": Story([EVERYONE_IS_READ], before=[hr_says(SANNE, TEAM[0])]),
    "first load in bulk": Story(
        [EVERYONE_IS_READ, Step(_minutes_pass)],
        before=[hr_says(SANNE)],
        policy=IN_BULK,
    ),
    "joiner": Story([signal("1042")], before=[*stands(TEAM[0]), hr_says(SANNE)]),
    "pre-hire date": Story([until(day(20))], before=stands(LATER), end=day(21)),
    "mover": Story(
        [signal("1042")], before=[*stands(SANNE), hr_says(moved(SANNE, "ZORG", "Zorg"))]
    ),
    "leaver": Story(
        [signal("1042"), until(day(1))], before=[*stands(SANNE), hr_says(a_leaver(TODAY))]
    ),
    "deletion": Story([until(day(32))], before=[*LEFT, until(day(30))], end=day(33)),
    "returner": Story(
        [signal("1042"), until(day(40))],
        before=[*LEFT, until(day(32)), hr_says(BACK)],
        end=day(41),
    ),
    "held and approved": Story(
        [EVERYONE_IS_READ, A_HUMAN_APPROVES],
        before=[*stands(*TEAM), hr_says(*TEAM_GONE)],
        policy=STRICT,
    ),
    "one over the limit": Story(
        [signal("0"), hr_says(TEAM_GONE[1]), signal("1"), A_HUMAN_APPROVES],
        before=[*stands(*TEAM), hr_says(TEAM_GONE[0])],
        policy=STRICT,
    ),
    "joiner with a ticket": Story(
        [signal("1042")], before=[*stands(TEAM[0]), hr_says(STARTS)], policy=WITH_TICKETS
    ),
    "mover with a ticket": Story(
        [signal("1042")],
        before=[*stands(SANNE), hr_says(moved(SANNE, "ZORG", "Zorg"))],
        policy=WITH_TICKETS,
    ),
    "leaver with a ticket": Story(
        [signal("1042"), until(day(1))],
        before=[*stands(SANNE), hr_says(a_leaver(TODAY))],
        policy=WITH_TICKETS,
    ),
    "returner with tickets": Story(
        [signal("1042"), until(day(40))],
        before=[*LEFT, until(day(32)), hr_says(BACK)],
        policy=WITH_TICKETS,
        end=day(41),
    ),
    "renamed operator": Story(
        [signal("1042")], before=[*stands(SANNE), hr_says(MARRIED)], policy=POLICY
    ),
    "into the scope": Story(
        [signal("1042")],
        before=[*stands(moved(SANNE, "ZORG", "Zorg")), hr_says(SANNE)],
        policy=IN_SCOPE,
    ),
    "leaver with all that a policy does": Story(
        [signal("1042"), until(day(1))],
        before=[*stands(SANNE), hr_says(a_leaver(TODAY - timedelta(days=1)))],
        policy=ALL_OF_IT,
        end=day(2),
    ),
    "leaver of active directory": Story(
        [signal("1042"), AD_BLOCKS, until(day(1))],
        before=[*stands(SANNE), AD_MASTERS, hr_says(a_leaver(TODAY - timedelta(days=1)))],
        end=day(2),
    ),
    "stopped at once": Story([IS_STOPPED], before=stands(SANNE)),
    "stopped while held": Story(
        [IS_STOPPED],
        before=[*stands(SANNE, *TEAM), hr_says(SANNE_GONE, *TEAM_GONE), EVERYONE_IS_READ],
        policy=STRICT,
    ),
    "stopped, and HR ends it later": Story(
        [IS_STOPPED, hr_says(a_leaver(TODAY)), EVERYONE_IS_READ, until(day(32))],
        before=stands(SANNE),
        end=day(33),
    ),
    "stopped and lifted": Story([IS_STOPPED, IS_LIFTED], before=stands(SANNE)),
    "rename": Story([signal("1042")], before=[*stands(SANNE), hr_says(MARRIED)], policy=FOLLOW),
    "rename to a taken name": Story(
        [signal("1042")], before=[*stands(SANNE, HAS_HER_NAME), hr_says(MARRIED)], policy=FOLLOW
    ),
    "deletion after a rename": Story(
        [until(day(32))],
        before=[
            *stands(SANNE),
            hr_says(MARRIED),
            signal("1042"),
            hr_says(a_leaver(TODAY).model_copy(update={"name": MARRIED.name})),
            signal("1042"),
            until(day(30)),
        ],
        policy=FOLLOW,
        end=day(33),
    ),
    "manager arrives": Story([signal("1")], before=[*stands(BO), hr_says(ANNA)]),
    "manager loses his team": Story([signal("2")], before=[*stands(ANNA, BO), hr_says(BO_ALONE)]),
    "a lost right, held and approved": Story(
        [signal("1042"), A_HUMAN_APPROVES],
        before=[*stands(SANNE), hr_says(moved(SANNE, "HRM", "HRM"))],
        policy=NO_RIGHT,
    ),
    "a lost right, rejected": Story(
        [signal("1042"), A_HUMAN_REJECTS, until(day(2))],
        before=[*stands(SANNE), hr_says(moved(SANNE, "HRM", "HRM"))],
        policy=NO_RIGHT,
        end=day(3),
    ),
    "taken from a strict group": Story(
        [signal("1042")],
        before=[*stands(NURSE), BY_HAND, hr_says(NURSE_PROMOTED)],
        policy=OURS_ALONE,
    ),
    "given by exception": Story([GETS_ZORG], before=stands(SANNE)),
    "group made for a job": Story(
        [signal("1042")],
        before=[*stands(NURSE), hr_says(NURSE_PROMOTED)],
        policy=MAKES_GROUPS,
    ),
    "held, then back": Story(
        [EVERYONE_IS_READ, hr_says(*TEAM), EVERYONE_IS_READ],
        before=[*stands(*TEAM), hr_says(*TEAM_GONE)],
        policy=STRICT,
    ),
}


WATCHED_CLOSELY = ("joiner", "leaver")
"""Stopped at every moment there is, also where nothing outside differs from the moment before."""


async def begun(story: Story) -> Image:
    """What stands before the story."""
    clock = FakeClock()
    store = WatchedStore(await without_waiting(clock.wall))
    world = a_world(store, clock=clock, policy=story.policy)
    for step in story.before:
        await step.run(world)
    return await image_of(world)


@dataclass(frozen=True)
class Played:
    """How a story went."""

    end: End
    moments: Sequence[str]
    bus_mattered: bool
    """Were there messages at the stop, or a signal that may come again?"""


async def play(story: Story, image: Image, stopper: Stopper, *, bus_lost: bool) -> Played:
    """Play a story with its stop, start it again, and see what stands in the end."""
    world, bus_mattered = await begun_from(image, policy=story.policy), False
    store = world.service.ledger.store
    for step in story.played:
        watch(world, stopper)
        if not await runs_to_its_end(partial(step.run, world)):
            bus_mattered = bool(world.bus.wakes) or not step.comes_again
            world = await _started_again(world, bus_lost=bus_lost)
            if step.comes_again or not bus_lost:
                await step.run(world)
    watch(world, nothing_happens)
    await until(story.end).run(world)
    end = await what_stands(world)
    await store.close()
    return Played(end, stopper.moments, bus_mattered)


async def _started_again(world: World, *, bus_lost: bool) -> World:
    world = restarted(world)
    if bus_lost:
        world.bus.wakes.clear()
    else:
        await deliver(world)
    await full_sync(world.service, "afas")
    await leases_run_out(world)
    return world


# --- what stands ---------------------------------------------------------------------------


async def what_stands(world: World) -> End:
    """Both targets, and what the ledger says of everybody, without ids that may differ."""
    ledger = world.service.ledger
    people = {k.number: k.person_id async for k in ledger.identities.everyone("afas")}
    numbers = {person: number for number, person in people.items()}
    dossiers = {number: await ledger.people.read(person) for number, person in people.items()}
    now = world.clock.now()
    due = [numbers[e.person_id] async for e in ledger.due.until(now)]
    return End(
        entra=_accounts(world),
        topdesk=_cards(world),
        ledger={number: _said(dossier) for number, dossier in dossiers.items()},
        guard={str(kind): _counted(await harm_of(ledger, kind), numbers) for kind in Harm}
        | {"batches": [_shown(s) async for s in ledger.batches.unfinished()]},
        names=await _reserved(world, dossiers, numbers),
        audit=await _told(world),
        waiting=dict.fromkeys(due, "is due")
        | {
            numbers[w.membership.person_id]: "is to be bound"
            async for w in ledger.pending.everything()
        }
        | {n: "open" for n, d in dossiers.items() if any(_is_open(d, t, now) for t in TargetName)},
    )


def _accounts(world: World) -> dict[str, object]:
    everyone = {**world.entra.accounts, **world.entra.bin}
    of = {account.id: account.employee_id for account in everyone.values()}
    return {
        str(account.employee_id): account.model_copy(
            update={"id": "", "manager_id": of.get(account.manager_id or "")}
        )
        for account in everyone.values()
    } | {
        "created": world.entra.created,
        "accounts": len(everyone),
        "made groups": (world.entra.made, world.entra.makings),
    }


def _cards(world: World) -> dict[str, object]:
    of = {card.id: card.employee_number for card in world.topdesk.cards.values()}
    return {
        card.employee_number: card.model_copy(
            update={
                "id": "",
                "manager_id": of.get(card.manager_id or ""),
                "operator": card.operator and card.operator.model_copy(update={"id": ""}),
            }
        )
        for card in world.topdesk.cards.values()
    } | {
        "created": world.topdesk.created,
        "cards": len(world.topdesk.cards),
        "tickets": world.topdesk.tickets,
    }


def _said(dossier: Dossier) -> object:
    assert dossier.decision is not None
    # After a stop a block is seen later, and so by another number of seconds.
    # And what was written is known by when it was; that nobody undid it must be the same.
    no_ids: dict[str, object] = {
        "account_id": "",
        "operator_id": "",
        "blocked": None,
        "wrote": {},
    }
    return (
        _whenever_stopped(dossier.decision.person),
        dossier.decision.ties.is_manager,
        sorted(dossier.decision.hold),
        {key: stored.record for key, stored in dossier.records.items()},
        {
            name: (
                row.applied.model_copy(update=no_ids),
                row.claim,
                row.attempt,
                row.problem,
                row.pending,
                any(wrote.undone for wrote in row.applied.wrote.values()),
            )
            for name, row in dossier.targets.items()
        },
    )


def _whenever_stopped(person: Person) -> Person:
    """Whoever asks again after a stop of the process asks at a later moment."""
    stop = person.stop and person.stop.model_copy(update={"at": NOW})
    return person.model_copy(update={"stop": stop})


async def _reserved(
    world: World, dossiers: Mapping[str, Dossier], numbers: Mapping[PersonId, str]
) -> dict[str, object]:
    found: dict[str, object] = {}
    for dossier in dossiers.values():
        applied = dossier.target(TargetName.ENTRA).applied
        for name in filter(None, (applied.login, *applied.earlier_logins)):
            place = f"{USER_PRINCIPAL_NAME}:{key_of(name)}"
            row = await world.service.ledger.store.get(NAMES, place, "name")
            assert row is not None, f"{name} is not in the register"
            owner = numbers[PersonId(str(row.properties["owner"]))]
            found[name] = owner, "released_at" in row.properties
    return found


def _counted(entries: Mapping[PersonId, HarmEntry], numbers: Mapping[PersonId, str]) -> object:
    return {
        numbers[person]: entry.state for person, entry in entries.items() if entry.done_at is None
    }


def _shown(shown: Shown) -> object:
    return shown.batch.kind, shown.batch.state, sorted(m.number for m in shown.members)


def _is_open(dossier: Dossier, target: TargetName, now: datetime) -> bool:
    wake = dossier.decision.wakes(target) if dossier.decision else 0
    return dossier.target(target).is_open(wake, now)


def _whenever_seen(line: str) -> str:
    return re.sub(r"seen blocked \d+ s", "seen blocked", line)


async def _told(world: World) -> dict[str, frozenset[str]]:
    """What the audit says was done, by number."""
    ledger = world.service.ledger
    return {
        known.number: frozenset(
            [_whenever_seen(line.what) async for line in ledger.history.of(known.person_id)]
        )
        async for known in ledger.identities.everyone("afas")
    }


@pytest.mark.parametrize("name", STORIES)
async def test_stop_at_any_moment_ends_the_same(
    name: str, record_property: Callable[[str, object], None]
) -> None:
    story = STORIES[name]
    image = await begun(story)
    undisturbed = await play(story, image, Stopper(), bus_lost=False)
    stops, wrong = 0, {}

    every = range(len(undisturbed.moments)) if name in WATCHED_CLOSELY else None
    for at in every or states(undisturbed.moments):
        moment = undisturbed.moments[at]
        for bus_lost in (False, True):
            ended = await play(story, image, Stopper(at), bus_lost=bus_lost)
            stops += 1
            if lacking := ended.end.lacks(undisturbed.end):
                wrong[f"{at} {moment}, bus {'lost' if bus_lost else 'kept'}"] = lacking
            if not ended.bus_mattered:
                break

    record_property("stops", stops)
    print(f"{name}: {len(undisturbed.moments)} moments, {stops} stops")  # noqa: T201 - for people
    assert not undisturbed.end.waiting
    assert not wrong, _first(wrong)


def _first(wrong: Mapping[str, Sequence[str]]) -> str:
    at, lacking = next(iter(wrong.items()))
    return "\n  ".join([f"{len(wrong)} stops end otherwise: {list(wrong)}", at, *lacking])
