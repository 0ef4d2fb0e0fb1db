"""Going live in steps, whole: report writes to neither system, and then it is switched on."""

from __future__ import annotations

import csv
from pathlib import Path

from e2e.company import opened

REPORT = "targets: {entra: {stage: report}, topdesk: {stage: report}}\n"


async def test_report_writes_nothing_and_switching_on_writes_it_all(tmp_path: Path) -> None:
    async with opened(tmp_path, size=3) as company:
        policy = tmp_path / "policy.yaml"
        good = policy.read_text(encoding="utf-8")
        policy.write_text(good + REPORT, encoding="utf-8")
        before = company.writes()
        number, *others = company.rig.world.people
        old = company.rig.entra.add_user(
            {"userPrincipalName": f"oud@{company.rig.entra.domain}", "employeeId": number}
        )

        await company.first_load()

        assert company.writes() == before
        people = 1 + len(others)
        told = await company.instroom("rollout", "--csv", str(tmp_path / "rollout.csv"))
        assert "entra: stage report, nothing is written, for everybody" in told
        assert f"{people} people in scope: 0 as they should be (0.0 %), {people} differ" in told
        told = await company.instroom("takeover", "--csv", str(tmp_path / "takeover.csv"))
        with (tmp_path / "takeover.csv").open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file, delimiter=";"))
        assert [r["account"] for r in rows if r["what"] == "matched"] == [old]
        assert f"{len(others)} without an account: would get one" in told
        assert company.writes() == before

        policy.write_text(good, encoding="utf-8")
        await company.until(
            lambda: all(company.see(one).has_card for one in (number, *others)),
            "everybody in both systems",
        )
        account = company.see(number).account
        assert account is not None
        assert account["id"] == old
