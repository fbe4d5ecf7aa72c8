"""The embedded mesh: all actors of one home over one SQLite file, in any number of processes."""
