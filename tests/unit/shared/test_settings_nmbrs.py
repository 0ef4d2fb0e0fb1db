"""What is said of settings for sources that a person lets us into."""

from __future__ import annotations

import pytest

from shared import settings, settings_check
from shared.errors import Misconfigured

WHOLE = {
    "HR_SOURCES": "nmbrs",
    "LEDGER_URL": "sqlite:///x",
    "NMBRS_SUBSCRIPTION_KEY": "k",
    "NMBRS_CLIENT_ID": "PartnerApp_x",
    "NMBRS_CLIENT_SECRET": "s*",
}


def told(**changes: str) -> set[str]:
    """The settings that something is wrong with, of those this file is about."""
    read = settings.read({**WHOLE, **changes})
    about = ("NMBRS_", "TOKEN_")
    return {one.what for one in settings_check.problems(read) if one.what.startswith(about)}


def test_nothing_is_wrong_with_a_whole_set() -> None:
    assert told() == set()


@pytest.mark.parametrize(
    "name", ["NMBRS_SUBSCRIPTION_KEY", "NMBRS_CLIENT_ID", "NMBRS_CLIENT_SECRET"]
)
def test_what_is_missing_is_named(name: str) -> None:
    assert told(**{name: ""}) == {name}
    assert told(**{name: "", "HR_SOURCES": "afas"}) == set()


def test_tokens_of_a_deployed_app_need_a_disk_that_stays() -> None:
    """Whoever loses a refresh token needs a person again."""
    azure = "https://x.table.core.windows.net"

    assert told(LEDGER_URL=azure) == {"TOKEN_FOLDER"}
    assert told(LEDGER_URL=azure, TOKEN_FOLDER="/mounts/tokens") == set()
    assert told(LEDGER_URL=azure, HR_SOURCES="afas") == set()


def test_address_of_nmbrs_is_never_plain_http() -> None:
    with pytest.raises(Misconfigured, match="https://"):
        settings.read({"NMBRS_IDENTITY_URL": "http://identityservice.nmbrs.com"})


def test_no_secret_shows() -> None:
    assert "s*" not in repr(settings.read(WHOLE))
