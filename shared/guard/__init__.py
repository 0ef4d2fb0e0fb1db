"""Which harm needs a human first; pure. The memory of it lies in the ledger."""
