from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from shared import settings, settings_check
from shared.errors import Misconfigured
from shared.settings import Settings

LOOPBACK = "Endpoint=sb://127.0.0.1:5672;SharedAccessKeyName=x;SharedAccessKey=SAS_KEY_VALUE;"
AZURE = "Endpoint=sb://voorbeeld.servicebus.windows.net;SharedAccessKeyName=x;SharedAccessKey=y"
SECRET = "whsec_c2FuZGJveC1vZi1pbnN0cm9vbS1zYW5kYm94"


@pytest.fixture
def whole(tmp_path: Path) -> dict[str, str]:
    """Settings without a problem."""
    policy = tmp_path / "policy.yaml"
    policy.write_text("version: 1\n", encoding="utf-8")
    return {
        "ServiceBusConnection": LOOPBACK,
        "LEDGER_URL": "sqlite:///ledger.sqlite",
        "POLICY_FILE": str(policy),
        "AFAS_BASE_URL": "https://12345.rest.afas.online/ProfitRestServices",
        "AFAS_TOKEN": "geheim-1",
        "TOPDESK_URL": "https://voorbeeld.topdesk.net",
        "TOPDESK_USERNAME": "instroom",
        "TOPDESK_APP_PASSWORD": "geheim-2",
        "WEBHOOK_SECRET_AFAS": SECRET,
        "HR_POLL_SCHEDULE": "0 */15 * * * *",
        "HR_FULL_SYNC_SCHEDULE": "0 30 2 * * *",
        "DUE_SCHEDULE": "0 * * * * *",
        "DRIFT_SCHEDULE": "0 5-59/15 * * * *",
        "UPKEEP_SCHEDULE": "0 40 4 * * *",
    }


def wrong(values: dict[str, str]) -> dict[str, str]:
    """What is wrong, by setting."""
    return _told(values, settings_check.problems)


def _told(
    values: dict[str, str], of: Callable[[Settings], Iterable[Misconfigured]]
) -> dict[str, str]:
    return {problem.what: str(problem) for problem in of(settings.read(values))}


def test_whole_settings_have_no_problem(whole: dict[str, str]) -> None:
    assert wrong(whole) == {}


@pytest.mark.parametrize(
    "name",
    [
        "ServiceBusConnection",
        "LEDGER_URL",
        "AFAS_BASE_URL",
        "AFAS_TOKEN",
        "TOPDESK_URL",
        "TOPDESK_USERNAME",
        "TOPDESK_APP_PASSWORD",
    ],
)
@pytest.mark.parametrize("empty", [False, True])
def test_missing_setting_is_told_with_an_example(
    whole: dict[str, str], name: str, *, empty: bool
) -> None:
    """Azure and local.settings.json leave an empty text where nothing is meant."""
    without = whole | {name: ""} if empty else {k: v for k, v in whole.items() if k != name}

    problems = wrong(without)

    assert set(problems) == {name}
    assert problems[name].startswith(f"{name}: is not set. Give it ")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("HR_POLL_SCHEDULE", settings_check.idle),
        ("HR_FULL_SYNC_SCHEDULE", settings_check.idle),
        ("DUE_SCHEDULE", settings_check.idle),
        ("DRIFT_SCHEDULE", settings_check.resting),
        ("UPKEEP_SCHEDULE", settings_check.resting),
    ],
)
def test_timer_without_a_schedule_is_told_and_keeps_nothing_from_working(
    whole: dict[str, str],
    name: str,
    told: Callable[[Settings], Iterable[Misconfigured]],
) -> None:
    without = whole | {name: ""}

    assert wrong(without) == {}
    assert list(_told(without, told)) == [name]
    assert _told(without, told)[name].startswith(f"{name}: is not set. Give it 0 ")
    assert not _told(whole, told)


def test_unresolved_reference_is_told_as_such(whole: dict[str, str]) -> None:
    reference = "@Microsoft.KeyVault(SecretUri=https://kluis.vault.azure.net/secrets/afas/)"

    problems = wrong({**whole, "AFAS_TOKEN": reference})

    assert set(problems) == {"AFAS_TOKEN"}
    assert "not resolved" in problems["AFAS_TOKEN"]


def test_namespace_replaces_the_connection_string(whole: dict[str, str]) -> None:
    del whole["ServiceBusConnection"]
    whole["ServiceBusConnection__fullyQualifiedNamespace"] = "voorbeeld.servicebus.windows.net"

    assert wrong(whole) == {}


@pytest.mark.parametrize(
    ("changes", "what", "told"),
    [
        ({"HR_SOURCES": "nmbrz"}, "HR_SOURCES", "there is no source 'nmbrz'. Known: afas"),
        ({"HR_SOURCES": " , "}, "HR_SOURCES", "is not set"),
        ({"POLICY_FILE": "nowhere.yaml"}, "POLICY_FILE", "there is no such file"),
        ({"GRAPH_AUTH": "none"}, "GRAPH_AUTH", "for the sandbox alone"),
        (
            {"CLOCK_FILE": "clock.txt", "ServiceBusConnection": AZURE},
            "CLOCK_FILE",
            "can only be moved on a laptop",
        ),
        ({"WEBHOOK_SECRET_AFAS": "whsec_"}, "WEBHOOK_SECRET_AFAS", "is no webhook secret"),
        ({"WEBHOOK_SECRET_AFAS": "whsec_c2hvcnQ="}, "WEBHOOK_SECRET_AFAS", "24 to 64"),
        ({"WEBHOOK_SECRET_AFAS": "not base64!"}, "WEBHOOK_SECRET_AFAS", "base64"),
    ],
)
def test_wrong_setting_is_told(
    whole: dict[str, str], changes: dict[str, str], what: str, told: str
) -> None:
    problems = wrong(whole | changes)

    assert set(problems) == {what}
    assert told in problems[what]


def test_calendar_may_be_moved_on_loopback(whole: dict[str, str]) -> None:
    assert wrong(whole | {"CLOCK_FILE": "clock.txt"}) == {}


def test_sandbox_without_sign_in_is_this_machine(whole: dict[str, str]) -> None:
    graph = {"GRAPH_AUTH": "none", "GRAPH_BASE_URL": "http://127.0.0.1:8011/v1.0"}

    assert wrong(whole | graph) == {}


@pytest.mark.parametrize(
    ("connection", "expected"),
    [
        (LOOPBACK, True),
        ("SharedAccessKey=y;endpoint=sb://localhost", True),
        ("Endpoint=sb://[::1]:5672;", True),
        (AZURE, False),
        ("Endpoint=sb://127.0.0.1.evil.example;", False),
        ("Endpoint=sb://evil.example/127.0.0.1;", False),
        ("", False),
    ],
)
def test_which_service_bus_is_this_machine(connection: str, *, expected: bool) -> None:
    read = settings.read({"ServiceBusConnection": connection})

    assert settings_check.is_loopback(read) is expected


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AFAS_BASE_URL", "12345.rest.afas.online"),
        ("TOPDESK_URL", "ftp://voorbeeld.topdesk.net"),
        ("TOPDESK_URL", "http://voorbeeld.topdesk.net"),
        ("TOPDESK_URL", "http://127.0.0.1.evil.example"),
        ("GRAPH_BASE_URL", "https:///v1.0"),
        ("GRAPH_BASE_URL", "https://["),
        ("GRAPH_AUTH", "password"),
    ],
)
def test_impossible_value_is_refused_by_name_and_never_shown(name: str, value: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        settings.read({name: value})

    assert caught.value.what == name
    assert value not in str(caught.value)


def test_address_is_kept_without_its_last_slash() -> None:
    read = settings.read({"TOPDESK_URL": "https://voorbeeld.topdesk.net/"})

    assert read.topdesk_url == "https://voorbeeld.topdesk.net"


def test_address_of_a_webhook_is_kept_to_the_letter() -> None:
    read = settings.read({"PUSH_ACCOUNTS_URL": "https://hr.example/accounts/"})

    assert read.push_accounts_url == "https://hr.example/accounts/"


def test_no_secret_shows_in_a_picture_of_the_settings(whole: dict[str, str]) -> None:
    read = settings.read(whole)

    for picture in (repr(read), str(read), read.model_dump_json()):
        assert "geheim" not in picture
        assert "SAS_KEY_VALUE" not in picture
        assert SECRET not in picture
    assert read.webhook_secret("AFAS") == read.webhook_secret("afas") == SECRET
    assert read.webhook_secret("nmbrs") is None


def test_unknown_names_in_the_environment_are_not_ours() -> None:
    assert settings.read({"PATH": "x", "WEBSITE_SITE_NAME": "y"}) == settings.read({"PATH": "x"})


def test_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = _a_file(tmp_path, {"Values": {"TOPDESK_USERNAME": "file", "AFAS_TOKEN": "file"}})

    read = settings.read({"TOPDESK_USERNAME": "environment"}, file=file)

    assert read.topdesk_username == "environment"
    assert read.afas_token is not None
    assert read.afas_token.get_secret_value() == "file"


def test_empty_setting_in_the_environment_leaves_the_files(tmp_path: Path) -> None:
    file = _a_file(tmp_path, {"Values": {"TOPDESK_USERNAME": "file"}})

    assert settings.read({"TOPDESK_USERNAME": ""}, file=file).topdesk_username == "file"


def test_file_that_is_not_there_says_nothing(tmp_path: Path) -> None:
    assert settings.read({}, file=tmp_path / "no.json") == settings.read({})


@pytest.mark.parametrize(
    "document", ["", "[]", "{}", '{"Values": []}', '{"Values": 1}', "\ufeff{}"]
)
def test_file_without_values_is_told(tmp_path: Path, document: str) -> None:
    file = tmp_path / "local.settings.json"
    file.write_text(document, encoding="utf-8")

    with pytest.raises(Misconfigured, match=r"local\.settings\.json: holds no Values"):
        settings.read({}, file=file)


def test_file_of_notepad_is_read_too(tmp_path: Path) -> None:
    file = tmp_path / "local.settings.json"
    file.write_text('\ufeff{"Values": {"TOPDESK_USERNAME": "instroom"}}', encoding="utf-8")

    assert settings.read({}, file=file).topdesk_username == "instroom"


def test_every_setting_says_what_it_is() -> None:
    silent = [name for name, field in Settings.model_fields.items() if not field.description]

    assert silent == []


def _a_file(directory: Path, document: dict[str, Any]) -> Path:
    file = directory / "local.settings.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    return file
