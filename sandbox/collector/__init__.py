"""The rig of an OpenTelemetry collector: hears over OTLP what the app says, and shows it.

`make_app` gives the ASGI app, `Heard` what came in, `tree` a trace as people read it.
"""

from sandbox.collector.app import make_app
from sandbox.collector.heard import Heard, Step
from sandbox.collector.tree import tree

__all__ = ["Heard", "Step", "make_app", "tree"]
