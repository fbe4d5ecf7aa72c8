"""The store of actors in memory: for the simulator, and for tests of actors."""
