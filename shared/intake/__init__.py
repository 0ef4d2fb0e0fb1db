"""HR records become a Person: one file a vendor, merge.py brings them together."""
