"""From the Functions host into the flow and back: the only room that knows azure.functions."""
