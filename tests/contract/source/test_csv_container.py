"""What goes wrong on the way to a container: changes, lost replies, refusals, rotated secrets."""

from __future__ import annotations

import traceback
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError
from azure.storage.blob import ContainerSasPermissions, generate_container_sas
from azurite import ACCOUNT, ACCOUNT_KEY, INSTALL_SECONDS, connection_string
from contract.source.csv_inboxes import ContainerOfHr
from fakes_storage import Answer, Lose, Meanwhile, Wire, wire

from shared import settings
from shared.errors import InstroomError, Permanent, TargetDown, Transient
from shared.flow.service import Clock, Ledger
from shared.intake import csv_inbox
from shared.intake.csv_container import Container
from shared.ledger.sqlite import open_sqlite
from shared.model.person import Record
from shared.vendors.blobs import CHUNK_BYTES, Blobs
from shared.wiring import Wiring

POLICY = """
version: 1
organisation: {name: Proef, mail_domain: proef.example}
sources: {csv: {columns: {number: nr, name.birth: naam, contract.start: begin}}}
"""

pytestmark = pytest.mark.timeout(INSTALL_SECONDS + 60)  # the first may have to install Azurite


@pytest.fixture
async def hr(blob_port: int) -> AsyncIterator[tuple[ContainerOfHr, Wire]]:
    """A container of Azurite that is read over a wire."""
    async with wire(blob_port) as line:
        container = ContainerOfHr(blob_port, reader_port=line.port)
        await container.client.create_container()
        container.wait(60)
        yield container, line
        await container.close()


@asynccontextmanager
async def answering(*answers: Answer | Lose) -> AsyncIterator[Container]:
    """A container whose every call is answered like this."""
    async with wire() as line:
        line.plan = [*answers]
        url = f"http://127.0.0.1:{line.port}/{ACCOUNT}/exports"
        blobs = Blobs(url, connection=connection_string("blob", line.port))
        yield Container(blobs, "", wall=lambda: 0.0)
        await blobs.close()


# --- changes ---------------------------------------------------------------------------------


async def test_blob_that_was_removed_meanwhile_is_looked_for_anew(
    hr: tuple[ContainerOfHr, Wire],
) -> None:
    container, line = hr
    await container.put("old.csv", b"old")
    await container.next_moment()
    await container.put("hr.csv", b"withdrawn")

    async def withdraw() -> None:
        await container.client.delete_blob(f"{container.PREFIX}hr.csv")

    line.plan = [Meanwhile(), Meanwhile(withdraw)]

    assert (await container.inbox.newest()).data == b"old"


async def test_blob_that_was_replaced_meanwhile_is_read_as_it_is_now(
    hr: tuple[ContainerOfHr, Wire],
) -> None:
    container, line = hr
    await container.put("hr.csv", b"before")

    async def replace() -> None:
        await container.put("hr.csv", b"after")

    line.plan = [Meanwhile(), Meanwhile(replace)]

    assert (await container.inbox.newest()).data == b"after"


async def test_blob_that_is_replaced_between_two_parts_is_never_mixed(
    hr: tuple[ContainerOfHr, Wire],
) -> None:
    container, line = hr
    await container.put("hr.csv", b"a" * (2 * CHUNK_BYTES))
    await container.inbox.newest()

    async def replace() -> None:
        await container.put("hr.csv", b"b" * (2 * CHUNK_BYTES))

    line.plan = [Meanwhile(), Meanwhile(), Meanwhile(replace)]

    assert set((await container.inbox.newest()).data) == {ord("b")}


async def test_blob_that_changes_all_the_time_is_left_for_later(
    hr: tuple[ContainerOfHr, Wire],
) -> None:
    container, line = hr
    await container.put("hr.csv", b"0")

    async def replace() -> None:
        await container.put("hr.csv", b"1")

    line.plan = [Meanwhile(), Meanwhile(replace)] * 3

    with pytest.raises(Transient, match=r"hr\.csv changed while it was read"):
        await container.inbox.newest()


async def test_export_is_held_in_memory_once(blob_port: int) -> None:
    container = ContainerOfHr(blob_port)
    await container.client.create_container()
    size = 8 * CHUNK_BYTES
    await container.put("hr.csv", b"x" * size)
    [blob] = await container.blobs.listed(container.PREFIX)
    tracemalloc.start()
    data = await container.blobs.read(blob)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    await container.close()

    assert len(data) == size
    assert peak < size + 5 * CHUNK_BYTES


async def test_folder_of_a_hierarchical_namespace_is_no_export(
    hr: tuple[ContainerOfHr, Wire],
) -> None:
    """There a folder is listed as an empty blob with a mark."""
    container, _ = hr
    await container.put("hr.csv", b"whole")
    await container.next_moment()
    await container.client.upload_blob(
        f"{container.PREFIX}old.csv", b"", metadata={"hdi_isfolder": "true"}
    )

    assert (await container.inbox.newest()).name == "hr.csv"


# --- the way there ---------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [Lose(), Lose(keep=400), Answer(503, "ServerBusy")], ids=str)
async def test_lost_replies_are_asked_for_again(
    hr: tuple[ContainerOfHr, Wire], fault: Lose | Answer
) -> None:
    container, line = hr
    await container.put("hr.csv", b"whole")
    line.plan = [fault, Meanwhile(), fault]

    assert (await container.inbox.newest()).data == b"whole"


@pytest.mark.parametrize(
    ("answer", "error", "told"),
    [
        (Answer(404, "ContainerNotFound"), Permanent, "no such container"),
        (Answer(404, "ResourceNotFound"), Permanent, "no such container"),
        (
            Answer(403, "AuthorizationPermissionMismatch"),
            Permanent,
            "Give it the role Storage Blob Data Reader",
        ),
        (Answer(403, "AuthorizationFailure"), Permanent, "is closed to this network"),
        (Answer(403, "KeyBasedAuthenticationNotPermitted"), Permanent, "Remove CSV_CONNECTION"),
        (Answer(403, "AuthenticationFailed"), TargetDown, "does not believe who we are"),
        (Answer(401, "InvalidAuthenticationInfo"), TargetDown, "does not believe who we are"),
        (Answer(400, "InvalidResourceName"), Permanent, r"answered 400 \(InvalidResourceName\)"),
        (Answer(409, "ContainerBeingDeleted"), Transient, "ContainerBeingDeleted"),
        (Answer(503, "ServerBusy"), Transient, r"answered 503 \(ServerBusy\)"),
    ],
    ids=str,
)
async def test_refusals_are_told_with_their_mend(
    answer: Answer, error: type[InstroomError], told: str
) -> None:
    async with answering(*[answer] * 4) as inbox:
        with pytest.raises(error, match=f"^CSV_FOLDER: .*{told}") as refused:
            await inbox.newest()

    assert "127.0.0.1" not in str(refused.value)


async def test_account_that_does_not_exist_is_told() -> None:
    async with wire() as line:
        port = line.port
    blobs = Blobs(
        f"http://127.0.0.1:{port}/{ACCOUNT}/exports", connection=connection_string("blob", port)
    )

    with pytest.raises(TargetDown, match="name of the storage account is right"):
        await blobs.listed("")
    await blobs.close()


@pytest.mark.parametrize(
    ("connection", "told"),
    [
        ("nonsense", "is no connection string"),
        (connection_string("blob", 1), "opens another storage account"),
        ("AccountName=elsewhere;AccountKey=bWFkZSB1cA==", "opens another storage account"),
    ],
)
async def test_connection_that_does_not_fit_is_a_setting_to_mend(
    connection: str, told: str
) -> None:
    blobs = Blobs("https://voorbeeld.blob.core.windows.net/exports", connection=connection)

    with pytest.raises(Permanent, match=f"^CSV_CONNECTION {told}") as refused:
        await blobs.listed("")

    assert "AccountKey" not in str(refused.value)
    assert refused.value.mender == "settings"


class NoSignIn:
    """A machine without an identity."""

    async def get_token(self, *scopes: str, **options: object) -> AccessToken:
        del scopes, options
        raise ClientAuthenticationError("DefaultAzureCredential failed")

    async def close(self) -> None: ...

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None: ...


async def test_missing_identity_is_told() -> None:
    blobs = Blobs("https://voorbeeld.blob.core.windows.net/exports", credential=NoSignIn())

    with pytest.raises(TargetDown, match="no sign-in for this identity"):
        await blobs.listed("")
    await blobs.close()


# --- secrets ---------------------------------------------------------------------------------


class Rotated:
    """A secret that was renewed behind our back."""

    def __init__(self, old: str, new: str) -> None:
        self._known, self._new = old, new

    async def value(self, *, rejected: str | None = None) -> str:
        if rejected == self._known:
            self._known = self._new
        return self._known


async def test_rotated_connection_is_taken_up(hr: tuple[ContainerOfHr, Wire]) -> None:
    container, line = hr
    await container.put("hr.csv", b"there")
    right = connection_string("blob", line.port)
    old = right.replace("AccountKey=Eby8", "AccountKey=Aaaa")
    blobs = Blobs(container.url, connection=Rotated(old, right))

    assert [blob.name for blob in await blobs.listed("")] == []
    assert len(await blobs.listed(container.PREFIX)) == 1
    await blobs.close()


async def test_signature_with_read_and_list_is_enough(blob_port: int) -> None:
    container = ContainerOfHr(blob_port)
    await container.client.create_container()
    await container.put("hr.csv", b"there")
    blobs = Blobs(
        container.url, connection=signed(container, ContainerSasPermissions(read=True, list=True))
    )

    [blob] = await blobs.listed(container.PREFIX)

    assert await blobs.read(blob) == b"there"
    await blobs.close()
    await container.close()


async def test_signature_without_list_is_told_and_never_shown(
    blob_port: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    container = ContainerOfHr(blob_port)
    await container.client.create_container()
    connection = signed(container, ContainerSasPermissions(read=True))
    blobs = Blobs(container.url, connection=connection)

    with pytest.raises(
        Permanent, match="a signature in CSV_CONNECTION needs read and list"
    ) as told:
        await blobs.listed("")

    secret = connection.rpartition("sig=")[2].partition("&")[0]
    assert len(secret) > 20
    chain = "".join(traceback.format_exception(told.value))
    assert secret not in chain + caplog.text
    await blobs.close()
    await container.close()


def signed(container: ContainerOfHr, permission: ContainerSasPermissions) -> str:
    """A connection string with a signature in place of a key."""
    endpoint, _, name = container.url.rpartition("/")
    signature = generate_container_sas(
        ACCOUNT,
        name,
        account_key=ACCOUNT_KEY,
        permission=permission,
        expiry=datetime.now(UTC) + timedelta(hours=1),
    )
    return f"BlobEndpoint={endpoint};SharedAccessSignature={signature}"


async def test_wiring_opens_the_container_that_the_settings_name(
    hr: tuple[ContainerOfHr, Wire], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    container, line = hr
    monkeypatch.setattr(csv_inbox, "SETTLE_SECONDS", 0.0)
    await container.put("hr.csv", b"nr;naam;begin\n7;Jansen;01-02-2026\n")
    policy = tmp_path / "policy.yaml"
    policy.write_text(POLICY, encoding="utf-8")
    wiring = Wiring(
        settings.read(
            {
                "POLICY_FILE": str(policy),
                "CSV_FOLDER": f"{container.url}/in%20hr",
                "CSV_CONNECTION": connection_string("blob", line.port),
            }
        )
    )
    store = await open_sqlite(None, wall=_now)
    source = wiring._sources(Ledger(store), Clock(now=_now, wall=_now)).source("csv")
    found = await source.one("7")
    await wiring.close()
    await store.close()

    assert isinstance(found, Record)
    assert found.name.birth == "Jansen"


def _now() -> datetime:
    return datetime.now(UTC)
