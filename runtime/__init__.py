"""The runtime: executes modules in a sandbox, behind host calls."""
