"""What does HR get to know of the account? The policy's section `write_back`, a part a source.

Nothing is written to a source that has no part here. What a person should have there is worked
out in policy/desired_hr.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from shared.model.desired import Conflict
from shared.model.hr_field import FREE
from shared.model.person import Record
from shared.policy.choices import Choice, Choices
from shared.policy.fields import ACCOUNT_FIELDS, FIELDS, check_template, names_in
from shared.policy.section import Section

_LOGIN = "{account.login}"
_FROM_THE_LOGIN = frozenset({"work_mail", "portal_mail"})
"""Fields that need no template: they are the address that the account has."""
_FREE_ID = re.compile(r"[^\s:{}]+")


def _template(text: str) -> str:
    check_template(text, FIELDS | ACCOUNT_FIELDS)
    return text


class ValueChoice(Choice):
    """A template made of the person's fields and account, and for whom."""

    value: Annotated[str, AfterValidator(_template)]
    """A template; what comes out empty leaves HR's field as it is."""


def _listed(data: object) -> object:
    """A list of fields as a mapping: each gets the address of the account."""
    if not isinstance(data, list | tuple):
        return data
    if lost := [str(name) for name in data if name not in _FROM_THE_LOGIN]:
        raise ValueError(
            f"{lost[0]} is no field that is the account's address ({', '.join(_known_alone())}); "
            f'write a mapping, with a template for it: {lost[0]}: "..."'
        )
    return dict.fromkeys(data, _LOGIN)


def _known_alone() -> list[str]:
    return sorted(_FROM_THE_LOGIN)


def _not_of_itself[F: Mapping[Any, Any]](fields: F) -> F:
    for field, choices in fields.items():
        for choice in choices:
            if field in names_in(choice.value):
                raise ValueError(f"{field} is written, so HR's {field} is no fact to make it of")
    return fields


def _user(data: object) -> object:
    return {} if data is True else None if data is False else data


def _user_id(text: str) -> str:
    check_template(text, frozenset({"environment", "number"}))
    if "{number}" not in text:
        raise ValueError("must hold {number}, or two people would get one user")
    return text


type AfasField = Literal["work_mail", "portal_mail", "phone", "mobile"]
type NmbrsField = Literal["work_mail", "phone", "mobile"]


class Back(Section):
    """What holds for every HR system that is written to field by field."""

    leaver: Literal["keep", "clear"] = "keep"
    """After the last day what was written stays, or is emptied."""
    conflict: Conflict = Conflict.REPORT
    """A value that somebody else put there: ours replaces it, it stays (theirs), or it stays and
    is reported."""


class FreeField(Section):
    """A field that the customer made in AFAS."""

    view: str = Field(min_length=1)
    """How the view of AFAS_PERSONS_CONNECTOR calls it; by that it is read before it is written."""
    value: Choices[ValueChoice]
    """A template made of the person's fields and account."""


class AfasUser(Section):
    """The AFAS user: what people sign in to InSite with, through Entra."""

    upn: Choices[ValueChoice] = (ValueChoice(value=_LOGIN),)
    """The UPN, by which single sign-on finds the user."""
    mail: Choices[ValueChoice] = (ValueChoice(value=_LOGIN),)
    """The user's mail address."""
    id: Annotated[str, AfterValidator(_user_id)] = "{environment}.{number}"
    """The id of a user that is made; an id that is there already is left as it is."""
    make: bool = True
    """Make a user for whoever has none; else only users that are there are kept right."""


class AfasBack(Back):
    """AFAS: fields of the employee, and the user."""

    fields: Annotated[
        Mapping[AfasField, Choices[ValueChoice]],
        BeforeValidator(
            _listed,
            json_schema_input_type=list[Literal["work_mail", "portal_mail"]]
            | Mapping[AfasField, Choices[ValueChoice]],
        ),
        AfterValidator(_not_of_itself),
    ] = {}
    """Field to template: work_mail, portal_mail, phone, mobile; or a list of the first two."""
    free_fields: Mapping[str, FreeField] = {}
    """A field of your own, by the id that the UpdateConnector KnEmployee knows it under."""
    user: Annotated[
        AfasUser | None, BeforeValidator(_user, json_schema_input_type=bool | AfasUser | None)
    ] = None
    """The AFAS user, through the UpdateConnector KnUser: `true`, or how it differs."""

    def templates(self, source: str) -> Iterator[tuple[str, str, Choices[ValueChoice]]]:
        """Each field, its place in the policy, and what to write."""
        del source
        for field, choices in self.fields.items():
            yield field, f"write_back.afas.fields.{field}", choices
        for free_id, free in self.free_fields.items():
            place = f"write_back.afas.free_fields.{free_id}"
            yield f"{FREE}{free.view}:{free_id}", place, free.value
        if self.user:
            yield "user.upn", "write_back.afas.user.upn", self.user.upn
            yield "user.mail", "write_back.afas.user.mail", self.user.mail

    @model_validator(mode="after")
    def _writes_something(self) -> Self:
        for name in (*self.free_fields, *(free.view for free in self.free_fields.values())):
            if not _FREE_ID.fullmatch(name):
                raise ValueError(f"'{name}' is no field id; write it as AFAS shows it")
        if not any(self.templates("afas")):
            raise ValueError("writes nothing; name fields, such as [work_mail], or leave it out")
        return self


class NmbrsBack(Back):
    """Nmbrs: the business part of the contact data."""

    fields: Annotated[
        Mapping[NmbrsField, Choices[ValueChoice]],
        BeforeValidator(
            _listed,
            json_schema_input_type=list[Literal["work_mail"]]
            | Mapping[NmbrsField, Choices[ValueChoice]],
        ),
        AfterValidator(_not_of_itself),
        Field(min_length=1),
    ]
    """Field to template: work_mail, phone, mobile; or a list with work_mail."""

    def templates(self, source: str) -> Iterator[tuple[str, str, Choices[ValueChoice]]]:
        """Each field, its place in the policy, and what to write."""
        del source
        for field, choices in self.fields.items():
            yield field, f"write_back.nmbrs.fields.{field}", choices


class FactsBack(Section):
    """An HR system that takes three facts: number, mail and UPN."""

    mail: Choices[ValueChoice] = (ValueChoice(value=_LOGIN),)
    """The mail address; the UPN is the account's."""
    leaver: Literal["keep", "clear"] = "keep"
    """After the last day mail and UPN stay, or are emptied."""

    @property
    def conflict(self) -> Conflict:
        """Nobody else writes there."""
        return Conflict.OURS

    def templates(self, source: str) -> Iterator[tuple[str, str, Choices[ValueChoice]]]:
        """Each fact, its place in the policy, and what to write."""
        yield "mail", f"write_back.{source}.mail", self.mail
        yield "upn", f"write_back.{source}", (ValueChoice(value=_LOGIN),)


type Facts = Annotated[
    FactsBack | None, BeforeValidator(_user, json_schema_input_type=bool | FactsBack | None)
]
type Part = AfasBack | NmbrsBack | FactsBack


class WriteBack(Section):
    """What is written back to which HR system; a system that is not named is only read."""

    afas: AfasBack | None = None
    """AFAS Profit, through the UpdateConnectors KnEmployee and KnUser."""
    nmbrs: NmbrsBack | None = None
    """Visma Nmbrs, in the personal information."""
    csv: Facts = None
    """A file for whoever exports by file: `true`, or how it differs. CSV_EXPORT says where."""
    push: Facts = None
    """A webhook to whoever pushes: `true`, or how it differs. PUSH_ACCOUNTS_URL says where."""

    @model_validator(mode="before")
    @classmethod
    def _possible(cls, data: object) -> object:
        if isinstance(data, Mapping) and "exact" in data:
            raise ValueError(
                "Exact Online lets no app write to employees, as far as is known: it is read-only "
                "here. Take `exact` out, and let its administrator type the address or import it"
            )
        return data

    @property
    def fields(self) -> Mapping[str, tuple[str, ...]]:
        """The fields that are written, of each source that is written to."""
        parts = {source: self.part(source) for source in type(self).model_fields}
        return {
            source: tuple(field for field, _, _ in part.templates(source))
            for source, part in parts.items()
            if part
        }

    def part(self, source: str) -> Part | None:
        """What is said of this source; None: nothing is written to it."""
        parts: dict[str, Part | None] = {
            "afas": self.afas,
            "nmbrs": self.nmbrs,
            "csv": self.csv,
            "push": self.push,
        }
        return parts.get(source)

    def heard(self, record: Record) -> Record:
        """What HR itself says: without the fields that are ours, or we would hear our own echo."""
        part = self.part(record.source)
        fields = part.fields if isinstance(part, AfasBack | NmbrsBack) else {}
        owned = {field: None for field in ("phone", "mobile") if field in fields}
        return record.model_copy(update=owned) if owned else record
