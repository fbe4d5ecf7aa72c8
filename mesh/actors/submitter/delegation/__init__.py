"""Awards by a delegate: what a submitter offers to it, and what a delegate makes of that."""
