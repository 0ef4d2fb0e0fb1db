"""How does the pump reach Service Bus? One SDK client a connection setting, opened lazily.

`<name>` holds a connection string, or `<name>__fullyQualifiedNamespace` a namespace that is
reached with an identity (Azure Functions documentation, "Configure an identity-based
connection"); the first wins. Called by `running`.
"""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field

from azure.identity.aio import DefaultAzureCredential
from azure.servicebus.aio import ServiceBusClient


@dataclass
class Connections:
    """The clients of one host."""

    settings: Mapping[str, str]
    _open: contextlib.AsyncExitStack = field(default_factory=contextlib.AsyncExitStack)
    _clients: dict[str, ServiceBusClient] = field(default_factory=dict)
    # Without one the SDK reads the CA bundle anew for each receiver, also on a connection without
    # TLS: 17 ms of CPU of the 20 that opening a session costs.
    _tls: ssl.SSLContext = field(default_factory=ssl.create_default_context)

    async def client(self, name: str) -> ServiceBusClient:
        """The client of this connection setting."""
        if name not in self._clients:
            self._clients[name] = await self._open.enter_async_context(await self._new(name))
        return self._clients[name]

    async def close(self) -> None:
        """Close the clients and what they authenticate with."""
        await self._open.aclose()

    async def _new(self, name: str) -> ServiceBusClient:
        # retry_total=0: the pump has its own patience, and NEXT_AVAILABLE_SESSION would be
        # retried for minutes when no session is there.
        text = self.settings.get(name)
        if text is not None:
            return ServiceBusClient.from_connection_string(
                text, retry_total=0, ssl_context=self._tls
            )
        identity = DefaultAzureCredential(
            managed_identity_client_id=self.settings.get(f"{name}__clientId")
        )
        credential = await self._open.enter_async_context(identity)
        return ServiceBusClient(
            self.settings[f"{name}__fullyQualifiedNamespace"],
            credential,
            retry_total=0,
            ssl_context=self._tls,
        )
