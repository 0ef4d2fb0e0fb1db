"""Visma Nmbrs REST, played on the little company: consent, rotating tokens, lists by pages.

`make_app` is the ASGI app, `python -m sandbox.nmbrs` a server; the README says what is covered.
"""

from sandbox.nmbrs.app import make_app
from sandbox.nmbrs.employees import employee_id
from sandbox.nmbrs.environment import Environment, Firm

__all__ = ["Environment", "Firm", "employee_id", "make_app"]
