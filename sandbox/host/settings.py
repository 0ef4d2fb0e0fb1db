"""What do the environment, local.settings.json and host.json say?

Called by `running` and `__main__` before the app is imported, for the app reads the environment.
The only file of this room that touches the process's environment.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

OVERRIDE = "AzureFunctionsJobHost__"
BODY_LIMIT_BYTES = 100 * 1024 * 1024
_SETTING = re.compile(r"%([^%\s]+)%")
_TIME_SPAN = re.compile(r"(-)?(?:(\d+)\.)?(\d{1,2}):(\d{1,2})(?::(\d{1,2}(?:\.\d+)?))?")


class SettingsRefused(Exception):
    """A settings file that cannot be used; the message names the file and the reason."""


class SettingMissing(Exception):
    """`%NAME%` or a connection names a setting that does not exist."""


def seconds(value: object) -> float:
    """A .NET TimeSpan (`hh:mm:ss`, `d.hh:mm:ss`) in seconds; a negative one is for ever."""
    match = _TIME_SPAN.fullmatch(str(value).strip())
    if match is None:
        raise ValueError(f"{value!r} is no time span; write 'hh:mm:ss'")
    negative, days, hours, minutes, rest = match.groups()
    if negative:
        return float("inf")
    return int(days or 0) * 86400 + int(hours) * 3600 + int(minutes) * 60 + float(rest or 0)


type TimeSpan = Annotated[float, BeforeValidator(seconds)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", alias_generator=to_camel)


class ServiceBusOptions(_Section):
    """`extensions.serviceBus` (Azure Functions documentation, "host.json settings").

    Two settings have only the value that is played here; another one is refused, not ignored.
    """

    max_concurrent_calls: int = Field(default=16, ge=1)
    max_concurrent_sessions: int = Field(default=8, ge=1)
    max_concurrent_calls_per_session: Literal[1] = 1
    session_idle_timeout: TimeSpan = 60.0
    max_auto_lock_renewal_duration: TimeSpan = 300.0
    auto_complete_messages: bool = True
    prefetch_count: Literal[0] = 0


class HttpOptions(_Section):
    """`extensions.http`."""

    route_prefix: str = "api"


class Extensions(_Section):
    """`extensions`."""

    http: HttpOptions = HttpOptions()
    service_bus: ServiceBusOptions = ServiceBusOptions()


class Logging(_Section):
    """`logging`: a level for each category."""

    log_level: dict[str, str] = Field(default_factory=dict)


class HostJson(_Section):
    """host.json, as far as it is played here."""

    version: Literal["2.0"]
    extensions: Extensions = Extensions()
    logging: Logging = Logging()

    def app_log_level(self) -> str:
        """The level of the app's own lines: category `Function`, else the default."""
        levels = self.logging.log_level
        return levels.get("Function", levels.get("default", "Information"))


class LocalSettings(BaseModel):
    """local.settings.json: settings of one machine, which Azure never sees."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    encrypted: bool = Field(default=False, alias="IsEncrypted")
    values: dict[str, str | bool | int | float] = Field(default_factory=dict, alias="Values")
    host: dict[str, Any] = Field(default_factory=dict, alias="Host")


def environment() -> MutableMapping[str, str]:
    """The process's environment: the app's settings live there, as they do in Azure."""
    return os.environ  # noqa: TID251 - a host hands the app its settings in the environment


def read_host_json(app: Path, settings: Mapping[str, str]) -> HostJson:
    """host.json of this app, with the overrides that the settings hold; raises SettingsRefused."""
    path = app / "host.json"
    if not path.is_file():
        raise SettingsRefused(f"no host.json in {app}: is this the directory of a function app?")
    document = with_overrides(_read_json(path), settings)
    try:
        return HostJson.model_validate(document)
    except ValidationError as error:
        raise SettingsRefused(_told(path, error)) from error


def read_local_settings(app: Path) -> LocalSettings:
    """local.settings.json when there is one; raises SettingsRefused."""
    path = app / "local.settings.json"
    if not path.is_file():
        return LocalSettings()
    try:
        local = LocalSettings.model_validate(_read_json(path))
    except ValidationError as error:
        raise SettingsRefused(_told(path, error)) from error
    if local.encrypted:
        raise SettingsRefused(f"{path} is encrypted; run `func settings decrypt` first")
    return local


def with_overrides(document: Mapping[str, Any], settings: Mapping[str, str]) -> dict[str, Any]:
    """host.json with `AzureFunctionsJobHost__a__b` settings laid over it, case-insensitively.

    Source: Azure Functions documentation, "host.json reference: override host.json values".
    """
    merged: dict[str, Any] = json.loads(json.dumps(document))
    for name, value in settings.items():
        if not name.lower().startswith(OVERRIDE.lower()):
            continue
        *parents, leaf = name[len(OVERRIDE) :].split("__")
        section = merged
        for parent in parents:
            section = section.setdefault(_known(section, parent), {})
        section[_known(section, leaf)] = value
    return merged


def layered(app: Path, given: Mapping[str, str]) -> dict[str, str]:
    """Every setting: given ones over the environment over local.settings.json."""
    local = {name: str(value) for name, value in read_local_settings(app).values.items()}
    return {**local, **environment(), **given}


def body_limit_bytes(settings: Mapping[str, str]) -> int:
    """The largest request body (Azure Functions, setting FUNCTIONS_REQUEST_BODY_SIZE_LIMIT)."""
    text = settings.get("FUNCTIONS_REQUEST_BODY_SIZE_LIMIT", str(BODY_LIMIT_BYTES))
    if not text.isdigit():
        raise SettingsRefused(f"FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: {text!r} is no number of bytes")
    return int(text)


@contextmanager
def in_environment(values: Mapping[str, str]) -> Iterator[Mapping[str, str]]:
    """The environment with these settings in it, and as it was afterwards."""
    env = environment()
    before = dict(env)
    env.update(values)
    try:
        yield env
    finally:
        for name in set(env) - set(before):
            del env[name]
        env.update(before)


def resolved(text: str, settings: Mapping[str, str]) -> str:
    """The text with each `%SETTING%` replaced; raises SettingMissing."""

    def value_of(match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in settings:
            raise SettingMissing(f"'%{name}%' does not resolve to a value: add the setting {name}")
        return settings[name]

    return _SETTING.sub(value_of, text)


def is_disabled(function: str, settings: Mapping[str, str]) -> bool:
    """Is the function switched off by `AzureWebJobs.<name>.Disabled` or its `__` spelling?"""
    spellings = {
        f"azurewebjobs.{function}.disabled".lower(),
        f"azurewebjobs__{function}__disabled".lower(),
    }
    return any(
        name.lower() in spellings and value.strip().lower() in ("true", "1")
        for name, value in settings.items()
    )


def _known(section: Mapping[str, Any], name: str) -> str:
    return next(
        (key for key in section if key.lower() == name.lower()), _CAMEL.get(name.lower(), name)
    )


# Names that an override may introduce in any spelling.
_CAMEL = {
    name.lower(): name
    for name in (
        *("extensions", "http", "serviceBus", "logging", "logLevel", "routePrefix"),
        *(to_camel(field) for field in ServiceBusOptions.model_fields),
    )
}


def _read_json(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise SettingsRefused(f"{path} cannot be read: {error}") from error
    if not isinstance(document, dict):
        raise SettingsRefused(f"{path} holds no JSON object")
    return document


def _told(path: Path, error: ValidationError) -> str:
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{path}: {where}: {first['msg']}"
