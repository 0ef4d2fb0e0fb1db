"""CSV_FOLDER is a folder or a container, and a mistake in it is told before anything is opened."""

from __future__ import annotations

import pytest

from shared import settings, settings_check
from shared.csv_address import ContainerAddress, container, is_container
from shared.settings import Settings

AZURE = "https://voorbeeld.blob.core.windows.net"


def told(**given: str) -> list[str]:
    """What is wrong with the settings of CSV."""
    read = settings.read({"HR_SOURCES": "csv", **given})
    return [str(one) for one in settings_check.problems(read) if one.what.startswith("CSV_")]


@pytest.mark.parametrize("folder", ["hr/exports", "/mnt/hr", r"C:\hr", r"\\server\hr", "~/hr"])
def test_folders_of_this_machine_are_no_containers(folder: str) -> None:
    assert not is_container(folder)
    assert told(CSV_FOLDER=folder) == []


@pytest.mark.parametrize(
    ("folder", "url", "prefix"),
    [
        (f"{AZURE}/exports", f"{AZURE}/exports", ""),
        (f"{AZURE}/exports/", f"{AZURE}/exports", ""),
        (f"{AZURE}/exports/in/afas", f"{AZURE}/exports", "in/afas/"),
        (f"{AZURE}/exports/in%20hr/", f"{AZURE}/exports", "in hr/"),
        ("https://Voorbeeld.Blob.Core.Windows.Net/exports", f"{AZURE}/exports", ""),
        (
            "https://v.z6.blob.storage.azure.net/hr-2026",
            "https://v.z6.blob.storage.azure.net/hr-2026",
            "",
        ),
        (
            "https://v.blob.core.chinacloudapi.cn/exports",
            "https://v.blob.core.chinacloudapi.cn/exports",
            "",
        ),
    ],
)
def test_container_is_read_off_its_address(folder: str, url: str, prefix: str) -> None:
    assert container(folder) == ContainerAddress(url, prefix)
    assert told(CSV_FOLDER=folder) == []


def test_an_emulator_has_its_account_in_the_path() -> None:
    here = "http://127.0.0.1:10000/devstoreaccount1/exports"

    assert container(f"{here}/in") == ContainerAddress(here, "in/")
    assert told(CSV_FOLDER=here, CSV_CONNECTION="UseDevelopmentStorage=true") == []
    (problem,) = told(CSV_FOLDER=here)
    assert problem.startswith("CSV_CONNECTION: is not set")
    assert "UseDevelopmentStorage=true" in problem


@pytest.mark.parametrize(
    ("folder", "problem"),
    [
        (AZURE, "names no container"),
        (f"{AZURE}/", "names no container"),
        (f"{AZURE}/HR", "names no container"),
        (f"{AZURE}/hr", "names no container"),
        (f"{AZURE}/exports--in", "names no container"),
        ("http://127.0.0.1:10000/devstoreaccount1", "names no container"),
        (f"{AZURE}/exports?sv=2024&sig=c2VjcmV0", "holds a secret"),
        ("https://me:pass@voorbeeld.blob.core.windows.net/exports", "holds a secret"),
        ("http://voorbeeld.blob.core.windows.net/exports", "must begin with https://"),
        ("https://voorbeeld.dfs.core.windows.net/exports", "Write blob instead of dfs"),
        ("https://voorbeeld.file.core.windows.net/exports", "is no address of blob storage"),
        ("abfss://hr@voorbeeld.dfs.core.windows.net/", "holds a secret"),
        ("sftp://voorbeeld.blob.core.windows.net/exports", "is neither a folder nor"),
    ],
)
def test_mistakes_in_an_address_are_told(folder: str, problem: str) -> None:
    (found,) = told(CSV_FOLDER=folder)

    assert found.startswith("CSV_FOLDER: ")
    assert problem in found
    assert "c2VjcmV0" not in found


def test_connection_without_a_container_is_told() -> None:
    (problem,) = told(CSV_FOLDER="/mnt/hr", CSV_CONNECTION="AccountName=a;AccountKey=b")

    assert problem.startswith(
        "CSV_CONNECTION: opens a storage account, and CSV_FOLDER is a folder"
    )


def test_connection_may_lie_in_the_vault() -> None:
    given = {"CSV_FOLDER": f"{AZURE}/exports", "CSV_CONNECTION": "vault:csv-connection"}

    assert told(**given, KEY_VAULT_URL="https://kv.vault.azure.net") == []
    assert "KEY_VAULT_URL is not set" in told(**given)[0]


def test_connection_never_shows() -> None:
    read: Settings = settings.read({"CSV_CONNECTION": "AccountKey=c2VjcmV0"})

    assert "c2VjcmV0" not in repr(read)
