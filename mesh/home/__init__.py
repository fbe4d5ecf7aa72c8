"""The home of a mesh: its place, configuration, locks and ownership, and its errors."""
