"""Rights of one person and of whole groups, by the command line and over real wires."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from e2e.company import Company, opened

GENERATED = (
    'generated:\n    - {name: Afdelingen, group: "Alle medewerkers {department.name}"}\n  groups:'
)


def add(company: Company, group: str, member_id: str) -> None:
    """An administrator's hand in Entra."""
    entra = company.rig.entra
    entra.add_member(str(entra.group_named(group)["id"]), member_id)


async def test_what_is_given_by_hand_by_exception_and_by_department(tmp_path: Path) -> None:
    async with opened(tmp_path, size=3) as company:
        await company.first_load()
        policy = tmp_path / "policy.yaml"
        text = policy.read_text(encoding="utf-8").replace("groups:", GENERATED, 1)
        strict = text.replace(
            "{department.code: ICT*}", "{department.code: ICT*}\n      managed: strict", 1
        )
        clerk = await company.joins("PZ-KCC")
        account = company.see(clerk).account
        assert account is not None
        add(company, "Informatievoorziening", str(account["id"]))
        admin = company.rig.entra.add_user(
            {"userPrincipalName": "adm-kees@voorbeeld.example", "displayName": "adm-kees"}
        )
        add(company, "Informatievoorziening", admin)

        policy.write_text(strict, "utf-8")
        department = "Alle medewerkers "
        await company.until(
            lambda: (
                any(group.startswith(department) for group in company.see(clerk).groups)
                and "Informatievoorziening" not in company.see(clerk).groups
            ),
            "the department's group made, and the strict one left",
        )
        await company.settled()
        told = await company.instroom("rights", "strays")
        assert "adm-kees@voorbeeld.example (person)" in told
        assert clerk not in told

        until = str(company.today() + timedelta(days=30))
        why = ("--until", until, "--reason", "ticket 7", "--owner", "hoofd PZ")
        given = await company.instroom("exception", "grant", clerk, "Ruimte", *why)
        assert "In force from now" in given
        await company.until(lambda: "Ruimte" in company.see(clerk).groups, "the exception")
        right = "topdesk:Facilitair"
        await company.instroom("exception", "grant", clerk, right, *why)
        await company.until(lambda: company.see(clerk).roles == {"Facilitair"}, "the role")
        listed = await company.instroom("exception", "list")
        assert listed.count("hoofd PZ answers for it") == 2
