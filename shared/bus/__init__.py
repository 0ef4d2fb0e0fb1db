"""The speed of the flow: wake a person's work. What is lost here comes back from the ledger."""
