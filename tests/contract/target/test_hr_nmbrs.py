"""Is Nmbrs told of the account, whole and once? Its PUT replaces, and each makes a version.

The rig empties what a body leaves out, and counts the versions.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest
from contract.source.nmbrs_stage import FIRMS, TODAY, Rig, _AtFirstUse

from sandbox.faults import Fault
from sandbox.nmbrs.environment import SUBSCRIPTION_KEY
from shared.apply.hr import HrTarget
from shared.apply.hr_nmbrs import NmbrsWriter
from shared.errors import Permanent, Transient
from shared.model.account import Applied
from shared.model.change import Change, Kind
from shared.model.desired import DesiredHr, DesiredRecord, Reason, State, Wanted
from shared.vendors.nmbrs import SCOPES, WRITING, Company, Nmbrs

MAIL = "zoë.müller@proef.example"
WHY = Reason(rule="write_back.nmbrs.fields.work_mail", because="the account's login")


@dataclass
class Place:
    """Nmbrs on some forty employees of two companies, and a target that tells it."""

    rig: Rig
    nmbrs: Nmbrs
    target: HrTarget
    number: str

    async def change(self, **values: Any) -> None:
        what = f"nmbrs:1-{self.number}"
        await self.target.do(Change(kind=Kind.WRITE_RECORD, what=what, values=values), Applied())

    async def says(self, *fields: str, number: str = "") -> Mapping[str, Any] | None:
        record = DesiredRecord(
            source="nmbrs",
            number=f"1-{number or self.number}",
            fields={f: Wanted(value=MAIL, reason=WHY) for f in fields or ("work_mail",)},
        )
        desired = DesiredHr(state=State.ACTIVE, why=WHY, records={record.key: record})
        found = await self.target.read(desired, Applied())
        return found.account.records[record.key].fields if found.account else None

    async def infos(self) -> list[Mapping[str, Any]]:
        company = next(one for one in await self.nmbrs.companies() if one.number == "1")
        rows = await self.nmbrs.of_employees(company, "personalinfo")
        return [
            info
            for row in rows
            for info in row["info"]
            if str(info["basicInfo"]["employeeNumber"]) == self.number
        ]


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    rig = Rig.of(firms=FIRMS)
    person = rig.world.hire(
        department="ICT-SD",
        job="0141",
        start=TODAY,
        partner_name="Boer",
        partner_prefix="de",
        nickname="Zoë",
    )
    await rig.open()
    await rig.consent(f"{SCOPES} {WRITING}")
    nmbrs = Nmbrs("http://nmbrs.test", SUBSCRIPTION_KEY, _AtFirstUse(rig), rig.transport)
    target = HrTarget({"nmbrs": NmbrsWriter(nmbrs, rig.worker().scopes)})
    yield Place(rig, nmbrs, target, person.number)
    await nmbrs.close()
    await rig.close()


def without_stamps(info: Mapping[str, Any]) -> dict[str, Any]:
    """What must survive: all but the stamps, what is shown in words, and what is never written."""
    kept = {n: dict(info[n]) for n in ("basicInfo", "birthInfo", "contactInfo", "partnerInfo")}
    kept["partnerInfo"].pop("maritalStatus", None)
    kept["partnerInfo"]["ascription"] = info["partnerInfo"]["ascription"]["code"]
    for name in ("birthCountry", "nationality"):
        kept["birthInfo"][name] = info["birthInfo"][name]["codeISO"]
    return {**kept, "period": info["period"]}


async def test_nothing_else_of_the_personal_information_is_lost(place: Place) -> None:
    (before,) = await place.infos()
    await place.change(work_mail=MAIL, phone="+31 20 5")
    *_, after = await place.infos()

    expected = without_stamps(before)
    expected["contactInfo"] |= {"businessEmail": MAIL, "businessPhone": "+31 20 5"}
    assert without_stamps(after) == expected
    assert (await place.says("work_mail", "phone")) == {"work_mail": MAIL, "phone": "+31 20 5"}


async def test_the_same_value_makes_no_second_version(place: Place) -> None:
    await place.change(work_mail=MAIL)
    await place.change(work_mail=MAIL)

    assert (await place.rig.settings())["writes"] == 1
    assert len(await place.infos()) == 2


async def test_a_version_that_is_still_to_come_is_told_as_well(place: Place) -> None:
    (now,) = await place.infos()
    ahead = {**now, "period": {"year": 2026, "period": 12}, "createdAt": "2026-11-03T00:00:00Z"}
    await place.says()
    writer: Any = place.target._writers["nmbrs"]
    known = writer._known[f"1-{place.number}"].id
    await place.rig.settings(written={known: [ahead]})
    await place.change(work_mail=MAIL)

    assert (await place.rig.settings())["writes"] == 2
    assert {one["contactInfo"]["businessEmail"] for one in (await place.infos())[-2:]} == {MAIL}
    assert [one["period"]["period"] for one in (await place.infos())[-2:]] == [11, 12]


async def test_nobody_else_is_touched(place: Place) -> None:
    await place.change(work_mail=MAIL)
    shown = await place.rig.settings()

    assert len(shown["written"]) == 1


async def test_a_company_number_that_is_there_twice_is_told(place: Place) -> None:
    """As where the consent reaches two debtors, who each number their own companies."""
    companies = await place.nmbrs.companies()

    async def twice() -> list[Company]:
        return [*companies, replace(companies[1], number="1")]

    place.nmbrs.companies = twice  # type: ignore[method-assign]
    record = DesiredRecord(source="nmbrs", number=f"1-{place.number}")
    desired = DesiredHr(state=State.ACTIVE, why=WHY, records={record.key: record})
    found = await place.target.read(desired, Applied())

    assert found.account is None
    assert "2 companies in Nmbrs have number 1" in found.obstacles[record.key]


@pytest.mark.parametrize("number", ["999999", "x"])
async def test_a_number_that_is_not_shown_is_told(place: Place, number: str) -> None:
    assert await place.says(number=number) is None


@pytest.mark.parametrize("first_open", [[0, 0], [2026, 11]])
async def test_a_version_of_long_ago_stays_and_another_counts_from_now(
    place: Place, first_open: list[int]
) -> None:
    """Whether its period is closed or not: nothing that is past is written."""
    person = next(p for p in place.rig.world.people.values() if p.modified.month != 11)
    number = next(n.partition("-")[2] for n in place.rig.numbers() if n == f"1-{person.number}")
    place.number = number
    await place.rig.settings(closed_before=first_open)
    (before,) = await place.infos()
    await place.change(work_mail=MAIL)

    kept, made = await place.infos()
    assert kept == before
    assert made["period"] == {"year": 2026, "period": 11}
    assert (await place.rig.settings())["writes"] == 1


async def test_a_closed_period_is_parked_with_the_mend_and_goes_on(place: Place) -> None:
    await place.rig.settings(closed_before=[2027, 1])
    with pytest.raises(Permanent) as refused:
        await place.change(work_mail=MAIL)
    await place.rig.settings(closed_before=[0, 0])
    await place.change(work_mail=MAIL)

    assert refused.value.mender == "hr"
    assert "if the payroll period is closed, open it there" in refused.value.reason
    assert (await place.says()) == {"work_mail": MAIL}


async def test_an_error_after_writing_is_no_error(place: Place) -> None:
    await place.rig.settings(fails_after_writing=1)
    await place.change(work_mail=MAIL)

    assert (await place.rig.settings())["writes"] == 1


async def test_a_lost_answer_is_looked_at_and_not_sent_again(place: Place) -> None:
    place.rig.faults.plan(Fault("lose_reply", method="PUT"))
    await place.change(work_mail=MAIL)

    assert (await place.rig.settings())["writes"] == 1


@pytest.mark.parametrize(("status", "raises"), [(500, Transient), (404, Permanent)])
async def test_what_is_refused_is_told_and_sent_once(
    place: Place, status: int, raises: type[Exception]
) -> None:
    place.rig.faults.plan(Fault("status", count=2, method="PUT", status=status))
    with pytest.raises(raises):
        await place.change(work_mail=MAIL)

    assert len(place.rig.faults.planned) == 1


async def test_a_consent_without_the_scope_is_told_before_and_while_writing(
    place: Place,
) -> None:
    writer: Any = place.target._writers["nmbrs"]
    await writer.probe(["work_mail"])
    await place.rig.consent(SCOPES)
    lacking = NmbrsWriter(place.nmbrs, place.rig.worker().scopes)
    with pytest.raises(Permanent) as refused:
        await lacking.probe(["work_mail"])
    assert "instroom hr connect" in refused.value.reason
    await place.rig.settings(withheld=[WRITING])
    with pytest.raises(Permanent) as told:
        await place.change(work_mail=MAIL)

    assert told.value.mender == "settings"
    assert (await place.rig.settings())["writes"] == 0
