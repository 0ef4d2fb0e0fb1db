"""Is one of TOPdesk's doors still right, and who gets through it? Judges what `look` has read.

Pure. Called by `instroom sso check` and by the daily upkeep: every line is a finding with how
it is mended. People are named by employee number.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from shared.sso.found import Found, Principal, thumbprint_of
from shared.sso.plan import plan
from shared.sso.wanted import Wanted
from shared.vendors.saml import IdentityProvider, ServiceProvider

NOTICE_DAYS = (7, 30, 60)
"""So many days before its end a certificate is spoken of, each time louder."""
_SHOWN = 20
"""So many numbers in one finding; the rest is counted."""


class Level(StrEnum):
    """How bad is it?"""

    OK = "ok"
    NOTICE = "notice"
    """Nothing is broken yet, or somebody should know."""
    WRONG = "wrong"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    level: Level
    what: str
    mend: str = ""


@dataclass(frozen=True)
class Member:
    """A direct member of a group that may sign in."""

    number: str
    """Employee number; the object id of an account that has none."""
    enabled: bool
    login: str | None
    """What the claim will hold."""


@dataclass(frozen=True)
class Seen:
    """What `look` read beside Graph's objects. A problem stands where an answer is missing."""

    published: IdentityProvider | None = None
    published_problem: str | None = None
    topdesk: ServiceProvider | None = None
    topdesk_problem: str | None = None
    members: Mapping[str, tuple[Member, ...]] = field(default_factory=dict)
    """By group, direct ones."""
    nested: Mapping[str, int] = field(default_factory=dict)
    """How many groups are in a group: their members do not get in."""
    cards: Mapping[str, str] | None = None
    """Login names of TOPdesk's cards in use, casefolded, to employee numbers."""
    cards_problem: str | None = None


def check(wanted: Wanted, found: Found, seen: Seen, now: datetime) -> tuple[Finding, ...]:
    """Everything about one door; all of it `ok` when people can sign in as the policy says."""
    return tuple(_findings(wanted, found, seen, now))


def _findings(wanted: Wanted, found: Found, seen: Seen, now: datetime) -> Iterator[Finding]:
    left = plan(wanted, found)
    for change in left.changes:
        yield _wrong(f"not as the policy says: {change}", "`instroom sso setup` mends it")
    for obstacle in left.obstacles.values():
        yield _wrong(obstacle)
    if not left.changes and not left.obstacles:
        but = "" if found.claims_known else ", but for the claim, which the app may not read"
        yield _ok(f"every value in Entra is as the policy says{but}")
    if found.principal is None:
        return
    if not found.principal.enabled:
        yield _wrong(
            "the application is switched off in Entra",
            "Set 'Enabled for users to sign-in' to Yes under its Properties",
        )
    yield from certificate(found.principal, now)
    yield from _published(found.principal, seen)
    yield from _topdesk(wanted, seen)
    yield from _groups(wanted, found, found.principal, seen)
    yield from _people(wanted, seen)


def certificate(principal: Principal, now: datetime) -> Iterator[Finding]:
    """How long does the certificate that signs last?"""
    signing = principal.signing
    if signing is None:
        return  # the plan says so
    days = (signing.not_after - now).days
    told = f"the signing certificate ends on {signing.not_after:%d-%m-%Y}, in {days} days"
    mend = "`instroom sso rotate` prepares the next one"
    if signing.not_after <= now:
        yield _wrong(f"the signing certificate ended on {signing.not_after:%d-%m-%Y}", mend)
    elif near := next((each for each in NOTICE_DAYS if days <= each), None):
        level = Level.WRONG if near == NOTICE_DAYS[0] else Level.NOTICE
        yield Finding(level, f"{told} (within {near})", mend)
    else:
        yield _ok(told)


def _published(principal: Principal, seen: Seen) -> Iterator[Finding]:
    if seen.published is None:
        problem = seen.published_problem or "was not asked"
        yield _wrong(
            f"Entra's metadata cannot be read: {problem}",
            "Open the address of the page in a browser; TOPdesk must reach it too",
        )
    elif principal.active not in {thumbprint_of(each) for each in seen.published.certificates}:
        yield _wrong(
            "Entra's metadata does not show the active certificate",
            "It lags some minutes behind a rotation; look again, then run `instroom sso rotate`",
        )
    else:
        yield _ok("Entra's metadata can be read and shows the active certificate")


def _topdesk(wanted: Wanted, seen: Seen) -> Iterator[Finding]:
    if wanted.metadata_url is None:
        return
    if seen.topdesk is None:
        problem = seen.topdesk_problem or "was not asked"
        key = f"sso.{wanted.realm}.metadata_url"
        yield _wrong(f"TOPdesk's metadata cannot be read: {problem}", f"Mend {key}")
        return
    equal = True
    if seen.topdesk.entity_id != wanted.identifier:
        equal = False
        yield _wrong(
            f"TOPdesk calls itself {seen.topdesk.entity_id}, Entra expects {wanted.identifier}",
            f"Write TOPdesk's value as sso.{wanted.realm}.identifier, then `instroom sso setup`",
        )
    if wanted.reply_url not in seen.topdesk.reply_urls:
        equal = False
        takes = ", ".join(seen.topdesk.reply_urls) or "nowhere"
        yield _wrong(
            f"TOPdesk takes answers at {takes}, Entra sends them to {wanted.reply_url}",
            f"Write TOPdesk's value as sso.{wanted.realm}.reply_url, then `instroom sso setup`",
        )
    if equal:
        yield _ok("entity id and reply URL are those of TOPdesk's own metadata")


def _groups(wanted: Wanted, found: Found, principal: Principal, seen: Seen) -> Iterator[Finding]:
    for name in wanted.groups:
        members, nested = seen.members.get(name, ()), seen.nested.get(name, 0)
        if members:
            yield _ok(f"group '{name}' has {len(members)} people")
        elif not found.groups[name].problem:
            yield _wrong(
                f"group '{name}' is empty: nobody can sign in through it",
                "See `instroom people` for what its people wait for",
            )
        if nested:
            yield _wrong(
                f"group '{name}' holds {nested} other groups, whose members cannot sign in",
                "Entra looks at direct members only: let a rule of entra.groups put them in",
            )
    ours = {group.id for group in found.groups.values()}
    others = [each for each in principal.assignments if each.principal_id not in ours]
    if others:
        kinds = Counter(each.kind.lower() or "object" for each in others)
        told = ", ".join(f"{count} {kind}(s)" for kind, count in sorted(kinds.items()))
        yield Finding(
            Level.NOTICE,
            f"assigned beside the policy: {told}; they may sign in too",
            "Entra > Enterprise applications > Users and groups shows them",
        )


def _people(wanted: Wanted, seen: Seen) -> Iterator[Finding]:
    people = {each.number: each for group in seen.members.values() for each in group}
    if not people:
        return
    off = [number for number, each in people.items() if not each.enabled]
    if off:
        yield Finding(
            Level.NOTICE, f"{_numbers(off)}: account disabled, no sign-in until it is enabled"
        )
    nameless = [n for n, each in people.items() if each.enabled and not each.login]
    if nameless:
        yield _wrong(
            f"{_numbers(nameless)}: the account has no {wanted.login_property}, so the claim is "
            "empty",
            "Give it one, or set sso.login to the other property",
        )
    if seen.cards is None:
        problem = seen.cards_problem or "was not asked"
        yield Finding(Level.NOTICE, f"TOPdesk's cards were not compared: {problem}")
        return
    able = [n for n, each in people.items() if each.enabled and each.login]
    cardless = [n for n in able if str(people[n].login).casefold() not in seen.cards]
    if cardless:
        yield _wrong(
            f"{_numbers(cardless)}: no card in use has their login name as {wanted.card_field}",
            "`instroom sso test-user` says why, one by one",
        )
    yield _ok(f"{len(able) - len(cardless)} of {len(people)} people can sign in")
    logins = {str(each.login).casefold() for each in people.values() if each.login}
    outside = [number for login, number in seen.cards.items() if login not in logins]
    if outside:
        yield Finding(
            Level.NOTICE,
            f"{_cards(outside)}: a login name and not in the groups, so only with a password of "
            "TOPdesk's",
        )


def _cards(numbers: Collection[str]) -> str:
    """Cards by employee number; those without one, as of an administrator, are counted."""
    known = [number for number in numbers if number]
    without = len(numbers) - len(known)
    told = [_numbers(known)] if known else []
    told += [f"{without} card(s) without employee number"] if without else []
    return " and ".join(told)


def _numbers(numbers: Collection[str]) -> str:
    shown = ", ".join(sorted(numbers)[:_SHOWN])
    rest = len(numbers) - _SHOWN
    return f"{shown} and {rest} more" if rest > 0 else shown


def _ok(what: str) -> Finding:
    return Finding(Level.OK, what)


def _wrong(what: str, mend: str = "") -> Finding:
    return Finding(Level.WRONG, what, mend)
