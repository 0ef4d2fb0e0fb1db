"""Single sign-on to TOPdesk: what must stand in Entra, how it comes to stand, and is it right?

Called by `instroom sso` under an administrator's own sign-in. `plan` and `check` are pure; `setup`
carries a plan out. It concerns no person, so it uses no ledger, no bus and no claim.
"""
