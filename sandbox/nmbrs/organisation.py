"""Debtors, their companies, and the departments, functions and managers that hang on a debtor."""

from __future__ import annotations

import uuid
from typing import Any

from sandbox.nmbrs.environment import Environment
from sandbox.nmbrs.wire import Refused
from sandbox.world import World
from sandbox.world.organisation import JOBS

_SPACE = uuid.UUID("6f1d2c30-0000-4000-8000-000000000001")

type Rows = list[dict[str, Any]]


def company_id(number: int) -> str:
    """The id of the company with that number."""
    return str(uuid.uuid5(_SPACE, f"company/{number}"))


def debtor_id(number: int) -> str:
    """The id of the debtor with that number."""
    return str(uuid.uuid5(_SPACE, f"debtor/{number}"))


class Organisation:
    """What is said of the organisation and not of its people."""

    def __init__(self, world: World, environment: Environment) -> None:
        self.world = world
        self.environment = environment

    def rows(self, name: str, debtor: str) -> Rows:
        """The list of that name; of a debtor, unless it is the list of debtors."""
        known = {debtor_id(number): number for number in self.environment.debtors}
        if name == "debtors":
            return [
                {"debtorId": id_, "number": number, "name": f"Debiteur {number}"}
                for id_, number in known.items()
            ]
        if debtor not in known:
            raise Refused(404, 40401, "Not_Found")
        match name:
            case "companies":
                return self._companies(known[debtor])
            case "departments":
                return self._departments()
            case "functions":
                return [
                    {"functionId": f"{code}", "code": int(code), "description": title}
                    for code, title in JOBS.items()
                ]
        return [row for unit in self._departments() for row in unit["managers"]]

    def _companies(self, debtor: int) -> Rows:
        return [
            {
                "companyId": company_id(firm.number),
                "number": firm.number,
                "name": firm.name,
                "debtorId": debtor_id(debtor),
            }
            for firm in self.environment.firms
            if firm.debtor == debtor
        ]

    def _departments(self) -> Rows:
        rows: Rows = []
        for place, unit in enumerate(self.world.departments.values(), start=1):
            head = self.world.people.get(unit.manager or "")
            manager = {
                "managerId": unit.manager,
                "firstName": head.nickname if head else None,
                "lastName": head.surname() if head else None,
                "email": head.work_mail if head else None,
            }
            rows.append(
                {
                    "departmentId": unit.code,
                    "code": 1000 + place,
                    "description": unit.name,
                    "createdAt": f"{unit.modified:%Y-%m-%dT%H:%M:%S}Z",
                    "managers": [manager] if head else [],
                }
            )
        return rows
