from __future__ import annotations

import pytest
from unit.sandbox.topdesk.desk import Desk


@pytest.fixture
def desk() -> Desk:
    return Desk()
