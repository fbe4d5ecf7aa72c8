"""Source texts: spans in them, and files as they are read."""
