"""The HTML of the page for a first sign-in. Every text is escaped here; nothing is decided."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from zoneinfo import ZoneInfo

from shared.console.words import Words
from shared.flow.collectable import Waiting
from shared.flow.first_sign_in import Collected
from shared.model.collector import SIGNED_IN, Collector
from shared.model.desired import TargetName

PATH = "/api/console/first-sign-in"
SIGN_IN = f"/.auth/login/aad?post_login_redirect_uri={PATH}"
REGISTER = "https://aka.ms/mysecurityinfo"


def listed(waiting: Iterable[Waiting], who: Collector, said: Words, zone: ZoneInfo) -> str:
    """Everybody for whom `who` may collect, each with a form."""
    rows = [_row(one, who, said, zone) for one in waiting]
    if not rows:
        return f'<p class="note">{escape(said.nobody)}</p>'
    heads = (said.name, said.first_day, said.department, said.access)
    cells = "".join(f'<th scope="col">{escape(head)}</th>' for head in heads)
    return (
        f"<p>{escape(said.intro)}</p>\n<table>\n<caption>{escape(said.caption)}</caption>\n"
        f"<thead><tr>{cells}</tr></thead>\n<tbody>\n" + "\n".join(rows) + "\n</tbody>\n</table>"
    )


def shown(told: Collected, said: Words, zone: ZoneInfo) -> str:
    """The pass; the only place where it is written."""
    name = told.waiting.name
    login = told.waiting.dossier.target(TargetName.ENTRA).applied.login or ""
    facts = (
        (said.user_name, login),
        (said.until, f"{told.issued.until.astimezone(zone):{said.moment}}"),
        (said.sign_in_at, REGISTER),
    )
    lines = "".join(f"<dt>{escape(term)}</dt><dd>{escape(fact)}</dd>" for term, fact in facts)
    return (
        f'<div class="note" role="status">\n<p>{escape(said.shown_once.format(name=name))}</p>\n'
        f'<output class="code">{escape(told.issued.code.get_secret_value())}</output>\n'
        f"<dl>{lines}</dl>\n</div>\n{back(said)}"
    )


def told(sentence: str, said: Words, *more: str) -> str:
    """A sentence that asks for attention, and what may be done."""
    alert = f'<p class="note stop" role="alert">{escape(sentence)}</p>'
    return "\n".join((alert, *more, back(said)))


def sign_in(said: Words, *, possible: bool) -> str:
    """For somebody whom nobody has signed in."""
    if not possible:
        return f'<p class="note stop" role="alert">{escape(said.off)}</p>'
    link = f'<a href="{SIGN_IN}">{escape(said.sign_in_link)}</a>'
    return f'<p class="note">{escape(said.sign_in)} {link}</p>'


def back(said: Words) -> str:
    """To the list, by a GET."""
    return f'<p><a href="{PATH}">{escape(said.back)}</a></p>'


def access(one: Waiting, who: Collector, said: Words, zone: ZoneInfo) -> str:
    """What can be done for this person, as it stands now."""
    if not one.ready:
        return escape(said.from_day.format(day=f"{one.first_day:{said.day}}"))
    if one.is_new:
        return _form(one, who, said, button=said.show)
    collection = one.collection
    line = said.collected if collection.stage == "issued" else said.unanswered
    at = f"{collection.at.astimezone(zone):{said.moment}}" if collection.at else ""
    before = escape(line.format(who=collection.who.removesuffix(SIGNED_IN), moment=at))
    field = (
        f'<label>{escape(said.reason)}<input type="text" name="reason" required maxlength="300" '
        'autocomplete="off"></label>'
    )
    form = _form(one, who, said, button=said.show_again, field=field)
    return (
        f'<span class="quiet">{before}</span>\n<details><summary>{escape(said.again)}</summary>'
        f"{form}</details>"
    )


def _row(one: Waiting, who: Collector, said: Words, zone: ZoneInfo) -> str:
    return (
        f'<tr><th scope="row">{escape(one.name)}</th><td>{one.first_day:{said.day}}</td>'
        f"<td>{escape(one.department)}</td><td>{access(one, who, said, zone)}</td></tr>"
    )


def _form(one: Waiting, who: Collector, said: Words, *, button: str, field: str = "") -> str:
    name = escape(one.name)
    tick = escape(said.identified.format(name=one.name))
    label = escape(said.show_for.format(name=one.name) if one.is_new else f"{button}: {one.name}")
    return (
        f'<form method="post" action="{PATH}" autocomplete="off" aria-label="{name}">'
        f'<input type="hidden" name="person" value="{escape(one.person_id)}">'
        f'<input type="hidden" name="seen" value="{one.mark(who)}">{field}'
        f'<label><input type="checkbox" name="identified" value="yes" required> {tick}</label>'
        f'<button type="submit" aria-label="{label}">{escape(button)}</button></form>'
    )
