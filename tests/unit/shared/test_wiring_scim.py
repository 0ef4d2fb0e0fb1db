"""Which of TOPdesk's two interfaces is wired, and what its settings lack."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared import settings, settings_check
from shared.apply.scim import ScimTarget
from shared.apply.topdesk import TopdeskTarget
from shared.errors import Misconfigured
from shared.plan.scim import scim
from shared.plan.topdesk import topdesk
from shared.wiring import Wiring

SCIM = {"SCIM_URL": "https://scim.example/scim/v2", "SCIM_TOKEN": "geheim"}
REST = {
    "TOPDESK_URL": "https://voorbeeld.topdesk.net",
    "TOPDESK_USERNAME": "instroom",
    "TOPDESK_APP_PASSWORD": "geheim",
}


@pytest.fixture
def given(tmp_path: Path) -> dict[str, str]:
    policy = tmp_path / "policy.yaml"
    policy.write_text("version: 1\n", encoding="utf-8")
    return {
        "ServiceBusConnection": "Endpoint=sb://127.0.0.1:5672;SharedAccessKeyName=a;"
        "SharedAccessKey=b;UseDevelopmentEmulator=true;",
        "LEDGER_URL": f"sqlite:///{tmp_path.as_posix()}/ledger.sqlite",
        "POLICY_FILE": str(policy),
        "HR_SOURCES": "push",
        "WEBHOOK_SECRET_PUSH": "whsec_c2FuZGJveC1vZi1pbnN0cm9vbS1zYW5kYm94",
        "GRAPH_AUTH": "none",
        "GRAPH_BASE_URL": "http://127.0.0.1:8011/v1.0",
        "HR_POLL_SCHEDULE": "0 */15 * * * *",
        "HR_FULL_SYNC_SCHEDULE": "0 30 2 * * *",
        "DUE_SCHEDULE": "0 * * * * *",
        "DRIFT_SCHEDULE": "0 5-59/15 * * * *",
        "UPKEEP_SCHEDULE": "0 40 4 * * *",
    }


@pytest.mark.parametrize(
    ("own", "target", "plan"),
    [
        (REST, TopdeskTarget, topdesk),
        (REST | SCIM, TopdeskTarget, topdesk),
        ({"TOPDESK_INTERFACE": "scim"} | SCIM, ScimTarget, scim),
    ],
)
async def test_the_interface_brings_its_own_plan(
    given: dict[str, str], own: dict[str, str], target: type, plan: object
) -> None:
    wiring = Wiring(settings.read(given | own))
    try:
        service = await wiring.service()
    finally:
        await wiring.close()

    assert isinstance(service.topdesk, target)
    assert service.plan_topdesk is plan


@pytest.mark.parametrize("name", SCIM)
def test_scim_needs_its_own_settings(given: dict[str, str], name: str) -> None:
    own = {key: value for key, value in SCIM.items() if key != name}
    read = settings.read(given | {"TOPDESK_INTERFACE": "scim"} | own)

    assert [problem.what for problem in settings_check.problems(read)] == [name]


def test_an_interface_that_there_is_not_is_refused(given: dict[str, str]) -> None:
    with pytest.raises(Misconfigured, match="TOPDESK_INTERFACE"):
        settings.read(given | {"TOPDESK_INTERFACE": "soap"})
