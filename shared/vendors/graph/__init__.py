"""How do we speak to Microsoft Graph? Paths, bodies, paging and errors; no decisions.

`client.connect` opens it; `users` and `groups` are what apply/entra, drift and sso call. Only
`sdk` knows msgraph-sdk, and it is imported when the first connection is made: it costs 0.1 s.
"""
