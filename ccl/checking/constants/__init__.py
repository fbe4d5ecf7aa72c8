"""Constants and what folds to one."""
