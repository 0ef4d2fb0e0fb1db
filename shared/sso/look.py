"""Read what `check` judges: Entra's and TOPdesk's metadata, the groups' people, TOPdesk's cards.

Reads only. What cannot be read becomes a problem to tell, not an end: one check goes through.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from shared.errors import InstroomError, Misconfigured, Transient
from shared.policy.sso import Realm
from shared.sso.bare import bare
from shared.sso.check import Finding, Member, Seen, certificate, check
from shared.sso.found import Certificate, Found, thumbprint_of
from shared.sso.person import Account, Card
from shared.sso.read import read
from shared.sso.wanted import Wanted
from shared.vendors import saml
from shared.vendors.graph import applications, groups, users
from shared.vendors.graph.client import Graph, Json
from shared.vendors.saml import Publisher
from shared.vendors.topdesk import logins
from shared.vendors.topdesk.tenant import Tenant

_SELECT = "id,userPrincipalName,mail,accountEnabled,employeeId"
_TRIES, _PAUSE_SECONDS = 18, 10.0
"""Three minutes for metadata to show a certificate that was just made active."""
_GROUP = "#microsoft.graph.group"


@dataclass(frozen=True)
class Eyes:
    """What a check looks with."""

    graph: Graph
    publisher: Publisher
    login_url: str
    """Where Entra publishes metadata."""
    topdesk: Tenant | None
    """None: its settings are not there."""


@dataclass(frozen=True)
class Published:
    """What Entra publishes of one application."""

    document: bytes
    url: str
    provider: saml.IdentityProvider


async def published(eyes: Eyes, found: Found) -> Published | None:
    """Entra's metadata; None when there is no application yet."""
    if found.application is None:
        return None
    tenant, app_id = await applications.tenant_id(eyes.graph), found.application.app_id
    document = await eyes.publisher.of_application(eyes.login_url, tenant, app_id)
    url = saml.metadata_url(eyes.login_url, tenant, app_id)
    return Published(document, url, saml.identity_provider(document))


async def published_with_active(
    eyes: Eyes, wanted: Wanted, found: Found, sleep: Callable[[float], Awaitable[None]]
) -> Published:
    """Entra's metadata as soon as it shows the certificate that signs. Raises Transient."""
    active = found.principal.active if found.principal else None
    for _ in range(_TRIES):
        told, problem = await _tried(lambda: published(eyes, found))
        if told and active in {thumbprint_of(each) for each in told.provider.certificates}:
            return told
        await sleep(_PAUSE_SECONDS)
    raise Transient(
        f"{wanted.template}: Entra's metadata does not show the active certificate yet"
        f"{f' ({problem})' if problem else ''}. Run it again in some minutes"
    )


async def watched(
    eyes: Eyes, wanted: Wanted, now: datetime
) -> tuple[tuple[Finding, ...], Certificate | None]:
    """As `checked`, with what the app may read, the certificate's days apart: it may tell them."""
    found = await bare(eyes.graph, wanted)
    findings = check(wanted, found, await look(eyes, wanted, found), now)
    if found.principal is None or found.principal.signing is None:
        return findings, None
    days = set(certificate(found.principal, now))
    return tuple(each for each in findings if each not in days), found.principal.signing


async def checked(eyes: Eyes, wanted: Wanted, now: datetime) -> tuple[Finding, ...]:
    """Read everything about one door, and judge it."""
    found = await read(eyes.graph, wanted)
    return check(wanted, found, await look(eyes, wanted, found), now)


async def look(eyes: Eyes, wanted: Wanted, found: Found) -> Seen:
    """All that `check` needs beside the objects themselves."""
    told, published_problem = await _tried(lambda: published(eyes, found))
    topdesk, topdesk_problem = await _tried(lambda: _service_provider(eyes, wanted))
    cards, cards_problem = await _tried(lambda: _cards(eyes, wanted))
    rows = {name: await _direct(eyes.graph, group.id) for name, group in found.groups.items()}
    return Seen(
        published=told.provider if told else None,
        published_problem=published_problem,
        topdesk=topdesk,
        topdesk_problem=topdesk_problem,
        members={
            name: tuple(member(row, wanted) for row in members if not _is_group(row))
            for name, members in rows.items()
        },
        nested={name: sum(map(_is_group, members)) for name, members in rows.items()},
        cards=cards,
        cards_problem=cards_problem or ("its settings are not here" if cards is None else None),
    )


def member(row: Json, wanted: Wanted) -> Member:
    """An account as far as signing in goes."""
    return Member(
        number=str(row.get("employeeId") or row["id"]),
        enabled=bool(row.get("accountEnabled")),
        login=row.get(wanted.login_property),
    )


async def _tried[T](ask: Callable[[], Awaitable[T]]) -> tuple[T | None, str | None]:
    try:
        return await ask(), None
    except InstroomError as error:
        return None, str(error)


async def _service_provider(eyes: Eyes, wanted: Wanted) -> saml.ServiceProvider | None:
    if wanted.metadata_url is None:
        return None
    return saml.service_provider(await eyes.publisher.at(wanted.metadata_url))


async def _cards(eyes: Eyes, wanted: Wanted) -> dict[str, str] | None:
    if eyes.topdesk is None:
        return None
    secure = wanted.realm is Realm.SECURE
    ask = logins.of_operators if secure else logins.of_persons
    return {each.name.casefold(): each.number for each in await ask(eyes.topdesk)}


async def _direct(graph: Graph, group_id: str | None) -> tuple[Json, ...]:
    return await groups.direct_members(graph, group_id, _SELECT) if group_id else ()


def _is_group(row: Json) -> bool:
    return row.get("@odata.type") == _GROUP


async def person(
    eyes: Eyes, wanted: Wanted, employee_number: str
) -> tuple[Account | None, Card | None]:
    """One person's account and card, as far as this door asks."""
    rows = await users.with_employee_id(eyes.graph, employee_number, _SELECT.split(","))
    account = await _account(eyes.graph, wanted, rows[0]) if rows else None
    if eyes.topdesk is None:
        raise Misconfigured(
            "TOPDESK_URL", "is not set, so the card cannot be read", "Set TOPdesk's settings"
        )
    secure = wanted.realm is Realm.SECURE
    ask = logins.of_operator if secure else logins.of_person
    card = await ask(eyes.topdesk, employee_number)
    return account, Card(card.archived, card.name or None) if card else None


async def _account(graph: Graph, wanted: Wanted, row: Json) -> Account:
    ids = {name: [each["id"] for each in await groups.find(graph, name)] for name in wanted.groups}
    asked = {str(each) for found in ids.values() for each in found}
    has = await users.member_of(graph, str(row["id"]), asked)
    return Account(
        enabled=bool(row.get("accountEnabled")),
        login=row.get(wanted.login_property),
        groups=frozenset(name for name, found in ids.items() if has.intersection(found)),
    )
