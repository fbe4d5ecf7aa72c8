"""State: its variables, rules, migration, and the shapes that are stored."""
