"""Three HR systems side by side: AFAS, the library's Nmbrs, and a file with externals."""

from __future__ import annotations

from pathlib import Path

import httpx
from e2e.company import systems

from sandbox.consent import consent
from sandbox.world import library

SOURCES = ("afas", "nmbrs", "csv")


async def test_each_has_people_of_its_own_under_its_own_numbers(tmp_path: Path) -> None:
    async with systems(tmp_path, sources=SOURCES) as company:
        told = await consent(tmp_path / "local.settings.json")
        async with company.hosted():
            await company.first_load()
            librarian, external = company.see("N12-1"), company.see("X1")
            status, parts = await company.health()

    assert "nmbrs is connected" in told
    assert (status, parts["source nmbrs"], parts["source csv"]) == (200, "ok", "ok")
    assert librarian.can_sign_in
    assert "Bibliotheek" in librarian.groups
    assert librarian.card
    assert librarian.card["employeeNumber"] == "N12-1"
    assert company.see("N12-3").manager == "N12-1"
    assert external.can_sign_in
    assert "Informatievoorziening" in external.groups


async def test_a_source_without_consent_stops_no_other(tmp_path: Path) -> None:
    async with systems(tmp_path, sources=SOURCES) as company, company.hosted():
        await company.first_load()
        status, parts = await company.health()
        told = await company.instroom("doctor", expect=1)
        joined = company.see("100001").can_sign_in

    assert (status, parts["source afas"], parts["source csv"]) == (503, "ok", "ok")
    assert "doctor" in parts["source nmbrs"]
    assert "instroom hr connect nmbrs" in told
    assert joined


async def test_joiners_of_all_three_arrive(tmp_path: Path) -> None:
    async with systems(tmp_path, sources=SOURCES) as company:
        await consent(tmp_path / "local.settings.json")
        async with company.hosted():
            await company.first_load()
            company.hire()
            hall = library.HALL
            company.rig.library.hire(department=hall, job=library.LIBRARIAN, start=company.today())
            company.rig.exports.add("Lotte", "ten", "Tijde", company.today())
            company.rig.exports.write("nieuw.csv", rested=True)
            await company.run("hr_poll")
            await company.settled()
            seen = [company.see(number) for number in ("100005", "N12-7", "X4")]
            await company.run("hr_poll")
            await company.settled()
            async with httpx.AsyncClient() as http:
                answer = await http.get(f"{company.rig.address('nmbrs')}/_sandbox/nmbrs")

    ((written,),) = answer.json()["written"].values()
    assert written["contactInfo"]["businessEmail"] == (seen[1].account or {})["userPrincipalName"]
    assert [one.can_sign_in and one.has_card for one in seen] == [True, True, True]
