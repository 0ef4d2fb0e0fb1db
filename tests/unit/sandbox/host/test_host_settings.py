"""host.json, local.settings.json, overrides and %SETTING%."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sandbox.host import settings
from sandbox.host.settings import SettingMissing, SettingsRefused


def an_app(path: Path, host: object = None, local: object = None) -> Path:
    document = {"version": "2.0"} if host is None else host
    (path / "host.json").write_text(json.dumps(document), encoding="utf-8")
    if local is not None:
        (path / "local.settings.json").write_text(json.dumps(local), encoding="utf-8")
    return path


def service_bus(**options: object) -> dict[str, object]:
    return {"version": "2.0", "extensions": {"serviceBus": options}}


def test_defaults_are_those_of_the_documentation(tmp_path: Path) -> None:
    options = settings.read_host_json(an_app(tmp_path), {}).extensions.service_bus

    assert options.max_concurrent_calls == 16
    assert options.max_concurrent_sessions == 8
    assert options.session_idle_timeout == 60.0
    assert options.max_auto_lock_renewal_duration == 300.0
    assert options.auto_complete_messages


def test_time_spans_of_host_json_are_seconds(tmp_path: Path) -> None:
    app = an_app(
        tmp_path,
        service_bus(
            sessionIdleTimeout="00:00:02.5", maxAutoLockRenewalDuration="-00:00:00.0010000"
        ),
    )

    options = settings.read_host_json(app, {}).extensions.service_bus

    assert options.session_idle_timeout == 2.5
    assert options.max_auto_lock_renewal_duration == float("inf")


def test_environment_overrides_host_json_in_any_case(tmp_path: Path) -> None:
    app = an_app(tmp_path, service_bus(sessionIdleTimeout="00:01:00"))
    override = {
        "AzureFunctionsJobHost__extensions__serviceBus__sessionIdleTimeout": "00:00:00.05",
        "AzureFunctionsJobHost__Extensions__ServiceBus__MaxConcurrentSessions": "64",
        "azurefunctionsjobhost__extensions__http__routeprefix": "",
    }

    extensions = settings.read_host_json(app, override).extensions

    assert extensions.service_bus.session_idle_timeout == 0.05
    assert extensions.service_bus.max_concurrent_sessions == 64
    assert extensions.http.route_prefix == ""


@pytest.mark.parametrize(
    ("host", "reason"),
    [
        ({}, "version"),
        ({"version": "1.0"}, "version"),
        ([], "no JSON object"),
        (service_bus(maxConcurrentCallsPerSession=2), "maxConcurrentCallsPerSession"),
        (service_bus(prefetchCount=10), "prefetchCount"),
        (service_bus(maxConcurrentSessions=0), "maxConcurrentSessions"),
        (service_bus(sessionIdleTimeout="soon"), "no time span"),
        (service_bus(sessionIdleTimeout=5), "hh:mm:ss"),
    ],
)
def test_host_json_that_cannot_be_played_is_refused(
    tmp_path: Path, host: object, reason: str
) -> None:
    with pytest.raises(SettingsRefused, match=reason):
        settings.read_host_json(an_app(tmp_path, host), {})


def test_directory_without_host_json_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsRefused, match=r"no host\.json"):
        settings.read_host_json(tmp_path, {})


def test_given_wins_over_environment_over_local_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = {"A": "local", "B": "local", "C": "local", "N": 5, "T": True}
    app = an_app(tmp_path, local={"IsEncrypted": False, "Values": values})
    monkeypatch.setenv("B", "environment")
    monkeypatch.setenv("C", "environment")

    found = settings.layered(app, {"C": "given"})

    assert (found["A"], found["B"], found["C"]) == ("local", "environment", "given")
    assert (found["N"], found["T"]) == ("5", "True")


@pytest.mark.parametrize(
    ("local", "reason"),
    [({"IsEncrypted": True, "Values": {}}, "encrypted"), ({"Values": {"A": {}}}, "A")],
)
def test_local_settings_that_cannot_be_used_are_refused(
    tmp_path: Path, local: object, reason: str
) -> None:
    with pytest.raises(SettingsRefused, match=reason):
        settings.layered(an_app(tmp_path, local=local), {})


def test_environment_is_put_back_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEPT", "before")

    with settings.in_environment({"KEPT": "during", "NEW": "during"}) as env:
        assert (env["KEPT"], env["NEW"]) == ("during", "during")

    assert settings.environment()["KEPT"] == "before"
    assert "NEW" not in settings.environment()


def test_setting_in_percent_signs_is_resolved() -> None:
    assert settings.resolved("a-%NAME%-%OTHER%", {"NAME": "x", "OTHER": "y"}) == "a-x-y"


def test_setting_that_is_missing_is_named() -> None:
    with pytest.raises(SettingMissing, match="add the setting DUE_SCHEDULE"):
        settings.resolved("%DUE_SCHEDULE%", {})


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("AzureWebJobs.due.Disabled", "true", True),
        ("AzureWebJobs__due__Disabled", "1", True),
        ("AZUREWEBJOBS.DUE.DISABLED", "True", True),
        ("AzureWebJobs.due.Disabled", "false", False),
        ("AzureWebJobs.drift.Disabled", "true", False),
    ],
)
def test_function_is_disabled_by_a_setting(name: str, value: str, *, expected: bool) -> None:
    assert settings.is_disabled("due", {name: value}) is expected


def test_body_limit_has_the_hosts_default_and_setting() -> None:
    assert settings.body_limit_bytes({}) == 104_857_600
    assert settings.body_limit_bytes({"FUNCTIONS_REQUEST_BODY_SIZE_LIMIT": "10"}) == 10
    with pytest.raises(SettingsRefused, match="no number"):
        settings.body_limit_bytes({"FUNCTIONS_REQUEST_BODY_SIZE_LIMIT": "much"})
