"""Write docs/vendors/push.schema.json anew: `.venv/bin/python tests/repo/push_schema.py`.

The file is what `GET /api/hr/push/schema` answers, so that a change of it is seen in review.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "docs" / "vendors" / "push.schema.json"


def text() -> str:
    """The schema as the file holds it."""
    from shared.intake.push_person import schema  # noqa: PLC0415 - the path is set below

    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    FILE.write_text(text(), encoding="utf-8")
