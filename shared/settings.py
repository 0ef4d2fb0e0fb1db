"""Which settings does the app have, and what do they say? The only reader of the environment.

Locally they come from local.settings.json; the example file beside it equals this class, by test.
Nothing is refused here: what is missing or wrong is told by settings_check, so that the app
indexes all its functions and health and doctor can say how to mend it.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError

from shared.errors import Misconfigured

WEBHOOK_SECRET = "WEBHOOK_SECRET_"  # noqa: S105 - the beginning of a name
WITH_CONSENT = ("exact", "nmbrs")
"""Sources that a person lets us into, whose tokens we keep and renew."""
TOKENS_AT_HOME = ".instroom/tokens"
"""Where tokens of consents lie when nothing else is said."""
_DIVISION = re.compile(r"([0-9]{1,9})(?:=([A-Za-z0-9._-]{0,6}))?")
LOOPBACK = ("127.0.0.1", "localhost", "::1")
"""This machine."""


def _is_address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("is no address; write it with https://")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise ValueError("must begin with https://; plain http is for this machine alone")
    return value


type Address = Annotated[str, AfterValidator(_is_address)]
"""An address to the letter."""
type Url = Annotated[Address, AfterValidator(lambda value: value.rstrip("/"))]
"""Where a site begins, without a slash at its end."""


class Settings(BaseModel):
    """Every setting; the alias is its name in the environment."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_by_alias=True, use_attribute_docstrings=True
    )

    service_bus: SecretStr | None = Field(default=None, alias="ServiceBusConnection")
    """Connection string of Service Bus; on a laptop the sandbox's."""
    service_bus_namespace: str | None = Field(
        default=None, alias="ServiceBusConnection__fullyQualifiedNamespace"
    )
    """The namespace's host name, when the app's identity is used instead."""
    ledger_url: SecretStr = Field(default=SecretStr(""), alias="LEDGER_URL")
    """`sqlite:///path`, the https:// address of Azure Tables, or a storage connection string."""
    policy_file: str = Field(default="policy.yaml", alias="POLICY_FILE")
    """The rules as deployed."""
    hr_sources: str = Field(default="afas", alias="HR_SOURCES")
    """Comma list of the HR systems: afas, csv, exact, nmbrs; and push, for those that send."""
    afas_base_url: Url | None = Field(default=None, alias="AFAS_BASE_URL")
    """`https://<number>.rest.afas.online/ProfitRestServices`."""
    afas_token: SecretStr | None = Field(default=None, alias="AFAS_TOKEN")
    """Token of the app connector."""
    afas_persons: str = Field(default="T4E_HelloID_Users_v2", alias="AFAS_PERSONS_CONNECTOR")
    """The view with a row for each person."""
    afas_contracts: str = Field(
        default="T4E_HelloID_Employments_v2", alias="AFAS_CONTRACTS_CONNECTOR"
    )
    """The view with a row for each contract in one job; the same one when it holds both."""
    afas_modified: str = Field(default="", alias="AFAS_MODIFIED_FIELD")
    """Log field of both views, for polling; empty: a poll reads everyone."""
    csv_folder: str = Field(default="", alias="CSV_FOLDER")
    """Folder that CSV exports arrive in, or the https:// address of a blob container."""
    csv_connection: SecretStr | None = Field(default=None, alias="CSV_CONNECTION")
    """Connection string for that container; empty: the app's identity opens it."""
    csv_export: str = Field(default="", alias="CSV_EXPORT")
    """File, or https:// address of a blob, that accounts are written to (`write_back.csv`)."""
    push_accounts_url: Address | None = Field(default=None, alias="PUSH_ACCOUNTS_URL")
    """Where webhooks about accounts are sent, signed with WEBHOOK_SECRET_ACCOUNTS."""
    exact_base_url: Url = Field(default="https://start.exactonline.nl", alias="EXACT_BASE_URL")
    """The site of the country that the Exact Online administration belongs to."""
    exact_client_id: str = Field(default="", alias="EXACT_CLIENT_ID")
    """Client id of the app that is registered in Exact's App Center."""
    exact_client_secret: SecretStr | None = Field(default=None, alias="EXACT_CLIENT_SECRET")
    """Client secret of that app."""
    exact_redirect_url: str = Field(
        default="https://localhost/callback", alias="EXACT_REDIRECT_URL"
    )
    """Where Exact sends whoever consents, as registered; the address is pasted from there."""
    exact_divisions: str = Field(default="", alias="EXACT_DIVISIONS")
    """Division to read: `123456`; several with prefixes of numbers: `123456=A,234567=B`."""
    nmbrs_base_url: Url = Field(default="https://api.nmbrsapp.com", alias="NMBRS_BASE_URL")
    """Where the API of Nmbrs is."""
    nmbrs_identity_url: Url = Field(
        default="https://identityservice.nmbrs.com", alias="NMBRS_IDENTITY_URL"
    )
    """Where consent is given and tokens are renewed."""
    nmbrs_subscription_key: SecretStr | None = Field(default=None, alias="NMBRS_SUBSCRIPTION_KEY")
    """Key of the subscription at developer.nmbrs.com."""
    nmbrs_client_id: str | None = Field(default=None, alias="NMBRS_CLIENT_ID")
    """Id of the application that is registered at Nmbrs."""
    nmbrs_client_secret: SecretStr | None = Field(default=None, alias="NMBRS_CLIENT_SECRET")
    """Its secret."""
    nmbrs_redirect_url: str = Field(
        default="http://localhost:8765/callback", alias="NMBRS_REDIRECT_URL"
    )
    """Where Nmbrs sends whoever consents, as registered; on this machine or to be pasted."""
    nmbrs_companies: str = Field(default="", alias="NMBRS_COMPANIES")
    """Comma list of company numbers to read; empty: all that the consent reaches."""
    token_folder: str = Field(default="", alias="TOKEN_FOLDER")
    """Folder for the tokens of consents; empty: Key Vault, without one `.instroom/tokens`."""
    graph_base_url: Url = Field(default="https://graph.microsoft.com/v1.0", alias="GRAPH_BASE_URL")
    """Where Microsoft Graph is."""
    graph_auth: Literal["identity", "none"] = Field(default="identity", alias="GRAPH_AUTH")
    """`identity` is the app's own; `none` is for the sandbox and refused elsewhere."""
    login_base_url: Url = Field(
        default="https://login.microsoftonline.com", alias="LOGIN_BASE_URL"
    )
    """Where Entra signs people in and publishes metadata; for single sign-on."""
    topdesk_interface: Literal["rest", "scim"] = Field(default="rest", alias="TOPDESK_INTERFACE")
    """`rest` is TOPdesk's own; `scim` is a gateway to it, or another SCIM 2.0 service."""
    scim_url: Url | None = Field(default=None, alias="SCIM_URL")
    """Address before `/Users` of that service, mostly ending in /scim/v2."""
    scim_token: SecretStr | None = Field(default=None, alias="SCIM_TOKEN")
    """Bearer token of that service."""
    topdesk_url: Url | None = Field(default=None, alias="TOPDESK_URL")
    """`https://<name>.topdesk.net`, without /tas."""
    topdesk_username: str | None = Field(default=None, alias="TOPDESK_USERNAME")
    """Login name of the operator that Instroom works as."""
    topdesk_app_password: SecretStr | None = Field(default=None, alias="TOPDESK_APP_PASSWORD")
    """Application password of that operator."""
    key_vault_url: Url | None = Field(default=None, alias="KEY_VAULT_URL")
    """`https://<name>.vault.azure.net`; a secret may be `vault:<its name there>`."""
    mail_sender: str = Field(default="", alias="MAIL_SENDER")
    """Mailbox that notices are sent from; empty: no mail."""
    notice_templates: str = Field(default="", alias="NOTICE_TEMPLATES")
    """Folder with templates of your own for notices; what it lacks is Instroom's."""
    insights: str = Field(default="", alias="APPLICATIONINSIGHTS_CONNECTION_STRING")
    """Application Insights that traces, measurements and log lines are sent to; empty: none."""
    otlp: Url | None = Field(default=None, alias="OTEL_EXPORTER_OTLP_ENDPOINT")
    """OpenTelemetry collector that they are sent to, over HTTP; empty: none."""
    trace_percent: Annotated[float, Field(ge=0, le=100)] = Field(
        default=100.0, alias="TRACE_PERCENT"
    )
    """Percent of the traces that are sent, 100 unless said otherwise; each whole or not at all."""
    hr_poll_schedule: str | None = Field(default=None, alias="HR_POLL_SCHEDULE")
    """When to ask HR what changed (NCRONTAB, UTC). No default: the host itself reads schedules."""
    hr_full_sync_schedule: str | None = Field(default=None, alias="HR_FULL_SYNC_SCHEDULE")
    """When to read everyone."""
    due_schedule: str | None = Field(default=None, alias="DUE_SCHEDULE")
    """When to bring back what is due."""
    drift_schedule: str | None = Field(default=None, alias="DRIFT_SCHEDULE")
    """When to look what was changed in Entra behind our back."""
    upkeep_schedule: str | None = Field(default=None, alias="UPKEEP_SCHEDULE")
    """When to look after what nobody looks at until it breaks; once a day."""
    clock_file: str | None = Field(default=None, alias="CLOCK_FILE")
    """The laptop's calendar: a file with seconds to add to the clock."""
    ops_readers: str = Field(default="", alias="OPS_READERS")
    """Comma list of app roles and group ids that may look through `/api/ops`; empty: nobody."""
    ops_answerers: str = Field(default="", alias="OPS_ANSWERERS")
    """Those that may look and also say yes or no to what is held."""
    signed_in: bool = Field(default=False, alias="WEBSITE_AUTH_ENABLED")
    """Set by App Service itself when its authentication is on: who calls is then its word."""
    webhook_secrets: Mapping[str, SecretStr] = Field(default={}, alias=WEBHOOK_SECRET)
    """`WEBHOOK_SECRET_<SOURCE>`: signature secret of that source's webhook, `whsec_...`."""

    @property
    def sources(self) -> tuple[str, ...]:
        """The names of the HR sources, as listed."""
        return tuple(filter(None, (name.strip() for name in self.hr_sources.split(","))))

    @property
    def tokens_in_vault(self) -> bool:
        """Do the tokens of consents lie in Key Vault? A folder that is named goes before it."""
        return bool(self.key_vault_url) and not self.token_folder

    @property
    def secrets(self) -> Mapping[str, SecretStr]:
        """Each secret that is set, by the setting's name in the environment."""
        own = {str(f.alias): getattr(self, name) for name, f in type(self).model_fields.items()}
        webhooks = {f"{WEBHOOK_SECRET}{s.upper()}": v for s, v in self.webhook_secrets.items()}
        return {k: v for k, v in own.items() if isinstance(v, SecretStr)} | webhooks

    @property
    def divisions_of_exact(self) -> tuple[tuple[int, str], ...]:
        """Each division with the prefix of its numbers; none when they cannot be read."""
        parts = filter(None, (part.strip() for part in self.exact_divisions.split(",")))
        found = [_DIVISION.fullmatch(part) for part in parts]
        return tuple((int(one[1]), one[2] or "") for one in found if one) if all(found) else ()

    def webhook_secret(self, source: str) -> str | None:
        """The signature secret of a source's webhook as it is set, if it has one."""
        secret = self.webhook_secrets.get(source.casefold())
        return secret.get_secret_value() if secret else None


def read(environment: Mapping[str, str] | None = None, *, file: Path | None = None) -> Settings:
    """The settings of this process, and under them those of a local.settings.json.

    Raises Misconfigured for the first value that is wrong.
    """
    own = os.environ if environment is None else environment
    set_ = {name: value for name, value in own.items() if value}  # empty is as good as absent
    values = {**(_local(file) if file else {}), **set_}
    names = {field.alias for field in Settings.model_fields.values()} - {WEBHOOK_SECRET}
    given: dict[str, object] = {name: values[name] for name in names if name and values.get(name)}
    given[WEBHOOK_SECRET] = {
        name.removeprefix(WEBHOOK_SECRET).casefold(): secret
        for name, secret in values.items()
        if name.startswith(WEBHOOK_SECRET) and secret
    }
    try:
        return Settings.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        problem = str(first.get("ctx", {}).get("error", first["msg"]))
        raise Misconfigured(
            str(first["loc"][0]), problem, "Mend the setting and restart"
        ) from None


def _local(file: Path) -> Mapping[str, str]:
    """The `Values` of a local.settings.json; nothing when there is no such file."""
    if not file.exists():
        return {}
    try:
        values = json.loads(file.read_text(encoding="utf-8-sig"))["Values"].items()
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Misconfigured(str(file), "holds no Values", "See the example file") from error
    return {str(name): str(value) for name, value in values}
