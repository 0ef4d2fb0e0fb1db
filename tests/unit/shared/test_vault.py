from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from shared.errors import Misconfigured, Transient
from shared.vault import FileVault

posix = pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX's")


async def test_what_is_written_is_read_by_the_next_process(tmp_path: Path) -> None:
    await FileVault(tmp_path / "new").write("nmbrs", "geheim é")

    assert await FileVault(tmp_path / "new").read("nmbrs") == "geheim é"


async def test_nothing_written_is_nothing_read(tmp_path: Path) -> None:
    assert await FileVault(tmp_path / "absent").read("nmbrs") is None


async def test_a_later_text_replaces_the_earlier(tmp_path: Path) -> None:
    vault = FileVault(tmp_path)
    await vault.write("nmbrs", "a much longer first text")
    await vault.write("nmbrs", "second")

    assert await vault.read("nmbrs") == "second"
    assert _names(tmp_path) == ["nmbrs.json"]


@posix
async def test_file_and_folder_are_their_owners_alone(tmp_path: Path) -> None:
    folder = tmp_path / "tokens"
    await FileVault(folder).write("nmbrs", "geheim")

    assert stat.S_IMODE((folder / "nmbrs.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@posix
async def test_a_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    vault = FileVault(tmp_path)
    await vault.write("nmbrs", "geheim")
    (tmp_path / "nmbrs.json").chmod(0o640)

    with pytest.raises(Misconfigured, match="chmod 600"):
        await vault.read("nmbrs")


async def test_a_folder_that_is_none_is_transient(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    vault = FileVault(tmp_path / "file")

    with pytest.raises(Transient, match="cannot be written"):
        await vault.write("nmbrs", "geheim")
    with pytest.raises(Transient, match="cannot be read"):
        await vault.read("nmbrs")


@pytest.mark.parametrize("name", ["", "../up", "a/b", "UP", "."])
async def test_a_name_cannot_lead_elsewhere(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="no name"):
        await FileVault(tmp_path).write(name, "geheim")


def _names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]
