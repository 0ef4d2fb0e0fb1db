"""Day one: the service desk collects a joiner's pass in a browser, and it stays nowhere."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from e2e.company import Company, opened

pytestmark = pytest.mark.asyncio(loop_scope="module")
DESK = "oid=desk&name=balie@voorbeeld.example&roles=Servicedesk&amr=pwd&amr=mfa"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def company(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Company]:
    async with opened(tmp_path_factory.mktemp("first-sign-in")) as company:
        await company.first_load()
        yield company


class Fields(HTMLParser):
    """The hidden fields of the form of one person."""

    def __init__(self, page: str, name: str) -> None:
        super().__init__()
        self.found: dict[str, str] = {}
        self._name, self._mine = name, False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._mine = self._name in said["aria-label"]
        elif tag == "input" and self._mine and said.get("type") == "hidden":
            self.found[said["name"]] = said["value"]


async def browse(
    company: Company, form: dict[str, str] | None = None, *, user: str = DESK
) -> httpx.Response:
    address = f"{company.host}/api/console/first-sign-in"
    headers = {"X-Sandbox-User": user, "Accept-Language": "en"}
    if form is None:
        return await company.http.get(address, headers=headers)
    return await company.http.post(address, headers=headers, data=form)


def everything_kept(company: Company) -> bytes:
    """All files of the ledger and the host's log."""
    state: Path = company.rig.plan.state
    return b"".join(path.read_bytes() for path in state.rglob("*") if path.is_file())


async def test_pass_is_collected_once_and_kept_nowhere(company: Company) -> None:
    number = await company.joins(birth_name="Welkom")
    page = (await browse(company)).text
    form = {**Fields(page, "Welkom").found, "identified": "yes"}

    answer = await browse(company, form)

    account = company.see(number).account
    assert account
    [made] = [p for user, p in company.rig.entra.passes.items() if user == account["id"]]
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert account["userPrincipalName"] in answer.text
    assert (made["lifetimeInMinutes"], made["isUsableOnce"]) == (60, True)
    found = re.search(r'class="code">([^<]+)<', answer.text)
    assert found
    code = found[1]

    again = await browse(company, form)
    assert again.status_code == 409
    shown = await company.instroom("people", number)
    assert "balie@voorbeeld.example, signed in" in shown
    assert "pass issued: until" in shown
    assert code not in again.text + shown + company.said()
    assert code.encode() not in everything_kept(company)


async def test_command_line_gives_another_for_a_reason(company: Company) -> None:
    number = await company.joins(birth_name="Vergeten")

    listed = await company.instroom("first-sign-in")
    printed = await company.instroom("first-sign-in", number)
    refused = await company.instroom("first-sign-in", number, expect=1)
    company.let_pass(minutes=3)
    other = await company.instroom("first-sign-in", number, "--reason", "lost the note")

    assert f"afas:{number}" in listed
    codes = [re.findall(rf"afas:{number}  (\S+)", text) for text in (printed, other)]
    assert codes[0] != codes[1]
    assert "say why another one is needed" in refused
    shown = await company.instroom("people", number)
    assert "pass asked for again: lost the note" in shown
    assert not any(code in shown for [code] in codes)


async def test_nobody_gets_in_without_the_platforms_word(company: Company) -> None:
    forged = {"X-MS-CLIENT-PRINCIPAL": "eyJhdXRoX3R5cCI6ImFhZCJ9", "X-Sandbox-User": ""}
    answer = await company.http.get(f"{company.host}/api/console/first-sign-in", headers=forged)

    assert answer.status_code == 401
    assert "/.auth/login/aad" in answer.text
    assert (await browse(company, user="oid=x&roles=Servicedesk&amr=pwd")).status_code == 403
    stranger = await browse(company, user="oid=x&roles=Ander&amr=mfa")
    assert "<form" not in stranger.text


async def test_doctor_tells_when_the_tenant_gives_no_passes(company: Company) -> None:
    assert "passes for a first sign-in" in await company.instroom("doctor")

    company.rig.entra.pass_policy.enabled = False
    told = await company.instroom("doctor", expect=1)
    company.rig.entra.pass_policy.enabled = True

    assert "passes are switched off: switch them on in Entra" in told
