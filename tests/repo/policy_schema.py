"""What is the JSON schema of policy.yaml, for editors that help while one types?

`python tests/repo/policy_schema.py` writes policy.schema.json anew; test_policy_schema.py sees
that this was done. The shape is pydantic's; only a condition, which load.py parses from plain
YAML, and a value in the place of choices are described by hand here. The schema is a help:
load.py has the say.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from shared.policy.document import Policy
from shared.policy.fields import FIELDS, YES_OR_NO

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "policy.schema.json"
_CONDITION = {"$ref": "#/$defs/Condition"}
_VALUE = {"type": ["string", "integer"]}
_VALUES = {"anyOf": [_VALUE, {"type": "array", "items": _VALUE, "minItems": 1}]}


def schema() -> dict[str, Any]:
    """The schema of a whole policy file."""
    made = Policy.model_json_schema()
    made["$defs"] |= {"Condition": _condition(), "Values": _VALUES}
    for name, part in made["$defs"].items():
        if name.startswith(("Choices_", "Total_")):
            made["$defs"][name] = _or_alone(part, made["$defs"])
        properties = part.get("properties", {})
        if "when" in properties:
            properties["when"] = {**_CONDITION, "description": properties["when"]["description"]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **_without_titles(made),
        "title": "Who gets what: the policy of Instroom",
    }


def text() -> str:
    """The schema as it lies in the file."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def _or_alone(choices: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """A list of choices, or one value that is for everyone."""
    choice = definitions[choices["items"]["$ref"].rpartition("/")[2]]
    value = {key: v for key, v in choice["properties"]["value"].items() if key != "description"}
    return {"anyOf": [value, {**choices, "minItems": 1}]}


def _condition() -> dict[str, Any]:
    some = {"type": "array", "items": _CONDITION, "minItems": 1}
    return {
        "type": "object",
        "description": "Fields with a value or a list of values; several keys must all hold. "
        "Text is compared without case; * and ? are wildcards.",
        "additionalProperties": False,
        "properties": {
            "any": {**some, "description": "At least one of these conditions holds."},
            "all": {**some, "description": "All of these conditions hold."},
            "not": {**_CONDITION, "description": "This condition does not hold."},
            **{field: {"$ref": "#/$defs/Values"} for field in sorted(FIELDS - YES_OR_NO)},
            **{field: {"type": "boolean"} for field in sorted(YES_OR_NO)},
        },
    }


def _without_titles(part: Any) -> Any:
    """Pydantic's titles only repeat the key; a property that is called `title` is none."""
    if isinstance(part, list):
        return [_without_titles(one) for one in part]
    if not isinstance(part, dict):
        return part
    return {
        key: _without_titles(value)
        for key, value in part.items()
        if not (key == "title" and isinstance(value, str))
    }


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
