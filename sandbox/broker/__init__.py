"""A Service Bus for the laptop: AMQP 1.0 for the unmodified SDKs, queues in memory.

    async with broker.running(INSTROOM_QUEUES) as bus:
        ServiceBusClient.from_connection_string(bus.connection_string)

Bytes come in through `server`, become frames in `connection`, `channel` and `links`, reach a node
(`entity`, `cbs`, `management`) through `namespace`, and end in `queue`, which is pure. README.md
says what it can, from which documents, and where the real service differs.
"""

from sandbox.broker.queue import Counts
from sandbox.broker.queues import INSTROOM_QUEUES, QueueSettings
from sandbox.broker.server import Broker, running, thread

__all__ = ["INSTROOM_QUEUES", "Broker", "Counts", "QueueSettings", "running", "thread"]
