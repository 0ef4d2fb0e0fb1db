"""The laptop rig: every outside system Instroom speaks to, on loopback.

Never deployed, and imports nothing of shared: a rig that used our models would repeat our
misreadings.
"""
