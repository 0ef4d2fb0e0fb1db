"""The newest complete export is HR's word; what is unfinished is not looked at."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from unit.shared.intake.csv_texts import COLUMNS, OMAR, SANNE, a_file, a_layout

from shared.errors import Permanent, Transient
from shared.intake.csv_files import CsvSource, Folder
from shared.intake.csv_inbox import SETTLE_SECONDS
from shared.intake.source import Reading
from shared.policy.sources import CsvLayout

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


class Desk:
    """A folder with exports of known age, a layout and a calendar."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.moment = NOW
        self.layout = a_layout()
        self.source = CsvSource(
            Folder(path, wall=NOW.timestamp), self._layout, now=lambda: self.moment
        )

    async def _layout(self) -> CsvLayout:
        return self.layout

    def put(self, name: str, *rows: str, age_seconds: float = 3600) -> Path:
        file = self.path / name
        file.write_bytes(a_file(*rows))
        moment = NOW.timestamp() - age_seconds
        os.utime(file, (moment, moment))
        return file

    async def everyone(self) -> list[Reading]:
        return [reading async for reading in self.source.everyone()]

    async def changed(self, *, hours_ago: float) -> list[Reading]:
        since = self.moment - timedelta(hours=hours_ago)
        return [reading async for reading in self.source.changed_since(since)]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


async def test_newest_export_is_the_truth(desk: Desk) -> None:
    desk.put("a.csv", SANNE, age_seconds=60)
    desk.put("z.csv", OMAR, age_seconds=7200)

    assert [one.number for one in await desk.everyone()] == ["1042"]


async def test_of_two_of_one_moment_the_last_by_name_counts(desk: Desk) -> None:
    desk.put("2026-11-01.csv", SANNE)
    desk.put("2026-11-02.CSV", OMAR)

    assert [one.number for one in await desk.everyone()] == ["1043"]


@pytest.mark.parametrize(
    "name", ["new.csv.tmp", "new.part", "new.csv.part", ".new.csv", "~$a.csv"]
)
async def test_unfinished_names_are_never_read(desk: Desk, name: str) -> None:
    desk.put("old.csv", SANNE)
    desk.put(name, OMAR, age_seconds=60)

    assert [one.number for one in await desk.everyone()] == ["1042"]


async def test_file_that_may_still_be_written_is_waited_for(desk: Desk) -> None:
    desk.put("old.csv", SANNE)
    desk.put("new.csv", OMAR, age_seconds=SETTLE_SECONDS - 1)

    with pytest.raises(Transient, match=r"new\.csv may still be written") as waiting:
        await desk.everyone()

    assert waiting.value.retry_after_seconds == SETTLE_SECONDS


async def test_file_from_a_clock_that_runs_ahead_is_read(desk: Desk) -> None:
    desk.put("new.csv", SANNE, age_seconds=-3600)

    assert len(await desk.everyone()) == 1


async def test_file_that_grows_while_it_is_read_is_refused(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = desk.put("new.csv", SANNE)
    read_bytes = Path.read_bytes

    def while_somebody_writes(path: Path) -> bytes:
        data = read_bytes(path)
        file.write_bytes(data + OMAR.encode())
        return data

    monkeypatch.setattr(Path, "read_bytes", while_somebody_writes)

    with pytest.raises(Transient, match="changed while it was read"):
        await desk.everyone()


async def test_folder_without_exports_is_no_company_without_people(desk: Desk) -> None:
    desk.put("new.csv.part", SANNE)

    with pytest.raises(Permanent, match=r"holds no \*\.csv yet"):
        await desk.everyone()


async def test_folder_that_is_not_there_is_a_setting_to_mend(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "none")

    with pytest.raises(Permanent, match="no such folder") as refused:
        await desk.source.probe()

    assert refused.value.mender == "settings"


async def test_same_content_is_not_read_again_once_it_was_decided(desk: Desk) -> None:
    desk.put("new.csv", SANNE)
    first = await desk.everyone()
    desk.moment += timedelta(hours=2)

    later = await desk.changed(hours_ago=1)

    assert (len(first), later) == (1, [])


async def test_content_that_may_not_have_been_decided_is_read_again(desk: Desk) -> None:
    desk.put("new.csv", SANNE)
    await desk.everyone()
    desk.moment += timedelta(hours=2)

    assert len(await desk.changed(hours_ago=3)) == 1


async def test_reading_that_was_broken_off_counts_for_nothing(desk: Desk) -> None:
    desk.put("new.csv", SANNE, OMAR)
    async for _ in desk.source.everyone():
        break
    desk.moment += timedelta(hours=2)

    assert len(await desk.changed(hours_ago=1)) == 2


async def test_same_file_under_a_new_name_is_no_change(desk: Desk) -> None:
    file = desk.put("new.csv", SANNE)
    await desk.everyone()
    file.rename(file.with_name("newer.csv"))
    desk.moment += timedelta(hours=2)

    assert await desk.changed(hours_ago=1) == []


@pytest.mark.parametrize("what", ["content", "layout"])
async def test_new_content_or_a_new_layout_is_read(desk: Desk, what: str) -> None:
    desk.put("new.csv", SANNE)
    await desk.everyone()
    desk.moment += timedelta(hours=2)
    if what == "content":
        desk.put("newer.csv", OMAR, age_seconds=10)
    else:
        desk.layout = a_layout(columns={**COLUMNS, "job.name": "Afdeling"})

    assert len(await desk.changed(hours_ago=1)) == 1


async def test_one_person_is_found_by_number(desk: Desk) -> None:
    desk.put("new.csv", SANNE, OMAR)

    found = await desk.source.one("1043")
    assert found is not None
    assert found.number == "1043"
    assert await desk.source.one("1099") is None


async def test_doctor_hears_of_a_column_that_is_gone(desk: Desk) -> None:
    desk.put("new.csv", SANNE)
    await desk.source.probe()
    desk.layout = a_layout(columns={**COLUMNS, "job.code": "Functie"})

    with pytest.raises(Permanent, match="no column 'Functie'"):
        await desk.source.probe()


async def test_doctor_hears_of_exports_that_stopped(desk: Desk) -> None:
    desk.put("new.csv", SANNE, age_seconds=9 * 86_400)

    with pytest.raises(Permanent, match="the newest export is 9 days old"):
        await desk.source.probe()
