"""What changed about a person, in the words of the field; pure."""
