"""Support of every stage: nodes, the pause of the collector, room for recursion, letter case."""
