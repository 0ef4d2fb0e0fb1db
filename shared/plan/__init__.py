"""What must change so that a target holds what it should? Pure: desired minus actual is a plan."""
