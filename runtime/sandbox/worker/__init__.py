"""The worker process: the machine, its memory, linking, and traps."""
