"""Commands on an embedded mesh: jobs, runs, quotes, tokens, policies and upkeep."""
