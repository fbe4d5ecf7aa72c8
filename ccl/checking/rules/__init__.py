"""Rules over all bodies: aliasing in calls, effects, limits."""
