"""The stores that the ledger's contract is proved on; Azurite plays Azure Tables."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
import stamina
from azurite import ON_AZURITE, connection_string, serving

from shared.ledger.rows import Store
from shared.ledger.sqlite import open_sqlite
from shared.ledger.tables import open_tables


def wall() -> datetime:
    return datetime.now(UTC)


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=4):
        yield


@pytest.fixture(scope="session")
def azurite_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a Table service that lives as long as the session."""
    with serving("table", tmp_path_factory.mktemp("azurite")) as port:
        yield port


@pytest.fixture(
    params=["sqlite-memory", "sqlite-file", pytest.param("tables", marks=ON_AZURITE)],
)
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    """Each implementation in turn."""
    match request.param:
        case "sqlite-memory":
            opened = await open_sqlite(None, wall=wall)
        case "sqlite-file":
            opened = await open_sqlite(tmp_path / "ledger.sqlite", wall=wall)
        case _:
            port: int = request.getfixturevalue("azurite_port")
            opened = await open_tables(connection_string("table", port), credential=None)
    yield opened
    await opened.close()


@pytest.fixture
def part() -> str:
    """A partition that no other test uses: Azurite lives on between tests."""
    return f"p-{uuid4().hex}"
