"""Commands for the life of a job, from its submission to its results."""
