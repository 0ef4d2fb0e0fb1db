"""Exact Online's REST API, played on the little company: payroll, sync, tokens and limits.

`make_app` is the ASGI app, `python -m sandbox.exact` a server; the README says what is covered.
"""

from sandbox.exact.app import make_app
from sandbox.exact.settings import Division, Environment
from sandbox.exact.webhooks import signed

__all__ = ["Division", "Environment", "make_app", "signed"]
