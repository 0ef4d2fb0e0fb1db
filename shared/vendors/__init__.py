"""How to speak to each outside system: client, paging, errors. A vendor decides nothing."""
