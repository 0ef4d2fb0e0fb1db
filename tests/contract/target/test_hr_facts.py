"""Are the three facts told by file and by webhook, whole, once, and again under the same id?"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from standardwebhooks.webhooks import Webhook

from shared.apply.hr_csv import CsvWriter
from shared.apply.hr_push import PushWriter
from shared.errors import Permanent, Transient
from shared.model.account import Applied
from shared.model.change import Change, Kind
from shared.model.desired import DesiredRecord
from shared.vendors.export_file import DiskFile
from shared.vendors.webhooks import Outgoing

MAIL = "zoë.müller@proef.example"
SECRET = "whsec_c2FuZGJveC1vZi1pbnN0cm9vbS1zYW5kYm94"
NOW = datetime.now(UTC)


def told(key: str, mail: str | None = MAIL) -> Change:
    return Change(kind=Kind.WRITE_RECORD, what=key, values={"mail": mail, "upn": mail})


# --- the file --------------------------------------------------------------------------------


async def test_the_file_has_a_line_for_each_number(tmp_path: Path) -> None:
    path = tmp_path / "accounts.csv"
    writer = CsvWriter(DiskFile(path))
    await writer.write(told("csv:9"), Applied())
    await writer.write(told("csv:10", "b@proef.example"), Applied())
    await writer.write(told("csv:9", None), Applied())

    assert path.read_text(encoding="utf-8").split() == [
        "number;mail;upn",
        "10;b@proef.example;b@proef.example",
        "9;;",
    ]
    record = DesiredRecord(source="csv", number="10")
    has = await writer.read(record, Applied())
    assert has
    assert has.fields["mail"] == "b@proef.example"


async def test_what_stands_in_the_file_is_not_written_again(tmp_path: Path) -> None:
    path = tmp_path / "accounts.csv"
    writer = CsvWriter(DiskFile(path))
    await writer.write(told("csv:9"), Applied())
    before = path.stat().st_ino
    await writer.write(told("csv:9"), Applied())

    assert path.stat().st_ino == before


async def test_many_at_once_lose_no_line_and_leave_nothing_behind(tmp_path: Path) -> None:
    """Two processes, each with a writer of its own."""
    path = tmp_path / "accounts.csv"
    writers = CsvWriter(DiskFile(path)), CsvWriter(DiskFile(path))
    tasks = [writers[n % 2].write(told(f"csv:{n}"), Applied()) for n in range(12)]
    await asyncio.gather(*tasks)

    assert len(path.read_text(encoding="utf-8").splitlines()) == 13
    assert os.listdir(tmp_path) == ["accounts.csv"]  # noqa: PTH208 - names alone


@pytest.mark.parametrize("text", ["naam;adres\r\n", "number;mail;upn\r\n1;a\r\n"])
async def test_a_file_of_somebody_else_is_left_alone(tmp_path: Path, text: str) -> None:
    path = tmp_path / "accounts.csv"
    path.write_bytes(text.encode())
    with pytest.raises(Permanent) as refused:
        await CsvWriter(DiskFile(path)).write(told("csv:9"), Applied())

    assert "did not write" in refused.value.reason
    assert path.read_bytes() == text.encode()


async def test_a_place_that_is_lacking_is_told(tmp_path: Path) -> None:
    lacking = CsvWriter(DiskFile(tmp_path / "nergens" / "accounts.csv"))
    for writer in (lacking, CsvWriter(None)):
        with pytest.raises(Permanent) as probed:
            await writer.probe(["mail"])
        assert "CSV_EXPORT" in probed.value.reason
    with pytest.raises(Permanent):
        await lacking.write(told("csv:9"), Applied())


# --- the webhook -----------------------------------------------------------------------------


@dataclass
class Receiver(httpx.AsyncBaseTransport):
    """Whoever is told: checks the signature, and answers as planned."""

    answers: list[int] = field(default_factory=list)
    heard: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        body = await request.aread()
        Webhook(SECRET).verify(body, dict(request.headers))
        self.heard.append((request.headers["webhook-id"], json.loads(body)))
        return httpx.Response(self.answers.pop(0) if self.answers else 204)


def a_writer(receiver: Receiver) -> PushWriter:
    url = "https://hr.example/accounts"
    return PushWriter(Outgoing(url, SECRET, wall=lambda: NOW, transport=receiver))


async def test_the_three_facts_are_sent_signed() -> None:
    receiver = Receiver()
    await a_writer(receiver).write(told("push:7"), Applied())

    ((_, said),) = receiver.heard
    assert said["type"] == "account.changed"
    assert said["data"] == {"number": "7", "mail": MAIL, "upn": MAIL}


@pytest.mark.parametrize(
    "url",
    [
        "https://hr.example/accounts",
        "https://hr.example/accounts/",
        "https://flow.example/paths/invoke?api-version=2016-10-01&sig=ab-c_d",
    ],
)
async def test_it_is_sent_to_the_address_to_the_letter(url: str) -> None:
    """A slash more is another place, or spoils the key that stands at the end."""
    asked: list[str] = []

    def receive(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(204)

    outgoing = Outgoing(url, SECRET, wall=lambda: NOW, transport=httpx.MockTransport(receive))
    await PushWriter(outgoing).write(told("push:7"), Applied())

    assert asked == [url]


async def test_a_try_again_has_the_same_id_and_other_news_another() -> None:
    receiver = Receiver([503, 204])
    writer = a_writer(receiver)
    await writer.write(told("push:7"), Applied())
    await writer.write(told("push:7"), Applied())
    before = {"push:7 mail": MAIL, "push:7 upn": MAIL}
    await writer.write(told("push:7", None), Applied(written=before, deliveries=1))
    await writer.write(told("push:7"), Applied(deliveries=2))

    ids = [message_id for message_id, _ in receiver.heard]
    assert len(ids) == 5
    assert len(set(ids[:3])) == 1
    assert len(set(ids)) == 3
    assert receiver.heard[3][1]["data"] == {"number": "7", "mail": None, "upn": None}


@pytest.mark.parametrize("status", [400, 401, 404, 410, 302])
async def test_a_refusal_is_told_without_what_was_sent(status: int) -> None:
    with pytest.raises(Permanent) as refused:
        await a_writer(Receiver([status])).write(told("push:7"), Applied())

    assert str(status) in refused.value.reason
    assert MAIL not in refused.value.reason


async def test_what_cannot_be_delivered_now_is_tried_later() -> None:
    with pytest.raises(Transient):
        await a_writer(Receiver([503] * 9)).write(told("push:7"), Applied())


async def test_what_is_not_known_to_have_arrived_is_not_known() -> None:
    record = DesiredRecord(source="push", number="7")
    applied = Applied(written={"push:7 upn": MAIL}, writing={"push:7 mail": (MAIL,)})
    has = await a_writer(Receiver()).read(record, applied)

    assert has
    assert has.fields == {"mail": None, "upn": MAIL}


async def test_a_webhook_without_an_address_is_told() -> None:
    writer = PushWriter(None)
    for act in (writer.probe(["mail"]), writer.write(told("push:7"), Applied())):
        with pytest.raises(Permanent) as refused:
            await act
        assert "PUSH_ACCOUNTS_URL" in refused.value.reason
