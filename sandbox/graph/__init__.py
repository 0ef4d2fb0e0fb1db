"""The Microsoft Graph rig: one Entra tenant on loopback, strict like the real service.

Start it with `python -m sandbox.graph`, or mount `make_app(tenant)`. What it plays and where it
differs stands in this folder's README. Imports nothing of shared.
"""

from sandbox.graph.app import make_app
from sandbox.graph.tenant import GraphTenant, Write
from sandbox.graph.throttle import DOCUMENTED, Limits

__all__ = ["DOCUMENTED", "GraphTenant", "Limits", "Write", "make_app"]
