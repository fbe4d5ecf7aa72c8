"""The store of actors in one SQLite file: a STRICT table for each table of rows."""
