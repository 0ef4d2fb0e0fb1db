"""The laptop rig: every outside system Instroom speaks to, on loopback. Never deployed; imports nothing of shared."""
