"""Stories take longer than a unit test, above all on a machine that does other things as well."""

from __future__ import annotations

from pathlib import Path

import pytest

STORY_SECONDS = 240


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give every story of this folder its time, unless it says its own."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(STORY_SECONDS))
