"""Tell AFAS of a person's account: mail, phones, the customer's own fields, and the AFAS user.

One record is one employee number. It is read through the view of people, and written through the
UpdateConnectors KnEmployee and KnUser under that number and the person's own (AFAS help; HelloID's
targets for employees and users): never by a match that could mean somebody else. Called by hr.py.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any, Final

from shared.apply.hr_afas_view import NAME, NUMBER, PERSON, OwnFields, PeopleView
from shared.errors import Permanent
from shared.model.account import Applied, HrRecord
from shared.model.change import Change, Kind
from shared.model.desired import DesiredRecord
from shared.model.hr_field import (
    BLOCKED,
    FREE,
    SELF_SERVICE,
    USER_ID,
    Value,
    is_of_user,
    same,
)
from shared.vendors import afas_update
from shared.vendors.afas import Afas
from shared.vendors.afas_update import BLOCK, EMPLOYEE, MAKE_OR_CHANGE, UNBLOCK, USER, Refusal

_PERSON_FIELDS: Final = {
    "work_mail": "EmAd",
    "portal_mail": "EmailPortal",
    "phone": "TeNr",
    "mobile": "MbNr",
}
"""How KnPerson calls it (AFAS OpenAPI, KnEmployee)."""
_USER_FIELDS: Final = {"user.upn": "Upn", "user.mail": "EmAd", SELF_SERVICE: "InSi"}
"""How KnUser calls it."""
_OF_A_USER: Final = (USER_ID, NAME, SELF_SERVICE, BLOCKED)
"""What is read beside the fields that the policy names."""
_ENVIRONMENT: Final = re.compile(r"\d{4,6}")


class AfasWriter:
    """AFAS as a system that is written back to; `own_fields` as for reading."""

    def __init__(self, afas: Afas, view: str, own_fields: OwnFields) -> None:
        self._afas = afas
        self._view = PeopleView(afas, view, own_fields)

    async def read(self, record: DesiredRecord, applied: Applied) -> HrRecord | None:
        """The record as the view of people shows it now; see HrWriter."""
        del applied
        more = _OF_A_USER if record.user_id else ()
        row = await self._view.row(record.number, (*record.fields, *more))
        if row is None:
            return None
        fields = {field: row[field] for field in (*record.fields, *more) if field != NAME}
        return HrRecord(key=record.key, fields=fields)

    async def write(self, change: Change, applied: Applied) -> None:
        """Write what differs; a refusal stands only when the values do not. See HrWriter."""
        del applied
        number = change.what.partition(":")[2]
        more = _OF_A_USER if change.kind is not Kind.WRITE_RECORD else ()
        fields = (*change.values, *more)
        row = await self._row(number, fields)
        if change.kind is Kind.WRITE_RECORD:
            given = _that_differ(change.values, row)
        else:
            given = _of_user_that_differ(change, row)
        if not given:
            return
        try:
            if change.kind is Kind.WRITE_RECORD:
                await self._employee(number, row, given)
            else:
                await self._user(row, given)
        except Refusal:
            # An error does not prove that nothing happened, and two of us may write at once.
            if _differ_still(change, await self._row(number, fields)):
                raise

    async def probe(self, fields: Collection[str]) -> None:
        """Return when the app connector has the UpdateConnectors, and the view what is written."""
        of_user = any(map(is_of_user, fields))
        needed = {USER} if of_user else set[str]()
        if any(not is_of_user(field) for field in fields):
            needed.add(EMPLOYEE)
        listed = (await self._afas.connectors()).get("updateConnectors") or []
        lacking = needed - {str(one.get("id")) for one in listed if isinstance(one, Mapping)}
        if lacking:
            raise Permanent(
                f"AFAS does not let the app connector write through {', '.join(sorted(lacking))}: "
                "add the UpdateConnector to it, and the right to it to its user's group",
                mender="settings",
            )
        await self._view.ids(
            (NUMBER, PERSON, *fields, *(_OF_A_USER if of_user else ())), anew=True
        )

    # --- what is written ---------------------------------------------------------------------

    async def _employee(
        self, number: str, row: Mapping[str, Value], given: Mapping[str, Value]
    ) -> None:
        person = {_PERSON_FIELDS[f]: str(v or "") for f, v in given.items() if f in _PERSON_FIELDS}
        own = {f.rpartition(":")[2]: str(v or "") for f, v in given.items() if f.startswith(FREE)}
        body = afas_update.employee(number, str(row[PERSON]), person, own)
        await self._send("PUT", EMPLOYEE, body, row, given)

    async def _user(self, row: Mapping[str, Value], given: Mapping[str, Value]) -> None:
        name = str(row[NAME] or row[NUMBER])
        fields = {_USER_FIELDS[f]: _written(v) for f, v in given.items() if f in _USER_FIELDS}
        if not row[USER_ID]:
            user_id = await self._with_environment(str(given[USER_ID]))
            fresh = {"BcCo": str(row[PERSON]), **fields, "Site": False, "Awin": False}
            body = afas_update.user(user_id, MAKE_OR_CHANGE, name, fresh)
            await self._send("POST", USER, body, row, given)
            return
        user_id, blocked = str(row[USER_ID]), given.get(BLOCKED, row[BLOCKED])
        if given.get(BLOCKED) is False:
            body = afas_update.user(user_id, UNBLOCK, name, {})
            await self._send("PUT", USER, body, row, given)
            if not fields:
                return
        # Changing one that is blocked by the code that blocks: the other might let it in.
        code = BLOCK if blocked else MAKE_OR_CHANGE
        await self._send("PUT", USER, afas_update.user(user_id, code, name, fields), row, given)

    async def _send(
        self,
        method: str,
        connector: str,
        body: Any,
        row: Mapping[str, Value],
        given: Mapping[str, Value],
    ) -> None:
        texts = [v for v in (*given.values(), *row.values()) if isinstance(v, str)]
        await afas_update.write(self._afas, method, connector, body, sent=texts)

    async def _row(self, number: str, fields: Collection[str]) -> dict[str, Value]:
        row = await self._view.row(number, tuple(fields))
        if row is None:
            raise Permanent(f"AFAS does not show afas:{number} any more", mender="hr")
        return row

    async def _with_environment(self, user_id: str) -> str:
        """The id with the environment's number, which AFAS puts before each user's."""
        if "{environment}" not in user_id:
            return user_id
        info = (await self._afas.connectors()).get("info")
        told = str(info.get("envid") or "") if isinstance(info, Mapping) else ""
        found = _ENVIRONMENT.search(told)
        if found is None:
            raise Permanent(
                "AFAS does not tell the number of its environment; write it in the policy, as in "
                'write_back.afas.user.id: "12345.{number}"',
                mender="policy",
            )
        return user_id.replace("{environment}", found.group())


def _that_differ(values: Mapping[str, Value], row: Mapping[str, Value]) -> dict[str, Value]:
    """What is not there yet."""
    return {f: v for f, v in values.items() if not same(f, v, row.get(f))}


def _of_user_that_differ(change: Change, row: Mapping[str, Value]) -> dict[str, Value]:
    """The same of a user: one that is there keeps its id; one that is not is only made."""
    if row[USER_ID]:
        return {f: v for f, v in _that_differ(change.values, row).items() if f != USER_ID}
    return dict(change.values) if change.kind is Kind.CREATE_HR_USER else {}


def _differ_still(change: Change, row: Mapping[str, Value]) -> bool:
    if change.kind is Kind.CREATE_HR_USER and not row[USER_ID]:
        return True
    values = {f: v for f, v in change.values.items() if f != USER_ID}
    return bool(_that_differ(values, row))


def _written(value: Value) -> str | bool:
    """AFAS empties a field with an empty text."""
    return value if isinstance(value, bool) else value or ""
