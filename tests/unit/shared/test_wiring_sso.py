from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import azure.identity
import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError

from shared import settings, wiring, wiring_sso
from shared.errors import Misconfigured
from shared.wiring_sign_in import SignedIn, SignIn
from shared.wiring_sso import ASKED, PERMISSIONS


class Browser:
    """Stands where azure-identity would open a browser."""

    made: ClassVar[list[dict[str, Any]]]
    asked: ClassVar[list[tuple[str, ...]]]
    problem: Exception | None = None

    def __init__(self, **options: Any) -> None:
        type(self).made.append(options)

    def get_token(self, *scopes: str, **_options: Any) -> AccessToken:
        if self.problem:
            raise self.problem
        type(self).asked.append(scopes)
        return AccessToken("t", 1)


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> type[Browser]:
    class OneBrowser(Browser):
        made: ClassVar[list[dict[str, Any]]] = []
        asked: ClassVar[list[tuple[str, ...]]] = []

    monkeypatch.setattr(azure.identity, "InteractiveBrowserCredential", OneBrowser)
    return OneBrowser


@pytest.fixture
def configured(tmp_path: Path) -> Iterator[None]:
    file = tmp_path / "local.settings.json"
    values = {
        "GRAPH_BASE_URL": "https://graph.example/v1.0",
        "LOGIN_BASE_URL": "https://l.example",
    }
    file.write_text(json.dumps({"Values": values}), encoding="utf-8")
    before = wiring._configured
    wiring.configure(settings.read({}, file=file))
    yield
    wiring._configured = before


@pytest.mark.usefixtures("configured")
async def test_administrator_is_asked_for_each_permission_before_anything_is_called(
    browser: type[Browser], tmp_path: Path
) -> None:
    async with wiring_sso.place(SignIn(tenant="t1"), tmp_path, print) as place:
        assert place.eyes.login_url == "https://l.example"
        assert place.eyes.topdesk is None

    assert browser.made[0]["tenant_id"] == "t1"
    assert browser.made[0]["authority"] == "https://l.example"
    assert browser.asked == [tuple(f"https://graph.example/{each}" for each in PERMISSIONS)]


@pytest.mark.usefixtures("configured")
async def test_device_code_is_asked_for_where_there_is_no_browser(
    browser: type[Browser], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class Device(Browser):
        made: ClassVar[list[dict[str, Any]]] = []
        asked: ClassVar[list[tuple[str, ...]]] = []

    monkeypatch.setattr(azure.identity, "DeviceCodeCredential", Device)
    async with wiring_sso.place(SignIn(device_code=True), tmp_path, print):
        pass

    assert (len(Device.made), browser.made) == (1, [])
    assert Device.made[0]["tenant_id"] == "organizations"


async def test_default_scope_is_replaced_by_the_permissions(browser: type[Browser]) -> None:
    """`.default` asks only for what was consented to before: nothing, the first time."""
    await SignedIn(browser(), ("a", "b"), ASKED).get_token("https://graph.microsoft.com/.default")

    assert browser.asked == [("a", "b")]


async def test_refused_sign_in_is_told_with_its_mend(browser: type[Browser]) -> None:
    refusing = browser()
    refusing.problem = ClientAuthenticationError("no")

    with pytest.raises(Misconfigured, match="Cloud Application Administrator"):
        await SignedIn(refusing, ("a",), ASKED).get_token()
