"""What a folder and a container owe CsvSource: the newest export, whole, or why not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from azurite import ON_AZURITE
from contract.source.csv_inboxes import ContainerOfHr, FolderOfHr, Hr

from shared.errors import Permanent, Transient
from shared.intake import csv_inbox
from shared.intake.csv_inbox import EMPTY_SECONDS, SETTLE_SECONDS


@pytest.fixture(params=["folder", pytest.param("container", marks=ON_AZURITE)])
async def hr(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Hr]:
    """Each inbox in turn."""
    if request.param == "folder":
        yield FolderOfHr(tmp_path / "hr")
        return
    container = ContainerOfHr(request.getfixturevalue("blob_port"))
    await container.client.create_container()
    yield container
    await container.close()


async def test_newest_export_is_given_whatever_its_name(hr: Hr) -> None:
    await hr.put("z.csv", b"old")
    await hr.next_moment()
    await hr.put("a.csv", b"new")
    hr.wait(60)

    export = await hr.inbox.newest()

    assert (export.name, export.data) == ("a.csv", b"new")
    assert 55 < export.age_seconds < 90


async def test_of_two_of_one_moment_the_last_by_name_is_given(hr: Hr) -> None:
    await hr.put_at_once("2026-11-02.CSV", "2026-11-01.csv")
    hr.wait(60)

    assert (await hr.inbox.newest()).data == b"2026-11-02.CSV"


async def test_export_written_again_is_the_new_one(hr: Hr) -> None:
    await hr.put("hr.csv", b"a long text that was there before")
    await hr.put("hr.csv", b"short")
    hr.wait(60)

    assert (await hr.inbox.newest()).data == b"short"


@pytest.mark.parametrize(
    "name",
    ["new.csv.tmp", "new.part", "new.csv.part", ".new.csv", "~$a.csv", "archive/new.csv"],
)
async def test_unfinished_and_put_away_names_are_never_given(hr: Hr, name: str) -> None:
    await hr.put("hr.csv", b"finished")
    await hr.put(name, b"not")
    hr.wait(60)

    assert (await hr.inbox.newest()).name == "hr.csv"


async def test_export_that_may_still_be_written_is_waited_for(hr: Hr) -> None:
    """Also when an older one is there: half a truth is none."""
    await hr.put("old.csv", b"old")
    await hr.next_moment()
    await hr.put("hr.csv", b"first half")

    with pytest.raises(Transient, match=r"hr\.csv may still be written") as waiting:
        await hr.inbox.newest()

    assert waiting.value.retry_after_seconds == SETTLE_SECONDS


async def test_empty_export_is_an_upload_that_has_only_begun(hr: Hr) -> None:
    await hr.put("hr.csv", b"")
    hr.wait(60)

    with pytest.raises(Transient, match=r"hr\.csv is empty: its upload may have only begun"):
        await hr.inbox.newest()


async def test_export_that_stays_empty_is_given_as_it_is(hr: Hr) -> None:
    await hr.put("hr.csv", b"")
    hr.wait(EMPTY_SECONDS + 60)

    assert (await hr.inbox.newest()).data == b""


async def test_large_export_comes_whole(hr: Hr) -> None:
    data = bytes(range(256)) * 40_000
    await hr.put("hr.csv", data)
    hr.wait(60)

    assert (await hr.inbox.newest()).data == data


async def test_export_that_is_too_large_is_not_read(
    hr: Hr, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv_inbox, "MAX_BYTES", 10)
    await hr.put("hr.csv", b"01234567890")
    hr.wait(60)

    with pytest.raises(Permanent, match=r"hr\.csv is larger than 10 bytes") as refused:
        await hr.inbox.newest()

    assert refused.value.mender == "hr"


async def test_no_export_is_no_company_without_people(hr: Hr) -> None:
    await hr.put("new.csv.part", b"not yet")

    with pytest.raises(Permanent, match=r"CSV_FOLDER holds no \*\.csv yet") as refused:
        await hr.inbox.newest()

    assert refused.value.mender == "hr"


async def test_inbox_that_is_gone_is_a_setting_to_mend(hr: Hr) -> None:
    await hr.put("hr.csv", b"there")
    await hr.lose()

    with pytest.raises(Permanent, match=r"CSV_FOLDER: .* no such (folder|container)") as refused:
        await hr.inbox.newest()

    assert refused.value.mender == "settings"
