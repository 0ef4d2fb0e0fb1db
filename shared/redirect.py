"""Which code did the authorization server send back? Read from an address, or waited for here.

RFC 6749, 4.1.2: the browser of whoever consents is sent to the registered address with `code` and
`state`. When that address is this machine, one small answer is given to it; else it is pasted.
"""

from __future__ import annotations

import asyncio
import re
from urllib.parse import parse_qs, urlsplit

from shared.errors import Permanent

WAIT_SECONDS = 300.0
"""As long as a code lives at Nmbrs."""
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_ERROR_CODE = re.compile(r"[A-Za-z0-9_]{1,40}")
_LONGEST_LINE = 8192


def _answer(status: str, text: str) -> bytes:
    body = f"<!doctype html><title>Instroom</title><p>{text}</p>".encode()
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body


_THANKS = _answer("200 OK", "Instroom has its answer: see the terminal. You can close this.")
_NOT_HERE = _answer("404 Not Found", "Nothing is here.")


def is_here(redirect: str) -> bool:
    """Can this machine receive what is sent to that address?"""
    parts = urlsplit(redirect)
    return parts.scheme == "http" and parts.hostname in _LOOPBACK


def code_of(address: str, *, state: str) -> str:
    """The code in an address that was sent back. Raises Permanent for a refusal or another's."""
    query = parse_qs(urlsplit(address.strip()).query)
    if query.get("state") != [state]:
        raise Permanent(
            "that is not the address of this consent: begin again, and use the newest link",
            mender="operator",
        )
    if "code" not in query:
        said = query.get("error", [""])[0]
        why = said if _ERROR_CODE.fullmatch(said) else "no reason given"
        raise Permanent(f"consent was not given ({why})", mender="operator")
    return query["code"][0]


async def wait_for_code(redirect: str, *, state: str, seconds: float = WAIT_SECONDS) -> str:
    """Listen at the address until a browser brings the code. Raises Permanent.

    Other paths and other people's states are answered and waited past.
    """
    arrived: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    wanted = urlsplit(redirect)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            line = (await reader.readline()).decode("latin-1").split(" ")
            target = line[1] if len(line) > 1 else ""
            sent = urlsplit(target)
            named = parse_qs(sent.query).get("state") == [state]
            ours = named and sent.path == (wanted.path or "/")
            writer.write(_THANKS if ours else _NOT_HERE)
            await writer.drain()
            if ours and not arrived.done():
                arrived.set_result(target)
        except (OSError, ValueError):
            pass  # a browser that hung up, or a line without end: the next one may bring it
        finally:
            writer.close()

    try:
        server = await asyncio.start_server(
            serve, wanted.hostname, wanted.port or 80, limit=_LONGEST_LINE
        )
    except OSError as error:
        raise Permanent(
            f"port {wanted.port or 80} of this machine is taken: free it, or use --paste",
            mender="operator",
        ) from error
    try:
        return code_of(await asyncio.wait_for(arrived, seconds), state=state)
    except TimeoutError as error:
        raise Permanent(
            f"nobody consented within {seconds:.0f} seconds: begin again", mender="operator"
        ) from error
    finally:
        server.close()
        server.close_clients()  # browsers open connections ahead and say nothing on them
