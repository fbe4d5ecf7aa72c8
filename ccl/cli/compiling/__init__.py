"""`cclc` on sources: compile, check, fix, format, watch, emit."""
