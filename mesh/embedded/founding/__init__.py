"""The founding of an embedded mesh: its members, their keys and their actors."""
