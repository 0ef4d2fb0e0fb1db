"""One TOPdesk tenant behind its REST API, as the demo and the tests see it.

`TopdeskTenant` is the store, `make_app` speaks HTTP over it, `python -m sandbox.topdesk` serves it
alone. Follows the Supporting Files API 2.7.11 (and 1.58 for the older person cards), Incident API
4.2.6 and General API 1.2 of developers.topdesk.com; README.md says where it knowingly differs.
"""

from sandbox.topdesk.app import make_app
from sandbox.topdesk.settings import Settings
from sandbox.topdesk.tenant import TopdeskTenant

__all__ = ["Settings", "TopdeskTenant", "make_app"]
