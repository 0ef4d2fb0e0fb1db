"""The page on which a colleague collects a joiner's pass: GET lists, POST issues and shows once.

Called by triggers. The pass goes into the answer to the POST and nowhere else. A form carries the
mark of what was shown to exactly this person, which no other site can know; a form that is sent
twice, or after somebody else's, shows how it stands instead of a second pass.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs

from shared import flow, log
from shared.console import first_sign_in_html as html
from shared.console.page import Answer, page
from shared.console.principal import NotSignedIn, signed_in
from shared.console.words import Words, words
from shared.errors import InstroomError, Permanent, UnknownReply
from shared.flow.first_sign_in import NotCollected, Why
from shared.flow.service import Service
from shared.model.collector import SIGNED_IN, Collector
from shared.model.person import PersonId

MOST = 4096
_PERSON = re.compile(r"[0-9A-Za-z-]{1,64}")
_STATUS: Mapping[Why, int] = {
    "off": 404,
    "second factor": 403,
    "unknown": 404,
    "not ready": 409,
    "again": 409,
    "meanwhile": 409,
    "busy": 409,
}


@dataclass(frozen=True)
class Request:
    """A call, as far as this page is concerned."""

    method: str
    headers: Mapping[str, str]
    body: bytes
    platform: bool
    """Is App Service's authentication on?"""


@dataclass(frozen=True)
class _Asked:
    """A form that was sent."""

    person: PersonId
    seen: str
    reason: str
    identified: bool


@dataclass(frozen=True)
class _Desk:
    """Whoever is signed in, at this page."""

    service: Service
    who: Collector
    said: Words

    def answer(self, status: int, body: str, title: str | None = None) -> Answer:
        """The page with this body."""
        name, language = self.who.name.removesuffix(SIGNED_IN), self.said.language
        made = page(title=title or self.said.title, language=language, who=name, body=body)
        return Answer(status, made)

    def refused(self, status: int, sentence: str, *more: str) -> Answer:
        """The page that says why not."""
        return self.answer(status, html.told(sentence, self.said, *more), self.said.refused_title)


def who_calls(request: Request) -> Collector | Answer:
    """Who is signed in; else the page that says how to become that."""
    try:
        return signed_in(request.headers, platform=request.platform)
    except NotSignedIn as nobody:
        said = words(request.headers.get("Accept-Language", ""))
        body = html.sign_in(said, possible=nobody.platform)
        return Answer(401, page(title=said.title, language=said.language, who="", body=body))


async def answer(service: Service, who: Collector, request: Request) -> Answer:
    """What the browser of `who` gets."""
    desk = _Desk(service, who, words(request.headers.get("Accept-Language", "")))
    try:
        if request.method == "POST":
            return await _collect(desk, request)
        return await _list(desk)
    except NotCollected as refused:
        return await _why_not(desk, refused)
    except UnknownReply:
        return desk.refused(503, desk.said.lost)
    except Permanent as error:
        return desk.refused(503, desk.said.not_issued.format(reason=error.reason))
    except InstroomError as error:
        log.warning("first sign-in page", problem=str(error))
        return desk.refused(503, desk.said.later)


async def _list(desk: _Desk) -> Answer:
    waiting = await flow.first_sign_ins(desk.service, desk.who)
    zone = (await desk.service.active_policy())[1].zone
    return desk.answer(200, html.listed(waiting, desk.who, desk.said, zone))


async def _collect(desk: _Desk, request: Request) -> Answer:
    asked = _read(request)
    if asked is None:
        return desk.refused(400, desk.said.not_understood)
    if not asked.identified:
        return desk.refused(400, desk.said.identify_first)
    told = await flow.collect_pass(
        desk.service, asked.person, desk.who, seen=asked.seen, reason=asked.reason
    )
    zone = (await desk.service.active_policy())[1].zone
    title = desk.said.shown_title.format(name=told.waiting.name)
    return desk.answer(200, html.shown(told, desk.said, zone), title)


async def _why_not(desk: _Desk, refused: NotCollected) -> Answer:
    """The sentence; and when something can be done for that person, the form for it."""
    sentence = desk.said.refused[refused.why]
    waiting = refused.waiting
    if waiting is None or refused.why not in ("again", "meanwhile"):
        return desk.refused(_STATUS[refused.why], sentence)
    zone = (await desk.service.active_policy())[1].zone
    form = html.access(waiting, desk.who, desk.said, zone)
    return desk.refused(_STATUS[refused.why], sentence, f'<section class="note">{form}</section>')


def _read(request: Request) -> _Asked | None:
    """The form; None when it is none of ours.

    `Sec-Fetch-Site` is a browser's own word for where a form was sent from (W3C, "Fetch Metadata
    Request Headers"): one from elsewhere is not looked at.
    """
    if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        return None
    if len(request.body) > MOST:
        return None
    try:
        said = parse_qs(request.body.decode("ascii"), max_num_fields=10, errors="strict")
    except ValueError:
        return None
    one = {name: values[0] for name, values in said.items() if len(values) == 1}
    if "seen" not in one or not _PERSON.fullmatch(one.get("person", "")):
        return None
    reason, identified = one.get("reason", ""), one.get("identified") == "yes"
    return _Asked(PersonId(one["person"]), one["seen"], reason, identified)
