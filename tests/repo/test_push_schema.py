"""The schema that is published for pushing: written down, described, and true of what is read."""

from __future__ import annotations

import json
from typing import Any

import pytest
from repo.json_schema import problems
from repo.push_schema import FILE, text

from shared.intake import push, push_person
from shared.model.person import Record

SANNE: dict[str, Any] = {"number": "1042", "name": {"birth": "Voorbeeld"}, "contracts": []}
SCHEMA = push_person.schema()


def test_schema_in_the_documents_is_the_published_one() -> None:
    """Others generate code from it: a change is deliberate, and of meaning a new $id."""
    assert FILE.read_text(encoding="utf-8") == text()


def test_examples_fit_and_are_read() -> None:
    for example in SCHEMA["examples"]:
        assert problems(example, SCHEMA, "call") == []
        call = push.read(json.dumps(example).encode())
        assert call.as_of is not None
        assert all(isinstance(push.whole(item), Record) for item in call.items)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, []),
        ({"mobile": None}, []),
        ({"number": 1042}, ["is no string"]),
        ({"number": "9" * 65}, ["longer than 64"]),
        ({"bsn": "x"}, ["unknown key"]),
        ({"contracts": [{"key": "1", "start": "30-11-2026"}]}, ["fits none"]),
        ({"contracts": [{"key": "1"}]}, ["fits none"]),
        ({"contracts": [{"key": "1", "start": "2026-11-30", "hours": "36"}]}, ["fits none"]),
    ],
)
def test_schema_and_reading_agree(changes: dict[str, Any], told: list[str]) -> None:
    item = {**SANNE, **changes}
    found = problems({"people": [item]}, SCHEMA, "call")

    assert len(found) == len(told)
    assert all(part in whole for part, whole in zip(told, found, strict=True))
    assert isinstance(push.whole(item), Record) == (not told)


def test_a_call_of_more_than_a_thousand_does_not_fit() -> None:
    assert problems({"people": [SANNE] * 1001}, SCHEMA, "call") == ["call.people: more than 1000"]


def test_every_field_is_described() -> None:
    parts = [SCHEMA, *(part for part in SCHEMA["$defs"].values() if "properties" in part)]
    fields = [item for part in parts for item in part["properties"].items()]

    assert len(fields) > 25
    assert [name for name, field in fields if "description" not in field] == []
    assert SCHEMA["$id"] == "urn:instroom:push:people:1"
