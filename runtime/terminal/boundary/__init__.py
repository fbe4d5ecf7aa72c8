"""The boundary between a command and the shell: arguments, exit codes, errors without traces."""
