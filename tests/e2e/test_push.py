"""A system without a connector pushes its people, signed, through the host into both systems."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from e2e.company import DAY, Company, opened, signed

pytestmark = pytest.mark.asyncio(loop_scope="module")
SECRET = "whsec_cHVzaGVkIGJ5IGEgdGVzdCBvZiBJbnN0cm9vbQ=="


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def company(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Company]:
    both = {"HR_SOURCES": "afas,push", "WEBHOOK_SECRET_PUSH": SECRET}
    async with opened(tmp_path_factory.mktemp("push"), settings=both) as company:
        await company.first_load()
        yield company


def someone(company: Company, number: str, **contract: Any) -> dict[str, Any]:
    start = company.today() - DAY
    units = {
        "department": {"code": "PZ-KCC", "name": "Klantcontactcentrum"},
        "employer": {"code": "01", "name": "Voorbeeld B.V."},
    }
    return {
        "number": number,
        "name": {"nickname": "Iris", "birth_prefix": "van", "birth": f"Duwen{number}"},
        "contracts": [{"key": "1", "start": str(start), "hours": 36, **units, **contract}],
        "mobile": "+31 6 00000000",
    }


async def test_pushed_person_joins_changes_and_leaves(company: Company) -> None:
    answer = await company.push(someone(company, "P1"), {"number": "P2"})

    assert answer.status_code == 207
    good, bad = answer.json()["people"]
    assert good == {"number": "P1", "status": "accepted"}
    assert bad["status"] == "refused"
    assert bad["problems"][0]["field"] == "name"
    await company.until(
        lambda: company.see("P1").can_sign_in and company.see("P1").has_card, "the joiner at work"
    )

    answer = await company.push({"number": "P1", "name": {"nickname": "Isa"}}, whole=False)
    assert (answer.status_code, answer.json()["people"][0]["status"]) == (200, "accepted")
    await company.until(
        lambda: str((company.see("P1").account or {}).get("displayName")).startswith("Isa "),
        "the new name",
    )

    await company.push(someone(company, "P1", end=str(company.today() - DAY)))
    await company.until(lambda: not company.see("P1").can_sign_in, "the leaver blocked")
    assert "push:P1" in await company.instroom("people")


async def test_full_sync_and_doctor_have_nothing_against_push(company: Company) -> None:
    await company.push(someone(company, "P5"))
    await company.until(lambda: company.see("P5").can_sign_in, "the joiner at work")

    await company.run("hr_full_sync")
    await company.run("hr_poll")
    await company.settled()

    assert company.see("P5").can_sign_in
    doctor = await company.instroom("doctor")
    assert "source push answers" in doctor
    assert (await company.health())[0] == 200


@pytest.mark.parametrize(
    ("body", "changes", "status"),
    [
        (b"{", {}, 400),
        (b'{"people": []}', {}, 400),
        (json.dumps({"people": [{}] * 1001}).encode(), {}, 400),
        (b'{"people": [1]}', {"webhook-signature": "v1,bm8="}, 401),
        (b'{"people": [1]}', {"webhook-timestamp": str(int(time.time()) - 900)}, 401),
        (b'{"people": [1]}', {"webhook-id": ""}, 401),
        (b" " * (4 * 1024 * 1024 + 1), {}, 413),
    ],
)
async def test_what_is_no_signed_call_is_refused(
    company: Company, body: bytes, changes: dict[str, str], status: int
) -> None:
    call = signed(company, body, secret=SECRET)
    address = f"{company.host}/api/hr/push/people"

    answer = await company.http.put(address, content=call.body, headers=call.headers | changes)

    assert answer.status_code == status, answer.text
    assert answer.json()["error"]


async def test_webhook_about_pushed_people_is_refused(company: Company) -> None:
    call = signed(company, {"data": {"number": "P1"}}, secret=SECRET)

    answer = await company.call(call, source="push")

    assert answer.status_code == 405
    assert "PUT or PATCH" in answer.json()["error"]


async def test_schema_is_published(company: Company) -> None:
    answer = await company.http.get(f"{company.host}/api/hr/push/schema")

    assert answer.status_code == 200
    assert answer.json()["$id"] == "urn:instroom:push:people:1"
    assert "contracts" in answer.json()["$defs"]["Person"]["properties"]
