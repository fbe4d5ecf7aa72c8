"""Awards: their ladder of refusals, what delegates and pays for them, and their holds."""
