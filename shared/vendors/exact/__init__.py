"""Exact Online: how its REST API is spoken to. `client` is the way in; no decisions here."""
