"""Results of a run: values, effects, traps, and the next step."""
