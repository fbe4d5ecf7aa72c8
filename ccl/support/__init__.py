"""Support of every stage: nodes, room for recursion, letter case."""
