"""Is AFAS told of the account, strictly as it takes it: read first, written once, and no more?

The rig counts what is written and refuses a value that stands there already.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import httpx
import pytest

from sandbox.afas import make_app
from sandbox.afas.environment import OWN_FIELD
from sandbox.clock import ManualClock
from sandbox.faults import ConnectionLost, Fault, Faults, FaultyApp
from sandbox.world import Login, World
from shared.apply.hr import HrTarget
from shared.apply.hr_afas import AfasWriter
from shared.errors import Permanent, Transient, UnknownReply
from shared.model.account import Applied
from shared.model.change import Change, Kind
from shared.model.desired import DesiredHr, DesiredRecord, Reason, State, Wanted
from shared.vendors.afas import Afas

TOKEN = "CD" * 32
MAIL = "zoë.müller@proef.example"
WHY = Reason(rule="write_back.afas.fields.work_mail", because="the account's login")
OWN = f"free:Inlognaam_vrij_veld:{OWN_FIELD}"
NEW_USER = {
    "user.id": "{environment}.100021",
    "user.upn": MAIL,
    "user.mail": MAIL,
    "user.self_service": True,
}
BASE = "http://afas.test/ProfitRestServices"


@dataclass
class Place:
    """AFAS on a company of twenty, and a target that tells it."""

    world: World
    target: HrTarget
    faults: Faults
    raw: httpx.AsyncClient
    number: str

    async def change(self, number: str | None = None, **values: Any) -> None:
        given = {field.replace("own", OWN): value for field, value in values.items()}
        what = f"afas:{number or self.number}"
        await self.target.do(Change(kind=Kind.WRITE_RECORD, what=what, values=given), Applied())

    async def make_user(self, number: str | None = None, **values: Any) -> None:
        await self._of_user(Kind.CREATE_HR_USER, number, {**NEW_USER, **values})

    async def change_user(self, **values: Any) -> None:
        given = {f"user.{field}": value for field, value in values.items()}
        await self._of_user(Kind.UPDATE_HR_USER, None, given)

    async def _of_user(self, kind: Kind, number: str | None, values: Mapping[str, Any]) -> None:
        what = f"afas:{number or self.number}"
        await self.target.do(Change(kind=kind, what=what, values=values), Applied())

    @property
    def user(self) -> Login | None:
        return self.world.people[self.number].login

    async def says(self, *fields: str) -> Mapping[str, Any]:
        found = await self.target.read(wanted(self.number, *fields), Applied())
        assert found.account
        return found.account.records[f"afas:{self.number}"].fields

    async def set(self, **settings: Any) -> Mapping[str, Any]:
        answer = await self.raw.patch("http://afas.test/_sandbox/afas", json=settings)
        shown: Mapping[str, Any] = answer.json()
        return shown


def wanted(number: str, *fields: str) -> DesiredHr:
    record = DesiredRecord(
        source="afas",
        number=number,
        fields={field: Wanted(value=MAIL, reason=WHY) for field in fields},
    )
    return DesiredHr(state=State.ACTIVE, why=WHY, records={record.key: record})


class Cut(httpx.AsyncBaseTransport):
    """A connection that the rig cuts is a reply that never came."""

    def __init__(self, app: FaultyApp) -> None:
        self._inner = httpx.ASGITransport(app=app)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            return await self._inner.handle_async_request(request)
        except ConnectionLost as error:
            raise httpx.ReadError("connection lost") from error


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    clock, faults = ManualClock(), Faults()
    world = World.generate(1, 20, date(2026, 11, 2), clock=clock)
    person = world.hire(department="ICT-BEH", job="0142", start=date(2026, 11, 2))
    app = FaultyApp(make_app(world, token=TOKEN, clock=clock), faults)
    afas = Afas(BASE, TOKEN, Cut(app))

    async def as_known() -> dict[str, Any]:
        return {}

    writer = AfasWriter(afas, "Instroom_Users", as_known)
    raw = httpx.AsyncClient(transport=httpx.ASGITransport(app=app))
    yield Place(world, HrTarget({"afas": writer}), faults, raw, person.number)
    await afas.close()
    await raw.aclose()


async def test_every_field_is_written_in_one_body_and_read_back(place: Place) -> None:
    await place.change(work_mail=MAIL, portal_mail=MAIL, phone="+31 20 5", mobile="06", own="z")

    fields = ("work_mail", "portal_mail", "phone", "mobile", OWN)
    says = await place.says(*fields)
    assert dict(says) == dict(zip(fields, (MAIL, MAIL, "+31 20 5", "06", "z"), strict=True))
    shown = await place.set()
    assert (shown["writes"], shown["unchanged"]) == (1, 0)


async def test_a_value_that_stands_there_is_not_sent(place: Place) -> None:
    await place.change(work_mail=MAIL)
    await place.change(work_mail=MAIL.upper(), phone="1")
    await place.change(work_mail=MAIL, phone="1")

    shown = await place.set()
    assert (shown["writes"], shown["unchanged"]) == (2, 0)


async def test_none_empties_a_field(place: Place) -> None:
    await place.change(work_mail=MAIL, own="z")
    await place.change(work_mail=None, own=None)

    assert set((await place.says("work_mail", OWN)).values()) == {None}


async def test_nobody_else_is_touched(place: Place) -> None:
    before = {n: p for n, p in place.world.people.items() if n != place.number}
    await place.change(work_mail=MAIL, own="z")

    assert {n: p for n, p in place.world.people.items() if n != place.number} == before


async def test_two_numbers_of_one_human_are_written_once(place: Place) -> None:
    again = place.world.rehire(place.number, start=date(2026, 11, 2), new_number=True)
    await place.change(work_mail=MAIL)
    await place.change(again.number, work_mail=MAIL)

    assert (await place.set())["writes"] == 1
    assert place.world.people[again.number].work_mail == MAIL


@pytest.mark.parametrize("number", ["999999", "100001;100002", "100001,1"])
async def test_a_number_that_is_not_shown_is_told_and_not_written(
    place: Place, number: str
) -> None:
    found = await place.target.read(wanted(number, "work_mail"), Applied())

    assert found.account is None
    assert "does not show" in found.obstacles[f"afas:{number}"]
    with pytest.raises(Permanent):
        await place.change(number, work_mail=MAIL)


async def test_an_error_after_writing_is_no_error(place: Place) -> None:
    await place.set(fails_after_writing=1)
    await place.change(work_mail=MAIL)

    assert (await place.says("work_mail"))["work_mail"] == MAIL


@pytest.mark.parametrize("kind", ["lose_reply", "status"])
async def test_a_write_without_an_answer_is_sent_once_and_unknown(place: Place, kind: Any) -> None:
    place.faults.plan(Fault(kind, method="PUT", status=502))
    with pytest.raises(UnknownReply):
        await place.change(work_mail=MAIL)

    shown = await place.set()
    assert (shown["writes"], shown["unchanged"]) == (int(kind == "lose_reply"), 0)


@pytest.mark.parametrize(
    ("status", "body", "mender", "told"),
    [
        (500, {"externalMessage": f"E-mail {MAIL} is not unique", "errorNumber": 1}, "hr", "take"),
        (500, {"externalMessage": "Periode is afgesloten"}, "hr", "Open it in Profit"),
        (500, {"externalMessage": "UpdateConnector niet ondersteund"}, "settings", "KnEmployee"),
        (401, None, "settings", "KnEmployee"),
        (403, None, "settings", "KnEmployee"),
        (400, {"message": "Invalid json"}, "hr", "Invalid json"),
    ],
)
async def test_a_refusal_is_parked_with_the_mend_and_without_the_value(
    place: Place, status: int, body: Any, mender: str, told: str
) -> None:
    place.faults.plan(
        Fault("status", method="PUT", status=status, body=json.dumps(body) if body else "")
    )
    with pytest.raises(Permanent) as refused:
        await place.change(work_mail=MAIL)

    assert refused.value.mender == mender
    assert told in refused.value.reason
    assert MAIL not in refused.value.reason


async def test_a_locked_record_is_tried_again_later(place: Place) -> None:
    body = json.dumps({"externalMessage": "Het record is vergrendeld door een ander"})
    place.faults.plan(Fault("status", method="PUT", status=500, body=body))
    with pytest.raises(Transient):
        await place.change(work_mail=MAIL)


async def test_the_probe_needs_the_update_connector_and_writes_nothing(place: Place) -> None:
    writer = _on("Instroom_Users", place)
    await writer.probe(["work_mail"])
    await place.set(updates=["KnPerson"])
    with pytest.raises(Permanent) as refused:
        await writer.probe(["work_mail"])

    assert "KnEmployee" in refused.value.reason
    assert (await place.set())["writes"] == 0


async def test_a_view_without_the_field_is_told(place: Place) -> None:
    place.target = HrTarget({"afas": _on("Profit_Employees", place)})
    fine = await place.target.read(wanted(place.number, "work_mail"), Applied())
    found = await place.target.read(wanted(place.number, "portal_mail"), Applied())

    assert fine.account
    assert "portal_mail" in found.obstacles[f"afas:{place.number}"]
    assert "sources.afas.fields.Profit_Employees" in found.obstacles[f"afas:{place.number}"]


async def test_a_user_is_made_for_the_persons_own_number(place: Place) -> None:
    others = [p.login for n, p in place.world.people.items() if n != place.number]
    await place.make_user()
    await place.make_user()

    assert place.user
    assert place.user.user_id == "12345.100021"
    assert (place.user.upn, place.user.mail, place.user.self_service) == (MAIL, MAIL, True)
    assert [p.login for n, p in place.world.people.items() if n != place.number] == others
    shown = await place.set()
    assert (shown["writes"], shown["unchanged"]) == (1, 0)


async def test_a_user_is_blocked_let_in_and_scrubbed(place: Place) -> None:
    await place.make_user()
    await place.change_user(blocked=True)
    await place.change_user(blocked=True)
    assert place.user
    assert place.user.blocked
    await place.change_user(blocked=False, upn="nieuw@proef.example")
    assert not place.user.blocked
    assert place.user.upn == "nieuw@proef.example"
    await place.change_user(blocked=True, upn=None, mail=None, self_service=False)

    assert (place.user.blocked, place.user.upn, place.user.mail) == (True, None, None)
    shown = await place.set()
    assert (shown["writes"], shown["unchanged"]) == (5, 0)


async def test_what_changes_on_a_blocked_user_does_not_let_it_in(place: Place) -> None:
    await place.make_user()
    await place.change_user(blocked=True)
    await place.change_user(upn="nieuw@proef.example")

    assert place.user
    assert place.user.blocked


async def test_a_upn_of_another_environment_is_told_with_the_mend(place: Place) -> None:
    await place.set(taken=[MAIL])
    with pytest.raises(Permanent) as refused:
        await place.make_user()

    assert refused.value.mender == "hr"
    assert "over all environments" in refused.value.reason
    assert MAIL not in refused.value.reason
    assert place.user is None


async def test_a_user_id_that_is_taken_is_told(place: Place) -> None:
    with pytest.raises(Permanent) as refused:
        await place.make_user(**{"user.id": "{environment}.100001"})

    assert "take it off there" in refused.value.reason


@pytest.mark.parametrize("number", ["100001", None])
async def test_a_user_that_is_there_keeps_its_id(place: Place, number: str | None) -> None:
    """Whoever has a user already gets no second one; another code of ours never renames it."""
    if number is None:
        await place.make_user()
    await place.make_user(number, **{"user.id": "{environment}.anders"})

    login = place.world.people[number or place.number].login
    assert login
    assert login.user_id == f"12345.{number or place.number}"


@pytest.mark.parametrize("after", ["500", "lost"])
async def test_a_user_whose_making_was_answered_wrongly_is_made_once(
    place: Place, after: str
) -> None:
    if after == "500":
        await place.set(fails_after_writing=1)
        await place.make_user()
    else:
        place.faults.plan(Fault("lose_reply", method="POST"))
        with pytest.raises(UnknownReply):
            await place.make_user()

    assert place.user
    assert (await place.set())["writes"] == 1


def _on(view: str, place: Place) -> AfasWriter:
    async def as_known() -> dict[str, Any]:
        return {}

    writer: Any = place.target._writers["afas"]
    return AfasWriter(writer._afas, view, as_known)
