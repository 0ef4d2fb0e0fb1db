"""Secrets lie in Key Vault, and the app says what keeps it from them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from e2e.company import Company, systems
from fakes_keyvault import Identity, Vault, key_vault

from shared import health, secret, settings, wiring
from shared.errors import TargetDown
from shared.keyvault import KeyVault
from shared.vault import TokenStore
from shared.vendors.topdesk import tenant
from shared.wiring import Wiring

PASSWORD = "topdesk-app-password"
WEBHOOK = "whsec_c2FuZGJveC1vZi1pbnN0cm9vbS1zYW5kYm94"


@dataclass
class Desk:
    """The systems, and a vault that holds the secrets to them."""

    company: Company
    vault: Vault


@pytest.fixture
async def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    async with key_vault() as vault, systems(tmp_path) as company:
        file = tmp_path / "local.settings.json"
        plain = settings.read({}, file=file)
        vault.set("afas-token", _value(plain, "AFAS_TOKEN"))
        vault.set(PASSWORD, _value(plain, "TOPDESK_APP_PASSWORD"))
        vault.set("webhook-secret-afas", WEBHOOK)
        pointing = {
            "KEY_VAULT_URL": vault.url,
            "AFAS_TOKEN": "vault:afas-token",
            "TOPDESK_APP_PASSWORD": f"vault:{PASSWORD}",
            "WEBHOOK_SECRET_AFAS": "vault:webhook-secret-afas",
        }
        wiring.configure(settings.read(pointing, file=file))

        def opened(wired: Wiring, prefix: str = "") -> TokenStore:
            made = KeyVault(vault.url, Identity(), prefix=prefix, transport=vault.wire())
            wired._open.push_async_callback(made.close)
            return made

        monkeypatch.setattr(Wiring, "_key_vault", opened)
        yield Desk(company, vault)
        await wiring.close()
        monkeypatch.setattr(wiring, "_configured", None)


def _value(read: settings.Settings, name: str) -> str:
    return read.secrets[name].get_secret_value()


async def told() -> dict[str, str | None]:
    """What health says, as a process does that has just begun."""
    await wiring.close()
    return dict((await health.health()).parts)


async def test_secrets_of_the_vault_open_every_system(desk: Desk) -> None:
    parts = await told()
    service = await wiring.service()
    await service.topdesk.probe()
    await service.sources["afas"].probe()

    assert [part for part, wrong in parts.items() if wrong] == []
    assert {"secret AFAS_TOKEN", "secret WEBHOOK_SECRET_AFAS"} <= parts.keys()
    assert sorted(desk.vault.asked) == [
        "GET afas-token",
        "GET topdesk-app-password",
        "GET webhook-secret-afas",
    ]


async def test_a_secret_that_is_not_there_is_named(desk: Desk) -> None:
    del desk.vault.versions[PASSWORD]
    wrong = (await told())["secret TOPDESK_APP_PASSWORD"]

    assert wrong == (
        "TOPDESK_APP_PASSWORD: the key vault holds no secret 'topdesk-app-password'. "
        "Set it there, or mend the name behind `vault:`"
    )


async def test_a_missing_role_is_named(desk: Desk) -> None:
    desk.vault.may = set()
    parts = await told()

    assert "role Key Vault Secrets User" in str(parts["secret AFAS_TOKEN"])
    with pytest.raises(TargetDown, match="role Key Vault Secrets User"):
        await (await wiring.service()).topdesk.probe()


async def test_a_webhook_secret_that_is_none_is_told(desk: Desk) -> None:
    desk.vault.set("webhook-secret-afas", "te kort")

    assert "whsec_" in str((await told())["secret WEBHOOK_SECRET_AFAS"])


async def test_no_value_is_told(desk: Desk) -> None:
    said = repr(await told())
    values = [versions[-1] for versions in desk.vault.versions.values()]

    assert len(values) == 3
    assert not [value for value in values if value in said]


async def test_a_rotated_password_is_taken_up_without_a_restart(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(secret, "AGAIN_SECONDS", 0.0)
    monkeypatch.setattr(tenant, "_SHUT_SECONDS", 0.0)
    right = desk.vault.versions[PASSWORD][-1]
    desk.vault.set(PASSWORD, "another than TOPdesk's")
    await wiring.close()
    service = await wiring.service()
    with pytest.raises(TargetDown):
        await service.topdesk.probe()
    desk.vault.set(PASSWORD, right)

    await service.topdesk.probe()
