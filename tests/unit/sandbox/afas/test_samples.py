"""Do the rig's answers have the shape of the samples taken from the documentation?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

SAMPLES = Path(__file__).parents[3] / "samples"
CONTROL = "http://afas.test/_sandbox/afas"
ALL = "?skip=-1&take=-1"


def sample(name: str) -> Any:
    return json.loads((SAMPLES / f"{name}.json").read_text(encoding="utf-8"))


def differences(documented: Any, answered: Any, path: str = "$") -> list[str]:
    """Where an answer lacks a documented field or has another type; null says nothing."""
    if documented is None or answered is None:
        return []
    if type(documented) is not type(answered):
        return [f"{path}: {type(documented).__name__} is {type(answered).__name__}"]
    if isinstance(documented, dict):
        missing = [f"{path}.{name}: missing" for name in documented if name not in answered]
        common = [name for name in documented if name in answered]
        return missing + [
            line
            for name in common
            for line in differences(documented[name], answered[name], f"{path}.{name}")
        ]
    if isinstance(documented, list) and documented:
        assert answered, path
        return [line for each in answered for line in differences(documented[0], each, path)]
    return []


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("afas-2.9-users", f"/connectors/T4E_HelloID_Users_v2{ALL}"),
        ("afas-2.9-employments", f"/connectors/T4E_HelloID_Employments_v2{ALL}"),
        ("afas-2.1-metainfo-get", "/metainfo/get/T4E_HelloID_OrganizationalUnits_v2"),
        ("afas-12.1-metainfo", "/metainfo"),
        ("afas-2.6-functional-error", "/connectors/Profit_Functions?skip=2&take=-1"),
    ],
)
async def test_an_answer_has_the_documented_shape(
    afas: httpx.AsyncClient, name: str, path: str
) -> None:
    assert differences(sample(name), (await afas.get(path)).json()) == []


async def test_maintenance_has_the_published_shape(afas: httpx.AsyncClient) -> None:
    await afas.patch(CONTROL, json={"maintenance_seconds": 60})
    answer = (await afas.get("/metainfo")).json()

    assert differences(sample("afas-2.6-unavailable"), answer) == []


def test_the_comparison_sees_a_missing_field_and_another_type() -> None:
    assert differences({"a": 1, "b": [{"c": ""}]}, {"b": [{"c": 1}]}) == [
        "$.a: missing",
        "$.b.c: str is int",
    ]
