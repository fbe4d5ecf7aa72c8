"""SQLite: its files, and the rows of actors in them."""
