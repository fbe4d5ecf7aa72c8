"""The submitter's job: its events, its phases, the table of transitions, and their replay."""
