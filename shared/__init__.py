"""HR says who works here; Instroom makes Entra ID and TOPdesk agree.

intake reads HR into a Person, diff says who joined, moved or left, policy says what each person
should have and why, guard holds what would hurt, the ledger remembers, the bus wakes one person's
work at a time, plan compares desired with actual, apply makes it so. flow.py tells it in three
sentences: collect, decide, provision.
"""
