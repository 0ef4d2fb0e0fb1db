"""The sentences of the service: collect what HR says, decide, provision.

collect.py reads HR and hands each changed person to decide.py; decide.py writes what should be
and wakes the targets; provision.py makes one target agree for one person. sweep.py brings back
whatever is due. service.py holds the rooms they work with.
"""
