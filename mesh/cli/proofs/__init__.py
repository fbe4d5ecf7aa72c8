"""Commands for the proof of a job: saved, shown and verified."""
