from __future__ import annotations

import asyncio

import httpx
import pytest

from shared import redirect
from shared.errors import Permanent

PORT = 18_765
HERE = f"http://127.0.0.1:{PORT}/callback"


@pytest.mark.parametrize(
    ("address", "here"),
    [
        ("http://localhost:8765/callback", True),
        ("http://127.0.0.1/", True),
        ("https://localhost:8765/callback", False),
        ("https://instroom.example/callback", False),
        ("http://instroom.example/callback", False),
    ],
)
def test_only_a_plain_address_of_this_machine_is_waited_for(address: str, *, here: bool) -> None:
    assert redirect.is_here(address) == here


def test_code_is_decoded() -> None:
    """Exact Online's codes hold `!`."""
    assert redirect.code_of(f"{HERE}?code=a%21b&state=s\n", state="s") == "a!b"


@pytest.mark.parametrize(
    "address",
    [f"{HERE}?code=a&state=other", f"{HERE}?code=a", "", "a", f"{HERE}?code=a&state=s&state=s"],
)
def test_answer_of_another_consent_is_refused(address: str) -> None:
    with pytest.raises(Permanent, match="begin again"):
        redirect.code_of(address, state="s")


@pytest.mark.parametrize(
    ("error", "told"), [("access_denied", "access_denied"), ("<b>x</b>", "no reason given")]
)
def test_refusal_is_told_in_its_code_alone(error: str, told: str) -> None:
    with pytest.raises(Permanent, match=told):
        redirect.code_of(f"{HERE}?error={error}&state=s", state="s")


async def test_browser_brings_the_code() -> None:
    waiting = asyncio.create_task(redirect.wait_for_code(HERE, state="s"))
    async with httpx.AsyncClient() as browser:
        await _until_listening()
        other = await browser.get(f"http://127.0.0.1:{PORT}/favicon.ico")
        stale = await browser.get(HERE, params={"code": "old", "state": "old"})
        ours = await browser.get(HERE, params={"code": "c", "state": "s"})

    assert [other.status_code, stale.status_code, ours.status_code] == [404, 404, 200]
    assert await waiting == "c"
    assert "close this" in ours.text


async def test_rubbish_is_waited_past() -> None:
    waiting = asyncio.create_task(redirect.wait_for_code(HERE, state="s"))
    await _until_listening()
    for sent in (b"\r\n", b"\xff\xfe\n", b"A" * 20_000, b"GET\n"):
        _, writer = await asyncio.open_connection("127.0.0.1", PORT)
        writer.write(sent)
        writer.close()
    async with httpx.AsyncClient() as browser:
        await browser.get(HERE, params={"code": "c", "state": "s"})

    assert await waiting == "c"


async def test_silent_connection_holds_nobody_up() -> None:
    """Browsers open connections ahead."""
    waiting = asyncio.create_task(redirect.wait_for_code(HERE, state="s"))
    await _until_listening()
    reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
    async with httpx.AsyncClient() as browser:
        await browser.get(HERE, params={"code": "c", "state": "s"})

    assert await asyncio.wait_for(waiting, 5) == "c"
    assert await reader.read() == b""
    writer.close()


async def test_nobody_consents_in_time() -> None:
    with pytest.raises(Permanent, match="nobody consented"):
        await redirect.wait_for_code(HERE, state="s", seconds=0.01)


async def test_taken_port_says_what_to_do() -> None:
    server = await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1", PORT)
    async with server:
        with pytest.raises(Permanent, match="--paste"):
            await redirect.wait_for_code(HERE, state="s")


async def _until_listening() -> None:
    async with asyncio.timeout(5):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", PORT)
            except OSError:
                await asyncio.sleep(0)
            else:
                writer.close()
                return
