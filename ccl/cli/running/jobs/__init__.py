"""Jobs of a run: followed, continued later, and listed."""
