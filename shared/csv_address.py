"""Where does CSV_FOLDER point: to a folder or to a blob container, and is its text right?

Asked by settings.py for what is wrong and by wiring for which of the two to open. Nothing here
opens either. Names: Microsoft Learn, "Naming and referencing containers, blobs, and metadata".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote, urlsplit

from pydantic import SecretStr

from shared.errors import Misconfigured

FOLDER, CONNECTION, EXPORT = "CSV_FOLDER", "CSV_CONNECTION", "CSV_EXPORT"
EXAMPLE = "https://<account>.blob.core.windows.net/<container>"
_CONTAINER = re.compile(r"(?=.{3,63}$)[a-z0-9]+(?:-[a-z0-9]+)*")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class ContainerAddress:
    """A container, and where in it the exports arrive."""

    url: str
    """Of the container, without a slash at the end."""
    prefix: str
    """What the names of the exports begin with: nothing, or `in/` and the like."""


def is_container(folder: str) -> bool:
    """Is this an address, right or wrong, and no folder of a disk?"""
    return "://" in folder


def container(folder: str, setting: str = FOLDER) -> ContainerAddress:
    """The container that is meant. Raises Misconfigured."""
    parts = urlsplit(folder)
    _check(parts, setting)
    # An emulator has no name for each account: there the account is the first part of the path.
    depth = 2 if _is_here(parts) else 1
    path = parts.path.strip("/").split("/", depth)
    if len(path) < depth or not _CONTAINER.fullmatch(path[depth - 1]):
        raise Misconfigured(setting, "names no container", f"Give it {EXAMPLE}")
    prefix = unquote("".join(path[depth:])).strip("/")
    url = f"{parts.scheme}://{parts.netloc.casefold()}/{'/'.join(path[:depth])}"
    return ContainerAddress(url, f"{prefix}/" if prefix else "")


def file(address: str) -> tuple[str, str]:
    """The container and the name of the blob that are meant. Raises Misconfigured."""
    found = container(address, EXPORT)
    name = found.prefix.rstrip("/")
    if not name:
        raise Misconfigured(EXPORT, "names no file in the container", f"Give it {EXAMPLE}/<file>")
    return found.url, name


def export_problems(export: str, folder: str) -> Iterator[Misconfigured]:
    """What is wrong with where accounts are written to."""
    if is_container(export):
        try:
            file(export)
        except Misconfigured as wrong:
            yield wrong
            return
    if export and folder and export.rpartition("/")[0] == folder.rstrip("/"):
        problem = "lies where exports are read, and would be read as one"
        yield Misconfigured(EXPORT, problem, "Let it lie elsewhere than CSV_FOLDER")


def problems(folder: str, connection: SecretStr | None) -> Iterator[Misconfigured]:
    """What is wrong with the two settings, each with how to mend it."""
    if not is_container(folder):
        if connection:
            problem = "opens a storage account, and CSV_FOLDER is a folder of this machine"
            yield Misconfigured(CONNECTION, problem, f"Remove it, or let CSV_FOLDER be {EXAMPLE}")
        return
    try:
        container(folder)
    except Misconfigured as wrong:
        yield wrong
        return
    if _is_here(urlsplit(folder)) and not connection:
        problem = "is not set, and an emulator knows no identity"
        yield Misconfigured(CONNECTION, problem, "Give it UseDevelopmentStorage=true for Azurite")


def _check(parts: SplitResult, setting: str) -> None:
    host = parts.hostname or ""
    if parts.query or parts.username:
        raise Misconfigured(
            setting,
            "holds a secret behind the address",
            "Give CSV_CONNECTION `BlobEndpoint=https://<account>.blob.core.windows.net;"
            "SharedAccessSignature=<what stood behind the question mark>`, and here the address",
        )
    if parts.scheme not in ("http", "https") or not host:
        problem = "is neither a folder nor the address of a blob container"
        raise Misconfigured(setting, problem, f"Give it {EXAMPLE}")
    if _is_here(parts):
        return
    if parts.scheme == "http":
        problem = "must begin with https://; plain http is for this machine alone"
        raise Misconfigured(setting, problem, f"Give it {EXAMPLE}")
    if ".dfs." in host:
        problem = "is the Data Lake's address of the account"
        raise Misconfigured(setting, problem, "Write blob instead of dfs")
    if ".blob." not in host:
        raise Misconfigured(setting, "is no address of blob storage", f"Give it {EXAMPLE}")


def _is_here(parts: SplitResult) -> bool:
    return parts.hostname in _LOOPBACK
