"""The HTTP side of Nmbrs REST: who may call, which list, and what the answer looks like.

`make_app` gives an ASGI app with API and identity server on one address; faults are put around it
from outside. Paths, filters and scopes are those of the Nmbrs REST API specification.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.clock import Clock
from sandbox.nmbrs import control, personal, wire
from sandbox.nmbrs.employees import Employee, Employees
from sandbox.nmbrs.environment import Environment, Firm
from sandbox.nmbrs.identity import Identity
from sandbox.nmbrs.organisation import Organisation, company_id, debtor_id
from sandbox.world import Answers, World

_KEYS = {
    "personalinfo": ("info", "employee.info"),
    "employments": ("employments", "employee.employment"),
    "contracts": ("contracts", "employee.employment"),
    "schedules": ("schedules", "employee.employment"),
    "departments": ("departments", "employee.info"),
    "functions": ("functions", "employee.info"),
    "managers": ("managers", "employee.info"),
    "costcenters": ("employeeCostCenters", "employee.payment"),
}
"""List to the key of its items, and the scope that it needs."""
_TYPES = frozenset(
    {
        "applicant",
        "newHire",
        "payroll",
        "formerPayroll",
        "external",
        "formerExternal",
        "rejectedApplicant",
    }
)

type Rows = list[dict[str, Any]]
type Answer = Callable[[Request], Rows | bytes]


def make_app(
    world: World, *, clock: Clock, answers: Answers | None = None, **settings: Any
) -> Starlette:
    """Nmbrs on that world. `settings` are fields of Environment, such as `firms`."""
    environment = Environment(clock=clock, **settings)
    identity = Identity(environment)
    employees = Employees(world, answers or Answers(), environment)
    rig = Rig(environment, identity, employees, Organisation(world, environment))
    return Starlette(
        routes=[
            *control.routes(environment, identity),
            *identity.routes(),
            rig.route("/api/debtors", rig.organisation_of("debtors"), "company.info"),
            rig.route("/api/companies", rig.companies, "company.info"),
            rig.route(
                "/api/debtors/{debtor}/companies",
                rig.organisation_of("companies"),
                "company.info",
            ),
            *(
                rig.route(
                    f"/api/debtors/{{debtor}}/{name}",
                    rig.organisation_of(name),
                    "employee.orgstructure",
                )
                for name in ("departments", "functions", "managers")
            ),
            rig.route("/api/companies/{company}/period", rig.period, "company.info"),
            rig.route("/api/companies/{company}/employees", rig.employees_of, "employee.info"),
            *(
                rig.route(f"/api/companies/{{company}}/employees/{kind}", rig.list_of(kind), scope)
                for kind, (_, scope) in _KEYS.items()
            ),
            rig.writing("/api/employees/{employee}/personalInfo", "employee.info"),
        ]
    )


@dataclass
class Rig:
    """One environment answering calls."""

    environment: Environment
    identity: Identity
    employees: Employees
    organisation: Organisation

    def route(self, path: str, answer: Answer, scope: str) -> Route:
        """Let the call in or refuse it, cut the answer into pages, write errors as Nmbrs does."""

        async def call(request: Request) -> Response:
            try:
                self._admit(request.headers, scope)
                return _json(200, self._answer(request, answer(request)))
            except wire.Refused as refused:
                return _json(refused.status, json.dumps(refused.body).encode())

        endpoint: Callable[[Request], Awaitable[Response]] = call
        return Route(path, endpoint)

    def writing(self, path: str, scope: str) -> Route:
        """`PUT` of personal information: the whole of it, or what is left out is gone."""

        async def call(request: Request) -> Response:
            try:
                self._admit(request.headers, scope, reads=False)
                made = self._write(request.path_params["employee"], await request.body())
                return _json(200, json.dumps({"personalInfoId": made}).encode())
            except wire.Refused as refused:
                return _json(refused.status, json.dumps(refused.body).encode())

        return Route(path, call, methods=["PUT"])

    def _write(self, employee_id: str, body: bytes) -> str:
        environment = self.environment
        found = [
            one
            for firm in environment.firms
            for one in self.employees.of(firm)
            if one.id == employee_id
        ]
        if not found:
            raise wire.Refused(404, 40404, "Invalid_Employee")
        made = personal.version(
            environment, self.employees.basic(found[0]), body, self.employees.now()
        )
        environment.written.setdefault(employee_id, []).append(made)
        environment.writes += 1
        if environment.fails_after_writing:
            environment.fails_after_writing -= 1
            raise wire.Refused(500, 50001, "Internal_Error")
        return str(made["personalInfoId"])

    def organisation_of(self, name: str) -> Answer:
        """Debtors, and what hangs on one."""

        def answer(request: Request) -> Rows:
            return self.organisation.rows(name, request.path_params.get("debtor", ""))

        return answer

    def companies(self, _request: Request) -> Rows:
        """`GET /api/companies`: only where the consent is for one debtor."""
        if len(self.environment.debtors) > 1:
            raise wire.Refused(403, 40306, "Unauthorized_MultipleDebtors")
        return self.organisation.rows("companies", debtor_id(self.environment.debtors[0]))

    def period(self, request: Request) -> bytes:
        """The company's current payroll period."""
        self._firm(request)
        today = self.employees.world.now().date()
        period = self.employees.period(today)
        shown = f"{period['year']}-{period['period']}-M"
        kind = self.environment.period_type
        body = {"data": {"period": period, "periodType": kind, "displayPeriod": shown}}
        return json.dumps(body).encode()

    def employees_of(self, request: Request) -> Rows:
        """The employees; without a filter also applicants and those who were refused."""
        query = request.query_params
        wanted = set(query.get("employeeType", "").split(",")) - {""} or _TYPES
        if not wanted <= _TYPES:
            raise wire.Refused(400, 40033, "Parameter_Invalid", "employeeType")
        since = query.get("createdFrom", "")
        return [
            self.employees.basic(one)
            for one in self._asked(request)
            if one.type in wanted and self._created(one) >= since
        ]

    def list_of(self, kind: str) -> Answer:
        """One of the lists that hang on employees; people without an item of it are left out."""
        key, _ = _KEYS[kind]

        def answer(request: Request) -> Rows:
            rows = []
            for one in self._asked(request):
                items = [
                    item
                    for item in self.employees.items(kind, one)
                    if _is_since(item, request.query_params, kind)
                ]
                if items:
                    rows.append({"employeeId": one.id, key: items})
            return rows

        return answer

    def _asked(self, request: Request) -> list[Employee]:
        only = request.query_params.get("employeeId")
        found = self.employees.of(self._firm(request))
        return [one for one in found if only is None or one.id == only]

    def _created(self, employee: Employee) -> str:
        items = self.employees.employments(employee)
        return str(min(item["creationDate"] for item in items))

    def _firm(self, request: Request) -> Firm:
        asked = request.path_params["company"]
        for firm in self.environment.firms:
            if company_id(firm.number) == asked:
                return firm
        raise wire.Refused(404, 40404, "Invalid_Company")

    def _admit(self, headers: Mapping[str, str], scope: str, *, reads: bool = True) -> None:
        key = headers.get("x-subscription-key")
        if key != self.environment.subscription_key:
            raise wire.Gateway("invalid" if key else "missing")
        self.environment.count_call()
        token = headers.get("authorization", "").removeprefix("Bearer ")
        if not token:
            raise wire.Refused(401, 40101, "Missing_Token")
        scopes = self.identity.scopes(token)
        if scopes is None:
            raise wire.Refused(401, 40102, "Invalid_Token")
        if self.environment.disabled:
            raise wire.Refused(403, 40304, "Invalid_Subscription")
        if not scopes & ({scope, f"{scope}.read"} if reads else {scope}):
            raise wire.Refused(403, 40303, "Unauthorized_AccessData")

    def _answer(self, request: Request, rows: Rows | bytes) -> bytes:
        answers = self.employees.answers
        if isinstance(rows, bytes):
            return rows
        address = f"https://api.nmbrsapp.com{request.url.path}"
        body = wire.page(rows, request.query_params, address, stuck=answers.repeats_pages)
        cut = answers.cuts_body and "/employees" in request.url.path
        return body[: len(body) // 2] if cut else body


def _is_since(item: Mapping[str, Any], query: Mapping[str, str], kind: str) -> bool:
    """The filters compare with what is shown, as text: whoever asks in UTC asks too early."""
    created = str(item.get("createdAt") or item.get("creationDate"))
    # Only employments have a changed date; elsewhere the filter does not exist.
    changed_from = query.get("changedFrom", "") if kind == "employments" else ""
    changed = str(item.get("changedDate", ""))
    return created >= query.get("createdFrom", "") and changed >= changed_from


def _json(status: int, body: bytes) -> Response:
    return Response(body, status, media_type="application/json; charset=utf-8")
