"""Recovery from syntax errors: reports, repairs and continuation."""
