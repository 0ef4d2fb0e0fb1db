"""Azurite's Blob service, for the inbox that is a container."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from azurite import serving


@pytest.fixture(scope="session")
def blob_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a Blob service that lives as long as the session."""
    with serving("blob", tmp_path_factory.mktemp("azurite")) as port:
        yield port
