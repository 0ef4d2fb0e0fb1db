"""The demo: a story of joiners, movers and leavers, played on the whole stack.

It speaks only HTTP to the systems and runs the command line as an operator would, so it can tell
nothing that did not happen.
"""
