"""Output of commands: formats, files, and the words for what is shown."""
