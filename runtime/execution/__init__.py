"""One execution as values: its context, effects, outcome, state and metering."""
