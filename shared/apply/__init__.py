"""Do the changes of a plan at a target, one file a target; target.py opens the room."""
