"""Settings are missing or wrong: everything is indexed all the same, and says what to mend."""

from __future__ import annotations

from pathlib import Path

import pytest
from e2e.company import Company, systems

TIMERS = {"hr_poll", "hr_full_sync", "due", "drift", "upkeep"}
QUEUES = {"hr_signal", "apply_entra", "apply_topdesk", "apply_hr"}
HTTP = {"hr_webhook", "health"}
SCHEDULES = {f"{timer.upper()}_SCHEDULE" for timer in TIMERS}
ESSENTIAL = SCHEDULES - {"DRIFT_SCHEDULE", "UPKEEP_SCHEDULE"}
OF_THE_HOST = {"FUNCTIONS_WORKER_RUNTIME", "SANDBOX_MASTER_KEY", "SANDBOX_FUNCTION_KEY"}
ALL_MISSING = {
    "LEDGER_URL",
    "AFAS_BASE_URL",
    "AFAS_TOKEN",
    "TOPDESK_URL",
    "TOPDESK_USERNAME",
    "TOPDESK_APP_PASSWORD",
}


async def test_app_without_settings_says_what_to_mend(tmp_path: Path) -> None:
    async with systems(tmp_path) as company:
        _keep_only(company, OF_THE_HOST)
        async with company.hosted():
            assert _in_error(company) == TIMERS | QUEUES
            status, parts = await company.health()
            assert status == 503
            assert set(parts) == {"ServiceBusConnection", *ESSENTIAL, *ALL_MISSING}
            assert all("is not set. Give it" in problem for problem in parts.values())
        await _doctor_says(company, "ServiceBusConnection", *SCHEDULES, *ALL_MISSING)


async def test_app_with_settings_of_the_host_alone_answers(tmp_path: Path) -> None:
    async with systems(tmp_path) as company:
        _keep_only(company, OF_THE_HOST | SCHEDULES | {"ServiceBusConnection"})
        async with company.hosted():
            assert _in_error(company) == set()
            _, parts = await company.health()
            assert set(parts) == ALL_MISSING
            refused = await company.http.post(f"{company.host}/api/hr/afas", content=b"{}")
            assert refused.status_code == 404
            assert "failed" in await company.run("hr_full_sync")


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("GRAPH_BASE_URL", "http://graph.example/v1.0", "must begin with https://"),
        ("TOPDESK_URL", "voorbeeld.topdesk.net", "is no address"),
        ("GRAPH_AUTH", "secret", "GRAPH_AUTH"),
        ("HR_SOURCES", "afas,nmbrz", "there is no source 'nmbrz'"),
        ("POLICY_FILE", "/nowhere/policy.yaml", "there is no such file"),
        ("AFAS_TOKEN", "EXPIRED", "AFAS_TOKEN"),
        ("TOPDESK_APP_PASSWORD", "geheim-0", "TOPDESK_APP_PASSWORD"),
    ],
)
async def test_doctor_names_the_wrong_setting_and_not_its_value(
    tmp_path: Path, name: str, value: str, told: str
) -> None:
    async with systems(tmp_path) as company:
        company.rig.settings[name] = value
        company.rig.write_settings(tmp_path / "local.settings.json")

        printed = await _doctor_says(company, told)

    assert name in ("HR_SOURCES", "POLICY_FILE") or value not in printed


async def test_doctor_is_content_with_the_rig(tmp_path: Path) -> None:
    async with systems(tmp_path) as company:
        printed = await company.instroom("doctor")

    assert "wrong" not in printed
    for part in ("settings", "policy", "ledger", "Entra answers", "TOPdesk answers"):
        assert part in printed


async def test_mistake_in_the_policy_is_told_with_its_line(tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("version: 1\norganization: {name: X}\n", encoding="utf-8")
    async with systems(tmp_path / "state", settings={"POLICY_FILE": str(bad)}) as company:
        printed = await _doctor_says(company, "bad.yaml", "organization", "organisation")

    assert ":2" in printed or "line 2" in printed


def _keep_only(company: Company, names: set[str]) -> None:
    for name in set(company.rig.settings) - names:
        del company.rig.settings[name]
    company.rig.write_settings(company.rig.plan.state / "local.settings.json")


def _in_error(company: Company) -> set[str]:
    """The functions that the host lists as in error; every other one is listed as well."""
    said = company.said()
    bad = {name for name in TIMERS | QUEUES | HTTP if f"The '{name}' function is in error" in said}
    assert all(f"\t{name}: " in said for name in (TIMERS | QUEUES | HTTP) - bad)
    return bad


async def _doctor_says(company: Company, *words: str) -> str:
    printed = await company.instroom("doctor", expect=1)
    assert [word for word in words if word not in printed] == [], printed
    return printed
