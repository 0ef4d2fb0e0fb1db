"""What shared/oauth.py counts on, of a folder and of Azure Key Vault alike."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fakes_keyvault import Fault, Identity, Vault, key_vault

from shared.errors import Misconfigured, Transient
from shared.keyvault import KeyVault
from shared.vault import FileVault, TokenStore

LONG = "x" * 20_000
"""About what four JSON web tokens take."""


@dataclass
class Place:
    """Where tokens lie, and a process that opens it."""

    opens: Callable[[], TokenStore]


@pytest.fixture(params=["folder", "key-vault"])
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    if request.param == "folder":
        yield Place(lambda: FileVault(tmp_path / "tokens"))
        return
    async with key_vault() as vault:
        opened: list[KeyVault] = []

        def opens() -> TokenStore:
            opened.append(
                KeyVault(vault.url, Identity(), prefix="tokens-", transport=vault.wire())
            )
            return opened[-1]

        yield Place(opens)
        for one in opened:
            await one.close()


async def test_nothing_written_is_nothing_read(place: Place) -> None:
    assert await place.opens().read("nmbrs") is None


async def test_what_is_written_is_read_by_the_next_process(place: Place) -> None:
    await place.opens().write("nmbrs", "geheim é")

    assert await place.opens().read("nmbrs") == "geheim é"


async def test_the_last_text_counts(place: Place) -> None:
    store = place.opens()
    await store.write("nmbrs", "a much longer first text")
    await store.write("nmbrs", "second")

    assert await store.read("nmbrs") == "second"


async def test_each_source_has_its_own(place: Place) -> None:
    store = place.opens()
    await store.write("nmbrs", "of nmbrs")
    await store.write("exact", "of exact")

    assert await store.read("nmbrs") == "of nmbrs"


async def test_long_tokens_fit(place: Place) -> None:
    store = place.opens()
    await store.write("nmbrs", LONG)

    assert await store.read("nmbrs") == LONG


@pytest.mark.parametrize("name", ["../up", "a/b", "a b", "ä", "."])
async def test_a_name_cannot_lead_elsewhere(place: Place, name: str) -> None:
    with pytest.raises(ValueError, match="no name"):
        await place.opens().write(name, "geheim")
    with pytest.raises(ValueError, match="no name"):
        await place.opens().read(name)


# --- Key Vault alone -------------------------------------------------------------------------


@pytest.fixture
async def vault() -> AsyncIterator[Vault]:
    async with key_vault() as opened:
        yield opened


@pytest.fixture
async def store(vault: Vault) -> AsyncIterator[KeyVault]:
    opened = KeyVault(vault.url, Identity(), transport=vault.wire())
    yield opened
    await opened.close()


async def test_each_write_is_a_version(vault: Vault, store: KeyVault) -> None:
    await store.write("tokens-nmbrs", "1")
    await store.write("tokens-nmbrs", "2")

    assert vault.versions == {"tokens-nmbrs": ["1", "2"]}


async def test_a_line_end_of_the_file_it_came_from_is_no_part(
    vault: Vault, store: KeyVault
) -> None:
    vault.set("afas-token", "geheim\r\n")

    assert await store.read("afas-token") == "geheim"


async def test_who_is_throttled_asks_again(vault: Vault, store: KeyVault) -> None:
    vault.set("afas-token", "geheim")
    vault.plan = [Fault(429, "Throttled", retry_after="1"), Fault(503, "ServiceUnavailable")]

    assert await store.read("afas-token") == "geheim"


async def test_a_long_pause_is_not_slept(vault: Vault, store: KeyVault) -> None:
    vault.plan = [Fault(429, "Throttled", retry_after="600")]

    with pytest.raises(Transient, match="429") as refused:
        await store.read("afas-token")
    assert refused.value.retry_after_seconds == 600
    assert len(vault.asked) == 1


async def test_a_write_whose_answer_is_lost_is_written_again(
    vault: Vault, store: KeyVault
) -> None:
    vault.plan = [Fault(500, "InternalServerError", carried_out=True)]
    await store.write("tokens-nmbrs", "1")

    assert vault.versions == {"tokens-nmbrs": ["1", "1"]}


async def test_who_may_not_read_is_told_the_role(vault: Vault, store: KeyVault) -> None:
    vault.may = set()

    with pytest.raises(Misconfigured, match=r"'afas-token'.*role Key Vault Secrets User"):
        await store.read("afas-token")


async def test_who_may_not_write_is_told_the_role(vault: Vault, store: KeyVault) -> None:
    vault.may = {"get"}

    with pytest.raises(Misconfigured, match="role Key Vault Secrets Officer"):
        await store.write("tokens-nmbrs", "geheim")


@pytest.mark.parametrize("inner", ["ForbiddenByFirewall", "ForbiddenByConnection"])
async def test_a_closed_network_is_no_missing_role(
    vault: Vault, store: KeyVault, inner: str
) -> None:
    vault.plan = [Fault(403, "Forbidden", inner=inner)]

    with pytest.raises(Misconfigured, match="closed to this network"):
        await store.read("afas-token")


async def test_a_disabled_secret_is_named(vault: Vault, store: KeyVault) -> None:
    vault.set("afas-token", "geheim")
    vault.disabled = {"afas-token"}

    with pytest.raises(Misconfigured, match="'afas-token' is disabled"):
        await store.read("afas-token")


async def test_a_deleted_secret_wants_recovery(vault: Vault, store: KeyVault) -> None:
    vault.deleted = {"tokens-nmbrs"}

    assert await store.read("tokens-nmbrs") is None
    with pytest.raises(Misconfigured, match="az keyvault secret recover"):
        await store.write("tokens-nmbrs", "geheim")


async def test_an_identity_of_nobody_is_told_how_to_sign_in(vault: Vault) -> None:
    stranger = KeyVault(vault.url, Identity("of another tenant"), transport=vault.wire())

    with pytest.raises(Transient, match="az login"):
        await stranger.read("afas-token")
    await stranger.close()


async def test_a_vault_that_is_away_is_told_as_such() -> None:
    gone = Vault(port=1)
    store = KeyVault(gone.url, Identity(), transport=gone.wire())

    with pytest.raises(Transient, match="cannot be reached"):
        await store.read("afas-token")
    await store.close()


async def test_an_address_that_is_no_vault_is_told(vault: Vault) -> None:
    store = KeyVault("https://kv.voorbeeld.example", Identity(), transport=vault.wire())

    with pytest.raises(Misconfigured, match="KEY_VAULT_URL"):
        await store.read("afas-token")
    await store.close()


async def test_no_secret_is_in_what_is_raised(vault: Vault, store: KeyVault) -> None:
    vault.plan = [Fault(400, "BadParameter")]

    with pytest.raises(Exception, match="400") as refused:
        await store.write("tokens-nmbrs", "geheim")
    assert "geheim" not in f"{refused.value!r} {refused.value.__cause__!r}"


async def test_key_vault_tells_until_when_a_secret_is_good() -> None:
    async with key_vault() as vault:
        opened = KeyVault(vault.url, Identity(), transport=vault.wire())
        vault.set("afas-token", "geheim")
        vault.set("other", "geheim")
        vault.ends["afas-token"] = 1_800_000_000

        assert await opened.ends("afas-token") == datetime.fromtimestamp(1_800_000_000, UTC)
        assert await opened.ends("other") is None
        assert await opened.ends("nowhere") is None
        await opened.close()
