"""Routes: what fits, with which parameters, and which of two wins."""

from __future__ import annotations

import pytest

from sandbox.host.routes import parse


@pytest.mark.parametrize(
    ("template", "path", "expected"),
    [
        ("health", "health", {}),
        ("Health", "/hEALTH/", {}),
        ("hr/{source}", "hr/afas", {"source": "afas"}),
        ("hr/{source}", "hr/a%20b", {"source": "a b"}),
        ("hr/{source}", "hr", None),
        ("hr/{source}", "hr/afas/more", None),
        ("hr/{source?}", "hr", {}),
        ("hr/{source?}", "hr/afas", {"source": "afas"}),
        ("people/{id}/events/{event}", "people/7/events/9", {"id": "7", "event": "9"}),
        ("console/{*rest}", "console/a/b%2Fc", {"rest": "a/b/c"}),
        ("console/{*rest}", "console", {"rest": ""}),
        ("health", "healthy", None),
        ("", "", {}),
    ],
)
def test_path_and_template(template: str, path: str, expected: dict[str, str] | None) -> None:
    assert parse(template).match(path) == expected


@pytest.mark.parametrize("template", ["{id:int}", "x{id}", "{", "{*all}/more", "{a?}/b"])
def test_template_that_is_not_played_is_refused(template: str) -> None:
    with pytest.raises(ValueError, match="route"):
        parse(template)


def test_literal_goes_before_parameter_before_catch_all() -> None:
    templates = ["hr/{*rest}", "hr/{source}", "hr/push"]

    ordered = sorted(map(parse, templates), key=lambda route: route.precedence)

    assert [route.template for route in ordered] == ["hr/push", "hr/{source}", "hr/{*rest}"]
