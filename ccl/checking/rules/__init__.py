"""Rules that need every body: aliasing in calls, what calls change, limits."""
