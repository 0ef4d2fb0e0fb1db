"""A colleague collects a joiner's pass in a browser: what is shown, to whom, and how often."""

from __future__ import annotations

import base64
import json
import logging
import re
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode
from xml.etree.ElementTree import XML

import azure.functions as func  # noqa: TID251 - these are the tests of the room that knows it
import pytest
from build import POLICY, TODAY, a_contract, a_name, a_record
from fakes import FakeClock, World, a_world
from fakes_passes import CODE, FakePasses
from turning import account_of, audit_of, first_load

from shared import wiring
from shared.console.page import STYLE
from shared.errors import Permanent, Transient, UnknownReply
from shared.ledger.sqlite import open_sqlite
from shared.settings import Settings
from shared.triggers import console

OFF = Settings.model_validate({"HR_SOURCES": "afas"})
ON = Settings.model_validate({"HR_SOURCES": "afas", "WEBSITE_AUTH_ENABLED": "True"})
RULES = POLICY + "first_sign_in: {by: collect, collectors: {roles: [Balie]}}\n"
DUTCH = "nl-NL,nl;q=0.9"


def principal(oid: str = "b", role: str = "Balie", amr: str = "mfa") -> dict[str, str]:
    claims = [("oid", oid), ("upn", f"{oid}@proef.example"), ("roles", role), ("amr", amr)]
    body = {"auth_typ": "aad", "claims": [{"typ": t, "val": v} for t, v in claims]}
    return {"X-MS-CLIENT-PRINCIPAL": base64.b64encode(json.dumps(body).encode()).decode()}


DESK = principal()


@pytest.fixture
async def world(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    clock = FakeClock()
    store = await open_sqlite(None, wall=clock.wall)
    world = a_world(store, clock=clock, policy=RULES)
    starts = a_contract(key="s", start=TODAY, manager="7")
    world.hr.put(
        a_record("7", name=a_name(nickname="<Bas>", birth="Baas")),
        a_record("1042", contracts=(starts,)),
    )
    await first_load(world)

    async def service() -> Any:
        return world.service

    monkeypatch.setattr(wiring, "service", service)
    monkeypatch.setattr(wiring, "settings", lambda: ON)
    yield world
    await store.close()


def passes_of(world: World) -> FakePasses:
    passes = world.service.passes
    assert isinstance(passes, FakePasses)
    return passes


async def call(
    headers: dict[str, str], form: dict[str, str] | bytes | None = None, language: str = "en"
) -> func.HttpResponse:
    body = form if isinstance(form, bytes) else urlencode(form or {}).encode()
    request = func.HttpRequest(
        "GET" if form is None else "POST",
        "http://127.0.0.1/api/console/first-sign-in",
        headers={"Accept-Language": language, **headers},
        body=b"" if form is None else body,
    )
    response: func.HttpResponse = (
        await console.console_first_sign_in._function.get_user_function()(request)
    )
    return response


async def html_of(headers: dict[str, str], **more: Any) -> str:
    return (await call(headers, **more)).get_body().decode()


class Forms(HTMLParser):
    """The forms of a page: their hidden fields, by the name in their label."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: dict[str, dict[str, str]] = {}
        self._now: dict[str, str] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._now = self.found.setdefault(said["aria-label"], {})
        if tag == "input" and said.get("type") == "hidden":
            self._now[said["name"]] = said["value"]


async def form_of(headers: dict[str, str], name: str = "Sanne van Dijk") -> dict[str, str]:
    return {**Forms(await html_of(headers)).found[name], "identified": "yes"}


async def test_list_then_pass_shown_once(world: World) -> None:
    form = await form_of(DESK)
    first = await call(DESK, form)
    again = await call(DESK, form)

    code = passes_of(world).usable[account_of(world, "1042").id]
    assert first.status_code == 200
    assert first.get_body().decode().count(code) == 1
    assert account_of(world, "1042").user_principal_name in first.get_body().decode()
    assert again.status_code == 409
    assert CODE not in again.get_body().decode()
    assert len(passes_of(world).terms) == 1
    assert CODE not in await html_of(DESK)


async def test_second_collector_sees_who_had_it_and_gives_a_reason(world: World) -> None:
    await call(DESK, await form_of(DESK))
    world.clock.advance(minutes=5)
    boss = principal(account_of(world, "7").id, role="")

    page = await html_of(boss)
    assert "Collected by b@proef.example on 2026-11-02 10:00" in page
    without = await call(boss, await form_of(boss))
    assert without.status_code == 409
    assert "Say why another one is needed" in without.get_body().decode()
    with_reason = await call(boss, {**await form_of(boss), "reason": "it ran out"})

    assert with_reason.status_code == 200
    assert "pass asked for again: it ran out" in await audit_of(world, "1042")


async def test_form_of_an_earlier_state_shows_how_it_stands(world: World) -> None:
    boss = principal(account_of(world, "7").id, role="")
    old = await form_of(boss)
    await call(DESK, await form_of(DESK))

    answer = await call(boss, old)
    page = answer.get_body().decode()

    assert answer.status_code == 409
    assert "This is how it stands now" in page
    assert Forms(page).found["Sanne van Dijk"]["seen"] != old["seen"]
    assert len(passes_of(world).terms) == 1


@pytest.mark.parametrize(
    ("settings", "headers", "told"),
    [
        (ON, {}, "/.auth/login/aad?post_login_redirect_uri=/api/console/first-sign-in"),
        (OFF, DESK, "authentication is switched off"),
        (OFF, {}, "authentication is switched off"),
    ],
)
async def test_nobody_gets_in_unless_the_platform_signed_in(
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    settings: Settings,
    headers: dict[str, str],
    told: str,
) -> None:
    form = await form_of(DESK)
    monkeypatch.setattr(wiring, "settings", lambda: settings)

    for sent in (None, form):
        answer = await call(headers, sent)
        page = answer.get_body().decode()
        assert answer.status_code == 401
        assert told in page
        assert "Dijk" not in page
    assert passes_of(world).terms == []


@pytest.mark.parametrize("amr", ["pwd", ""])
async def test_sign_in_without_a_second_factor_is_refused(world: World, amr: str) -> None:
    form = await form_of(DESK)
    weak = principal(amr=amr)

    for sent in (None, form):
        answer = await call(weak, sent)
        assert answer.status_code == 403
        assert "second factor" in answer.get_body().decode()
    assert passes_of(world).terms == []


async def test_stranger_sees_and_gets_nobody(world: World) -> None:
    stranger = principal("z", role="Ander")
    form = await form_of(DESK)

    assert "nobody for whom you may collect" in await html_of(stranger)
    answer = await call(stranger, form)

    assert answer.status_code == 404
    assert "Dijk" not in answer.get_body().decode()
    assert passes_of(world).terms == []


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none"])
async def test_form_of_another_site_is_not_looked_at(world: World, site: str) -> None:
    answer = await call({**DESK, "Sec-Fetch-Site": site}, await form_of(DESK))

    assert answer.status_code == 400
    assert passes_of(world).terms == []


async def test_forged_form_without_the_mark_issues_nothing(world: World) -> None:
    for seen in ("", "0" * 64):
        answer = await call(DESK, {**await form_of(DESK), "seen": seen})
        assert answer.status_code in (400, 409)
    assert passes_of(world).terms == []


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize(
    "form",
    [
        b"",
        b"\xff",
        b"person=x",
        b"person=..%2Fx&seen=y&identified=yes",
        b"person=a&person=b&seen=y&identified=yes",
        b"&".join(b"a=%d" % n for n in range(50)),
        b"x" * 5000,
    ],
)
async def test_odd_form_is_a_mistake_and_no_bug(form: bytes) -> None:
    answer = await call(DESK, form)

    assert answer.status_code == 400
    assert "That was not understood" in answer.get_body().decode()


async def test_nobody_collects_without_saying_who_it_is(world: World) -> None:
    form = await form_of(DESK)
    del form["identified"]

    assert (await call(DESK, form)).status_code == 400
    assert passes_of(world).terms == []


@pytest.mark.usefixtures("world")
async def test_answers_are_kept_nowhere_and_run_nothing() -> None:
    for answer in (await call(DESK), await call(DESK, await form_of(DESK)), await call({})):
        page, headers = answer.get_body().decode(), answer.headers
        assert headers["Cache-Control"] == "no-store"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert answer.mimetype == "text/html"
        assert f"<style>\n{STYLE}\n</style>" in page
        assert not re.search(r"<script|style=|javascript:|\bon\w+=", page)


@pytest.mark.usefixtures("world")
async def test_page_is_well_formed_and_every_input_has_its_label() -> None:
    await call(DESK, await form_of(DESK))

    page = await html_of(DESK)
    plain = page.removeprefix("<!doctype html>").replace(" required", "")
    tree = XML(re.sub(r"<(meta|input)([^>]*)>", r"<\1\2/>", plain))

    visible = [x for x in tree.iter("input") if x.get("type") != "hidden"]
    labelled = [x for label in tree.iter("label") for x in label.iter("input")]
    assert set(visible) == set(labelled)
    assert len({button.get("aria-label") for button in tree.iter("button")}) == 2
    assert [head.get("scope") for head in tree.iter("th")] == ["col"] * 4 + ["row"] * 2


@pytest.mark.usefixtures("world")
async def test_names_are_escaped() -> None:
    page = await html_of(DESK)

    assert "&lt;Bas&gt;" in page
    assert "<Bas>" not in page


@pytest.mark.usefixtures("world")
async def test_dutch_by_the_browsers_wish() -> None:
    page = await html_of(DESK, language=DUTCH)

    assert '<html lang="nl">' in page
    assert "02-11-2026" in page
    assert "Toon de pas van Sanne van Dijk" in page


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (UnknownReply("lost"), "there may be a pass that nobody has seen"),
        (Transient("busy"), "Try again in a minute"),
        (Permanent("passes are switched off: switch them on"), "switch them on"),
    ],
)
async def test_what_goes_wrong_at_entra_is_told(
    world: World, error: Transient | Permanent, told: str
) -> None:
    passes_of(world).fails = [error]

    answer = await call(DESK, await form_of(DESK))

    assert answer.status_code == 503
    assert told in answer.get_body().decode()
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.usefixtures("world")
async def test_pass_is_in_no_log_line(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    await call(DESK, await form_of(DESK))

    assert "pass issued" in caplog.text
    assert CODE not in caplog.text
    assert "Dijk" not in caplog.text
