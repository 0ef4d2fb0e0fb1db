"""The people and their history: what is true when everything else has been lost.

rows.py opens the room: one protocol over SQLite and Azure Tables. The other files say in domain
words what lies in the rows. Nobody outside this room knows a table name.
"""
