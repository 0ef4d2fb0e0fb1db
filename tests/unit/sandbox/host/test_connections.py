"""Which Service Bus a connection setting names."""

from __future__ import annotations

import pytest
from azure.servicebus.aio import ServiceBusClient

from sandbox.host.connections import Connections

TEXT = "Endpoint=sb://127.0.0.1:5671;SharedAccessKeyName=a;SharedAccessKey=b;"
NAMESPACE = "example.servicebus.windows.net"


@pytest.mark.parametrize(
    ("settings", "host"),
    [
        ({"Bus": f"{TEXT}UseDevelopmentEmulator=true;"}, "127.0.0.1:5671"),
        ({"Bus__fullyQualifiedNamespace": NAMESPACE}, NAMESPACE),
        ({"Bus__fullyQualifiedNamespace": NAMESPACE, "Bus__clientId": "synthetic"}, NAMESPACE),
        ({"Bus": TEXT, "Bus__fullyQualifiedNamespace": NAMESPACE}, "127.0.0.1"),
    ],
)
async def test_connection_string_or_identity(settings: dict[str, str], host: str) -> None:
    connections = Connections(settings)

    client = await connections.client("Bus")

    assert isinstance(client, ServiceBusClient)
    assert client.fully_qualified_namespace == host
    await connections.close()


async def test_one_client_a_connection() -> None:
    connections = Connections({"Bus": TEXT})

    assert await connections.client("Bus") is await connections.client("Bus")
    await connections.close()
