"""Who is born in Active Directory, and where there? The policy's section `active_directory`.

Whom Active Directory masters already shows in Entra itself and needs no word here.
"""

from __future__ import annotations

from typing import Literal

from shared.model.desired import Reason
from shared.policy.choices import Choice, Choices, PersonChoice, pick
from shared.policy.fields import Facts, fill
from shared.policy.section import Section


class WhereChoice(Choice):
    """Where accounts are made, and for whom."""

    value: Literal["cloud", "ad"]
    """`cloud`: Instroom makes the account in Entra. `ad`: somebody is asked to make it in AD."""


class ActiveDirectory(Section):
    """People whose account is made in Active Directory and synchronised to Entra."""

    where: Choices[WhereChoice] = ()
    """Where an account that is not there yet is made: `cloud`, or `ad` for those of a choice."""
    path: Choices[PersonChoice] = ()
    """The organisational unit for it, such as `OU=Staff,DC=voorbeeld,DC=local`."""

    def born_in_ad(self, known: Facts) -> Reason | None:
        """Why this person's account is made in Active Directory; None when it is not."""
        found = pick(self.where, known)
        if found is None or found.value != "ad":
            return None
        because = found.because or "the same for everyone"
        return Reason(rule=f"active_directory.where{found.place}", because=because)

    def unit(self, known: Facts) -> str:
        """The organisational unit; empty when the policy names none."""
        found = pick(self.path, known)
        return (fill(str(found.value), known) or "") if found else ""
