"""Who may sign in to TOPdesk with the Entra account, and how? The policy's section `sso`.

TOPdesk has two doors, each an application of its own in Entra: `TOPdesk - Secure` for operators
and `TOPdesk - Public` for the self-service portal (Microsoft Entra, "Configure TOPdesk - Secure
for single sign-on", and the same for Public). Called by `instroom sso`; provisioning never reads
this.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from enum import StrEnum
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from shared.policy.section import Section

NAME_CLAIM = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name"
_HERE = frozenset({"127.0.0.1", "localhost"})


class Realm(StrEnum):
    """TOPdesk's two doors."""

    SECURE = "secure"
    """The operator's section."""
    PUBLIC = "public"
    """The self-service portal."""


def _address(text: str) -> str:
    parts = urlsplit(text)
    plain = parts.scheme == "http" and parts.hostname in _HERE
    if not parts.hostname or not (parts.scheme == "https" or plain):
        raise ValueError("is no address; write it with https://")
    return text


def _base(text: str) -> str:
    if urlsplit(_address(text)).path.strip("/"):
        raise ValueError("is written without a path, such as https://voorbeeld.topdesk.net")
    return text.rstrip("/")


type Address = Annotated[str, AfterValidator(_address)]
type Base = Annotated[str, AfterValidator(_base)]
type Mail = Annotated[str, Field(pattern=r"^[^@\s,]+@[^@\s,]+\.[^@\s,]+$")]


class SsoRealm(Section):
    """One of TOPdesk's doors."""

    identifier: Address
    """The entity id in the metadata that TOPdesk lets you download for this door."""
    groups: tuple[str, ...] = Field(min_length=1)
    """Who may sign in here: groups of `entra.groups`, for only direct members get in."""
    application: str = Field(default="", max_length=120)
    """What the application is called in Entra; when left out the name of the gallery's."""
    reply_url: Address | None = None
    """AssertionConsumerService in that metadata; when left out as TOPdesk usually has it."""
    sign_on_url: Address | None = None
    """Where My Apps sends people; when left out TOPdesk's address."""
    logout_url: Address | None = None
    """SingleLogoutService in that metadata; when left out Entra's value is left alone."""
    metadata_url: Address | None = None
    """Where TOPdesk publishes that metadata, for `instroom sso check` to compare."""
    my_apps: bool = True
    """Is the application shown in My Apps?"""


class Sso(Section):
    """Single sign-on between Entra and TOPdesk."""

    topdesk: Base
    """TOPdesk's address as people open it, such as `https://voorbeeld.topdesk.net`."""
    notify: tuple[Mail, ...] = Field(min_length=1, max_length=5)
    """Mail addresses that Entra warns before a certificate expires; at most five."""
    claim: Address = NAME_CLAIM
    """The claim with the login name: what TOPdesk's "User name attribute" names."""
    login: Literal["userprincipalname", "mail"] = "userprincipalname"
    """Which property of the Entra account is the login name on TOPdesk's cards."""
    watch: bool = True
    """Does the daily upkeep look whether it is still right? The app needs to read it then."""
    certificate_days: int = Field(default=1095, ge=90, le=1095)
    """How long a signing certificate lasts; Entra allows three years."""
    secure: SsoRealm | None = None
    """TOPdesk - Secure, for operators."""
    public: SsoRealm | None = None
    """TOPdesk - Public, for the self-service portal."""

    @property
    def realms(self) -> dict[Realm, SsoRealm]:
        """The doors that the policy describes."""
        doors = {Realm.SECURE: self.secure, Realm.PUBLIC: self.public}
        return {realm: door for realm, door in doors.items() if door}


type Place = tuple[str | int, ...]


def unfilled(sso: Sso | None, filled: Collection[str]) -> Iterator[tuple[Place, str]]:
    """Groups of this section that no rule of `entra.groups` fills: the place, and the mend."""
    for realm, door in (sso.realms if sso else {}).items():
        for number, group in enumerate(door.groups):
            if group not in filled:
                told = (
                    f"no rule of entra.groups fills '{group}', so nobody could sign in through "
                    "it: write the rule, or name a group that has one"
                )
                yield ("sso", realm.value, "groups", number), told
