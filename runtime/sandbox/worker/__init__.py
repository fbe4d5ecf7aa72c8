"""The worker process: the executor, its memory, linking, and traps."""
