"""Under which user name should this person be known, and must an old name make way for it?

Pure; called by desired. A name counts as changed when today's policy makes another one of the
facts of today than of the facts the account was named for. So a new pattern in the policy renames
nobody, and neither does a fact that no pattern and no condition speaks of.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from shared.policy.choices import pick
from shared.policy.conditions import Condition
from shared.policy.document import Policy
from shared.policy.fields import Facts, fill, names_in


@dataclass(frozen=True)
class Naming:
    """How somebody is to be called in Entra."""

    names: tuple[str, ...]
    """The patterns filled in, best first; they are not legal local parts yet."""
    domain: str
    named_for: Mapping[str, str]
    """The facts that went into it, to be remembered with the account."""
    renamed: bool
    """The account was named for other facts, and the policy says that its name follows."""


def naming(policy: Policy, known: Facts, named_for: Mapping[str, str]) -> Naming:
    """By these facts; `named_for` is what the account was named for, empty when that is unknown.

    A fact that was not remembered, because the policy did not speak of it then, counts as equal.
    """
    names, domain = _filled(policy, known)
    before = _filled(policy, {**known, **named_for})
    follows = policy.names.on_rename == "follow" and bool(named_for)
    return Naming(
        names=names,
        domain=domain,
        named_for={field: known[field] for field in sorted(set(_fields(policy)))},
        renamed=follows and (names, domain) != before,
    )


def _filled(policy: Policy, known: Facts) -> tuple[tuple[str, ...], str]:
    names = tuple(filter(None, (fill(pattern, known) for pattern in policy.names.user_name)))
    picked = pick(policy.organisation.mail_domains, known)
    return names, str(picked.value) if picked else policy.organisation.mail_domain


def _fields(policy: Policy) -> Iterator[str]:
    """Every field that decides on a name."""
    for pattern in policy.names.user_name:
        yield from names_in(pattern)
    for choice in policy.organisation.mail_domains:
        yield from _spoken_of(choice.when)


def _spoken_of(condition: Condition) -> Iterator[str]:
    if condition.field:
        yield condition.field
    for part in condition.parts:
        yield from _spoken_of(part)
