"""How does a joiner get in on day one? The policy's section `first_sign_in`.

Called by `instroom first-sign-in` and the page; provisioning only asks whether somebody will come
for a pass.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from shared.policy.section import Section

OBJECT_ID = r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"


class By(StrEnum):
    """By which road a pass reaches the joiner."""

    NONE = "none"
    """None: the service desk gives a password by hand."""
    COLLECT = "collect"
    """Somebody who has seen who it is collects a pass for them."""
    MAIL = "mail"
    """The manager gets one by mail on the first day; it can be collected too."""


class Mfa(StrEnum):
    """What the sign-in of a collector must say of a second factor."""

    REQUIRED = "required"
    """That there was one."""
    WHEN_TOLD = "when_told"
    """Nothing; but when it speaks of how they signed in, there was one."""


class Collectors(Section):
    """Who may collect for everybody, such as the service desk."""

    groups: tuple[Annotated[str, Field(pattern=OBJECT_ID)], ...] = ()
    """Object ids of Entra groups that stand in the sign-in's `groups` claim."""
    roles: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    """App roles that stand in its `roles` claim."""
    manager: bool = True
    """May people's own manager collect for them?"""


class FirstSignIn(Section):
    """How somebody whose account was made here signs in for the first time."""

    by: By = By.NONE
    """`collect`: a Temporary Access Pass on a page; `mail`: mailed too; `none`: nothing."""
    lifetime_minutes: int = Field(default=60, ge=10, le=43_200)
    """How long a pass can be used; within the limits of the tenant's own policy."""
    once: bool = True
    """Can it be used one time only?"""
    open_days: int = Field(default=14, ge=1, le=180)
    """So many days from the first day, or from the making of the account, it can be collected."""
    mfa: Mfa = Mfa.REQUIRED
    """Whether a collector's sign-in must say that there was a second factor."""
    collectors: Collectors = Collectors()

    @property
    def is_on(self) -> bool:
        """Are there passes at all?"""
        return self.by is not By.NONE

    @model_validator(mode="after")
    def _somebody(self) -> Self:
        who = self.collectors
        if self.is_on and not (who.groups or who.roles or who.manager):
            raise ValueError("nobody could collect: name groups or roles, or let managers")
        return self
