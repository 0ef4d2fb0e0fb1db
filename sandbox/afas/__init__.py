"""AFAS Profit REST, played on the little company: GetConnectors with paging, filters and errors.

`make_app` is the ASGI app, `python -m sandbox.afas` a server; the README says what is covered.
"""

from sandbox.afas.app import make_app
from sandbox.afas.environment import authorization

__all__ = ["authorization", "make_app"]
