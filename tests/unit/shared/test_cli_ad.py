from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from shared.cli_ad import COLUMNS, print_tasks, write
from shared.flow.by_hand import Open
from shared.model.person import PersonId
from shared.model.task import Place, Task, carried_on

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
TASK = Task(
    place=Place.ACTIVE_DIRECTORY,
    what="set attributes",
    on={"sAMAccountName": "kim", "distinguishedName": "CN=Kim"},
    values={"telephoneNumber": "+31 70 123 45 67", "title": "=HYPERLINK()", "mobile": ""},
    why="entra.attributes.jobTitle: HR's job.name",
    since=NOW,
    undone=2,
)


def test_a_task_is_shown_with_its_object_and_exact_values() -> None:
    console = Console(width=120, record=True)

    print_tasks(console, (TASK,))

    told = console.export_text()
    assert "Active Directory: set attributes, since 2026-11-02 09:00 UTC, undone 2 times" in told
    assert "because entra.attributes.jobTitle: HR's job.name" in told
    assert "distinguishedName  CN=Kim" in " ".join(told.split(" ")).replace("   ", "  ")
    assert "title :=" in told
    assert "(empty)" in told


def test_the_file_has_a_line_for_each_value_and_no_formula(tmp_path: Path) -> None:
    file = tmp_path / "ad.csv"
    delete = Task(place=Place.ACTIVE_DIRECTORY, what="delete account")

    write(file, [Open(PersonId("p"), "afas:1042", task, "") for task in (TASK, delete)])

    with file.open(encoding="utf-8-sig", newline="") as read:
        rows = list(csv.DictReader(read, delimiter=";"))
    assert tuple(rows[0]) == COLUMNS
    assert [(row["attribute"], row["value"]) for row in rows] == [
        ("telephoneNumber", "+31 70 123 45 67"),
        ("title", "'=HYPERLINK()"),
        ("mobile", ""),
        ("", ""),
    ]
    assert {row["sAMAccountName"] for row in rows} == {"kim", ""}


def test_a_task_keeps_the_moment_since_when_it_is_asked_for() -> None:
    later = datetime(2026, 11, 3, 9, 0, tzinfo=UTC)
    again = TASK.model_copy(update={"since": None, "values": {"title": "B"}})
    other = again.model_copy(update={"what": "disable account"})

    kept, new = carried_on((again, other), (TASK,), later)

    assert (kept.since, kept.values) == (NOW, {"title": "B"})
    assert new.since == later
