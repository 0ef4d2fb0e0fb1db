"""The rig's properties, held against the SDK that is generated from Graph's own metadata."""

from __future__ import annotations

import inspect
import re

import pytest
from msgraph.generated.models.group import Group
from msgraph.generated.models.user import User

from sandbox.graph.schema import GROUP, USER, Schema


def documented(model: type) -> dict[str, str]:
    """camelCase property -> what the metadata says of it."""
    found = re.findall(r"# (.*)\n    (\w+): ", inspect.getsource(model))
    return {re.sub(r"_(\w)", lambda m: m[1].upper(), name): text for text, name in found}


@pytest.mark.parametrize(("schema", "model"), [(USER, User), (GROUP, Group)])
def test_every_property_is_one_of_graphs(schema: Schema, model: type) -> None:
    inherited = {"id", "deletedDateTime"}

    assert set(schema.properties) - inherited <= set(documented(model))


@pytest.mark.parametrize(("schema", "model"), [(USER, User), (GROUP, Group)])
def test_documented_lengths_are_the_rigs(schema: Schema, model: type) -> None:
    for name, text in documented(model).items():
        match = re.search(r"[Mm]aximum length is (\d+) characters", text)
        if match and name in schema.properties:
            assert (name, schema.properties[name].max_length) == (name, int(match[1]))


def test_what_comes_without_select_is_documented_so() -> None:
    texts = documented(User)
    default = {name for name, text in texts.items() if "Returned by default" in text}

    assert default - set(USER.default_names()) == {"securityIdentifier"}
    assert set(USER.default_names()) - default == {"id"}


@pytest.mark.parametrize(("schema", "model"), [(USER, User), (GROUP, Group)])
def test_operators_are_documented(schema: Schema, model: type) -> None:
    for name, text in documented(model).items():
        listed = " ".join(re.findall(r"\$filter \(([^)]*)\)", text)).lower()
        prop = schema.properties.get(name)
        if not listed or prop is None or name == "department":
            continue  # department takes startsWith too, which the metadata does not list
        assert not prop.operators - set(re.findall(r"\w+", listed)), name
