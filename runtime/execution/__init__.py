"""Executions as values: context, effects, outcome, state and metering."""
