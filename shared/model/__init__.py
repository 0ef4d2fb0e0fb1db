"""The nouns that cross a border between rooms: frozen, and without input or output."""
