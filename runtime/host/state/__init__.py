"""State as an execution sees it: the store, and its host calls."""
