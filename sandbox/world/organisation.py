"""How is the company built? A tree of departments with the jobs that each of them has.

Small companies are board, divisions and departments. Larger ones get teams below the departments,
about fourteen people each, so that no manager ends up with thousands of reports.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

TEAM_SIZE = 14
BOARD = "DIR"
MANAGER_JOBS = ("0001", "0002", "0003", "0004")
"""Director, and the head of a division, a department and a team."""


class Unit(NamedTuple):
    """A place in the tree before it has a manager; `jobs` are codes of JOBS done there."""

    code: str
    name: str
    parent: str | None
    cost_centre: str
    jobs: tuple[str, ...]


JOBS = {
    "0001": "Directeur",
    "0002": "Divisiemanager",
    "0003": "Afdelingsmanager",
    "0004": "Teamleider",
    "0010": "Bestuurssecretaris",
    "0101": "HR-adviseur",
    "0102": "Salarisadministrateur",
    "0111": "Financieel medewerker",
    "0112": "Controller",
    "0121": "Jurist",
    "0131": "Facilitair medewerker",
    "0141": "Servicedeskmedewerker",
    "0142": "Systeembeheerder",
    "0143": "Ontwikkelaar",
    "0144": "Informatieadviseur",
    "0145": "Functioneel beheerder",
    "0201": "Medewerker burgerzaken",
    "0202": "Klantadviseur",
    "0203": "Communicatieadviseur",
    "0301": "Verkeerskundige",
    "0302": "Vergunningverlener",
    "0303": "Toezichthouder",
    "0304": "Projectleider",
    "0401": "Jeugdconsulent",
    "0402": "Werkcoach",
    "0403": "Wmo-consulent",
    "0501": "Bibliothecaris",
}

_TREE = """
BV     Bedrijfsvoering          1000
BV-HRM Personeel en Organisatie 1100 0101 0102
BV-FIN Financiën                1200 0111 0112
BV-JUR Juridische Zaken         1300 0121
BV-FAC Facilitaire Zaken        1400 0131
ICT    Informatievoorziening    4000
ICT-SD  Servicedesk             4050 0141
ICT-BEH ICT Beheer              4100 0142 0145
ICT-ONT Ontwikkeling            4200 0143
ICT-INF Informatieadvies        4300 0144 0145
PZ     Publiekszaken            2000
PZ-BUR Burgerzaken              2100 0201
PZ-KCC Klantcontactcentrum      2200 0202
PZ-COM Communicatie             2300 0203
RU     Ruimte                   3000
RU-VER Verkeer                  3100 0301 0304
RU-OMG Omgeving & Vergunningen  3200 0302 0303
RU-BOU Bouwen                   3300 0303 0304
SO     Sociaal Domein           5000
SO-JEU Jeugd                    5100 0401
SO-WER Werk en Inkomen          5200 0402
SO-WMO Zorg (Wmo)               5300 0403
"""


def units(size: int) -> Iterator[Unit]:
    """The tree for a company of that many people, parents before children."""
    departments = [line.split() for line in _TREE.strip().splitlines()]
    leaves = sum("-" in words[0] for words in departments)
    teams = round(size / (leaves * TEAM_SIZE))
    yield Unit(BOARD, "Directie", None, "0100", ("0010",))
    for words in departments:
        jobs = tuple(word for word in words if word in JOBS)
        code, cost_centre = words[0], words[-1 - len(jobs)]
        name = " ".join(words[1 : -1 - len(jobs)])
        parent = code.partition("-")[0] if "-" in code else BOARD
        yield Unit(code, name, parent, cost_centre, jobs)
        if jobs and teams > 1:
            for team in range(1, teams + 1):
                yield Unit(f"{code}-{team:03}", f"{name} team {team}", code, cost_centre, jobs)


def manager_job(code: str) -> str:
    """What the head of that unit is: the deeper in the tree, the smaller the title."""
    return MANAGER_JOBS[0 if code == BOARD else 1 + code.count("-")]
