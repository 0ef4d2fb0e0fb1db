"""An administrator sets up single sign-on at the real command line, and people come through it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from e2e.company import Company, opened, systems

from shared.vendors import saml


@pytest.fixture
async def company(tmp_path: Path) -> AsyncIterator[Company]:
    """Without the app: single sign-on needs none of it."""
    async with systems(tmp_path) as made:
        yield made


async def test_single_sign_on_from_plan_to_people(tmp_path: Path) -> None:
    async with opened(tmp_path) as company:
        await _from_plan_to_people(company, tmp_path / "sso")


async def _from_plan_to_people(company: Company, folder: Path) -> None:
    kept = ("--folder", str(folder))
    enterprise = company.rig.entra.enterprise
    await company.run("due")
    operator = await company.joins("ICT-SD", "0141")
    await company.until(lambda: bool(company.see(operator).roles), "the operator card")
    employee = await company.joins()

    plan = await company.instroom("sso", "plan", *kept)
    before = len(enterprise.applications.current)
    setup = await company.instroom("sso", "setup", "--yes", *kept)
    again = await company.instroom("sso", "setup", "--yes", "--language", "en", *kept)

    assert (before, len(enterprise.applications.current)) == (0, 2)
    assert plan.count("create application") == 2
    assert "TOPdesk - Public stands in Entra as the policy says." in setup
    assert "1. Open in TOPdesk Settings > Functional Settings" in setup
    assert again.count("nothing to do") == 2
    assert "1. In TOPdesk open Settings > Functional Settings" in again
    for realm in ("secure", "public"):
        metadata = saml.identity_provider((folder / f"{realm}-metadata.xml").read_bytes())
        assert metadata.entity_id == f"https://sts.windows.net/{company.rig.entra.tenant_id}/"
        assert (folder / f"{realm}.cer").is_file()
        for language in ("nl", "en"):
            page = (folder / f"topdesk.{language}.html").read_text(encoding="utf-8")
            assert f"<td>{realm}-metadata.xml</td>" in page

    check = await company.instroom("sso", "check", *kept)
    assert "wrong" not in check
    assert "1 of 1 people can sign in" in check
    assert "2 of 2 people can sign in" in check

    assert_may(await company.instroom("sso", "test-user", operator, *kept), "can", "can")
    assert_may(await company.instroom("sso", "test-user", employee, *kept), "cannot", "can")
    await _drift_puts_right_what_was_changed(company, employee)
    await _upkeep_sees_what_was_changed(company)


async def _drift_puts_right_what_was_changed(company: Company, number: str) -> None:
    tenant = company.rig.entra
    await company.run("drift")
    [user] = [u for u in tenant.users.values() if u.get("employeeId") == number]
    tenant.store_user({**user, "jobTitle": "Burgemeester"})
    await company.run("drift")
    await company.run("due")
    await company.until(
        lambda: tenant.users[user["id"]]["jobTitle"] == user["jobTitle"], "the job title"
    )

    assert "set attributes jobTitle" in await company.instroom("drift")


async def _upkeep_sees_what_was_changed(company: Company) -> None:
    for principal in company.rig.entra.enterprise.principals.current.values():
        principal["appRoleAssignmentRequired"] = False
    company.let_pass(days=1)
    await company.run("upkeep")
    await company.run("due")
    mails = company.rig.entra.mails
    await company.until(
        lambda: any("dagelijks onderhoud" in mail["subject"] for mail in mails), "the mail"
    )

    assert "appRoleAssignmentRequired" in await company.instroom("upkeep", expect=1)
    assert "are as they were written" in await company.instroom("audit", "verify")


def assert_may(told: str, secure: str, public: str) -> None:
    assert f"TOPdesk - Secure: {secure} sign in" in told
    assert f"TOPdesk - Public: {public} sign in" in told
    assert "the policy gives group 'TOPdesk gebruikers'" in told


async def test_nothing_is_written_without_a_yes(company: Company, tmp_path: Path) -> None:
    told = await company.instroom("sso", "setup", "--folder", str(tmp_path / "sso"), expect=1)

    assert "Do this?" in told
    assert company.rig.entra.enterprise.applications.current == {}


async def test_what_stands_in_the_way_is_told_before_anybody_is_asked(
    company: Company, tmp_path: Path
) -> None:
    company.rig.entra.enterprise.has_p1 = False
    told = await company.instroom("sso", "setup", "--folder", str(tmp_path / "sso"), expect=1)

    assert "no Microsoft Entra ID P1" in told
    assert "Do this?" not in told
    assert company.rig.entra.accepted_writes() == ()


async def test_certificate_is_replaced_in_three_commands(company: Company, tmp_path: Path) -> None:
    kept = ("--folder", str(tmp_path / "sso"))
    early = await company.instroom("sso", "rotate", "secure", *kept, expect=1)
    await company.instroom("sso", "setup", "--yes", *kept)
    [old] = _thumbprints(company, "TOPdesk - Secure")
    told = await company.instroom("sso", "rotate", "secure", *kept)
    [new] = set(_thumbprints(company, "TOPdesk - Secure")) - {old}

    assert "not set up yet: run `instroom sso setup`" in early
    assert f"instroom sso rotate secure --activate {new}" in told
    assert (tmp_path / "sso" / "secure-next.cer").is_file()

    await company.instroom("sso", "rotate", "secure", "--activate", new.lower(), *kept)
    left = await company.instroom("sso", "rotate", "secure", "--retire", *kept)

    assert "TOPdesk - Secure has 1 certificate(s) left." in left
    page = (tmp_path / "sso" / "topdesk.nl.html").read_text(encoding="utf-8")
    assert new in page
    assert old not in page
    assert "<td>public-metadata.xml</td>" in page


def _thumbprints(company: Company, name: str) -> list[str]:
    enterprise = company.rig.entra.enterprise
    [principal] = [p for p in enterprise.principals.current.values() if p["displayName"] == name]
    return [signer.thumbprint for signer in enterprise.signers[principal["id"]]]


async def test_policy_without_the_section_is_told(company: Company, tmp_path: Path) -> None:
    policy = tmp_path / "bare.yaml"
    text = (tmp_path / "policy.yaml").read_text(encoding="utf-8")
    policy.write_text(text.partition("\nsso:")[0], encoding="utf-8")
    told = await company.instroom("sso", "plan", "--policy", str(policy), expect=1)

    assert "says nothing of single sign-on" in told
    assert "docs/sso.md shows one" in told
