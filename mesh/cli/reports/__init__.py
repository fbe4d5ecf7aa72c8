"""Reports of what has happened: histories, trees, reputation, usage, and what may be removed."""
