from __future__ import annotations

from pathlib import Path

from e2e.company import opened


async def test_manager_of_a_joiner_gets_one_mail_through_graph(tmp_path: Path) -> None:
    async with opened(tmp_path) as company:
        await company.first_load()
        hired = company.hire("ICT-SD", "0141", nickname="Noor", birth_name="Voorbeeldsma")
        await company.webhook(hired.number)
        mails = company.rig.entra.mails
        await company.until(
            lambda: any("Noor" in mail["subject"] for mail in mails), "the manager's mail"
        )
        await company.webhook(hired.number)
        await company.settled()
        listed = await company.instroom("notice", "list")

        about = [mail for mail in mails if f"afas:{hired.number}" in mail["text"]]
        assert len(about) == 1
        assert about[0]["from"] == "instroom@voorbeeld.example"
        assert "Every notice that was meant has been sent." in listed
        assert "Noor" not in company.said()
