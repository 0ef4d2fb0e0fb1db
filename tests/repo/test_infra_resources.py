"""Is what a deployment would make what the code expects, and closed where it must be?

Read from the snapshots, which `test_infra_compile` holds to the templates; needs no compiler.
"""

from __future__ import annotations

import ast
import base64
import functools
import importlib
import json
import pkgutil
import re
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import SecretStr
from repo.bicep_compiler import ENVIRONMENTS, INFRA, predicted
from repo.checkout import ROOT, told

from sandbox.broker import INSTROOM_QUEUES
from sandbox.host import functions
from sandbox.host.worker import Indexed
from shared import ledger, settings, settings_check
from shared.policy.sources import CsvLayout
from shared.settings import WEBHOOK_SECRET, Settings
from shared.telemetry.facts import Facts
from shared.telemetry.measures import TABLE, Measure

type Made = list[dict[str, Any]]

ON_A_LAPTOP = {"ServiceBusConnection", "CSV_CONNECTION", "CLOCK_FILE"}
SET_BY_THE_PLATFORM = {"WEBSITE_AUTH_ENABLED"}
OF_OTHER_SOURCES = ("EXACT_", "NMBRS_", "SCIM_", "TOKEN_FOLDER", "KEY_VAULT_URL")
"""Handed on where those sources are read, which is in `private`."""
OF_THE_PLATFORM = re.compile(
    r"AzureWebJobs|ServiceBusConnection__(credential|clientId)|AZURE_|APPLICATIONINSIGHTS_[AS]|PYTHON_ENABLE_OPENTELEMETRY"
)
REFUSED_BY_FLEX = {
    "FUNCTIONS_WORKER_RUNTIME",
    "FUNCTIONS_EXTENSION_VERSION",
    "FUNCTIONS_WORKER_PROCESS_COUNT",
    "WEBSITE_RUN_FROM_PACKAGE",
    "WEBSITE_TIME_ZONE",
    "SCM_DO_BUILD_DURING_DEPLOYMENT",
}
"""Microsoft Learn, "Azure Functions Flex Consumption plan hosting", deprecated settings."""

ROLES = {  # Microsoft Learn, "Azure built-in roles"
    "090c5cfd-751d-490a-894a-3ce6f1109419": "Azure Service Bus Data Owner",
    "b7e6dc6d-f1e8-4753-8033-0f276bb0955b": "Storage Blob Data Owner",
    "ba92f5b4-2d11-453d-a403-e96b0029c9fe": "Storage Blob Data Contributor",
    "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1": "Storage Blob Data Reader",
    "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3": "Storage Table Data Contributor",
    "4633458b-17de-408a-b874-0445c86b69e6": "Key Vault Secrets User",
    "b86a8fe4-44ce-4948-aee5-eccb2c155cd7": "Key Vault Secrets Officer",
    "3913510d-42f4-4e42-8a64-420c390055eb": "Monitoring Metrics Publisher",
}
ALLOWED = {
    ("queues/hr-signals", "Azure Service Bus Data Owner"),
    ("queues/entra", "Azure Service Bus Data Owner"),
    ("queues/topdesk", "Azure Service Bus Data Owner"),
    ("queues/hr-updates", "Azure Service Bus Data Owner"),
    ("queues/notices", "Azure Service Bus Data Owner"),
    ("storageAccounts/sthost", "Storage Blob Data Owner"),
    ("storageAccounts/sthost", "Storage Table Data Contributor"),
    ("storageAccounts/stledger", "Storage Table Data Contributor"),
    ("vaults/kv", "Key Vault Secrets User"),
    ("components/appi", "Monitoring Metrics Publisher"),
}
OF_OTHER_SOURCES_TOO = {
    ("vaults/kv", "Key Vault Secrets Officer"),
    ("containers/exports", "Storage Blob Data Reader"),
    ("containers/accounts", "Storage Blob Data Contributor"),
}
"""In `private`, where a source is read whose tokens the app renews, and exports are too."""
INDEX = """
import json
import function_app
print(json.dumps({
    function.get_function_name(): function.get_trigger().get_dict_repr().get("queueName")
    for function in function_app.app.get_functions()
}))
"""
SECRETS = re.compile(r"SharedAccessKey=|AccountKey=|whsec_|<token>|InstrumentationKey=|Password=")
WEBHOOK = "whsec_" + base64.b64encode(b"made up for this test" * 2).decode()
LONGEST_ENVIRONMENT = "a" * 12
LIMITS = {  # Microsoft Learn, "Naming rules and restrictions for Azure resources"
    "Microsoft.Storage/storageAccounts": (24, r"[a-z0-9]+"),
    "Microsoft.KeyVault/vaults": (24, r"[a-z][a-z0-9-]+[a-z0-9]"),
    "Microsoft.ServiceBus/namespaces": (50, r"[a-z][a-z0-9-]+[a-z0-9]"),
    "Microsoft.Web/sites": (60, r"[a-z0-9][a-z0-9-]+[a-z0-9]"),
    "Microsoft.Web/serverfarms": (60, r"[a-z0-9-]+"),
    "Microsoft.Network/virtualNetworks": (64, r"[a-z0-9-]+"),
}


@pytest.fixture(params=ENVIRONMENTS)
def made(request: pytest.FixtureRequest) -> Made:
    return predicted(INFRA / f"{request.param}.bicepparam")


# --- as the code expects ---------------------------------------------------------------------


def test_settings_are_those_of_the_app() -> None:
    """A setting that nobody gives, or that nobody reads, is a mistake of one of the two."""
    given = _of_the_app("private") | _of_the_app("test")
    read = {str(field.alias) for field in Settings.model_fields.values()}

    read -= ON_A_LAPTOP | SET_BY_THE_PLATFORM | {WEBHOOK_SECRET}
    assert given == read | {f"{WEBHOOK_SECRET}AFAS"}


def test_source_that_is_not_read_has_no_settings() -> None:
    """A reference to a secret that nobody has put into the vault would be a problem."""
    assert not {name for name in _of_the_app("test") if name.startswith(OF_OTHER_SOURCES)}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_app_finds_nothing_wrong_with_its_settings(
    environment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the platform hands them over: with the vault's secrets in place of the references."""
    monkeypatch.chdir(ROOT)
    given = {name: _handed_over(name, value) for name, value in _settings(environment).items()}

    read = settings.read(given)

    assert list(settings_check.problems(read)) == []
    assert (read.service_bus, read.graph_auth) == (None, "identity")


BY_THE_WORKER = """
import json
from pathlib import Path
from sandbox.host.worker import index
print(json.dumps([[f.name, f.function_id, f.bindings] for f in index(Path.cwd())]))
"""


def test_every_function_starts_with_the_settings_of_the_template() -> None:
    """In the sandbox's host: schedules, queue names and connections of each are there."""
    indexed = [Indexed(*one) for one in told(BY_THE_WORKER)]
    for environment in ENVIRONMENTS:
        given = {name: _handed_over(name, v) for name, v in _settings(environment).items()}
        good, bad = functions.understood(indexed, given)

        assert bad == ()
        assert {one.name for one in good} == _functions()
        off = {one.name for one in good if one.disabled}
        assert off == (set() if environment == "test" else {"hr_poll", "hr_full_sync"})


def test_queues_are_those_of_the_app(made: Made) -> None:
    expected = {queue.name: queue for queue in INSTROOM_QUEUES}
    queues = {
        _last(q): q["properties"] for q in _of(made, "Microsoft.ServiceBus/namespaces/queues")
    }

    assert queues.keys() == _listened_to()
    for name, said in queues.items():
        wanted = expected[name]
        assert said["requiresSession"] == wanted.requires_session
        assert _seconds(said["lockDuration"]) == wanted.lock_seconds
        assert _seconds(said["defaultMessageTimeToLive"]) == wanted.ttl_seconds
        assert said["maxDeliveryCount"] == wanted.max_delivery_count
        assert said["requiresDuplicateDetection"]
        window = said["duplicateDetectionHistoryTimeWindow"]
        assert _seconds(window) == wanted.duplicate_window_seconds
        assert said["deadLetteringOnMessageExpiration"] == wanted.dead_letter_on_expiry


def test_every_table_of_the_ledger_is_made(made: Made) -> None:
    tables = _of(made, "Microsoft.Storage/storageAccounts/tableServices/tables")

    assert {_last(table) for table in tables} >= set(_tables())


def test_the_page_on_personal_data_names_every_table() -> None:
    page = (ROOT / "docs" / "data-protection.md").read_text(encoding="utf-8")

    assert [table for table in _tables() if f"`{table}`" not in page] == []


def test_app_runs_on_the_python_of_the_checkout(made: Made) -> None:
    [site] = _of(made, "Microsoft.Web/sites")
    version = (ROOT / ".python-version").read_text(encoding="utf-8").strip()

    runtime = site["properties"]["functionAppConfig"]["runtime"]
    assert runtime == {"name": "python", "version": version}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_nothing_is_set_that_flex_refuses(environment: str) -> None:
    assert set(_settings(environment)) & REFUSED_BY_FLEX == set()


def test_functions_that_can_be_switched_off_are_the_functions() -> None:
    template = (INFRA / "main.bicep").read_text(encoding="utf-8")
    [listed] = re.findall(r"var functions = \[(.*?)\]", template, re.DOTALL)

    assert set(re.findall(r"'(\w+)'", listed)) == _functions()


def test_people_sign_in_only_where_it_was_asked_for(made: Made) -> None:
    """Snapshots have no client id, so no authentication may be made: it is off as a whole."""
    template = (INFRA / "app.bicep").read_text(encoding="utf-8")

    assert not [one for one in _of(made, "Microsoft.Web/sites/config") if "auth" in one["name"]]
    assert "if (!empty(consoleClientId))" in template
    assert "clientSecret" not in template


# --- closed ----------------------------------------------------------------------------------


def test_storage_knows_no_keys_and_no_strangers(made: Made) -> None:
    accounts = [a["properties"] for a in _of(made, "Microsoft.Storage/storageAccounts")]

    assert len(accounts) in (2, 3)
    for account in accounts:
        assert account["allowSharedKeyAccess"] is False
        assert account["allowBlobPublicAccess"] is False
        assert account["supportsHttpsTrafficOnly"] is True
        assert account["minimumTlsVersion"] == "TLS1_2"


def test_nothing_is_opened_by_a_key(made: Made) -> None:
    [bus] = _of(made, "Microsoft.ServiceBus/namespaces")
    [insights] = _of(made, "Microsoft.Insights/components")
    [workspace] = _of(made, "Microsoft.OperationalInsights/workspaces")
    publishing = _of(made, "Microsoft.Web/sites/basicPublishingCredentialsPolicies")

    assert bus["properties"]["disableLocalAuth"] is True
    assert bus["properties"]["minimumTlsVersion"] == "1.2"
    assert insights["properties"]["DisableLocalAuth"] is True
    assert workspace["properties"]["features"]["disableLocalAuth"] is True
    assert [one["properties"]["allow"] for one in publishing] == [False, False]


def test_vault_is_ruled_by_roles_and_cannot_be_purged(made: Made) -> None:
    [vault] = _of(made, "Microsoft.KeyVault/vaults")

    assert vault["properties"]["enableRbacAuthorization"] is True
    assert vault["properties"]["enablePurgeProtection"] is True


def test_app_speaks_https_only(made: Made) -> None:
    [site] = _of(made, "Microsoft.Web/sites")

    assert site["properties"]["httpsOnly"] is True
    assert site["properties"]["siteConfig"]["minTlsVersion"] == "1.2"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_secrets_come_from_the_vault(environment: str) -> None:
    """As references that the platform resolves; where the vault is closed to it, by the app."""
    secret = {
        str(field.alias)
        for field in Settings.model_fields.values()
        if field.annotation in (SecretStr, SecretStr | None)
    } - {"ServiceBusConnection", "CSV_CONNECTION", "LEDGER_URL"}
    values = _settings(environment)
    secret |= {name for name in values if name.startswith(WEBHOOK_SECRET)}
    secret = {name for name in secret if name in values or not name.startswith(OF_OTHER_SOURCES)}

    assert secret >= {"AFAS_TOKEN", "TOPDESK_APP_PASSWORD"}
    reference = r"@Microsoft\.KeyVault\(VaultName=\S+;SecretName=[a-z-]+\)"
    form = r"vault:[a-z-]+" if environment == "private" else reference
    for name in secret:
        assert re.fullmatch(form, values[name])


def test_no_secret_value_is_anywhere() -> None:
    texts = {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
        for place in (INFRA, ROOT / ".github")
        for path in place.rglob("*")
        if path.is_file()
    }

    assert len(texts) > 20
    assert [name for name, text in texts.items() if SECRETS.search(text)] == []


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_app_has_the_least_roles_on_single_resources(environment: str) -> None:
    made = predicted(INFRA / f"{environment}.bicepparam")
    given = {_grant(one) for one in _of(made, "Microsoft.Authorization/roleAssignments")}

    assert given == ALLOWED | (OF_OTHER_SOURCES_TOO if environment == "private" else set())


def test_roles_named_in_the_template_are_known() -> None:
    named = re.findall(r"'([0-9a-f-]{36})'", (INFRA / "roles.bicep").read_text(encoding="utf-8"))

    assert set(named) == ROLES.keys()


def test_private_means_private() -> None:
    made = predicted(INFRA / "private.bicepparam")
    [bus] = _of(made, "Microsoft.ServiceBus/namespaces")
    [site] = _of(made, "Microsoft.Web/sites")
    accounts = [a for a in _of(made, "Microsoft.Storage/storageAccounts") if not _exports(a)]
    endpoints = {_last(one) for one in _of(made, "Microsoft.Network/privateEndpoints")}

    assert bus["sku"]["name"] == "Premium"
    [vault] = _of(made, "Microsoft.KeyVault/vaults")
    for one in (bus, vault, *accounts):
        assert one["properties"]["publicNetworkAccess"] == "Disabled"
    assert {name.removeprefix("pe-instroom-prod-") for name in endpoints} == {
        *("host-blob", "host-table", "host-queue"),
        *("ledger", "exports", "bus", "vault"),
    }
    assert site["properties"]["virtualNetworkSubnetId"].endswith("/subnets/app")
    assert len(_of(made, "Microsoft.Network/natGateways")) == 1


def test_exports_are_brought_from_the_senders_alone() -> None:
    made = predicted(INFRA / "private.bicepparam")
    [account] = [a for a in _of(made, "Microsoft.Storage/storageAccounts") if _exports(a)]
    said = account["properties"]

    assert said["networkAcls"]["defaultAction"] == "Deny"
    assert said["networkAcls"]["ipRules"] == [{"action": "Allow", "value": "203.0.113.10"}]
    assert said["isSftpEnabled"]
    assert said["isHnsEnabled"]


def test_exports_do_not_stay_for_ever() -> None:
    """Longer than a silent HR is told of, and no longer than it takes to look into one."""
    made = predicted(INFRA / "private.bicepparam")
    [policy] = _of(made, "Microsoft.Storage/storageAccounts/managementPolicies")
    [rule] = policy["properties"]["policy"]["rules"]
    kept = rule["definition"]["actions"]["baseBlob"]["delete"]["daysAfterModificationGreaterThan"]

    assert CsvLayout.model_fields["stale_after_days"].default < kept <= 30


def test_file_with_the_accounts_is_no_export_and_stays() -> None:
    """It may lie unchanged for months, and then whoever reads it would find nobody."""
    made = predicted(INFRA / "private.bicepparam")
    [policy] = _of(made, "Microsoft.Storage/storageAccounts/managementPolicies")
    [rule] = policy["properties"]["policy"]["rules"]
    given = {name: _handed_over(name, value) for name, value in _settings("private").items()}
    account = given["CSV_FOLDER"].removesuffix("/exports")

    assert rule["definition"]["filters"]["prefixMatch"] == ["exports/"]
    assert given["CSV_EXPORT"] == f"{account}/accounts/accounts.csv"


def test_the_guide_registers_every_provider() -> None:
    """In a subscription that lacks one, the deployment stops in the middle."""
    texts = [path.read_text(encoding="utf-8") for path in INFRA.glob("*.bicep")]
    needed = {name for text in texts for name in re.findall(r"'(Microsoft\.\w+)/\S+@", text)}
    guide = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")

    assert "Microsoft.EventGrid" in needed
    always_there = {"Microsoft.Authorization", "Microsoft.Resources", "Microsoft.Consumption"}
    assert {name for name in needed - always_there if f"{name}`" not in guide} == set()


def test_production_cannot_lose_its_ledger_by_a_slip() -> None:
    made = predicted(INFRA / "prod.bicepparam")
    [lock] = _of(made, "Microsoft.Authorization/locks")

    assert "/storageAccounts/stledger" in lock["id"]
    assert lock["properties"]["level"] == "CanNotDelete"


def test_names_fit_with_the_longest_environment(made: Made) -> None:
    for resource in made:
        if resource["type"] in LIMITS:
            longest, form = LIMITS[resource["type"]]
            name = re.sub(
                r"instroom-(test|prod)", f"instroom-{LONGEST_ENVIRONMENT}", _last(resource)
            )
            assert len(name) <= longest
            assert re.fullmatch(form, name)


# --- watched ---------------------------------------------------------------------------------


def test_what_happens_is_logged(made: Made) -> None:
    logged = {
        one["id"].split("/providers/Microsoft.Insights/")[0].rsplit("/providers/", 1)[1]
        for one in _of(made, "Microsoft.Insights/diagnosticSettings")
    }

    assert len(logged) in (4, 5)
    assert {where.split("/")[1] for where in logged} == {"storageAccounts", "namespaces", "vaults"}


def test_reads_of_the_ledger_are_not_logged(made: Made) -> None:
    """Their address holds the key of a row, and a key of `names` is a login name."""
    logs = [
        one for one in _of(made, "Microsoft.Insights/diagnosticSettings") if "ledger" in one["id"]
    ]

    [of_ledger] = logs
    assert {log["category"] for log in of_ledger["properties"]["logs"]} == {
        "StorageWrite",
        "StorageDelete",
    }


def test_dead_letters_of_every_queue_are_told(made: Made) -> None:
    [alert] = [a for a in _of(made, "Microsoft.Insights/metricAlerts") if "dead" in a["name"]]
    [criterion] = alert["properties"]["criteria"]["allOf"]

    assert criterion["metricName"] == "DeadletteredMessages"
    assert set(criterion["dimensions"][0]["values"]) == _listened_to()


def test_every_alert_reaches_somebody(made: Made) -> None:
    metric = _of(made, "Microsoft.Insights/metricAlerts")
    log = _of(made, "Microsoft.Insights/scheduledQueryRules")
    events = _of(made, "Microsoft.EventGrid/systemTopics/eventSubscriptions")
    [group] = _of(made, "Microsoft.Insights/actionGroups")

    assert len(group["properties"]["emailReceivers"]) >= 1
    assert [a["properties"]["actions"] for a in metric] == [[{"actionGroupId": group["id"]}]] * 3
    assert [a["properties"]["actions"] for a in log] == [{"actionGroups": [group["id"]]}] * 7
    assert [e["properties"]["destination"]["properties"]["actionGroups"] for e in events] == [
        [group["id"]]
    ]


def test_queries_look_for_lines_that_the_code_writes() -> None:
    asked = _asked()
    sentences = {said.strip() for said in re.findall(r'message startswith "([^"]+)"', asked)}
    facts = set(re.findall(r'"\s?(\w+)="', asked))

    assert sentences
    assert sentences <= _written()
    assert facts <= _facts()


def test_queries_name_functions_that_there_are() -> None:
    named = re.findall(r'"(\w+)"', " ".join(re.findall(r"\) !?in \(([^)]*)\)", _asked())))

    assert len(named) == 3
    assert set(named) <= _functions()


def test_queries_ask_for_what_the_app_measures() -> None:
    """By the names in the code, and by what each is said with."""
    measures = set(re.findall(r'name == "([^"]+)"', _asked()))
    facts = set(re.findall(r'customDimensions\["instroom\.(\w+)"\]', _asked()))

    assert measures == set(Measure) - {"instroom.due"}
    assert facts <= set(Facts.__annotations__)
    for query in sorted(INFRA.glob("queries/*.kql")):
        [name] = re.findall(r'name == "([^"]+)"', query.read_text(encoding="utf-8"))
        counted = TABLE[Measure(name)].shape == "counter"
        assert ("sum(valueSum)" in query.read_text(encoding="utf-8")) == counted, query.name


def test_alert_reads_the_column_that_its_query_makes(made: Made) -> None:
    for rule in _of(made, "Microsoft.Insights/scheduledQueryRules"):
        [criterion] = rule["properties"]["criteria"]["allOf"]
        last = criterion["query"].strip().splitlines()[-1]

        assert f"{criterion['metricMeasureColumn']} =" in last, rule["name"]


def test_what_expires_in_the_vault_is_told(made: Made) -> None:
    [topic] = _of(made, "Microsoft.EventGrid/systemTopics")
    [told] = _of(made, "Microsoft.EventGrid/systemTopics/eventSubscriptions")

    assert "/vaults/kv-" in topic["properties"]["source"]
    assert told["properties"]["destination"]["endpointType"] == "MonitorAlert"
    assert set(told["properties"]["filter"]["includedEventTypes"]) == {
        f"Microsoft.KeyVault.{what}{when}"
        for what in ("Secret", "Certificate")
        for when in ("NearExpiry", "Expired")
    }


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_host_and_worker_speak_opentelemetry_without_a_key(environment: str) -> None:
    settings = _settings(environment)

    assert json.loads(_text("host.json"))["telemetryMode"] == "OpenTelemetry"
    assert settings["PYTHON_ENABLE_OPENTELEMETRY"] == "true"
    assert "Authorization=AAD" in settings["APPLICATIONINSIGHTS_AUTHENTICATION_STRING"]


def test_alerts_are_the_documented_ones(made: Made) -> None:
    kinds = ("Microsoft.Insights/metricAlerts", "Microsoft.Insights/scheduledQueryRules")
    alerts = {
        re.sub(r"^instroom-(test|prod)-", "", alert["name"]): alert["properties"]["severity"]
        for kind in kinds
        for alert in _of(made, kind)
    }
    [expiry] = _of(made, "Microsoft.EventGrid/systemTopics/eventSubscriptions")
    alerts["secrets-expire"] = int(
        expiry["properties"]["destination"]["properties"]["severity"].removeprefix("Sev")
    )
    said = re.findall(r"^\| `([a-z-]+)` \| (\d) \|", _text("infra/README.md"), re.MULTILINE)

    assert {name: int(severity) for name, severity in said} == alerts


def test_administrator_is_told_of_every_secret() -> None:
    named = {
        found[1]
        for value in _settings("test").values()
        if (found := re.search(r"SecretName=([a-z-]+)", value))
    }
    told_of = re.findall(r"keyvault secret set .*--name ([a-z-]+)", _text("docs/deploy.md"))

    assert set(told_of) == named


def _asked() -> str:
    """Every query of alerts and workbook."""
    places = [*INFRA.glob("queries/*.kql"), INFRA / "workbook.json"]
    return "\n".join(p.read_text(encoding="utf-8") for p in places).replace('\\"', '"')


# --- reading ---------------------------------------------------------------------------------


def _exports(account: dict[str, Any]) -> bool:
    return str(account["name"]).startswith("stexports")


def _of(made: Made, kind: str) -> Made:
    return [resource for resource in made if resource["type"] == kind]


def _last(resource: dict[str, Any]) -> str:
    return str(resource["name"]).rsplit("/", 1)[-1]


def _text(document: str) -> str:
    return (ROOT / document).read_text(encoding="utf-8")


def _settings(environment: str) -> dict[str, str]:
    made = predicted(INFRA / f"{environment}.bicepparam")
    [settings] = _of(made, "Microsoft.Web/sites/config")
    properties: dict[str, str] = settings["properties"]
    return properties


def _of_the_app(environment: str) -> set[str]:
    return {name for name in _settings(environment) if not OF_THE_PLATFORM.match(name)}


def _handed_over(name: str, value: str) -> str:
    """What the app gets: a secret for a reference, an address for what only Azure can compute."""
    if value.startswith("@Microsoft.KeyVault("):
        return WEBHOOK if name.startswith(WEBHOOK_SECRET) else "made-up"
    if name == "KEY_VAULT_URL":
        assert value.endswith("environment().suffixes.keyvaultDns)]")
        return "https://kv.vault.azure.net"
    if value == "[environment().authentication.loginEndpoint]":
        return "https://login.microsoftonline.com/"
    if name in ("CSV_FOLDER", "CSV_EXPORT") and value:
        found = re.fullmatch(
            r"\[format\('https://\{0\}\.blob\.\{1\}/[{}0-9/]+', '(\w+)', [^']*, (.*)\)\]", value
        )
        assert found, value
        path = "/".join(re.findall(r"'([^']+)'", found[2]))
        return f"https://{found[1]}.blob.core.windows.net/{path}"
    if name == "LEDGER_URL":
        assert value.startswith("[format('https://{0}.table.{1}'")
        return "https://stledger.table.core.windows.net"
    return value


def _grant(assignment: dict[str, Any]) -> tuple[str, str]:
    """On what, without the part of its name that differs, and which role."""
    scope = assignment["id"].split("/providers/Microsoft.Authorization/")[0]
    kind, name = scope.split("/")[-2:]
    role = assignment["properties"]["roleDefinitionId"].rsplit("/", 1)[1]
    short = name if kind == "queues" else re.split(r"(?<=sthost)|(?<=stledger)|-", name)[0]
    return f"{kind}/{short}", ROLES[role]


def _seconds(duration: str) -> float:
    """`P14D` and `PT5M` alike."""
    found = re.fullmatch(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?", duration)
    assert found, duration
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return days * 86_400 + hours * 3_600 + minutes * 60 + seconds


@functools.cache
def _queues_of_functions() -> dict[str, str | None]:
    """Each function with the queue that it listens to, told by a process of its own: an app can be
    indexed only once in one.
    """
    found: dict[str, str | None] = told(INDEX)
    return found


def _functions() -> set[str]:
    return set(_queues_of_functions())


def _listened_to() -> set[str]:
    return {queue for queue in _queues_of_functions().values() if queue}


def _tables() -> Iterator[str]:
    """The constants of shared/ledger that name a table."""
    for module in pkgutil.iter_modules(ledger.__path__):
        values = vars(importlib.import_module(f"shared.ledger.{module.name}"))
        yield from (values[n] for n in ("TABLE", "REPORTS", "WAITS", "SEALS") if n in values)


def _written() -> set[str]:
    """What log lines begin with; one of two, where the call chooses."""
    first = [call.args[0] for call in _log_calls()]
    chosen = [arm for one in first if isinstance(one, ast.IfExp) for arm in (one.body, one.orelse)]
    return {str(one.value) for one in (*first, *chosen) if isinstance(one, ast.Constant)}


def _facts() -> set[str]:
    return {str(keyword.arg) for call in _log_calls() for keyword in call.keywords}


def _log_calls() -> Iterator[ast.Call]:
    for path in (ROOT / "shared").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in (
                "log.info",
                "log.warning",
            ):
                yield node
