"""What the compiler must know of Microsoft Graph to read infra/graph/ where it cannot fetch it.

The properties that the template uses, with kinds and flags of the extension microsoftgraph/v1.0
1.0.0 (microsoftgraph/msgraph-bicep-types on GitHub); it has many more.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from repo.bicep_compiler import bicep

OPTIONAL, REQUIRED, READ_ONLY, CONSTANT, KEY = 0, 1, 2, 10, 25
GUID = "^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$"
type Json = dict[str, Any]


def publish(folder: Path) -> Path:
    """Write the types as an extension into this folder; returns the archive."""
    _write(folder / "types.json", _types())
    _write(folder / "index.json", _index())
    archive = folder / "graph.tgz"
    code, said = bicep("publish-extension", folder / "index.json", "--target", archive)
    assert code == 0, said
    return archive


def _types() -> list[Json]:
    text, guid, flag, texts, role = (_ref(number) for number in range(5))
    return [
        {"$type": "StringType"},
        {"$type": "StringType", "minLength": 36, "maxLength": 36, "pattern": GUID},
        {"$type": "BooleanType"},
        {"$type": "ArrayType", "itemType": text},
        _object(
            "MicrosoftGraphAppRole",
            allowedMemberTypes=(texts, OPTIONAL),
            id=(guid, OPTIONAL),
            isEnabled=(flag, OPTIONAL),
            value=(text, OPTIONAL),
        ),
        {"$type": "ArrayType", "itemType": role},
        {"$type": "StringLiteralType", "value": "v1.0"},
        *_resource(
            7,
            "Microsoft.Graph/servicePrincipals",
            appId=(text, KEY),
            appRoles=(_ref(5), OPTIONAL),
            id=(text, READ_ONLY),
        ),
        *_resource(
            10,
            "Microsoft.Graph/appRoleAssignedTo",
            appRoleId=(guid, REQUIRED),
            principalId=(guid, REQUIRED),
            resourceId=(guid, REQUIRED),
            id=(text, READ_ONLY),
        ),
        _object("MicrosoftGraphBicepExtensionConfig"),
    ]


def _index() -> Json:
    return {
        "resources": {
            "Microsoft.Graph/servicePrincipals@v1.0": {"$ref": "types.json#/9"},
            "Microsoft.Graph/appRoleAssignedTo@v1.0": {"$ref": "types.json#/12"},
        },
        "resourceFunctions": {},
        "settings": {
            "name": "MicrosoftGraph",
            "version": "1.0.0",
            "isSingleton": False,
            "configurationType": {"$ref": "types.json#/13"},
        },
    }


def _resource(number: int, name: str, **properties: tuple[Json, int]) -> list[Json]:
    """Its name, its body and itself, from this place in the list on."""
    constant = {"type": (_ref(number), CONSTANT), "apiVersion": (_ref(6), CONSTANT)}
    whole = {"$type": "ResourceType", "name": f"{name}@v1.0", "scopeType": 0, "flags": 0}
    return [
        {"$type": "StringLiteralType", "value": name},
        _object(name, **constant, **properties),
        {**whole, "body": _ref(number + 1)},
    ]


def _object(name: str, **properties: tuple[Json, int]) -> Json:
    shown = {key: {"type": kind, "flags": flags} for key, (kind, flags) in properties.items()}
    return {"$type": "ObjectType", "name": name, "properties": shown}


def _ref(number: int) -> Json:
    return {"$ref": f"#/{number}"}


def _write(file: Path, value: object) -> None:
    file.write_text(json.dumps(value), encoding="utf-8")
