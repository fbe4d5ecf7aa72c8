"""State: its variables, rules, migration, and stored shapes."""
