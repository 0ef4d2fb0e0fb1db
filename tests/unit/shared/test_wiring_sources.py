"""The sources that settings name are built without a call to anybody, and say what they lack."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from shared import settings
from shared.errors import Misconfigured, Permanent
from shared.flow.service import Clock, Ledger
from shared.intake.source import Source
from shared.ledger.policies import Active
from shared.ledger.sqlite import open_sqlite
from shared.policy.load import load, policy_hash
from shared.wiring import Wiring

POLICY = """
version: 1
organisation: {name: Proef, mail_domain: proef.example}
"""
COLUMNS = "sources: {csv: {columns: {number: nr, name.birth: naam, contract.start: begin}}}\n"


def now() -> datetime:
    return datetime(2026, 11, 2, 9, tzinfo=UTC)


class Bench:
    """Wiring over an empty ledger, with a folder for everything."""

    def __init__(self, ledger: Ledger, folder: Path) -> None:
        self.ledger, self.folder = ledger, folder
        self.policy = folder / "policy.yaml"
        self.policy.write_text(POLICY + COLUMNS, encoding="utf-8")
        self.wiring = Wiring(
            settings.read(
                {
                    "LEDGER_URL": f"sqlite:///{folder.as_posix()}/ledger.sqlite",
                    "POLICY_FILE": str(self.policy),
                    "CSV_FOLDER": str(folder),
                    "EXACT_CLIENT_ID": "app",
                    "EXACT_CLIENT_SECRET": "s3cret",
                    "EXACT_DIVISIONS": "123456",
                    "TOKEN_FOLDER": str(folder / "tokens"),
                }
            )
        )

    def source(self, name: str) -> Source:
        return self.wiring._sources(self.ledger, Clock(now=now, wall=now)).source(name)


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    store = await open_sqlite(None, wall=now)
    made = Bench(Ledger(store), tmp_path)
    yield made
    await made.wiring.close()
    await store.close()


async def test_exact_without_consent_says_how_to_give_it(bench: Bench) -> None:
    with pytest.raises(Permanent, match="instroom hr connect exact"):
        await bench.source("exact").probe()


def export(bench: Bench, text: str) -> None:
    file = bench.folder / "hr.csv"
    file.write_text(text, encoding="utf-8")
    os.utime(file, (0, file.stat().st_mtime - 100))


async def test_exports_are_read_as_the_file_says_before_any_policy_is_active(
    bench: Bench,
) -> None:
    export(bench, "nr;naam;begin\n7;Jansen;01-02-2026\n")

    found = await bench.source("csv").one("7")

    assert found is not None
    assert found.number == "7"


async def test_exports_are_read_as_the_active_policy_says(bench: Bench) -> None:
    text = POLICY + COLUMNS.replace("naam", "achternaam")
    load(text)
    await bench.ledger.policies.keep(policy_hash(text), text)
    active, version = await bench.ledger.policies.active()
    assert active is None
    await bench.ledger.policies.point(Active(policy=policy_hash(text), since=now()), version)
    export(bench, "nr;achternaam;begin\n7;Jansen;01-02-2026\n")

    assert await bench.source("csv").one("7") is not None


async def test_exports_without_a_description_are_a_mistake_of_the_policy(bench: Bench) -> None:
    bench.policy.write_text(POLICY, encoding="utf-8")

    with pytest.raises(Misconfigured, match=r"sources\.csv\.columns"):
        await bench.source("csv").probe()
