"""The rules of a target, kept by TOPdesk's: against the rig, in both generations and products."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from sandbox.clock import ManualClock
from sandbox.faults import ConnectionLost, Fault, Faults, FaultyApp
from sandbox.topdesk import TopdeskTenant, make_app
from sandbox.topdesk.operator_fields import TASKS
from sandbox.topdesk.seed import operator_group
from sandbox.topdesk.tenant import name_of
from shared.apply.topdesk import TopdeskTarget
from shared.errors import NameTaken, Permanent, TargetDown, Transient, UnknownReply
from shared.model.account import Applied, Found, TopdeskCard
from shared.model.change import Change, Kind
from shared.model.desired import DesiredTopdesk, Entry, Operator, Reason, State, TargetName, Wanted
from shared.model.ticket import Ticket, marked
from shared.plan.topdesk import topdesk
from shared.plan.topdesk_operator import brought_back
from shared.rest import Rest
from shared.vendors.topdesk.fields import OPERATOR_REMOVED, REMOVED, REMOVED_MARK
from shared.vendors.topdesk.tenant import Generation, Tenant

WHY = Reason(rule="lifecycle", because="contract since 2026-09-01")
REASON = "Persoon uit organisatie"
BRANCH = "Gemeente Voorbeeld"
LOGIN = "s.boer@bedrijf.example"
CARD: Mapping[str, str | bool | None] = {
    "surName": "Boer",
    "prefixes": "de",
    "firstName": "Sanne",
    "firstInitials": "S.A.B.C.D.E.",
    "email": LOGIN,
    "networkLoginName": LOGIN,
    "tasLoginName": LOGIN,
    "jobTitle": "Medewerker",
    "mobileNumber": "+31612345678",
    "branch": BRANCH,
    "department": "Informatie & Automatisering",
}


class Cutting(httpx.AsyncBaseTransport):
    """The rig in this process; a reply that a fault loses is lost as on a real line."""

    def __init__(self, app: FaultyApp) -> None:
        self._inner = httpx.ASGITransport(app=app)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            return await self._inner.handle_async_request(request)
        except ConnectionLost as lost:
            raise httpx.ReadError("the line was cut") from lost


@dataclass
class Rig:
    """One TOPdesk with the target under test in front of it."""

    world: TopdeskTenant
    password: str = "app-password"
    faults: Faults = field(default_factory=Faults)

    def __post_init__(self) -> None:
        app = make_app(self.world, username="provisioning", app_password="app-password")
        client = httpx.AsyncClient(
            transport=Cutting(FaultyApp(app, self.faults)),
            base_url="https://acme.topdesk.example",
            auth=("provisioning", self.password),
        )
        self.rest = Rest(client, name="topdesk", concurrency=4)
        self.tenant = Tenant(self.rest)
        self.target = TopdeskTarget(self.tenant)

    def persons(self) -> list[dict[str, Any]]:
        return list(self.world.table("persons").values())

    def operators(self) -> list[dict[str, Any]]:
        rows = self.world.table("operators").values()
        return [row for row in rows if row["id"] != self.world.api_account]

    def groups_of(self, operator_id: str) -> set[str]:
        names = self.world.table("permissiongroups")
        return {names[i]["name"] for i in self.world.linked("permissiongroups", operator_id)}

    def rights_of(self, operator_id: str) -> set[str]:
        """Everything on an operator card, as model/right.py calls it."""
        kinds = {
            "operatorgroups": "operator group",
            "branch filters": "branch filter",
            "category filters": "category filter",
            "operator filters": "operator filter",
        }
        named = {
            f"{kind}: {name_of(self.world.table(table)[row])}"
            for table, kind in kinds.items()
            for row in self.world.linked(table, operator_id)
        }
        card = self.world.table("operators")[operator_id]
        return self.groups_of(operator_id) | named | {f"task: {t}" for t in TASKS if card[t]}

    def state(self) -> object:
        """Everything that provisioning can see the difference of."""
        hidden = {"creationDate", "modificationDate", "id", "principalId", "linkedPerson"}
        return (
            [{k: v for k, v in row.items() if k not in hidden} for row in self.persons()],
            [
                ({k: v for k, v in row.items() if k not in hidden}, self.rights_of(row["id"]))
                for row in self.operators()
            ],
            sorted(row["name"] for row in self.world.table("departments").values()),
        )


WORLDS = {
    "v2, operator follows": {"version": "16.06.010"},
    "v2, operator stays": {"version": "16.03.019"},
    "v1, operator follows": {"version": "16.06.010", "generations": "v1"},
    "v1, operator stays": {"version": "12.10.002", "generations": "v1"},
}


def make_rig(**settings: Any) -> Rig:
    world = TopdeskTenant.seeded(ManualClock())
    for name, value in settings.items():
        setattr(world.settings, name, value)
    return Rig(world)


@pytest.fixture(params=WORLDS, ids=list(WORLDS))
def rig(request: pytest.FixtureRequest) -> Rig:
    return make_rig(**WORLDS[request.param])


def wanted(**values: str | bool | None) -> dict[str, Wanted]:
    return {
        name: Wanted(value=value, reason=Reason(rule=f"topdesk.card.{name}", because="HR"))
        for name, value in values.items()
    }


def role(*groups: str, more: tuple[str, ...] = ()) -> Operator:
    return Operator(
        permission_groups=dict.fromkeys(groups, (WHY,)),
        more=dict.fromkeys(more, (WHY,)),
        reason=WHY,
    )


EVERY_KIND = (
    "operator group: Servicedesk",
    "task: firstLineCallOperator",
    "task: stockManager",
    "branch filter: Alleen eigen vestiging",
    "category filter: Zonder personeelszaken",
    "operator filter: Alleen eigen groep",
)


def a_desired(**changes: object) -> DesiredTopdesk:
    base = DesiredTopdesk(
        state=State.ACTIVE,
        why=WHY,
        employee_number="1042",
        card=wanted(**CARD),
        archive_reason=REASON,
        entries={"department": Entry(make=True)},
    )
    return base.model_copy(update=changes)


async def settle(
    rig: Rig, desired: DesiredTopdesk, applied: Applied | None = None
) -> tuple[Found[TopdeskCard], Applied]:
    """Read, plan and do until nothing is left, remembering what flow remembers."""
    known = applied or Applied()
    for _ in range(8):
        found = await rig.target.read(desired, known)
        plan = topdesk(desired, found, known)
        if not plan:
            return found, _finished(desired, found, known)
        rights = desired.operator.rights if desired.operator else {}
        back = brought_back(found.account, plan.changes) if found.account else {}
        adopted = found.account.id if found.account else known.account_id
        known = known.model_copy(
            update={"account_id": adopted, "rights": {**back, **known.rights, **rights}}
        )
        try:
            for change in plan.changes:
                done = await rig.target.do(change, known)
                ids = done.model_dump(exclude_none=True, include={"account_id", "operator_id"})
                known = known.model_copy(update=ids)
        except UnknownReply:
            continue
        seen = {
            rule: marked(known.tickets.get(rule), ticket.key)
            for rule, ticket in desired.tickets.items()
        }
        known = known.model_copy(update={"tickets": seen})
    raise AssertionError("it does not settle")


def _finished(desired: DesiredTopdesk, found: Found[TopdeskCard], known: Applied) -> Applied:
    rights = desired.operator.rights if desired.operator else {}
    return known.model_copy(
        update={
            "account_id": found.account.id if found.account else known.account_id,
            "state": desired.state,
            "is_manager": desired.is_manager,
            "tickets": {
                rule: marked(known.tickets.get(rule), ticket.key)
                for rule, ticket in desired.tickets.items()
            },
            "rights": rights,
            "values": {"manager": WHY} if desired.manager_id else {},
        }
    )


# --- a life ------------------------------------------------------------------------------------


async def test_a_joiner_gets_a_card_as_the_policy_says(rig: Rig) -> None:
    found, _ = await settle(rig, a_desired())

    (row,) = rig.persons()
    assert row["employeeNumber"] == "1042"
    assert row["firstInitials"] == "S.A.B.C.D."
    assert not row["archived"]
    assert found.account is not None
    assert found.account.fields == {**CARD, "firstInitials": "S.A.B.C.D."}
    assert rig.operators() == []


async def test_a_missing_department_is_made_once_for_everybody(rig: Rig) -> None:
    for number in ("1", "2"):
        card = wanted(**{**CARD, "tasLoginName": f"{number}@bedrijf.example"})
        await settle(rig, a_desired(employee_number=number, card=card))

    names = [row["name"] for row in rig.world.table("departments").values()]
    assert names.count("Informatie & Automatisering") == 1


async def test_a_role_gives_an_operator_linked_to_the_person(rig: Rig) -> None:
    found, applied = await settle(rig, a_desired(operator=role("Servicedesk")))

    (operator,) = rig.operators()
    (person,) = rig.persons()
    assert operator["linkedPerson"] == person["id"]
    assert operator["loginName"] == LOGIN.upper()
    assert operator["loginPermission"]
    assert rig.groups_of(operator["id"]) == {"Servicedesk"}
    assert applied.operator_id == operator["id"]
    assert found.account is not None
    assert found.account.operator is not None
    assert found.account.operator.permission_groups == {"Servicedesk"}


async def test_a_mover_s_rights_follow_and_nothing_else_is_lost(rig: Rig) -> None:
    _, applied = await settle(rig, a_desired(operator=role("Servicedesk")))
    (operator,) = rig.operators()
    by_hand = rig.world.by_name("permissiongroups", "Facilitair")["id"]
    rig.world.linked("permissiongroups", operator["id"]).append(by_hand)
    await settle(rig, a_desired(operator=role("Personeelszaken")), applied)

    assert rig.groups_of(operator["id"]) == {"Facilitair", "Personeelszaken"}


async def test_an_operator_card_follows_hr_and_only_what_changed_is_sent(rig: Rig) -> None:
    extra = {"phoneNumber": "+31302345678", "title": "mr.", "birthName": "Vries"}
    card = {**CARD, **extra}
    _, applied = await settle(rig, a_desired(operator=role(), card=wanted(**card)))
    changed = {
        **card,
        "surName": "Smit",
        "firstInitials": "S.",
        "phoneNumber": None,
        "tasLoginName": "s.smit@bedrijf.example",
        "department": "Facilitair",
    }
    rig.world.writes.clear()
    found, _ = await settle(
        rig, a_desired(operator=role(), card=wanted(**changed), employee_number="9001"), applied
    )

    (row,) = rig.operators()
    assert (row["surName"], row["firstInitials"], row["telephone"]) == ("Smit", "S.", "")
    assert (row["employeeNumber"], row["loginName"]) == ("9001", "S.SMIT@BEDRIJF.EXAMPLE")
    assert row["department"] == rig.world.by_name("departments", "Facilitair")["id"]
    sent = [set(w.fields) for w in rig.world.writes if "/operators/" in w.path]
    assert sent == [
        {"surName", "firstInitials", "telephone", "department", "employeeNumber"},
        {"loginName", "loginPermission"},
    ]
    assert found.obstacles == {}


async def test_who_may_no_longer_log_in_loses_the_login_of_both_cards(rig: Rig) -> None:
    _, applied = await settle(rig, a_desired(operator=role()))
    card = wanted(**{**CARD, "tasLoginName": None})
    await settle(rig, a_desired(operator=role(), card=card), applied)

    (row,) = rig.operators()
    assert (row["loginName"], row["loginPermission"]) == ("", False)


async def test_a_login_name_that_needs_a_password_holds_up_nothing_else(rig: Rig) -> None:
    _, applied = await settle(rig, a_desired(operator=role("Servicedesk")))
    rig.world.settings.login_change_needs_password = True
    card = wanted(**{**CARD, "jobTitle": "Chef", "tasLoginName": "new@bedrijf.example"})

    with pytest.raises(Permanent, match="on the card by hand"):
        await settle(rig, a_desired(operator=role("Facilitair"), card=card), applied)
    (row,) = rig.operators()
    assert row["jobTitle"] == "Chef"
    assert rig.groups_of(row["id"]) == {"Facilitair"}


async def test_every_kind_of_right_is_given_and_taken_by_rule(rig: Rig) -> None:
    wanted_first = a_desired(operator=role("Servicedesk", more=EVERY_KIND))
    found, applied = await settle(rig, wanted_first)
    (operator,) = rig.operators()
    assert rig.rights_of(operator["id"]) == {"Servicedesk", *EVERY_KIND}
    assert found.obstacles == {}

    fewer = ("operator group: Facilitair", "task: stockManager")
    _, applied = await settle(rig, a_desired(operator=role(more=fewer)), applied)
    assert rig.rights_of(operator["id"]) == set(fewer)
    assert applied.rights.keys() == set(fewer)


async def test_a_right_that_topdesk_lacks_is_told_with_its_kind(rig: Rig) -> None:
    lacking = ("operator group: Bestaat niet", "branch filter: Ook niet", "task: installer")
    found, _ = await settle(rig, a_desired(operator=role(more=lacking)))

    assert set(found.obstacles) == set(lacking[:2])
    assert "no operator group 'Bestaat niet'" in found.obstacles[lacking[0]]
    assert rig.rights_of(rig.operators()[0]["id"]) == {"task: installer"}


async def test_a_renamed_permission_group_is_told_and_the_others_stay(rig: Rig) -> None:
    """By its old name it is not there; what the operator has of it is not taken."""
    desired = a_desired(operator=role("Servicedesk", "Facilitair"))
    _, applied = await settle(rig, desired)
    group = rig.world.by_name("permissiongroups", "Servicedesk")
    rig.world.change("permissiongroups", group, {"name": "Eerste lijn"})
    fresh = Rig(rig.world)
    found, _ = await settle(fresh, desired, applied)

    assert "no permission group 'Servicedesk'" in found.obstacles["Servicedesk"]
    assert "policy" in found.obstacles["Servicedesk"]
    assert fresh.groups_of(fresh.operators()[0]["id"]) == {"Eerste lijn", "Facilitair"}


async def test_operator_groups_are_read_to_their_last_page(rig: Rig) -> None:
    for n in range(250):
        home = rig.world.by_name("branches", BRANCH)["id"]
        rig.world.add("operatorgroups", operator_group(f"Groep {n}", home))
    found, _ = await settle(rig, a_desired(operator=role(more=("operator group: Groep 249",))))

    assert found.obstacles == {}


async def test_a_leaver_keeps_no_right_whoever_gave_it(rig: Rig) -> None:
    """Else the card would bring it back for whoever returns."""
    _, applied = await settle(rig, a_desired(operator=role("Servicedesk")))
    (operator,) = rig.operators()
    by_hand = rig.world.by_name("permissiongroups", "Facilitair")["id"]
    rig.world.linked("permissiongroups", operator["id"]).append(by_hand)
    group = rig.world.by_name("operatorgroups", "Facilitair")["id"]
    rig.world.linked("operatorgroups", operator["id"]).append(group)
    operator["installer"] = True
    await settle(rig, a_desired(state=State.BLOCKED), applied)

    assert rig.rights_of(operator["id"]) == set()


async def test_a_card_that_was_archived_by_hand_comes_back_without_its_rights(rig: Rig) -> None:
    _, applied = await settle(rig, a_desired(operator=role("Servicedesk", more=EVERY_KIND)))
    for row in (*rig.persons(), *rig.operators()):
        row["archived"] = True
    _, applied = await settle(rig, a_desired(state=State.BLOCKED), applied)
    await settle(rig, a_desired(operator=role("Facilitair")), applied)

    assert rig.rights_of(rig.operators()[0]["id"]) == {"Facilitair"}


async def test_who_needs_no_operator_card_keeps_the_person_card(rig: Rig) -> None:
    _, applied = await settle(rig, a_desired(operator=role("Servicedesk")))
    await settle(rig, a_desired(), applied)

    assert [row["archived"] for row in rig.operators()] == [True]
    assert [row["archived"] for row in rig.persons()] == [False]


async def test_a_leaver_s_cards_are_both_archived_and_stripped(rig: Rig) -> None:
    _, applied = await settle(rig, a_desired(operator=role("Servicedesk")))
    await settle(rig, a_desired(state=State.BLOCKED), applied)

    (person,) = rig.persons()
    (operator,) = rig.operators()
    assert person["archived"]
    assert operator["archived"]
    assert rig.groups_of(operator["id"]) == set()
    assert rig.world.table("archiving-reasons")[person["reason"]]["name"] == REASON


async def test_a_removal_empties_the_card_and_revives_nobody(rig: Rig) -> None:
    _, applied = await settle(rig, a_desired(operator=role("Servicedesk")))
    _, applied = await settle(rig, a_desired(state=State.BLOCKED), applied)
    found, _ = await settle(rig, a_desired(state=State.DELETED), applied)

    (person,) = rig.persons()
    assert {person[name] for name in REMOVED} == {""}
    assert person["mainframeLoginName"] == REMOVED_MARK
    assert person["archived"]
    assert person["employeeNumber"] == "1042"
    assert [row["archived"] for row in rig.operators()] == [True]
    assert found.account is not None
    assert found.account.scrubbed


async def test_a_removal_empties_the_operator_card_as_well(rig: Rig) -> None:
    first = a_desired(operator=role("Servicedesk"))
    _, applied = await settle(rig, first)
    _, applied = await settle(rig, a_desired(state=State.BLOCKED), applied)
    _, applied = await settle(
        rig, a_desired(state=State.DELETED, removed={"surName": "Verwijderd"}), applied
    )

    (operator,) = rig.operators()
    assert {operator[field] for field in OPERATOR_REMOVED} == {""}
    assert operator["mainframeLoginName"] == REMOVED_MARK
    assert (operator["loginPermission"], operator["archived"]) == (False, True)
    assert {row["surName"] for row in (operator, *rig.persons())} == {"Verwijderd"}

    await settle(rig, first, applied)
    assert (operator["loginName"], operator["loginPermission"]) == (LOGIN.upper(), True)
    assert (operator["surName"], operator["mainframeLoginName"]) == ("Boer", "")


async def test_a_removed_login_name_is_free_for_a_namesake(rig: Rig) -> None:
    _, applied = await settle(rig, a_desired())
    await settle(rig, a_desired(state=State.DELETED), applied)
    await settle(rig, a_desired(employee_number="2042"))

    assert sorted(row["tasLoginName"] for row in rig.persons()) == ["", LOGIN]


async def test_a_returner_gets_the_old_card_with_fresh_rights(rig: Rig) -> None:
    _, applied = await settle(rig, a_desired(operator=role("Servicedesk")))
    _, applied = await settle(rig, a_desired(state=State.BLOCKED), applied)
    _, applied = await settle(rig, a_desired(state=State.DELETED), applied)
    found, _ = await settle(rig, a_desired(operator=role("Personeelszaken")), applied)

    (person,) = rig.persons()
    (operator,) = rig.operators()
    assert (person["archived"], operator["archived"]) == (False, False)
    assert person["tasLoginName"] == LOGIN
    assert person["mainframeLoginName"] == ""
    assert rig.groups_of(operator["id"]) == {"Personeelszaken"}
    assert found.obstacles == {}


async def test_a_returner_without_a_role_leaves_the_old_operator_archived(rig: Rig) -> None:
    _, applied = await settle(rig, a_desired(operator=role("Servicedesk")))
    _, applied = await settle(rig, a_desired(state=State.BLOCKED), applied)
    await settle(rig, a_desired(), applied)

    assert [row["archived"] for row in rig.persons()] == [False]
    assert [row["archived"] for row in rig.operators()] == [True]


async def test_the_manager_is_marked_first_and_then_pointed_at(rig: Rig) -> None:
    boss, _ = await settle(
        rig,
        a_desired(
            employee_number="1", is_manager=True, card=wanted(surName="Baas", branch=BRANCH)
        ),
    )
    assert boss.account is not None
    found, applied = await settle(rig, a_desired(manager_id=boss.account.id))
    assert found.account is not None
    assert found.account.manager_id == boss.account.id

    found, _ = await settle(rig, a_desired(), applied)
    assert found.account is not None
    assert found.account.manager_id is None


# --- tickets -----------------------------------------------------------------------------------

LAPTOP = {
    "kind": "incident",
    "briefDescription": "Laptop klaarzetten: Sanne de Boer",
    "request": "In dienst 2026-12-01\nAfdeling R&D",
    "category": "Middelen",
    "subcategory": "Inventaris & apparatuur",
    "callType": "Aanvraag",
    "operatorGroup": "Servicedesk",
}
CLEANING = {"kind": "change", "briefDescription": "Werkplek opruimen", "template": "ws 007"}


def news(rule: str, values: Mapping[str, str], key: str = "in") -> dict[str, Ticket]:
    return {rule: Ticket(key=key, values=values, from_nothing=True)}


async def test_a_joiner_brings_a_call_in_their_own_name_once(rig: Rig) -> None:
    desired = a_desired(tickets=news("Laptop", LAPTOP))
    rig.faults.plan(Fault("lose_reply", method="POST", path=".*/incidents"))
    _, applied = await settle(rig, desired)
    await settle(rig, desired, applied)

    (call,) = rig.world.table("incidents").values()
    (person,) = rig.persons()
    assert (call["caller"], call["externalNumber"]) == (person["id"], "instroom 1042 Laptop 0")
    assert call["request"] == "In dienst 2026-12-01<br>Afdeling R&amp;D"
    assert call["operatorGroup"] == rig.world.by_name("operatorgroups", "Servicedesk")["id"]


@pytest.mark.parametrize(
    "setting",
    [{"incident_query_knows_external_number": False}, {"change_query_is_ignored": True}, {}],
)
@pytest.mark.parametrize("values", [LAPTOP, CLEANING], ids=["incident", "change"])
async def test_no_ticket_is_made_twice_however_it_is_looked_for(
    setting: dict[str, bool], values: Mapping[str, str]
) -> None:
    rig = make_rig(**setting)
    others = a_desired(tickets=news("Ander", values))
    _, applied = await settle(rig, others)
    plan = topdesk(a_desired(tickets=news("Rule", values)), Found(account=None), Applied())
    (change,) = [c for c in plan.changes if c.kind is Kind.CREATE_TICKET]
    for _ in range(3):
        await rig.target.do(change, applied)

    made = [*rig.world.table("incidents").values(), *rig.world.table("changes").values()]
    assert [row["externalNumber"] for row in made] == [
        "instroom 1042 Ander 0",
        "instroom 1042 Rule 0",
    ]


async def test_a_leaver_s_ticket_comes_before_the_cards_are_archived(rig: Rig) -> None:
    _, applied = await settle(rig, a_desired(operator=role("Servicedesk")))
    gone = a_desired(state=State.BLOCKED, tickets=news("Opruimen", CLEANING, "out"))
    await settle(rig, gone, applied)

    (change,) = rig.world.table("changes").values()
    (person,) = rig.persons()
    paths = [write.path for write in rig.world.writes]
    assert (change["requester"], person["archived"]) == (person["id"], True)
    template = rig.world.table("change templates")[change["template"]]
    assert template["number"] == "Ws 007"
    ticket = paths.index("/operatorChanges")
    assert [p.rpartition("/")[2] for p in paths[ticket + 1 :]] == ["archive", "archive"]


@pytest.mark.parametrize("offers", [True, False])
async def test_a_ticket_lists_what_somebody_has(rig: Rig, *, offers: bool) -> None:
    rig.world.settings.offers_assets = offers
    _, applied = await settle(rig, a_desired())
    for number in range(1100):
        owner = rig.persons()[0]["id"] if number != 7 else "somebody else"
        asset = {"name": f"LT{number:04d}", "templateName": "Laptop", "person": owner}
        rig.world.add("assets", asset)
    values = {**CLEANING, "request": "Innemen:", "assets": "listed"}
    gone = a_desired(state=State.BLOCKED, tickets=news("Opruimen", values, "out"))
    await settle(rig, gone, applied)

    (change,) = rig.world.table("changes").values()
    lines = change["request"].splitlines()
    assert lines[0] == "Innemen:"
    assert len(lines) == (1100 if offers else 1)
    assert lines[1:3] == (["- LT0000", "- LT0001"] if offers else [])
    assert "- LT0007" not in lines


async def test_a_caller_without_the_role_is_told_with_the_mend(rig: Rig) -> None:
    """That it holds up no block is the flow's: it goes on after a refused ticket."""
    _, applied = await settle(rig, a_desired())
    rig.persons()[0]["isCaller"] = False
    gone = a_desired(state=State.BLOCKED, tickets=news("Opruimen", LAPTOP, "out"))

    with pytest.raises(Permanent, match="set isCaller to true"):
        await settle(rig, gone, applied)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({**LAPTOP, "category": "Bestaat niet"}, "no category 'Bestaat niet' for calls; it has A"),
        ({**LAPTOP, "subcategory": "Los"}, "no subcategory 'Los' for calls under category 'Midd"),
        ({**LAPTOP, "callType": "Vraagje"}, "no call type 'Vraagje' for calls; it has "),
        ({**LAPTOP, "operatorGroup": "Bestaat niet"}, "no operator group 'Bestaat niet'"),
        ({**CLEANING, "template": "Ws 999"}, "no change template 'Ws 999'"),
    ],
)
async def test_a_ticket_that_cannot_be_made_is_told_after_everything_else(
    rig: Rig, values: Mapping[str, str], told: str
) -> None:
    with pytest.raises(Permanent, match=told):
        await settle(rig, a_desired(operator=role("Servicedesk"), tickets=news("Rule", values)))

    assert rig.groups_of(rig.operators()[0]["id"]) == {"Servicedesk"}


# --- rules of the protocol ---------------------------------------------------------------------


async def test_it_says_which_target_it_is(rig: Rig) -> None:
    assert rig.target.name is TargetName.TOPDESK


async def test_nobody_is_read_as_nobody(rig: Rig) -> None:
    assert (await rig.target.read(a_desired(), Applied())).account is None


async def test_a_card_made_by_hand_is_found_by_its_number_archived_too(rig: Rig) -> None:
    await settle(rig, a_desired(card=wanted(surName="Boer", branch=BRANCH)))
    (row,) = rig.persons()
    row["archived"] = True
    found = await rig.target.read(a_desired(), Applied())

    assert found.account is not None
    assert (found.account.id, found.account.archived) == (row["id"], True)


async def test_exactly_the_fields_asked_for_come_back(rig: Rig) -> None:
    await settle(rig, a_desired())
    found = await rig.target.read(a_desired(card=wanted(email="x", title=None)), Applied())

    assert found.account is not None
    assert found.account.fields == {"email": LOGIN, "title": None}


async def test_two_cards_with_the_number_are_for_a_human(rig: Rig) -> None:
    await settle(rig, a_desired())
    (row,) = rig.persons()
    rig.world.add("persons", {**row, "id": rig.world.mint("persons"), "tasLoginName": ""})

    with pytest.raises(Permanent, match="2 person cards with number 1042"):
        await rig.target.read(a_desired(), Applied())


async def test_a_recorded_card_that_is_hidden_is_never_absent(rig: Rig) -> None:
    _, applied = await settle(rig, a_desired())
    rig.world.hidden.add(rig.persons()[0]["id"])

    for state in (State.ACTIVE, State.BLOCKED, State.DELETED):
        with pytest.raises(Permanent, match="hidden by a filter"):
            await rig.target.read(a_desired(state=state), applied)


async def test_a_recorded_card_that_is_gone_is_found_again_by_number(rig: Rig) -> None:
    await settle(rig, a_desired())
    found = await rig.target.read(
        a_desired(), Applied(account_id="00000000-0000-0000-0000-000000000000")
    )

    assert found.account is not None
    assert found.account.id == rig.persons()[0]["id"]


async def test_an_anonymised_card_is_gone_and_a_new_one_is_made(rig: Rig) -> None:
    _, applied = await settle(rig, a_desired())
    (row,) = rig.persons()
    rig.world.change("persons", row, {"employeeNumber": "*****", "tasLoginName": ""})

    assert (await rig.target.read(a_desired(), applied)).account is None
    await settle(rig, a_desired(), applied)
    assert sorted(row["employeeNumber"] for row in rig.persons()) == ["*****", "1042"]


async def test_a_renumbered_person_keeps_the_card(rig: Rig) -> None:
    _, applied = await settle(rig, a_desired())
    await settle(rig, a_desired(employee_number="9001"), applied)

    assert [row["employeeNumber"] for row in rig.persons()] == ["9001"]


async def test_a_new_number_that_another_card_has_is_for_a_human(rig: Rig) -> None:
    _, applied = await settle(rig, a_desired())
    other = wanted(surName="Boer", branch=BRANCH)
    await settle(rig, a_desired(employee_number="9001", card=other))

    with pytest.raises(Permanent, match="join or renumber"):
        await rig.target.read(a_desired(employee_number="9001"), applied)


async def test_what_is_lacking_is_told_and_the_rest_goes_on(rig: Rig) -> None:
    desired = a_desired(
        card=wanted(**CARD, budgetHolder="4100", language="Klingon"),
        operator=role("Servicedesk", "Bestaat niet"),
    )
    found, _ = await settle(rig, desired)

    assert set(found.obstacles) == {"card.budgetHolder", "card.language", "Bestaat niet"}
    assert "'4100'" in found.obstacles["card.budgetHolder"]
    assert rig.groups_of(rig.operators()[0]["id"]) == {"Servicedesk"}
    assert len(rig.persons()) == 1


@pytest.mark.parametrize(
    ("field", "table"),
    [
        ("branch", "branches"),
        ("department", "departments"),
        ("budgetHolder", "budgetholders"),
        ("personExtraFieldA", "personExtraFieldAEntries"),
        ("personExtraFieldB", "personExtraFieldBEntries"),
    ],
)
async def test_each_list_is_filled_or_told_as_the_policy_says(
    rig: Rig, field: str, table: str
) -> None:
    card = wanted(**{**CARD, field: "Nieuw"})
    desired = a_desired(card=card, operator=role(), entries={field: Entry(make=True)})
    refused = a_desired(card=card, entries={})
    found = await rig.target.read(refused, Applied())
    assert f"no {field} 'Nieuw'" in found.obstacles[f"card.{field}"]

    others = {"department": "Servicedesk"} if field != "department" else {}
    desired = desired.model_copy(update={"card": wanted(**{**CARD, **others, field: "Nieuw"})})
    found, _ = await settle(rig, desired)
    assert found.obstacles == {}
    assert [row["name"] for row in rig.world.table(table).values()].count("Nieuw") == 1
    assert found.account is not None
    assert found.account.fields[field] == "Nieuw"


async def test_a_department_follows_when_hr_renames_it(rig: Rig) -> None:
    """By its code: nobody is moved to another one, and the old one is not left behind."""
    entries = {"department": Entry(make=True, code="ICT")}
    people: dict[str, Applied] = {}
    for number in ("1", "2"):
        card = wanted(**{**CARD, "tasLoginName": f"{number}@bedrijf.example"})
        desired = a_desired(employee_number=number, card=card, entries=entries)
        _, people[number] = await settle(rig, desired)
    made = rig.world.by_name("departments", str(CARD["department"]))
    assert made["externalLink"]["id"] == "ICT"

    rig.world.writes.clear()
    for number, applied in people.items():
        changed = {"tasLoginName": f"{number}@bedrijf.example", "department": "Digitaal"}
        card = wanted(**{**CARD, **changed})
        await settle(rig, a_desired(employee_number=number, card=card, entries=entries), applied)

    assert made["name"] == "Digitaal"
    assert {row["department"] for row in rig.persons()} == {made["id"]}
    assert [w.path for w in rig.world.writes if "departments" in w.path] == [
        f"/departments/id/{made['id']}"
    ]


async def test_a_row_that_lies_there_is_tied_to_its_code_once(rig: Rig) -> None:
    lies_there = rig.world.by_name("departments", "Servicedesk")
    card = wanted(**{**CARD, "department": "servicedesk"})
    desired = a_desired(card=card, entries={"department": Entry(code="ICT-SD")})
    _, applied = await settle(rig, desired)

    assert lies_there["externalLink"]["id"] == "ICT-SD"
    rig.world.writes.clear()
    await settle(rig, desired, applied)
    assert rig.world.writes == []


async def test_two_names_for_one_code_are_hr_s_to_mend(rig: Rig) -> None:
    entries = {"department": Entry(make=True, code="ICT")}
    _, applied = await settle(rig, a_desired(entries=entries))
    for name in ("Digitaal", "Techniek"):
        card = wanted(**{**CARD, "department": name})
        found, applied = await settle(rig, a_desired(card=card, entries=entries), applied)

    assert "both 'Digitaal' and 'Techniek'" in found.obstacles["card.department"]
    assert rig.world.by_name("departments", "Digitaal")


async def test_a_missing_branch_is_never_made(rig: Rig) -> None:
    desired = a_desired(card=wanted(surName="Boer", branch="Elders"))

    with pytest.raises(Permanent, match="no branch 'Elders'"):
        await settle(rig, desired)
    assert rig.persons() == []
    assert len(rig.world.table("branches")) == 1


async def test_a_missing_archiving_reason_is_told_with_its_name(rig: Rig) -> None:
    _, applied = await settle(rig, a_desired())
    desired = a_desired(state=State.BLOCKED, archive_reason="Bestaat niet")
    found = await rig.target.read(desired, applied)
    assert "'Bestaat niet'" in found.obstacles["archiving reason"]

    with pytest.raises(Permanent, match="no archiving reason 'Bestaat niet'") as refused:
        await settle(rig, desired, applied)
    assert refused.value.mender == "policy"


async def test_a_value_that_is_too_long_names_its_field_and_is_not_sent(rig: Rig) -> None:
    calls = rig.world.calls
    with pytest.raises(Permanent, match="surName has 51 characters, TOPdesk takes 50") as refused:
        await settle(rig, a_desired(card=wanted(surName="x" * 51, branch=BRANCH)))

    assert refused.value.mender == "hr"
    assert rig.world.writes == []
    assert rig.world.calls > calls


async def test_a_login_name_of_somebody_else_is_a_taken_name(rig: Rig) -> None:
    await settle(rig, a_desired())

    with pytest.raises(NameTaken) as taken:
        await settle(rig, a_desired(employee_number="2042"))
    assert taken.value.field == "tasLoginName"
    assert "on the card that has it" in taken.value.reason
    assert LOGIN not in taken.value.reason


async def test_every_change_done_twice_is_done_once(rig: Rig) -> None:
    """Zombies and repeats: the second time counts as done and adds nothing."""
    rig.world.settings.relink_is_refused = True
    applied = Applied()
    story = (
        a_desired(operator=role("Servicedesk")),
        a_desired(state=State.BLOCKED),
        a_desired(state=State.DELETED),
        a_desired(operator=role("Personeelszaken")),
        a_desired(),
    )
    for desired in story:
        found = await rig.target.read(desired, applied)
        for change in topdesk(desired, found, applied).changes:
            done = await rig.target.do(change, applied)
            ids = done.model_dump(exclude_none=True)
            applied = applied.model_copy(update=ids)
            before = rig.state()
            again = await rig.target.do(change, applied)
            assert rig.state() == before, change.kind
            assert again.account_id in (None, applied.account_id)
            assert again.operator_id in (None, applied.operator_id)
        rights = desired.operator.permission_groups if desired.operator else {}
        applied = applied.model_copy(update={"rights": rights})

    assert (len(rig.persons()), len(rig.operators())) == (1, 1)


async def test_the_same_create_at_one_moment_makes_one_card(rig: Rig) -> None:
    desired = a_desired(operator=role("Servicedesk"))
    create, operator, _ = topdesk(desired, Found(account=None), Applied()).changes
    one, other = await asyncio.gather(*(rig.target.do(create, Applied()) for _ in range(2)))
    applied = Applied(account_id=one.account_id)
    first, second = await asyncio.gather(*(rig.target.do(operator, applied) for _ in range(2)))

    assert one == other
    assert first == second
    assert (len(rig.persons()), len(rig.operators())) == (1, 1)


async def test_a_create_relies_on_the_read_before_it_once(rig: Rig) -> None:
    found = await rig.target.read(a_desired(), Applied())
    create = topdesk(a_desired(), found, Applied()).changes[0]
    rig.faults.plan(Fault("status", count=1, status=404, method="GET", path=".*/persons"))

    done = await rig.target.do(create, Applied())
    assert len(rig.persons()) == 1
    with pytest.raises(Permanent):
        await rig.target.do(create, Applied())
    assert (await rig.target.do(create, Applied())).account_id == done.account_id
    assert len(rig.persons()) == 1


async def test_a_create_looks_again_when_the_read_is_old() -> None:
    rig, elapsed = make_rig(), [0.0]
    slow = TopdeskTarget(rig.tenant, monotonic=lambda: elapsed[0])
    found = await slow.read(a_desired(), Applied())
    create = topdesk(a_desired(), found, Applied()).changes[0]
    meanwhile = await rig.target.do(create, Applied())
    elapsed[0] = 30.0

    assert await slow.do(create, Applied()) == meanwhile
    assert len(rig.persons()) == 1


async def test_a_change_of_another_target_is_refused(rig: Rig) -> None:
    with pytest.raises(ValueError, match="enable sign-in"):
        await rig.target.do(Change(kind=Kind.ENABLE_SIGN_IN), Applied())


# --- when things go wrong ------------------------------------------------------------------------


async def test_a_lost_create_is_found_again_and_not_repeated(rig: Rig) -> None:
    desired = a_desired(operator=role("Servicedesk"))
    for path in (".*/persons", ".*/operators", ".*/permissiongroups"):
        rig.faults.plan(Fault("lose_reply", method="POST", path=path))
    _, applied = await settle(rig, desired)

    assert (len(rig.persons()), len(rig.operators())) == (1, 1)
    await settle(rig, a_desired(), applied)
    assert [row["archived"] for row in rig.operators()] == [True]


async def test_a_lost_create_is_told_as_unknown(rig: Rig) -> None:
    change = topdesk(a_desired(), Found(account=None), Applied()).changes[0]
    rig.faults.plan(Fault("lose_reply", method="POST", path=".*/persons"))

    with pytest.raises(UnknownReply):
        await rig.target.do(change, Applied())
    assert (await rig.target.do(change, Applied())).account_id == rig.persons()[0]["id"]


async def test_a_topdesk_that_is_away_serves_nobody(rig: Rig) -> None:
    rig.faults.plan(Fault("status", count=100, status=503))

    with pytest.raises(TargetDown):
        await rig.target.read(a_desired(), Applied())


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [("api_account_archived", "removed or archived"), ("app_password_expired", "expired")],
)
async def test_a_refused_api_account_stops_the_whole_run(
    rig: Rig, setting: str, sentence: str
) -> None:
    setattr(rig.world.settings, setting, True)

    with pytest.raises(TargetDown, match=sentence):
        await rig.target.read(a_desired(), Applied())
    calls = rig.world.calls
    for number in ("1", "2"):
        with pytest.raises(TargetDown, match=sentence):
            await rig.target.read(a_desired(employee_number=number), Applied())
    assert rig.world.calls == calls


async def test_a_minute_after_a_refused_login_it_is_tried_again() -> None:
    rig, elapsed = make_rig(app_password_expired=True), [0.0]
    tenant = Tenant(rig.rest, monotonic=lambda: elapsed[0])
    with pytest.raises(TargetDown):
        await tenant.generation()
    rig.world.settings.app_password_expired = False
    with pytest.raises(TargetDown):
        await tenant.generation()
    elapsed[0] = 60.0

    assert await tenant.generation() is Generation.V2


async def test_a_missing_right_is_told_by_name(rig: Rig) -> None:
    rig.world.settings.denied = frozenset({"persons.create"})

    with pytest.raises(Permanent, match="No permission to create persons"):
        await settle(rig, a_desired())


async def test_a_removal_that_is_refused_leaves_the_card_archived(rig: Rig) -> None:
    """The card comes back for the moment of the change, and must not stay."""
    _, applied = await settle(rig, a_desired(operator=role("Servicedesk")))
    _, applied = await settle(rig, a_desired(state=State.BLOCKED), applied)
    rig.world.settings.denied = frozenset({"login data.write"})

    with pytest.raises(Permanent, match="login credentials"):
        await settle(rig, a_desired(state=State.DELETED), applied)
    assert [row["archived"] for row in (*rig.persons(), *rig.operators())] == [True, True]


async def test_a_card_that_cannot_be_archived_again_leaves_no_operator_behind(rig: Rig) -> None:
    _, applied = await settle(rig, a_desired(operator=role("Servicedesk")))
    _, applied = await settle(rig, a_desired(state=State.BLOCKED), applied)
    rig.faults.plan(Fault("status", path=".*/persons/id/.*/archive", status=403))

    with pytest.raises(Permanent):
        await settle(rig, a_desired(state=State.DELETED), applied)
    assert [row["archived"] for row in rig.operators()] == [True]


async def test_an_unarchive_that_did_nothing_is_tried_later(rig: Rig) -> None:
    _, applied = await settle(rig, a_desired())
    _, applied = await settle(rig, a_desired(state=State.BLOCKED), applied)
    rig.faults.plan(Fault("status", path=".*/unarchive", status=200, body="{}"))

    with pytest.raises(Transient, match="archived still"):
        await settle(rig, a_desired(), applied)


async def test_a_revived_operator_is_made_known_at_once(rig: Rig) -> None:
    """Or a stop after it would leave it active and nobody's."""
    _, applied = await settle(rig, a_desired(operator=role("Servicedesk")))
    _, applied = await settle(rig, a_desired(state=State.BLOCKED), applied)
    forgotten = applied.model_copy(update={"operator_id": None})
    done = await rig.target.do(Change(kind=Kind.UNARCHIVE_CARD), forgotten)

    (operator,) = rig.operators()
    assert done.operator_id == (None if operator["archived"] else operator["id"])


async def test_an_archived_card_that_comes_to_light_is_read_again(rig: Rig) -> None:
    create = topdesk(a_desired(), Found(account=None), Applied()).changes[0]
    await settle(rig, a_desired())
    rig.persons()[0]["archived"] = True

    with pytest.raises(UnknownReply, match="come to light"):
        await rig.target.do(create, Applied())
    assert len(rig.persons()) == 1


async def test_a_location_is_the_one_of_the_branch(rig: Rig) -> None:
    other = {**rig.world.by_name("branches", BRANCH), "name": "Gemeente Elders"}
    rig.world.add("branches", {**other, "id": rig.world.mint("branches")})
    for branch in (BRANCH, "Gemeente Elders"):
        owner = rig.world.by_name("branches", branch)["id"]
        for name in ("Balie", "Kelder"):
            values = {"name": name, "roomNumber": "", "branch": owner}
            rig.world.add("locations", values)
    at = {"surName": "Boer", "branch": BRANCH, "location": "Balie"}
    applied = None
    for change in ({}, {"branch": "Gemeente Elders"}, {"location": "Kelder"}):
        at |= change
        _, applied = await settle(rig, a_desired(card=wanted(**at)), applied)

        location = rig.world.table("locations")[rig.persons()[0]["location"]]
        assert location["name"] == at["location"]
        assert location["branch"] == rig.world.by_name("branches", at["branch"])["id"]


async def test_an_archiving_reason_that_was_made_anew_blocks_all_the_same(rig: Rig) -> None:
    _, first = await settle(rig, a_desired())
    await settle(rig, a_desired(state=State.BLOCKED), first)
    card = wanted(surName="Smit", branch=BRANCH)
    _, applied = await settle(rig, a_desired(employee_number="2042", card=card))
    old = rig.world.by_name("archiving-reasons", REASON)
    rig.world.remove("archiving-reasons", old)
    rig.world.add("archiving-reasons", {"name": REASON})
    gone = a_desired(employee_number="2042", card=card, state=State.BLOCKED)
    await settle(rig, gone, applied)

    assert [row["archived"] for row in rig.persons()] == [True, True]


async def test_an_operator_who_is_an_administrator_is_refused_with_the_reason(rig: Rig) -> None:
    _, applied = await settle(rig, a_desired(operator=role("Servicedesk")))
    rig.operators()[0]["admin"] = True

    with pytest.raises(Permanent, match=r"Can not archive admins.*`protected`"):
        await settle(rig, a_desired(state=State.BLOCKED), applied)


async def test_one_operator_too_many_is_told_with_the_mend(rig: Rig) -> None:
    rig.world.settings.licensed_operators = 0

    with pytest.raises(Permanent, match="`instroom topdesk roles` counts"):
        await settle(rig, a_desired(operator=role("Servicedesk")))
    assert [row["archived"] for row in rig.persons()] == [False]


@pytest.mark.parametrize("number", ["*****", "10*", " "])
async def test_a_number_that_means_many_finds_nobody(rig: Rig, number: str) -> None:
    with pytest.raises(Permanent, match="letters and digits in HR") as refused:
        await settle(rig, a_desired(employee_number=number))

    assert refused.value.mender == "hr"
    assert rig.world.writes == []


async def test_a_number_that_is_too_long_is_told_and_not_sent(rig: Rig) -> None:
    with pytest.raises(Permanent, match="employeeNumber has 21 characters, TOPdesk takes 20"):
        await settle(rig, a_desired(employee_number="1" * 21))
    assert rig.world.writes == []


async def test_a_login_name_that_an_administrator_has_is_told_with_the_mend(rig: Rig) -> None:
    _, applied = await settle(rig, a_desired(operator=role()))
    rig.operators()[0]["admin"] = True
    card = wanted(**{**CARD, "tasLoginName": "other@bedrijf.example"})

    with pytest.raises(Permanent, match=r"credentials of admin.*`protected`"):
        await settle(rig, a_desired(operator=role(), card=card), applied)


async def test_two_operators_of_one_person_are_for_a_human(rig: Rig) -> None:
    _, applied = await settle(rig, a_desired(operator=role("Servicedesk")))
    (operator,) = rig.operators()
    rig.world.add("operators", {**operator, "id": rig.world.mint("operators")})
    forgotten = applied.model_copy(update={"operator_id": None})

    with pytest.raises(Permanent, match="several operator cards"):
        await rig.target.read(a_desired(operator=role("Servicedesk")), forgotten)
    assert (await rig.target.read(a_desired(), applied)).account is not None


async def test_a_leaver_whose_number_was_emptied_by_hand_is_blocked(rig: Rig) -> None:
    _, applied = await settle(rig, a_desired(operator=role("Servicedesk")))
    for table, row in (("persons", rig.persons()[0]), ("operators", rig.operators()[0])):
        rig.world.change(table, row, {"employeeNumber": ""})
    forgotten = applied.model_copy(update={"operator_id": None})
    await settle(rig, a_desired(state=State.BLOCKED), forgotten)

    assert [row["archived"] for row in (*rig.persons(), *rig.operators())] == [True, True]


async def test_a_name_that_is_there_twice_holds_up_nothing_else(rig: Rig) -> None:
    rig.world.add("permissiongroups", {"name": "SERVICEDESK"})
    found, _ = await settle(rig, a_desired(operator=role("Servicedesk", "Facilitair")))

    assert "2 times" in found.obstacles["Servicedesk"]
    assert rig.groups_of(rig.operators()[0]["id"]) == {"Facilitair"}


async def test_an_archived_leaver_needs_no_archiving_reason_any_more(rig: Rig) -> None:
    _, applied = await settle(rig, a_desired())
    _, applied = await settle(rig, a_desired(state=State.BLOCKED), applied)
    renamed = a_desired(state=State.BLOCKED, archive_reason="Bestaat niet")

    assert (await rig.target.read(renamed, applied)).obstacles == {}


async def test_an_unlinked_operator_is_used_and_told(rig: Rig) -> None:
    _, applied = await settle(rig, a_desired(operator=role("Servicedesk")))
    (operator,) = rig.operators()
    rig.world.change("operators", operator, {"linkedPerson": None})
    found, _ = await settle(rig, a_desired(operator=role("Facilitair")), applied)

    assert "link them in TOPdesk" in found.obstacles["operator link"]
    assert len(rig.operators()) == 1
    assert rig.groups_of(operator["id"]) == {"Facilitair"}


async def test_a_list_entry_that_moved_is_looked_up_anew(rig: Rig) -> None:
    await settle(rig, a_desired())
    old = rig.world.by_name("branches", BRANCH)
    rig.world.add("branches", {**old, "id": rig.world.mint("branches")})
    rig.world.hidden.add(old["id"])
    other = wanted(surName="Smit", branch=BRANCH)
    found, _ = await settle(rig, a_desired(employee_number="2042", card=other))

    assert found.account is not None
    assert found.account.fields["branch"] == BRANCH


# --- what no document settles must work either way --------------------------------------------

QUIRKS: Mapping[str, Mapping[str, Any]] = {
    "as documented": {},
    "absolute next": {"next_is_absolute": True},
    "one card shows little": {"single_is_limited": True},
    "null empties": {"clears_lookup_by": "null"},
    "id null empties": {"clears_lookup_by": "id"},
    "case matters": {"text_matches_case": True},
    "archived cards take changes": {"archived_cards_refuse_changes": False},
    "archived operators take links": {"archived_operators_refuse_links": False},
    "linking twice is refused": {"relink_is_refused": True},
    "the operator is not revived": {"person_unarchive_revives_operator": False},
    "own content type": {"vendor_content_type": True},
    "departments are text": {"department_is_text": True},
    "one problem at a time": {"all_problems_at_once": False},
    "older v2": {"missing_v2_fields": frozenset({"isCaller", "hasSspAccess"})},
    "a reason is no duty": {"archiving_reason_mandatory": False},
}
LIFE = (
    a_desired(state=State.PREPARED),
    a_desired(operator=role("Servicedesk", "Wijzigingsbeheer", more=EVERY_KIND[:2])),
    a_desired(
        operator=role("Facilitair", more=EVERY_KIND[3:4]),
        card=wanted(**{**CARD, "jobTitle": None}),
    ),
    a_desired(is_manager=True),
    a_desired(operator=role("Servicedesk")),
    a_desired(state=State.BLOCKED),
    a_desired(operator=role("Personeelszaken")),
    a_desired(state=State.BLOCKED),
    a_desired(state=State.DELETED),
    a_desired(operator=role("Servicedesk"), card=wanted(**{**CARD, "department": None})),
)


async def live(rig: Rig, life: tuple[DesiredTopdesk, ...] = LIFE) -> object:
    applied = None
    for desired in life:
        _, applied = await settle(rig, desired, applied)
    return rig.state()


@pytest.mark.parametrize("quirk", QUIRKS)
async def test_a_whole_life_ends_the_same_in_every_tenant(quirk: str) -> None:
    plain, odd = make_rig(), make_rig(**QUIRKS[quirk])

    expected = await live(plain)
    assert _without_departments(await live(odd)) == _without_departments(expected)


def _without_departments(state: Any) -> object:
    persons, operators, _ = state
    rows = [*persons, *(row for row, _ in operators)]
    for row in rows:
        row.pop("department", None)
        row.pop("departmentText", None)
        row.pop("reason", None)
    return state[:2]


async def test_newer_fields_are_dropped_with_a_word_about_it() -> None:
    older = make_rig(missing_v2_fields=frozenset({"isCaller"}))
    desired = a_desired(card=wanted(**CARD, isCaller=True))
    found, _ = await settle(older, desired)

    assert "too old for isCaller" in found.obstacles["card.isCaller"]
    assert len(older.persons()) == 1


# --- every lost reply --------------------------------------------------------------------------


FARTHEST_APART = ("v2, operator follows", "v1, operator stays")
PARTS = 4


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("world", FARTHEST_APART)
async def test_any_one_lost_reply_ends_the_same(world: str, part: int) -> None:
    """Each write of a life in turn is done and its reply lost."""
    plain = make_rig(**WORLDS[world])
    expected = await live(plain)
    total = len(plain.world.writes)
    assert total > 25

    for lost in range(part, total, PARTS):
        rig = make_rig(**WORLDS[world])
        rig.faults.plan(Fault("lose_reply", method="POST|PATCH|DELETE", skip=lost))
        assert await live(rig) == expected, f"write {lost} of {total}"


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("world", FARTHEST_APART)
async def test_a_stop_before_any_one_call_ends_the_same(world: str, part: int) -> None:
    """Each write of a life in turn is never sent; the next worker knows what was recorded."""
    plain = make_rig(**WORLDS[world])
    expected = await live(plain)

    for lost in range(part, len(plain.world.writes), PARTS):
        rig = make_rig(**WORLDS[world])
        rig.faults.plan(Fault("down", method="POST|PATCH|DELETE", skip=lost, count=1))
        assert await live(rig) == expected, f"write {lost}"
