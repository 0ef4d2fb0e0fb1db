"""Pages for people who are signed in: plain HTML from the server, no script."""
