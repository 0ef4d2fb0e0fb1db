"""What must hold for every target, whatever system it is? Played on a rig with planned faults.

A target's own file gives a `Stage` and a fixture `open_stage`, and inherits `TargetRules`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.faults import ConnectionLost, Fault, Faults, FaultyApp
from shared.apply.target import Done, Target
from shared.errors import InstroomError, TargetDown, Transient
from shared.model.account import Applied, Found
from shared.model.change import Plan
from shared.model.desired import Reason, State

WHY = Reason(rule="lifecycle", because="contract since 2026-11-02")
SURNAME = "Kwispelaar"
"""The made-up person's name; it may stand in no error and no log."""
_FAULTS = st.tuples(
    st.sampled_from(["lose_reply", "down", "status"]), st.integers(0, 8), st.integers(1, 3)
)
WRITES = "POST|PATCH|PUT|DELETE"
MOST_CALLS = 40
LOOKS = 12


@dataclass(frozen=True)
class Step:
    """One moment of a life: what policy wants from then on."""

    state: State
    rights: tuple[str, ...] = ()
    title: str = "Medewerker"


WORKS = Step(State.ACTIVE, ("Een", "Twee"))
MOVED = Step(State.ACTIVE, ("Twee", "Drie"), "Adviseur")
LEFT = Step(State.BLOCKED)
GONE = Step(State.DELETED)
SOON = Step(State.PREPARED, ("Een",))

STORIES: Mapping[str, tuple[Step, ...]] = {
    "joiner": (WORKS,),
    "coming": (SOON,),
    "first day": (SOON, WORKS),
    "mover": (WORKS, MOVED),
    "leaver": (WORKS, LEFT),
    "deletion": (WORKS, LEFT, GONE),
    "deletion at once": (WORKS, GONE),
    "returner": (WORKS, LEFT, MOVED),
    "returner after the deletion": (WORKS, LEFT, GONE, MOVED),
}


class Stage[D, A](Protocol):
    """One system with one person in it."""

    @property
    def target(self) -> Target[D, A]:
        """The implementation, on the rig."""
        ...

    @property
    def faults(self) -> Faults:
        """The failures planned for its calls."""
        ...

    def desired(self, step: Step) -> D:
        """What policy wants of this person; `rights` are names that exist in the rig."""
        ...

    def plan(self, desired: D, found: Found[A], applied: Applied) -> Plan:
        """Desired minus actual."""
        ...

    def rights(self, desired: D) -> Mapping[str, tuple[Reason, ...]]:
        """The rights in it."""
        ...

    def values(self, desired: D) -> Mapping[str, Reason]:
        """The attributes in it."""
        ...

    def seen(self) -> object:
        """Everything the system holds of the person: without moments, comparable by value."""
        ...

    def accounts(self) -> int:
        """How many accounts or cards carry the person's number, deleted ones too."""
        ...


type Opener = Callable[[], Stage[Any, Any]]


class Loopback(httpx.AsyncBaseTransport):
    """A rig in this process; a connection it cuts looks like one that the network cut."""

    def __init__(self, app: Any, faults: Faults) -> None:
        self._inner = httpx.ASGITransport(FaultyApp(app, faults))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            return await self._inner.handle_async_request(request)
        except ConnectionLost as lost:
            raise httpx.ReadError("the connection was cut", request=request) from lost


async def look(stage: Stage[Any, Any], step: Step, applied: Applied) -> tuple[Plan, Found[Any]]:
    """Read and plan, as flow does."""
    want = stage.desired(step)
    found = await stage.target.read(want, applied)
    return stage.plan(want, found, applied), found


async def serve(
    stage: Stage[Any, Any], step: Step, applied: Applied, *, times: int = 1
) -> Applied:
    """Read, plan, do each change `times` times, and remember: what flow does undisturbed."""
    plan, found = await look(stage, step, applied)
    known = _begun(stage, step, applied, found)
    for change in plan.changes:
        for _ in range(times):
            known = _with(known, await stage.target.do(change, known))
    return _served(stage, step, known, found)


async def settle(
    stage: Stage[Any, Any],
    step: Step,
    applied: Applied,
    *,
    wait: Callable[[], None] = lambda: None,
) -> Applied:
    """Serve until it works, as flow does after a lost reply or a wait."""
    known = applied
    for _ in range(LOOKS):
        try:
            plan, found = await look(stage, step, known)
            known = _begun(stage, step, known, found)
            for change in plan.changes:
                known = _with(known, await stage.target.do(change, known))
        except Transient:
            wait()
            continue
        return _served(stage, step, known, found)
    raise AssertionError(f"not settled after {LOOKS} looks")


async def lived(stage: Stage[Any, Any], steps: tuple[Step, ...]) -> Applied:
    """What is remembered after these steps went well."""
    applied = Applied()
    for step in steps:
        applied = await serve(stage, step, applied)
    return applied


def _begun(stage: Stage[Any, Any], step: Step, applied: Applied, found: Found[Any]) -> Applied:
    """What the ledger holds before the first call: the rights about to be given, too."""
    rights = {**applied.rights, **stage.rights(stage.desired(step))}
    account_id = found.account.id if found.account else applied.account_id
    return applied.model_copy(update={"rights": rights, "account_id": account_id})


def _with(applied: Applied, done: Done) -> Applied:
    return applied.model_copy(update=done.model_dump(exclude_none=True))


def _served(stage: Stage[Any, Any], step: Step, applied: Applied, found: Found[Any]) -> Applied:
    want = stage.desired(step)
    operator = getattr(found.account, "operator", None)
    return applied.model_copy(
        update={
            "state": step.state if applied.account_id else State.ABSENT,
            "rights": dict(stage.rights(want)),
            "values": dict(stage.values(want)),
            "operator_id": applied.operator_id or (operator.id if operator else None),
        }
    )


@pytest.mark.parametrize("story", STORIES)
class TargetRules:
    """The rules; a subclass in the target's own test file runs them."""

    async def test_what_was_done_needs_no_second_plan(
        self, open_stage: Opener, story: str
    ) -> None:
        stage = open_stage()
        applied = await lived(stage, STORIES[story])

        plan, _ = await look(stage, STORIES[story][-1], applied)

        assert plan.summary() == "nothing to do"

    async def test_a_change_done_twice_is_done_once(self, open_stage: Opener, story: str) -> None:
        *before, last = STORIES[story]
        once, twice = open_stage(), open_stage()
        await serve(once, last, await lived(once, tuple(before)))
        await serve(twice, last, await lived(twice, tuple(before)), times=2)

        assert twice.seen() == once.seen()
        assert twice.accounts() == once.accounts() == 1

    async def test_a_stop_after_any_change_ends_the_same(
        self, open_stage: Opener, story: str
    ) -> None:
        """What the calls made known is lost with the process; the ledger has what it had."""
        *before, last = STORIES[story]
        whole = open_stage()
        await serve(whole, last, await lived(whole, tuple(before)))
        for stop in range(1, MOST_CALLS):
            stage = open_stage()
            applied = await lived(stage, tuple(before))
            plan, found = await look(stage, last, applied)
            if stop > len(plan.changes):
                break
            known = begun = _begun(stage, last, applied, found)
            for change in plan.changes[:stop]:
                known = _with(known, await stage.target.do(change, known))
            await settle(stage, last, begun)

            assert stage.seen() == whole.seen(), f"stopped after change {stop}"
        assert stop > 1

    @pytest.mark.parametrize("kind", ["lose_reply", "down"])
    async def test_any_lost_call_ends_the_same(
        self, open_stage: Opener, story: str, kind: Any
    ) -> None:
        *before, last = STORIES[story]
        whole = open_stage()
        await serve(whole, last, await lived(whole, tuple(before)))
        for skip in range(MOST_CALLS):
            stage = open_stage()
            applied = await lived(stage, tuple(before))
            stage.faults.plan(Fault(kind, skip=skip))
            await settle(stage, last, applied)

            assert stage.seen() == whole.seen(), f"{kind} at call {skip + 1}"
            assert stage.accounts() == 1
            if stage.faults.planned:
                break
        assert stage.faults.planned, "every call was disturbed once"
        assert skip > 1

    @settings(
        max_examples=8,
        derandomize=True,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    @given(faults=st.lists(_FAULTS, min_size=2, max_size=4))
    async def test_any_series_of_faults_ends_the_same(
        self, open_stage: Opener, story: str, faults: list[tuple[Any, int, int]]
    ) -> None:
        *before, last = STORIES[story]
        whole, stage = open_stage(), open_stage()
        await serve(whole, last, await lived(whole, tuple(before)))
        applied = await lived(stage, tuple(before))
        for kind, skip, count in faults:
            stage.faults.plan(Fault(kind, skip=skip, count=count))
        await settle(stage, last, applied)

        assert stage.seen() == whole.seen()
        assert stage.accounts() == 1

    @pytest.mark.parametrize("status", [429, 500, 503, 504])
    async def test_any_refused_write_ends_the_same(
        self, open_stage: Opener, story: str, status: int
    ) -> None:
        *before, last = STORIES[story]
        whole = open_stage()
        await serve(whole, last, await lived(whole, tuple(before)))
        stage = open_stage()
        applied = await lived(stage, tuple(before))
        stage.faults.plan(Fault("status", count=3, method=WRITES, status=status))
        await settle(stage, last, applied)

        assert stage.seen() == whole.seen()
        assert not stage.faults.planned

    async def test_a_system_that_is_away_says_so_and_changes_nothing(
        self, open_stage: Opener, story: str
    ) -> None:
        *before, last = STORIES[story]
        stage = open_stage()
        applied = await lived(stage, tuple(before))
        seen = stage.seen()
        stage.faults.plan(Fault("status", count=MOST_CALLS, status=503))

        with pytest.raises(TargetDown):
            await look(stage, last, applied)
        assert stage.seen() == seen

    async def test_the_probe_answers_and_changes_nothing(
        self, open_stage: Opener, story: str
    ) -> None:
        stage = open_stage()
        await lived(stage, STORIES[story])
        seen = stage.seen()

        await stage.target.probe()
        assert stage.seen() == seen
        stage.faults.plan(Fault("status", count=MOST_CALLS, status=503))
        with pytest.raises(TargetDown):
            await stage.target.probe()

    async def test_a_long_pause_is_told_not_slept(self, open_stage: Opener, story: str) -> None:
        *before, last = STORIES[story]
        stage = open_stage()
        applied = await lived(stage, tuple(before))
        headers = {"Retry-After": "120"}
        stage.faults.plan(Fault("status", count=MOST_CALLS, status=429, headers=headers))

        with pytest.raises(Transient) as caught:
            await look(stage, last, applied)
        assert caught.value.retry_after_seconds == 120

    async def test_no_error_and_no_log_names_the_person(
        self, open_stage: Opener, story: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        *before, last = STORIES[story]
        caplog.set_level("INFO")
        caplog.set_level("DEBUG", logger="shared")
        told: list[str] = []
        for skip in range(6):
            stage = open_stage()
            applied = await lived(stage, tuple(before))
            body = f'{{"error": {{"code": "X", "message": "{SURNAME} is refused"}}}}'
            stage.faults.plan(Fault("status", skip=skip, count=9, status=400, body=body))
            try:
                await serve(stage, last, applied)
            except InstroomError as error:
                told.append(str(error))
        told += [record.getMessage() for record in caplog.records]

        assert told
        assert not [line for line in told if SURNAME.casefold() in line.casefold()]
