"""HR is read for the first time: everybody gets what the policy says, once."""

from __future__ import annotations

from pathlib import Path

from e2e.company import DAY, Company, opened

from sandbox.world import Person

GROUP_OF = {
    "ICT": "Informatievoorziening",
    "BV": "Bedrijfsvoering",
    "PZ": "Publiekszaken",
    "RU": "Ruimte",
    "SO": "Sociaal Domein",
}
ROLES_OF = {
    "ICT-SD": {"Servicedesk"},
    "ICT-BEH": {"Servicedesk", "Wijzigingsbeheer"},
    "BV-FAC": {"Facilitair"},
    "BV-HRM": {"Personeelszaken"},
}


async def test_first_load_gives_everyone_what_the_policy_says(tmp_path: Path) -> None:
    async with opened(tmp_path, size=24) as company:
        future = company.hire(start=company.today() + 60 * DAY).number
        await company.first_load()

        people = [p for p in company.rig.world.people.values() if p.number != future]
        for person in people:
            _has_what_is_due(company, person)
        assert company.see(future).account is None
        assert len(company.rig.entra.users) == len(people)
        assert len(company.rig.topdesk.table("persons")) == len(people)

        settled = company.writes()
        await company.run("hr_full_sync")
        await company.settled()
        assert company.writes() == settled, "a second read of the same HR writes nothing"
        assert all("succeeded" in line for line in company.calls_of("apply_entra"))
        listed = await company.instroom("people")
        assert all(f"afas:{person.number}" in listed for person in people)


def _has_what_is_due(company: Company, person: Person) -> None:
    seen, contract = company.see(person.number), person.contracts[0]
    assert seen.account is not None, person.number
    assert seen.can_sign_in
    assert seen.has_card
    assert {"Alle medewerkers", "TOPdesk gebruikers"} <= seen.groups
    area = GROUP_OF.get(contract.department.partition("-")[0])
    assert area is None or area in seen.groups
    assert ("Leidinggevenden" in seen.groups) == (contract.job <= "0004")
    wanted = ROLES_OF.get(contract.department, set())
    if contract.job == "0145":
        wanted = wanted | {"Functioneel beheer"}
    assert seen.roles == wanted
    assert seen.manager == company.rig.world.manager_of(person, contract)
    assert seen.account["department"] == company.rig.world.departments[contract.department].name
