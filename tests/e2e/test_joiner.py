from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from e2e.company import Company, opened, signed

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def company(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Company]:
    async with opened(tmp_path_factory.mktemp("joiner")) as company:
        await company.first_load()
        yield company


async def test_joiner_has_account_groups_and_role_after_a_webhook(company: Company) -> None:
    hired = company.hire("ICT-SD", "0141", nickname="Noor", birth_name="Voorbeeldsma")

    await company.webhook(hired.number)
    await company.until(
        lambda: company.see(hired.number).roles == {"Servicedesk"}, "the operator card"
    )

    seen = company.see(hired.number)
    assert seen.account is not None
    assert seen.account["userPrincipalName"] == "noor.voorbeeldsma@voorbeeld.example"
    assert seen.can_sign_in
    assert seen.groups == {
        "Alle medewerkers",
        "TOPdesk gebruikers",
        "TOPdesk behandelaars",
        "Informatievoorziening",
    }
    assert seen.card is not None
    assert seen.card["tasLoginName"] == "noor.voorbeeldsma@voorbeeld.example"


async def test_command_line_shows_a_person_before_and_after(company: Company) -> None:
    hired = company.hire("BV-FAC", "0131", nickname="Fenna", birth_name="Voorbeeldsma")
    before = await company.instroom("preview", hired.number)

    await company.webhook(hired.number)
    await company.until(
        lambda: company.see(hired.number).roles == {"Facilitair"}, "the operator card"
    )
    after = await company.instroom("people", hired.number)
    why = await company.instroom("explain", hired.number)

    assert "create account" in before
    assert "add to group Bedrijfsvoering" in before
    assert "department.code = BV-FAC" in " ".join(after.split())
    assert "create operator" in after
    given = next(line for line in why.splitlines() if "TOPdesk Facilitair" in line)
    refused = next(line for line in why.splitlines() if "group Informatievoorziening" in line)
    assert given.split()[0] == "has"
    assert "department.code = BV-FAC" in given
    assert refused.split()[0] == "no"
    assert "department.code is BV-FAC, not ICT*" in refused


async def test_namesake_gets_a_name_of_his_own(company: Company) -> None:
    first = await company.joins(nickname="Sam", given_names="Sam", birth_name="Zelfdema")
    second = await company.joins(nickname="Sam", given_names="Sam", birth_name="Zelfdema")

    logins = [str((company.see(n).account or {})["userPrincipalName"]) for n in (first, second)]
    assert logins == ["sam.zelfdema@voorbeeld.example", "s.zelfdema@voorbeeld.example"]


async def test_mover_trades_groups_and_role(company: Company) -> None:
    number = await company.joins("ICT-SD", "0141", nickname="Mo", birth_name="Verhuizema")
    await company.until(lambda: bool(company.see(number).roles), "the first role")

    company.rig.world.move(number, on=company.today(), department="BV-FAC", job="0131")
    await company.webhook(number)
    await company.until(lambda: company.see(number).roles == {"Facilitair"}, "the new role")

    seen = company.see(number)
    assert seen.groups == {
        "Alle medewerkers",
        "TOPdesk gebruikers",
        "TOPdesk behandelaars",
        "Bedrijfsvoering",
    }
    assert seen.account is not None
    assert seen.account["department"] == "Facilitaire Zaken"


async def test_person_is_read_by_a_poll_without_a_webhook(company: Company) -> None:
    number = company.hire(nickname="Pol", birth_name="Gepeildma").number

    await company.run("hr_poll")

    await company.until(lambda: company.see(number).has_card, "the card of whom the poll found")


async def test_replayed_webhook_is_accepted_once(company: Company) -> None:
    one, other = company.hire(birth_name="Eenmaalma"), company.hire(birth_name="Anderma")
    call = signed(company, {"data": {"number": one.number}})
    before = len(company.calls_of("hr_signal"))

    answers = [(await company.call(call)).status_code for _ in range(3)]
    await company.webhook(other.number)
    await company.until(
        lambda: company.see(one.number).has_card and company.see(other.number).has_card,
        "both joiners",
    )

    assert answers == [202, 202, 202]
    assert len(company.calls_of("hr_signal")) == before + 2


async def test_bad_signature_is_refused(company: Company) -> None:
    call = signed(company, {"data": {"number": "1"}}, secret="whsec_bm90IHRoZSBzZWNyZXQ=")

    answer = await company.call(call)

    assert answer.status_code == httpx.codes.UNAUTHORIZED


@pytest.mark.parametrize("seconds_ago", [3600, -3600])
async def test_old_or_early_signature_is_refused(company: Company, seconds_ago: int) -> None:
    call = signed(company, {"data": {"number": "1"}}, seconds_ago=seconds_ago)

    answer = await company.call(call)

    assert answer.status_code == httpx.codes.UNAUTHORIZED


@pytest.mark.parametrize("source", ["nmbrs", "AFAS%20", "..%2Fhealth"])
async def test_unknown_source_is_not_found(company: Company, source: str) -> None:
    answer = await company.call(signed(company, {"data": {"number": "1"}}), source)

    assert answer.status_code == httpx.codes.NOT_FOUND


async def test_body_over_the_limit_is_refused(company: Company) -> None:
    answer = await company.call(signed(company, b" " * 300_000))

    assert answer.status_code == httpx.codes.REQUEST_ENTITY_TOO_LARGE


@pytest.mark.parametrize(
    "body",
    [{}, {"data": {}}, {"data": {"number": None}}, {"data": {"numbers": []}}, [], b"\xff", b"{"],
)
async def test_body_without_numbers_is_refused_with_the_reason(
    company: Company, body: object
) -> None:
    answer = await company.call(signed(company, body))

    assert answer.status_code == httpx.codes.BAD_REQUEST
    assert answer.json()["error"]


async def test_a_webhook_is_only_posted(company: Company) -> None:
    answer = await company.http.get(f"{company.host}/api/hr/afas")

    assert answer.status_code == httpx.codes.METHOD_NOT_ALLOWED


async def test_number_hr_does_not_know_changes_nothing(company: Company) -> None:
    before = company.writes()

    await company.webhook("99999999")
    await company.settled()

    assert company.writes() == before
