"""Which HR systems can be told of accounts, and what is asked for so that they may be."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from shared import settings, settings_check, wiring
from shared.errors import Permanent
from shared.flow.service import Clock, Ledger
from shared.ledger.sqlite import open_sqlite
from shared.vendors.nmbrs import WRITING
from shared.wiring import Wiring

POLICY = "version: 1\norganisation: {name: Proef, mail_domain: proef.example}\n"
BACK = POLICY + "write_back: {nmbrs: {fields: [work_mail]}}\n"


def now() -> datetime:
    return datetime(2026, 11, 2, 9, tzinfo=UTC)


def given(folder: Path, text: str = POLICY, **more: str) -> settings.Settings:
    policy = folder / "policy.yaml"
    policy.write_text(text, encoding="utf-8")
    return settings.read(
        {
            "LEDGER_URL": f"sqlite:///{folder.as_posix()}/ledger.sqlite",
            "POLICY_FILE": str(policy),
            "HR_SOURCES": "afas,csv,exact,nmbrs,push",
            "AFAS_BASE_URL": "http://127.0.0.1:1/ProfitRestServices",
            "AFAS_TOKEN": "AB",
            "CSV_FOLDER": str(folder),
            "NMBRS_CLIENT_ID": "app",
            "NMBRS_CLIENT_SECRET": "s3cret",
            "NMBRS_SUBSCRIPTION_KEY": "key",
            "TOKEN_FOLDER": str(folder / "tokens"),
            **more,
        }
    )


async def test_all_but_exact_can_be_told_and_say_what_they_lack(tmp_path: Path) -> None:
    store = await open_sqlite(None, wall=now)
    opened = Wiring(given(tmp_path))
    writers = opened._sources(Ledger(store), Clock(now=now, wall=now)).writers()

    assert set(writers) == {"afas", "csv", "nmbrs", "push"}
    for name, lacking in (("csv", "CSV_EXPORT"), ("push", "PUSH_ACCOUNTS_URL")):
        with pytest.raises(Permanent, match=lacking):
            await writers[name].probe(["mail"])
    await opened.close()
    await store.close()


async def test_what_is_set_is_used(tmp_path: Path) -> None:
    store = await open_sqlite(None, wall=now)
    told = given(
        tmp_path,
        CSV_EXPORT=str(tmp_path / "accounts.csv"),
        PUSH_ACCOUNTS_URL="https://hr.example/accounts",
        WEBHOOK_SECRET_ACCOUNTS="whsec_c2FuZGJveC1vZi1pbnN0cm9vbS1zYW5kYm94",
    )
    opened = Wiring(told)
    writers = opened._sources(Ledger(store), Clock(now=now, wall=now)).writers()
    await writers["csv"].probe(["mail"])
    await writers["push"].probe(["mail"])

    told_of = [str(problem) for problem in settings_check.problems(told)]
    assert any("would be read as one" in problem for problem in told_of)
    await opened.close()
    await store.close()


@pytest.mark.parametrize(("text", "asks"), [(POLICY, False), (BACK, True), ("version: 2", False)])
async def test_the_consent_asks_to_write_only_where_the_policy_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, *, asks: bool
) -> None:
    monkeypatch.setattr(wiring, "_configured", given(tmp_path, text))
    async with wiring.consenting("nmbrs") as (consent, _):
        scopes = consent.provider.scope.split()

    assert (WRITING in scopes) is asks
    assert f"{WRITING}.read" in scopes
