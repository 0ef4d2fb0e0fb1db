"""What must the app's identity be allowed in Entra, and is it? The table is in vendors/graph."""
