"""The policy file changes while the app runs: a good one reaches everybody, a bad one nobody."""

from __future__ import annotations

from pathlib import Path

from e2e.company import opened

FINANCE = "    - group: Financiële administratie\n      when: {department.code: BV-FIN*}\n"


async def test_new_policy_reaches_everyone_and_a_mistake_reaches_nobody(tmp_path: Path) -> None:
    async with opened(tmp_path, size=3) as company:
        await company.first_load()
        policy = tmp_path / "policy.yaml"
        good = policy.read_text(encoding="utf-8")
        assert FINANCE in good

        policy.write_text(
            good.replace(FINANCE, "    - group: Financiële administratie\n"), "utf-8"
        )
        people = list(company.rig.world.people)
        await company.until(
            lambda: all("Financiële administratie" in company.see(n).groups for n in people),
            "the new group for everyone",
        )
        await company.settled()

        before = company.writes()
        other = tmp_path / "other.yaml"
        other.write_text(good.replace("group: Leidinggevenden", "group: Leiders"), "utf-8")
        told = await company.instroom("policy", "check", str(other), expect=1)
        line = next(n for n, line in enumerate(good.splitlines(), 1) if "Leidinggevenden" in line)
        assert f"line {line}: group 'Leiders' is not in Entra: create it" in told
        assert "is right" in await company.instroom("policy", "check")

        policy.write_text(good.replace("entra:\n", "entry:\n"), "utf-8")
        await company.settled()
        status, parts = await company.health()
        assert company.writes() == before
        assert status == 503
        assert "policy.yaml" in parts["policy"]
        assert "entry" in parts["policy"]
        joiner = await company.joins(birth_name="Bovenal")
        await company.settled()
        assert "Financiële administratie" in company.see(joiner).groups, "by the last good policy"

        policy.write_text(good, "utf-8")
        await company.until(
            lambda: not any("Financiële administratie" in company.see(n).groups for n in people),
            "the group taken back",
        )
        assert (await company.health())[0] == 200
