"""The function host of the laptop rig: HTTP, timers and a queue pump on Microsoft's worker.

`python -m sandbox.host --app DIR`, or `running(...)` in a process that hosts nothing else.
README.md says what it plays and where it differs from the real host.
"""

from sandbox.host.running import GRACE_SECONDS, Host, NoFunctions, running
from sandbox.host.settings import SettingsRefused
from sandbox.host.worker import IndexingFailed

__all__ = [
    "GRACE_SECONDS",
    "Host",
    "IndexingFailed",
    "NoFunctions",
    "SettingsRefused",
    "running",
]
