"""What can be seen of secrets in Key Vault before anybody asks it."""

from __future__ import annotations

import pytest

from shared import settings, settings_check

VAULT = "https://kv-voorbeeld.vault.azure.net"
WHOLE = {
    "LEDGER_URL": "sqlite:///x",
    "AFAS_TOKEN": "vault:afas-token",
    "TOPDESK_APP_PASSWORD": "vault:topdesk-app-password",
    "WEBHOOK_SECRET_AFAS": "vault:webhook-secret-afas",
    "KEY_VAULT_URL": VAULT,
}


def told(**changes: str) -> dict[str, str]:
    """What is wrong with the settings that this file is about."""
    read = settings.read({**WHOLE, **changes})
    about = (*WHOLE, "TOKEN_FOLDER", "ServiceBus")
    wrong = {
        one.what: str(one) for one in settings_check.problems(read) if one.what.startswith(about)
    }
    if not changes.get("ServiceBusConnection"):
        wrong.pop("ServiceBusConnection")
    return wrong


def test_secrets_may_lie_in_the_vault() -> None:
    assert told() == {}


def test_a_secret_in_no_vault_is_told_by_its_setting() -> None:
    wrong = told(KEY_VAULT_URL="")

    assert wrong.keys() == {"AFAS_TOKEN", "TOPDESK_APP_PASSWORD", "WEBHOOK_SECRET_AFAS"}
    assert "KEY_VAULT_URL is not set" in wrong["AFAS_TOKEN"]


@pytest.mark.parametrize("name", ["", "afas_token", "kv/afas-token", "a b", "x" * 128])
def test_a_name_that_no_secret_can_have_is_told(name: str) -> None:
    assert "Letters, digits and hyphens" in told(AFAS_TOKEN=f"vault:{name}")["AFAS_TOKEN"]


def test_what_the_host_reads_cannot_lie_in_the_vault() -> None:
    wrong = told(ServiceBusConnection="vault:service-bus")

    assert "ServiceBusConnection__fullyQualifiedNamespace" in wrong["ServiceBusConnection"]


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080", f"{VAULT}/secrets/afas-token"])
def test_an_address_that_is_no_vault_is_told(url: str) -> None:
    assert told(KEY_VAULT_URL=url).keys() == {"KEY_VAULT_URL"}


def test_an_unresolved_reference_of_a_webhook_is_told_as_such() -> None:
    reference = "@Microsoft.KeyVault(VaultName=kv;SecretName=webhook-secret-afas)"

    assert "not resolved" in told(WEBHOOK_SECRET_AFAS=reference)["WEBHOOK_SECRET_AFAS"]


def test_tokens_lie_in_a_folder_that_is_named_else_in_the_vault() -> None:
    azure = {"LEDGER_URL": "https://x.table.core.windows.net", "HR_SOURCES": "exact"}

    assert told(**azure) == {}
    assert settings.read({**WHOLE, **azure}).tokens_in_vault
    assert not settings.read({**WHOLE, **azure, "TOKEN_FOLDER": "/mounts/t"}).tokens_in_vault
    assert told(**azure, TOKEN_FOLDER="tokens").keys() == {"TOKEN_FOLDER"}


def test_names_of_secrets_are_no_secret_and_still_not_shown() -> None:
    assert "vault:" not in repr(settings.read(WHOLE))
