"""Which of several values is this person's? In policy.yaml a value, or a list of choices.

A choice is `{when: <condition>, value: <text>}`, and the first that holds wins. A plain value is
read as one choice without `when`, so whoever uses it knows one shape. A new kind of value needs
its own `Choice` with the type of `value`, and `Choices[...]` or `Total[...]` of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator

from shared.policy.conditions import Condition, holds, parse
from shared.policy.fields import ACCOUNT_FIELDS, FIELDS, Facts, check_template
from shared.policy.section import Section

EVERYONE = Condition()
_SHADOWS = object()
_OPEN_END = object()


def _when(data: object) -> Condition:
    if data is _SHADOWS:
        raise ValueError("without 'when' it ends the list: move it to the end, or say when")
    if data is _OPEN_END:
        raise ValueError("somebody must get a value too whom no choice fits: end without 'when'")
    return parse(data)


type When = Annotated[Condition, BeforeValidator(_when)]
"""A condition on any field of the person and one contract."""


def _person_template(text: str) -> str:
    check_template(text, FIELDS)
    return text


def _card_template(value: str | bool) -> str | bool:  # noqa: FBT001 - a constant of the card
    if isinstance(value, str):
        check_template(value, FIELDS | ACCOUNT_FIELDS)
    return value


type PersonTemplate = Annotated[str, AfterValidator(_person_template)]
type CardTemplate = Annotated[str | bool, AfterValidator(_card_template)]


class Choice(Section):
    """One of several values, and for whom."""

    when: When = EVERYONE
    """For whom; the last choice may leave it out, and is then for everyone else."""
    value: str | bool
    """The value."""


class PersonChoice(Choice):
    """A template made of the person's fields, and for whom."""

    value: PersonTemplate
    """A template; an empty text empties the field."""


class CardChoice(Choice):
    """A template for a TOPdesk card, or true or false, and for whom."""

    value: CardTemplate
    """A template, or true or false; an empty text empties the field."""


def _listed(data: object) -> object:
    """A plain value as a list of one; what stands behind a choice for everyone is refused."""
    if not isinstance(data, list | tuple):
        return [{"value": data}]
    if not data:
        raise ValueError("has an empty list of choices; write a value, or leave the key out")
    return [_marked(one, _SHADOWS) if _is_open(one) else one for one in data[:-1]] + [data[-1]]


def _total(data: object) -> object:
    """The same, and everyone gets a value."""
    choices = _listed(data)
    assert isinstance(choices, list)  # noqa: S101 - just made
    if isinstance(choices[-1], dict) and not _is_open(choices[-1]):
        choices[-1] = _marked(choices[-1], _OPEN_END)
    return choices


def _is_open(choice: object) -> bool:
    return isinstance(choice, dict) and not choice.get("when")


def _marked(choice: object, fault: object) -> object:
    """The choice with its fault in the place of `when`: so it is told with this choice's line."""
    return {**choice, "when": fault} if isinstance(choice, dict) else choice


type Choices[C: Choice] = Annotated[tuple[C, ...], BeforeValidator(_listed)]
"""A value or a list of choices; somebody whom none fits gets an emptied field."""
type Total[C: Choice] = Annotated[tuple[C, ...], BeforeValidator(_total)]
"""A value or a list of choices of which the last is for everyone else."""


@dataclass(frozen=True)
class Pick[V]:
    """The value that somebody gets, and how it was found."""

    value: V
    place: str = ""
    """Which choice: `[1]`; empty for a plain value."""
    because: str = ""
    """The facts that made this choice hold; empty for a plain value."""


def pick[C: Choice](choices: Sequence[C], known: Facts) -> Pick[str | bool] | None:
    """The first choice that holds for these facts; None when none does."""
    if len(choices) == 1 and choices[0].when == EVERYONE:
        return Pick(choices[0].value)
    for place, choice in enumerate(choices):
        if why := holds(choice.when, known):
            told = "no choice before it holds" if choice.when == EVERYONE else why
            return Pick(choice.value, f"[{place}]", told)
    return None
