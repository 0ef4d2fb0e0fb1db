"""What did the app do, for how long, and how is it? What leaves the process for those who watch.

Nothing leaves unless a setting names a place, and then only what is said here: see `facts`.
"""
