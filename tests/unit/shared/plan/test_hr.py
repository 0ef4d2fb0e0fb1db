"""What is written to HR: only what differs and may be written, and then nothing is left to do."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.model.account import Applied, Found, HrRecord, HrRecords
from shared.model.change import Change, Harm, Kind
from shared.model.desired import (
    ALIVE,
    Conflict,
    DesiredHr,
    DesiredRecord,
    Reason,
    State,
    Wanted,
)
from shared.model.hr_field import BLOCKED, SELF_SERVICE, USER_ID, Value, field_key, same
from shared.plan.hr import about_to_be_written, hr, stands

KEY = "afas:1042"
WHY = Reason(rule="write_back", because="a test")
FIELDS = ("work_mail", "phone", "user.upn", "user.mail")
VALUES = st.sampled_from([None, "a@proef.example", "A@proef.example", "b@proef.example", "06"])
MARKS = st.sampled_from(["", "a@proef.example", "b@proef.example"])


@st.composite
def cases(draw: st.DrawFn) -> tuple[DesiredHr, Found[HrRecords], Applied]:
    """A record that says anything, what is wanted of it, and anything of what we wrote before."""
    fields = {f: Wanted(value=draw(VALUES), reason=WHY) for f in FIELDS}
    record = DesiredRecord(
        source="afas",
        number="1042",
        fields=fields,
        user_id=draw(st.sampled_from([None, "12345.1042"])),
        makes_user=draw(st.booleans()),
        cleared=draw(st.booleans()),
        conflict=draw(st.sampled_from(Conflict)),
    )
    state = draw(st.sampled_from([s for s in State if s is not State.ABSENT]))
    has: dict[str, Value] = {f: draw(VALUES) for f in FIELDS}
    has |= {
        USER_ID: draw(st.sampled_from([None, "12345.sdijk"])),
        SELF_SERVICE: draw(st.booleans()),
        BLOCKED: draw(st.booleans()),
    }
    written = {field_key(KEY, f): mark for f in (*FIELDS, USER_ID) if (mark := draw(MARKS))}
    desired = DesiredHr(state=state, why=WHY, records={KEY: record})
    records = HrRecords(id=KEY, records={KEY: HrRecord(key=KEY, fields=has)})
    return desired, Found(account=records), Applied(account_id=KEY, written=written)


def after(found: Found[HrRecords], changes: tuple[Change, ...]) -> Found[HrRecords]:
    """The same record when these were carried out."""
    assert found.account
    has = dict(found.account.records[KEY].fields)
    for change in changes:
        has |= change.values
    return Found(account=HrRecords(id=KEY, records={KEY: HrRecord(key=KEY, fields=has)}))


@given(cases())
@settings(max_examples=120)
def test_nothing_is_sent_that_stands_there_and_nothing_is_left_to_send(
    case: tuple[DesiredHr, Found[HrRecords], Applied],
) -> None:
    desired, found, applied = case
    plan = hr(desired, found, applied)
    assert found.account
    has = found.account.records[KEY].fields
    for change in plan.changes:
        assert change.what == KEY
        assert len(change.reasons) == len(change.values)
        given_ = {f: v for f, v in change.values.items() if f != USER_ID}
        assert not [f for f, v in given_.items() if same(f, v, has.get(f))]

    known = applied.model_copy(update={"written": stands(desired, found, applied, plan)})
    assert not hr(desired, after(found, plan.changes), known)


@given(cases())
@settings(max_examples=120)
def test_what_somebody_else_put_there_stays_unless_ours_replaces_it(
    case: tuple[DesiredHr, Found[HrRecords], Applied],
) -> None:
    desired, found, applied = case
    record = desired.records[KEY]
    assert found.account
    has = found.account.records[KEY].fields
    plan = hr(desired, found, applied)
    foreign = {
        f for f in FIELDS if has[f] and not same(f, has[f], applied.written.get(field_key(KEY, f)))
    }
    emptied_by_erasure = desired.state is State.DELETED
    for change in plan.changes:
        touched = foreign & change.values.keys()
        assert not touched or record.conflict is Conflict.OURS or emptied_by_erasure
        if desired.state not in ALIVE:
            assert {f for f in touched if not f.startswith("user.")} == set()


@given(cases=st.tuples(cases(), st.booleans()))
@settings(max_examples=100)
def test_after_a_stop_in_the_middle_what_is_there_is_known_as_ours(
    cases: tuple[tuple[DesiredHr, Found[HrRecords], Applied], bool],
) -> None:
    """Whether the call was made or not: the next look plans the rest, and disputes nothing new."""
    (desired, found, applied), carried_out = cases
    plan = hr(desired, found, applied)
    begun = applied.model_copy(update={"writing": about_to_be_written(applied, plan)})
    seen = after(found, plan.changes) if carried_out else found
    again = hr(desired, seen, begun)

    assert again.obstacles.keys() <= plan.obstacles.keys()
    assert not (carried_out and again)
    assert carried_out or again.changes == plan.changes


def test_what_a_leaver_loses_waits_with_the_block() -> None:
    record = DesiredRecord(
        source="afas",
        number="1042",
        fields={"work_mail": Wanted(value="a@proef.example", reason=WHY)},
        user_id="12345.1042",
        cleared=True,
    )
    desired = DesiredHr(state=State.BLOCKED, why=WHY, records={KEY: record})
    has: dict[str, Value] = {"work_mail": "a@proef.example", USER_ID: "u", BLOCKED: False}
    records = HrRecords(id=KEY, records={KEY: HrRecord(key=KEY, fields=has)})
    found: Found[HrRecords] = Found(account=records)
    applied = Applied(written={f"{KEY} work_mail": "a@proef.example", f"{KEY} {USER_ID}": "u"})

    held = hr(desired, found, applied, hold=frozenset({Harm.BLOCK}))
    assert held.changes == ()
    assert {change.kind for change in held.held} == {Kind.WRITE_RECORD, Kind.UPDATE_HR_USER}
    assert stands(desired, found, applied, held) == applied.written
