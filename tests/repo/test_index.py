"""What does the host find in function_app.py? The names are an interface, and an import must not
need a setting: one error there and the host finds no function at all.
"""

from __future__ import annotations

import re
from typing import Any

from repo.checkout import ROOT, told

from sandbox.broker import INSTROOM_QUEUES
from shared.settings import Settings

BUS = "ServiceBusConnection"
EXPECTED: dict[str, dict[str, Any]] = {
    "hr_webhook": {
        "type": "httpTrigger",
        "route": "hr/{source}",
        "methods": ["POST"],
        "authLevel": "anonymous",
    },
    "hr_push": {
        "type": "httpTrigger",
        "route": "hr/push/people",
        "methods": ["PUT", "PATCH"],
        "authLevel": "anonymous",
    },
    "hr_push_schema": {
        "type": "httpTrigger",
        "route": "hr/push/schema",
        "methods": ["GET"],
        "authLevel": "anonymous",
    },
    "ops_leaver": {
        "type": "httpTrigger",
        "route": "ops/people/{key}/stop",
        "methods": ["POST", "DELETE"],
        "authLevel": "function",
    },
    "ops_look": {
        "type": "httpTrigger",
        "route": "ops/{*what}",
        "methods": ["GET"],
        "authLevel": "anonymous",
    },
    "ops_answer": {
        "type": "httpTrigger",
        "route": "ops/held/{batch}/{answer}",
        "methods": ["POST"],
        "authLevel": "anonymous",
    },
    "console_first_sign_in": {
        "type": "httpTrigger",
        "route": "console/first-sign-in",
        "methods": ["GET", "POST"],
        "authLevel": "anonymous",
    },
    "health": {
        "type": "httpTrigger",
        "route": "health",
        "methods": ["GET"],
        "authLevel": "anonymous",
    },
    "hr_poll": {"type": "timerTrigger", "schedule": "%HR_POLL_SCHEDULE%"},
    "hr_full_sync": {"type": "timerTrigger", "schedule": "%HR_FULL_SYNC_SCHEDULE%"},
    "due": {"type": "timerTrigger", "schedule": "%DUE_SCHEDULE%"},
    "drift": {"type": "timerTrigger", "schedule": "%DRIFT_SCHEDULE%"},
    "upkeep": {"type": "timerTrigger", "schedule": "%UPKEEP_SCHEDULE%"},
    "hr_signal": {
        "type": "serviceBusTrigger",
        "queueName": "hr-signals",
        "connection": BUS,
        "isSessionsEnabled": None,
    },
    "apply_entra": {
        "type": "serviceBusTrigger",
        "queueName": "entra",
        "connection": BUS,
        "isSessionsEnabled": True,
    },
    "apply_topdesk": {
        "type": "serviceBusTrigger",
        "queueName": "topdesk",
        "connection": BUS,
        "isSessionsEnabled": True,
    },
    "apply_hr": {
        "type": "serviceBusTrigger",
        "queueName": "hr-updates",
        "connection": BUS,
        "isSessionsEnabled": True,
    },
    "notify": {
        "type": "serviceBusTrigger",
        "queueName": "notices",
        "connection": BUS,
        "isSessionsEnabled": None,
    },
}
BY_AZURE_FUNCTIONS = """
import json
import function_app
found = [
    [f.get_function_name(), [b.get_dict_repr() for b in f.get_bindings()]]
    for f in function_app.app.get_functions()
]
print(json.dumps(found, default=lambda value: str(value.value)))
"""
BY_THE_WORKER = """
import json
from pathlib import Path
from sandbox.host.worker import index
print(json.dumps([[f.name, f.bindings] for f in index(Path.cwd())]))
"""
UNSEEN = """
import json
import function_app
found = function_app.app.get_functions()
print(json.dumps([
    f.get_function_name() for f in found if not hasattr(f.get_user_function(), "__wrapped__")
]))
"""
WHAT_IT_IMPORTS = """
import json, sys
import function_app
late = {"opentelemetry.sdk", "azure.monitor", "shared.sso", "cryptography.x509"}
big = late & set(sys.modules)
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules} | big)))
"""


def test_azure_functions_finds_every_function_in_an_empty_environment() -> None:
    found = told(BY_AZURE_FUNCTIONS)

    assert _as_expected(found) == EXPECTED


def test_microsofts_worker_finds_the_same_functions() -> None:
    found = told(BY_THE_WORKER)

    assert _as_expected(found) == EXPECTED


def test_every_http_function_answers_and_nothing_else_has_an_output() -> None:
    found = {name: [b["type"] for b in bindings] for name, bindings in told(BY_THE_WORKER)}

    assert found == {
        name: ["httpTrigger", "http"] if e["type"] == "httpTrigger" else [e["type"]]
        for name, e in EXPECTED.items()
    }


def test_every_function_is_seen_by_those_who_watch() -> None:
    """One that is not counted can fail each day, and the alert on failures says nothing."""
    assert told(UNSEEN) == []


def test_the_app_needs_nothing_of_the_laptop() -> None:
    imported = set(told(WHAT_IT_IMPORTS))

    big = {"opentelemetry.sdk", "azure.monitor", "shared.sso", "cryptography.x509"}
    assert imported & big == set(), "a cold start"
    assert imported & {"sandbox", "typer", "pytest", "starlette", "uvicorn"} == set()


def test_every_queue_is_one_of_the_brokers_with_the_same_sessions() -> None:
    queues = {queue.name: queue.requires_session for queue in INSTROOM_QUEUES}
    listened = {
        e["queueName"]: bool(e["isSessionsEnabled"]) for e in EXPECTED.values() if "queueName" in e
    }

    assert listened.items() <= queues.items()


def test_every_setting_in_a_binding_exists() -> None:
    aliases = {field.alias for field in Settings.model_fields.values()}
    used = set(re.findall(r"%(\w+)%", str(EXPECTED))) | {BUS}

    timers = ("HR_POLL", "HR_FULL_SYNC", "DUE", "DRIFT", "UPKEEP")
    assert used == {*(f"{timer}_SCHEDULE" for timer in timers), BUS}
    assert used <= aliases


def test_shared_is_the_checkouts_own() -> None:
    """A folder `shared` beside the checkout, or an installed package, would win silently."""
    file, path = told(
        "import json, shared; print(json.dumps([shared.__file__, *shared.__path__]))"
    )

    assert file == str(ROOT / "shared" / "__init__.py")
    assert path == str(ROOT / "shared")


def _as_expected(found: list[Any]) -> dict[str, dict[str, Any]]:
    """The trigger of each function, of it what EXPECTED says something about."""
    triggers = {
        name: next(b for b in bindings if b["type"].endswith("Trigger"))
        for name, bindings in found
    }
    assert len(triggers) == len(found), "two functions of one name"
    return {
        name: {key: _plain(trigger.get(key)) for key in EXPECTED.get(name, trigger)}
        for name, trigger in triggers.items()
    }


def _plain(value: Any) -> Any:
    """As told in a decorator: enums by their value, levels in lower case."""
    if isinstance(value, list):
        return [str(item).rpartition(".")[2] for item in value]
    return value.rpartition("AuthLevel.")[2].lower() if _is_level(value) else value


def _is_level(value: Any) -> bool:
    return isinstance(value, str) and value.upper().endswith(("ANONYMOUS", "FUNCTION", "ADMIN"))
