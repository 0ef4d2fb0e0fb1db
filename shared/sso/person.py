"""Why can this person sign in to TOPdesk, or why not? Every link of the chain, in its order.

Pure. Called by `instroom sso test-user`, which gathers the facts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from shared.model.desired import Reason
from shared.sso.wanted import Wanted


@dataclass(frozen=True)
class Account:
    """The Entra account."""

    enabled: bool
    login: str | None
    groups: Collection[str]
    """Of the door's groups by name: those of which it is a direct member."""


@dataclass(frozen=True)
class Card:
    """A card in TOPdesk."""

    archived: bool
    login: str | None


@dataclass(frozen=True)
class Facts:
    """All that is known of one person at one door."""

    rights: Mapping[str, Sequence[Reason]]
    """Of the door's groups by name: those that the policy gives today, with the rules."""
    account: Account | None
    card: Card | None


@dataclass(frozen=True)
class Link:
    """One condition, whether it holds, and what to do when it does not."""

    holds: bool
    told: str


def chain(wanted: Wanted, facts: Facts) -> tuple[Link, ...]:
    """What must hold for this person to get in; they do when all of it holds."""
    return tuple(_links(wanted, facts))


def _links(wanted: Wanted, facts: Facts) -> Iterator[Link]:
    yield from _rule(wanted, facts)
    account, card = facts.account, facts.card
    if account is None:
        yield Link(holds=False, told="there is no Entra account: see `instroom people`")
    else:
        yield from _account(wanted, account)
    yield from _card(wanted, card)
    if account and account.login and card and card.login:
        yield _same_name(wanted, account.login, card.login)


def _rule(wanted: Wanted, facts: Facts) -> Iterator[Link]:
    for name, reasons in facts.rights.items():
        why = "; ".join(f"{each.rule}: {each.because}" for each in reasons)
        yield Link(holds=True, told=f"the policy gives group '{name}' ({why})")
    if not facts.rights:
        groups = ", ".join(f"'{name}'" for name in wanted.groups)
        yield Link(
            holds=False,
            told=f"the policy gives none of the groups {groups}: see entra.groups, and `instroom "
            "preview` for what it does give",
        )


def _account(wanted: Wanted, account: Account) -> Iterator[Link]:
    if account.groups:
        names = ", ".join(f"'{name}'" for name in sorted(account.groups))
        yield Link(holds=True, told=f"the account is a direct member of {names}")
    else:
        yield Link(
            holds=False,
            told="the account is in none of these groups in Entra: see `instroom people` for what "
            "it waits for",
        )
    yield (
        Link(holds=True, told="the account can sign in")
        if account.enabled
        else Link(
            holds=False, told="the account is disabled: before the first day or after the last?"
        )
    )
    if not account.login:
        yield Link(
            holds=False,
            told=f"the account has no {wanted.login_property}, so the claim is empty",
        )


def _card(wanted: Wanted, card: Card | None) -> Iterator[Link]:
    kind = "operator card" if wanted.card_field == "loginName" else "person card"
    if card is None:
        yield Link(holds=False, told=f"there is no {kind} in TOPdesk: see `instroom people`")
    elif card.archived:
        yield Link(holds=False, told=f"the {kind} is archived")
    elif not card.login:
        yield Link(holds=False, told=f"the {kind} has no {wanted.card_field}: see topdesk.card")
    else:
        yield Link(holds=True, told=f"the {kind} is in use")


def _same_name(wanted: Wanted, login: str, on_card: str) -> Link:
    """Case does not matter to what we compare; whether it does to TOPdesk nobody says."""
    if login.casefold() == on_card.casefold():
        return Link(holds=True, told=f"{wanted.card_field} on the card equals the claim")
    return Link(
        holds=False,
        told=f"{wanted.card_field} on the card is another name than the account's "
        f"{wanted.login_property}: see topdesk.card and sso.login",
    )
