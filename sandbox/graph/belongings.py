"""What hangs on accounts beside the directory proper: methods, devices, mailboxes. State only."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

type Json = dict[str, Any]


@dataclass
class Belongings:
    """What hangs on accounts beside the directory proper."""

    methods: dict[str, list[Json]] = field(default_factory=dict)  # by user; `default` marks one
    devices: dict[str, Json] = field(default_factory=dict)  # by id
    registered: dict[str, list[str]] = field(default_factory=dict)  # user to devices
    owned: dict[str, list[str]] = field(default_factory=dict)
    mailboxes: dict[str, Json] = field(default_factory=dict)  # by user: mailboxSettings
    denied: set[str] = field(default_factory=set)  # methods, devices, mailbox: what the app lacks
