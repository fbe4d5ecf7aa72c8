"""`cclc` on modules: inspect, verify, bounds."""
