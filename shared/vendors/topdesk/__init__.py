"""How to speak to TOPdesk's REST API (Supporting Files 1.58 and 2.7.11): no decisions.

`fields` is pure and says what is true of a card; `speaking` calls and pages, `answers` reads
refusals, `lookups`, `persons` and `operators` are the three families of endpoints.
"""
