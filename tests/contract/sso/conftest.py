"""A tenant for every test, closed again."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from contract.sso.sso_stage import SsoStage


@pytest.fixture
async def stage() -> AsyncIterator[SsoStage]:
    made = SsoStage()
    yield made
    await made.close()
