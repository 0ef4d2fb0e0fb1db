"""Who should have what, and why: policy.yaml loaded, checked and turned into Desired. Pure."""
